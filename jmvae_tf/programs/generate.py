"""Generates modalities from others with a trained model: pictures, and values as a table.

--given names what is known: a label by its modality (--given="label=7"), attributes by their own
names (--given="Smiling=1,Eyeglasses=-1"; 1 for yes, -1 for no, up to 3 for very much so, but 0 for
no of attributes that are 0 or 1; those not named are at their mean in the training set). Where two
modalities have values of the same name, write the modality in front (--given="traits.red=1").
--image=FILE (JPEG or PNG) reads the label of an image or the attributes of a face; a model of
several images needs their names (--image=left=FILE, once for each). Neither draws images at z from
the prior and prints their labels. A cvae or cmma must be given all but its target; a vae
reconstructs what it is given.

--image=FILE --set="Smiling=1,Male=-2" edits an image: it adds to it by how much the average image
of its attributes changes with them. Each change is drawn alone, and all of them together.

Digits are white on black as in the data. The face in a photograph is found and cut out as it was
for training, unless the run was trained on centre squares.
"""

import pathlib

from absl import flags

from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7 or Smiling=1,Male=-1")
_IMAGE = shared_flags.define_images()
_SET = flags.DEFINE_list("set", [], "values to give the image instead of its own: an edit")
_NUM_SAMPLES = shared_flags.define_integer("num_samples", 20, "samples drawn beside the average", 1)
_SEED = shared_flags.define_seed(0, "the same seed draws the same samples")
_OUT = shared_flags.define_path(
    "out",
    None,
    "PNG file (default: figures/generated.png of the run); several images have their names in it",
)
shared_flags.define_inference()


def main() -> None:
    """Runs the program."""
    run = choose_run(_RUN.value, _CHECKPOINT.value)
    out = pathlib.Path(_OUT.value or run.folder.figures / "generated.png")
    shared_flags.check_png_name(out)
    if _SET.value:
        _check_edit()
    load_tensorflow()
    from jmvae_tf.programs.tasks import generation

    model, _ = generation.load_model_of(run, shared_flags.inference())
    crop, seed, images = run.settings.crop, _SEED.value, _IMAGE.value or ()
    if _SET.value:
        generation.edit_image(model, images, _SET.value, crop, seed, out)
    else:
        generation.generate(model, images, _GIVEN.value, crop, _NUM_SAMPLES.value, seed, out)


def _check_edit() -> None:
    """Raises UserError if --set does not stand beside --image alone."""
    changes = f"--set={','.join(_SET.value)}"
    if not _IMAGE.value:
        raise UserError(
            "--set edits an image", f"{changes} without --image", "give --image=… or use --given"
        )
    for flag in (_GIVEN, _NUM_SAMPLES):
        if flag.present:
            raise UserError(
                "An edit starts from what the image shows, and has no samples",
                f"{changes} and --{flag.name}",
                f"leave --{flag.name} out",
            )

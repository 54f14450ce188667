"""Generates modalities from others with a trained model: images, and values as a table.

--given sets known values: a label by its modality (--given="label=7"), attributes by their own
names (--given="Smiling=1,Eyeglasses=-1"; 1 means yes, -1 no, up to 3 for a strong yes; for
attributes that are 0 or 1, 0 means no). Attributes that are not given are at their mean in the
training set. If two modalities have values of the same name, write the modality in front
(--given="traits.red=1"). --image=FILE (JPEG or PNG) predicts the label of an image or the
attributes of a face. For a model of several images, name each one (--image=left=FILE, repeated).
Without --given and --image, the program draws images from the prior and prints their labels. A cvae
or cmma needs all modalities but its target; a vae reconstructs its input.

--image=FILE --set="Smiling=1,Male=-2" edits an image: it adds the change that the new attributes
cause in the average image. Each change is drawn separately, and all of them together.

Digits must be white on black, as in the data. The face in a photograph is found and cropped as for
training, unless the run was trained on centre squares.
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
_NUM_SAMPLES = shared_flags.define_integer(
    "num_samples", 20, "samples to draw besides the average", 1
)
_SEED = shared_flags.define_seed(0, "the same seed draws the same samples")
_OUT = shared_flags.define_path(
    "out",
    None,
    "PNG file (default: figures/generated.png of the run); for several images, their names are "
    "appended",
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
    """Raises UserError if --set is not used with --image only."""
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

"""Generates modalities from others with a trained model: images, and values as a table.

Any of the model's modalities can be given, each by a flag of its own name; all others are
generated:

  --photo=shell.png          an image: a JPEG or PNG file
  --species=cockle           a label: one of its classes
  --traits=red=1,striped=-1  attributes: 1 means yes, -1 no, up to 3 for a
                             strong yes; if they are 0 or 1, 0 means no
  --measures=length_mm=12.5  numbers, in the units of the data
  --note="a small shell"     a text of the letters of the data

If a modality has the name of another flag, use --given="name=…", which takes labels and texts by
their modality and other values by their own names ("Smiling=1,Eyeglasses=-1"). If two modalities
have values of the same name, write the modality in front ("traits.red=1"). --image=FILE is the
image of a model that has one; for several, name each (--image=left=FILE, repeated). Attributes and
numbers that are not given are at their mean in the training set, unless the model was trained on
examples that lack some: then they are unknown, and generated.

Without any of them, the program draws images from the prior and prints the other values, with
--sampler=mixture from where the model puts its training data, which makes modalities agree. A cvae
or cmma needs all modalities but its target; a vae reconstructs its input.

--image=FILE --set="Smiling=1,Male=-2" edits an image: it adds the change that the new attributes
cause in the average image. Each change is drawn separately, and all of them together. Below, the
model draws the whole image again with each change.

--given="label=3" --walk="label=8" draws the way from a 3 to an 8 through the latent space as a GIF,
for the average image and some samples. A walk starts at what is given, and ends where the values of
--walk replace it: any of the above, or the file of another image.

A grey image that is dark on light, such as a digit on paper, is inverted if those in training are
light on dark. A warning says so, and also if an image is blank or unlike all those in training. The
face in a photograph is found and cropped as for training, unless the run was trained on centre
squares.
"""

import pathlib

from absl import flags

from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common import modality_flags, shared_flags
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.run_config import read_event_shapes
from jmvae_tf.training.run_folder import RunFolder

EXAMPLES = {
    'bin/generate --given="label=7"': "draws sevens with what bin/train has trained",
    "bin/generate --image=examples/digit.png": "reads a digit: the probability of each label",
    'bin/generate --run=runs/toyfaces-jmvae_kl --given="Smiling=1,Eyeglasses=1"': (
        "draws faces that smile and wear glasses, after bin/train --data=toyfaces"
    ),
    'bin/generate --run=runs/toyfaces-jmvae_kl --image=examples/face.png --set="Smiling=1"': (
        "edits an image"
    ),
    'bin/generate --given="label=3" --walk="label=8"': "draws a GIF that changes a 3 into an 8",
}

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7 or Smiling=1,Male=-1")
_IMAGE = shared_flags.define_images()
_SET = flags.DEFINE_list("set", [], "values to give the image instead of its own: an edit")
_WALK = flags.DEFINE_list(
    "walk", [], "values, or an image, to walk to from what is given: draws a GIF"
)
_SAMPLER = flags.DEFINE_enum(
    "sampler",
    None,
    ["prior", "mixture"],
    "what z is drawn from with nothing given: the prior, or a mixture of 10 Gaussians that is "
    "fitted to the training data and kept beside the checkpoint (default: prior; mixture if the "
    "model has no prior)",
)
_NUM_SAMPLES = shared_flags.define_integer(
    "num_samples", 20, "samples to draw besides the average", 1, 1000
)
_SEED = shared_flags.define_seed(0, "the same seed draws the same samples")
_OUT = shared_flags.define_path(
    "out",
    None,
    "PNG file (default: figures/generated.png of the run), GIF file of a walk; for several images, "
    "their names are appended",
)
shared_flags.define_inference()
modality_flags.take()

_WALKS = 7
"""Walks between samples, unless --num_samples is given: with the average's, a row."""


def main() -> None:
    """Runs the program."""
    config = RunFolder(pathlib.Path(_RUN.value)).config_file
    shapes = read_event_shapes(config) if config.is_file() else {}
    if shapes is not None:  # Older runs say it only once the model is loaded.
        modality_flags.given(shapes)
    run = choose_run(_RUN.value, _CHECKPOINT.value)
    suffix = ".gif" if _WALK.value else ".png"
    out = pathlib.Path(_OUT.value or run.folder.figures / f"generated{suffix}")
    shared_flags.check_picture_name(out, suffix)
    if out.is_dir():
        wanted = f"write --out={out}/NAME{suffix}"
        raise UserError("--out is a file", f"--out={out}, a folder", wanted)
    shared_flags.check_replaces_none(out, [*(_IMAGE.value or ()), *modality_flags.written()])
    if _SET.value:
        _check_edit()
    given = GivenFlags(_IMAGE.value or (), _GIVEN.value)
    from_nothing = not (
        given.images or given.items or modality_flags.are_any() or _SET.value or _WALK.value
    )
    if _SAMPLER.value == "mixture" and not from_nothing:
        raise UserError(
            "A mixture stands in for the prior, from which z is drawn with nothing given",
            "--sampler=mixture with something given, set or walked to",
            "leave --sampler out, or all else",
        )
    if _SAMPLER.value == "prior" and not MODELS[run.settings.model].has_prior:
        raise UserError(
            f"{run.settings.model} has no p(z) to draw from",
            "--sampler=prior",
            "choose --sampler=mixture, or give a modality",
        )
    from jmvae_tf.programs.common.known_modalities import check_given  # It imports NumPy.

    check_given(run, given, _SET.value)
    load_tensorflow()
    from jmvae_tf.programs.tasks import generation
    from jmvae_tf.programs.tasks.run_mixture import sampled_mixture

    trained = generation.trained_model_of(run, shared_flags.inference())
    seed = _SEED.value
    if _SET.value:
        generation.edit_image(trained, _IMAGE.value, _SET.value, seed, out)
    elif _WALK.value:
        number = _NUM_SAMPLES.value if _NUM_SAMPLES.present else _WALKS
        generation.draw_walk(trained, given, _WALK.value, number, seed, out)
    else:
        mixture = sampled_mixture(run, trained.model, _SAMPLER.value) if from_nothing else None
        generation.generate(trained, given, _NUM_SAMPLES.value, seed, out, mixture)


def _check_edit() -> None:
    """Raises UserError if --set is not used with --image only."""
    changes = f"--set={','.join(_SET.value)}"
    if not _IMAGE.value:
        raise UserError(
            "--set edits an image", f"{changes} without --image", "give --image=… or use --given"
        )
    for flag in (_GIVEN, _NUM_SAMPLES, _WALK):
        if flag.present:
            raise UserError(
                "An edit starts from what the image shows, and has no samples and no walk",
                f"{changes} and --{flag.name}",
                f"leave --{flag.name} out",
            )

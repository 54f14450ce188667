"""Trains and measures several models on one data set, and writes one table and one picture.

All models have the same networks, size of z, data, epochs and seeds; what is a model's own, such as
alpha and beta, is that of its preset. The table, in Markdown and CSV, has the coherence by
the number of modalities given and of samples, a linear probe of z, the diversity and the Fréchet
distance of images, log p(x), and the minutes of training. The picture shows quality against
coherence.

Runs that exist are used, and interrupted ones resume. What is left, and about how long it takes, is
printed first.
"""

import pathlib

from absl import flags

from jmvae_tf.data.own.data_source import CHOICES, data_source_of
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.models_to_compare import read_models
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.reproduction.compared_models import COMPARABLE, recipes_of, settings_to_compare
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import check_can_write
from jmvae_tf.runtime.rules import LARGEST_NUMBER

EXAMPLES = {
    "bin/compare": "compares five models on handwritten digits of 8x8 pixels, without a network",
    "bin/compare --data=mnist --models=jmvae_kl,mvae --seeds=0,1,2 --epochs=20": (
        "compares two models on MNIST, each with three seeds"
    ),
    "bin/compare --data=mnist --models=jmvae_kl,mvae:1 --seeds=0,1,2 --epochs=20 --hidden=0.5": (
        "trains mvae with the first seed only, and both on data with gaps"
    ),
}

_MODELS = flags.DEFINE_list(
    "models",
    ["jmvae_kl", "mvae", "mmvae", "mopoe", "mvtcae"],
    f"any of {', '.join(COMPARABLE)}; NAME:N trains a model with the first N of the seeds only",
)
_DATA = flags.DEFINE_string("data", "digits", f"{CHOICES}; see docs/own_data.md")
_DATA_DIR = shared_flags.define_data_dir()
_SEEDS = flags.DEFINE_list("seeds", ["0"], "seeds of the trainings")
_EPOCHS = shared_flags.define_integer(
    "epochs",
    None,
    "number of epochs, of which the warm-up keeps its share (default: the preset's)",
    1,
    LARGEST_NUMBER,
)
_HIDDEN = flags.DEFINE_float(
    "hidden",
    0.0,
    "probability with which each modality of a training example is hidden, from all models alike; "
    "an example keeps at least one",
)
_RUNS_DIR = shared_flags.define_path(
    "runs_dir",
    None,
    "folder of the runs, the table and the picture (default: runs/compare-<data>, with --hidden "
    "runs/compare-<data>-hidden-<probability>)",
)


def main() -> None:
    """Runs the program."""
    recipes = recipes_of(read_models(_MODELS.value, _SEEDS.value))
    source = data_source_of(_DATA.value)
    hidden = _HIDDEN.value
    if not 0 <= hidden < 1:
        raise UserError("--hidden must be from 0 to below 1", f"--hidden={hidden:g}", "change it")
    if source.kind == "known":
        for recipe in recipes:
            settings_to_compare(recipe, source.name, _EPOCHS.value)
    usual = f"runs/compare-{source.name}" + (f"-hidden-{hidden:g}" if hidden else "")
    runs_dir = pathlib.Path(_RUNS_DIR.value or usual)
    check_can_write(runs_dir, "runs_dir")
    load_tensorflow()
    from jmvae_tf.programs.tasks import model_comparison

    again = shared_flags.given_again(_DATA, _DATA_DIR, _EPOCHS, _HIDDEN, _RUNS_DIR)
    lists = {"models": _MODELS, "seeds": _SEEDS}
    again += [f"--{name}={','.join(x.value)}" for name, x in lists.items() if x.present]
    model_comparison.compare(
        recipes,
        source,
        data_dir=pathlib.Path(_DATA_DIR.value),
        runs_dir=runs_dir,
        epochs=_EPOCHS.value,
        hidden=hidden,
        command=["bin/compare", *again],
    )

"""Trains a model on a data set, then exports and evaluates it and draws figures.

The preset of the model and the data set gives every setting; flags override it. The preset for your
own data follows from the sizes of their events and the number of their examples, and is printed.
"""

import pathlib

from absl import flags

from jmvae_tf.data.own.data_source import CHOICES
from jmvae_tf.models.registry import MODELS
from jmvae_tf.presets import TRAINING_RECIPES
from jmvae_tf.programs.common import settings_flags, shared_flags
from jmvae_tf.programs.common.help_text import put_into_group
from jmvae_tf.programs.common.run_source import data_dir_of_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.programs.common.training_plan import make_plan
from jmvae_tf.runtime.files import check_can_write

EXAMPLES = {
    "bin/train": "trains jmvae_kl on handwritten digits of 8x8 pixels: two minutes, no network",
    "bin/train --data=toyfaces --model=cvae": (
        "trains another model on drawn faces and their attributes"
    ),
    "bin/train --data=mnist --epochs=20 --warmup_epochs=4": (
        "trains on MNIST, 20 epochs instead of the paper's 2,000"
    ),
    "bin/train --data=mnist --recipe=best": (
        "trains on MNIST with our settings for a good log p(x), 200 epochs"
    ),
    "bin/train --data=my_folder --patience=10": (
        "trains on your own images and table until the bound gets no better"
    ),
    "bin/train --config=runs/digits-jmvae_kl/config.json --seed=1 --run=runs/again": (
        "repeats a run with another seed"
    ),
    "bin/train --resume --epochs=400": "continues the run in runs/digits-jmvae_kl",
}

_MODEL = flags.DEFINE_string("model", "jmvae_kl", f"one of {', '.join(MODELS)}")
_DATA = flags.DEFINE_string("data", "digits", f"{CHOICES}; see docs/own_data.md")
_DATA_DIR = shared_flags.define_data_dir()
_RUN = shared_flags.define_path("run", None, "folder of the run (default: runs/<data>-<model>)")
_CONFIG = shared_flags.define_path(
    "config", None, "config.json of a run to repeat; flags override its settings"
)
_RECIPE = flags.DEFINE_string(
    "recipe",
    "paper",
    f"named settings to start from, {' or '.join(TRAINING_RECIPES)}: paper is the preset; best is "
    "ours for jmvae_kl on mnist, for the best log p(x) in a tenth of the epochs",
)
_EXPORT_DIR, _KEEP_VERSIONS = shared_flags.define_export()
_RESUME = flags.DEFINE_bool("resume", False, "resume the run from its newest checkpoint")
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "start again in the folder of a run; removes only what a run wrote"
)
_DISTRIBUTE = flags.DEFINE_string(
    "distribute",
    None,
    "mirrored: all GPUs of this machine; multi_worker: the machines in TF_CONFIG; see "
    "docs/distributed.md [one device]",
)
_PROFILE = flags.DEFINE_bool("profile", False, "write a trace of some steps for TensorBoard")
put_into_group("Hardware", _DISTRIBUTE, _PROFILE)
_VERBOSE = shared_flags.define_verbose()
settings_flags.define()


def main() -> None:
    """Runs the program."""
    plan = make_plan(
        _MODEL.value,
        _DATA.value,
        settings_flags.given_settings(),
        run=_RUN.value,
        resume=_RESUME.value,
        overwrite=_OVERWRITE.value,
        distribute=_DISTRIBUTE.value,
        named=shared_flags.given_flags(_MODEL, _DATA),
        config=_CONFIG.value,
        recipe=_RECIPE.value,
    )
    if plan.is_chief:
        check_can_write(pathlib.Path(_EXPORT_DIR.value), "export_dir")
    usual = pathlib.Path(_DATA_DIR.value)
    data_dir = data_dir_of_run(plan.folder.path, _DATA_DIR) if plan.resume else usual
    load_tensorflow()
    from jmvae_tf.programs.tasks import training_run

    training_run.train_run(
        plan,
        data_dir,
        _EXPORT_DIR.value,
        _KEEP_VERSIONS.value,
        profile=_PROFILE.value,
        verbose=_VERBOSE.value,
        again=shared_flags.given_again(_DATA_DIR, _EXPORT_DIR, _KEEP_VERSIONS, _DISTRIBUTE),
    )

"""Trains a model on a data set, then exports and evaluates it and draws figures.

The preset of the model and the data set gives every setting; flags override it. The preset for your
own data follows from the sizes of their events and the number of their examples, and is printed.
"""

import pathlib

from absl import flags

from jmvae_tf.data.own.data_source import CHOICES
from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common import settings_flags, shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.programs.common.training_plan import make_plan

_MODEL = flags.DEFINE_string("model", "jmvae_kl", f"one of {', '.join(MODELS)}")
_DATA = flags.DEFINE_string("data", "digits", f"{CHOICES}; see docs/own_data.md")
_DATA_DIR = shared_flags.define_data_dir()
_RUN = shared_flags.define_path("run", None, "folder of the run (default: runs/<data>-<model>)")
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
    )
    load_tensorflow()
    from jmvae_tf.programs.tasks import training_run

    training_run.train_run(
        plan,
        pathlib.Path(_DATA_DIR.value),
        _EXPORT_DIR.value,
        _KEEP_VERSIONS.value,
        profile=_PROFILE.value,
        again=shared_flags.given_again(_DATA_DIR, _EXPORT_DIR, _KEEP_VERSIONS, _DISTRIBUTE),
    )

"""Trains a model on a data set, then exports, measures and pictures it.

The preset of the model and the data set gives every setting; flags override it.
"""

import contextlib
import pathlib
import shlex

from absl import flags

from jmvae_tf import presets
from jmvae_tf.programs.common import run_program, settings_flags, shared_flags
from jmvae_tf.programs.common.tensorflow_loading import announce_devices, load_tensorflow
from jmvae_tf.runtime.errors import UserError, one_line
from jmvae_tf.training import cluster
from jmvae_tf.training.run_folder import RunFolder

_MODEL = flags.DEFINE_string("model", "jmvae_kl", f"one of {', '.join(presets.MODELS)}")
_DATA = flags.DEFINE_string("data", "digits", f"one of {', '.join(presets.DATA)}")
_DATA_DIR = shared_flags.define_path("data_dir", "data", "where data lie or are downloaded to")
_RUN = shared_flags.define_path("run", None, "folder of the run (default: runs/<data>-<model>)")
_EXPORT_DIR, _KEEP_VERSIONS = shared_flags.define_export()
_RESUME = flags.DEFINE_bool("resume", False, "go on with the run from its newest checkpoint")
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "begin anew in the folder of a run; removes only what a run wrote"
)
_DISTRIBUTE = flags.DEFINE_string(
    "distribute",
    None,
    "mirrored: all GPUs of this machine; multi_worker: the machines that TF_CONFIG names; see "
    "docs/distributed.md [one device]",
)
_PROFILE = flags.DEFINE_bool("profile", False, "write a trace of some steps for TensorBoard")
settings_flags.define()


def main() -> None:
    """Runs the program."""
    overrides = settings_flags.given()
    presets.check_choice("model", _MODEL.value, presets.MODELS)  # They name the folder.
    presets.check_choice("data", _DATA.value, presets.DATA)
    usual = shared_flags.default_run(_DATA.value, _MODEL.value, overrides.get("target"))
    folder = RunFolder(pathlib.Path(_RUN.value or usual))
    chief = True
    if _DISTRIBUTE.value is not None:
        presets.check_choice("distribute", _DISTRIBUTE.value, ("mirrored", "multi_worker"))
        if _DISTRIBUTE.value == "multi_worker":
            chief = cluster.from_environment().task == 0
    if _RESUME.value and _OVERWRITE.value:
        raise UserError(
            "A run goes on or begins anew", "--resume and --overwrite", "choose one of them"
        )
    if _RESUME.value:
        settings = presets.resumed(
            folder.read_settings(), overrides | shared_flags.given(_MODEL, _DATA)
        )
        folder.check_goes_on()
        done = max(folder.checkpoint_epochs(), default=0)
        if settings.epochs < done:
            raise UserError(
                f"{folder.path} has been trained for {done} epochs",
                f"--epochs={settings.epochs}",
                "choose more epochs or leave --epochs out",
            )
        if settings.epochs == done:
            print(f"note: all {done} epochs are done; only what follows them is done again")
    else:
        settings = presets.settings_of(_MODEL.value, _DATA.value, overrides)
        if chief:
            folder.check_new(_OVERWRITE.value)
    if _DISTRIBUTE.value and settings.precision == "mixed_float16":
        # Keras looks for overflows in the gradients of one replica only.
        raise UserError(
            "Several devices cannot share the loss scale that float16 needs",
            f"--precision={settings.precision} --distribute={_DISTRIBUTE.value}",
            "choose --precision=mixed_bfloat16",
        )
    if settings.warmup_epochs >= settings.epochs:
        print(
            f"note: the warm-up of {settings.warmup_epochs} epochs does not end within the "
            f"{settings.epochs} epochs of training; --warmup_epochs sets it"
        )

    load_tensorflow()  # Only now, for it takes seconds.
    from jmvae_tf import data as data_sets
    from jmvae_tf.training import strategies
    from jmvae_tf.training.train import check_profile, load_newest, make_model, train

    strategy = strategies.strategy_of(_DISTRIBUTE.value)  # Before TensorFlow computes anything.
    data = data_sets.load(
        settings.data, pathlib.Path(_DATA_DIR.value), presets.data_options(settings)
    )
    export_dir = shared_flags.export_folder(_EXPORT_DIR.value, settings)
    with folder.locked() if chief else contextlib.nullcontext():
        with strategy.scope():
            model, epoch = load_newest(folder, set_aside=chief) if _RESUME.value else (None, 0)
            model = model or make_model(settings, data)
        strategies.check_agreement(strategy, epoch)
        if _PROFILE.value:
            check_profile(settings, data, epoch)
        if chief:
            export_dir.mkdir(parents=True, exist_ok=True)  # Before hours of training, not after.
            if _RESUME.value:
                folder.write_config(settings)
            else:
                folder.check_new(_OVERWRITE.value)  # Another process may have been faster.
                left = ", ".join(folder.start(settings))
                if left:
                    print(one_line(f"note: {folder.path} keeps what no run wrote: {left}"))
        announce_devices(strategy.num_replicas_in_sync)
        try:
            train(model, settings, data, folder, epoch, _PROFILE.value)
            if not chief:
                print("trained; the first worker measures, pictures and exports")
                return
            # Only now, for training would hold some 100 MiB more.
            from jmvae_tf.reporting.finish import finish_run

            exported = finish_run(folder, settings, data, export_dir, _KEEP_VERSIONS.value)
        except KeyboardInterrupt as interrupt:
            raise run_program.interrupted(interrupt, _how_to_go_on(folder)) from None
    print(f"run:         {folder.path}\nfigures:     {folder.figures}\nSavedModel:  {exported}")


def _how_to_go_on(folder: RunFolder) -> str:
    last = folder.newest_checkpoint()
    chosen = shared_flags.given(_DATA_DIR, _EXPORT_DIR, _KEEP_VERSIONS, _DISTRIBUTE)
    command = ["bin/train", "--resume", f"--run={folder.path}"]
    command += [f"--{name}={value}" for name, value in chosen.items()]
    kept = f"the last checkpoint is {last}" if last else "no epoch has been saved yet"
    return f"{kept}; go on with {shlex.join(command)}"

"""Plans a training and checks it before TensorFlow is loaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common.chosen_run import default_run
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.settings import Settings, settings_of
from jmvae_tf.training import cluster, patience
from jmvae_tf.training.run_folder import RunFolder


class TrainingPlan(NamedTuple):
    """A checked training that can start.

    Attributes:
      folder: the run's folder.
      settings: the run's settings.
      resume: whether to resume from the folder's newest checkpoint.
      overwrite: whether to replace what a run wrote in the folder.
      distribute: "mirrored" or "multi_worker"; None for one device.
      is_chief: whether this process writes the run's files; true for only one worker.
    """

    folder: RunFolder
    settings: Settings
    resume: bool
    overwrite: bool
    distribute: str | None
    is_chief: bool


def make_plan(
    model: str,
    data: str,
    overrides: Mapping[str, Any],
    *,
    run: str | None,
    resume: bool,
    overwrite: bool,
    distribute: str | None,
    named: Mapping[str, str],
) -> TrainingPlan:
    """Checks the flags against each other and against the run's folder.

    Prints a note if the settings are allowed but probably not intended.

    Args:
      model: the name of the model.
      data: the name of the data set.
      overrides: settings that replace those of the preset or of the resumed run.
      run: the folder of the run; None for the default one.
      resume: see `TrainingPlan`.
      overwrite: see `TrainingPlan`.
      distribute: see `TrainingPlan`.
      named: "model" and "data" if the user gave them; a resumed run keeps its own.

    Raises:
      UserError: if a name or a setting is unknown, flags exclude each other, or the folder cannot
        be used.
    """
    check_choice("model", model, MODELS)  # Both are part of the folder's name.
    check_choice("data", data, DATA_SETS)
    folder = RunFolder(Path(run or default_run(data, model, overrides.get("target"))))
    is_chief = True
    if distribute is not None:
        check_choice("distribute", distribute, ("mirrored", "multi_worker"))
        if distribute == "multi_worker":
            is_chief = cluster.from_environment().task == 0
    if resume and overwrite:
        raise UserError(
            "A run either continues or starts again",
            "--resume and --overwrite",
            "choose one of them",
        )
    if resume:
        settings = _resumed(folder, {**overrides, **named})
    else:
        settings = settings_of(model, data, overrides)
        if is_chief:
            folder.check_new(overwrite)
    if distribute and settings.precision == "mixed_float16":
        # Keras checks for overflows in the gradients of one replica only.
        raise UserError(
            "Several devices cannot share the loss scale that float16 needs",
            f"--precision={settings.precision} --distribute={distribute}",
            "choose --precision=mixed_bfloat16",
        )
    if distribute and settings.clip_norm:
        raise UserError(
            "Several devices cannot clip a gradient, which they add up afterwards",
            f"--clip_norm={settings.clip_norm} --distribute={distribute}",
            "leave one of them out",
        )
    if settings.warmup_epochs >= settings.epochs:
        print(
            f"note: the warm-up of {settings.warmup_epochs} epochs does not end within the "
            f"{settings.epochs} epochs of training; --warmup_epochs sets it"
        )
    return TrainingPlan(folder, settings, resume, overwrite, distribute, is_chief)


def _resumed(folder: RunFolder, overrides: Mapping[str, Any]) -> Settings:
    settings = folder.read_settings().resumed(overrides)
    folder.check_resumable()
    done = max(folder.checkpoint_epochs(), default=0)
    if settings.epochs < done:
        raise UserError(
            f"{folder.path} has been trained for {done} epochs",
            f"--epochs={settings.epochs}",
            "choose more epochs or leave --epochs out",
        )
    if patience.ends(settings, folder.read_history()):
        print(
            f"note: the bound on the validation set has not been better for {settings.patience} "
            "epochs, so training has ended; only export, metrics and figures are made again"
        )
    elif settings.epochs == done:
        print(f"note: all {done} epochs are done; only export, metrics and figures are made again")
    return settings

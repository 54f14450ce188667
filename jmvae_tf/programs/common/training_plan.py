"""Plans a training and checks it before TensorFlow is loaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jmvae_tf.data.own.data_source import DataSource, data_source_of
from jmvae_tf.data.own.preset import Counts
from jmvae_tf.models.registry import MODELS
from jmvae_tf.presets import TRAINING_RECIPES, settings_of_recipe
from jmvae_tf.programs.common.chosen_run import default_run, export_folder
from jmvae_tf.programs.common.idle_settings import check_used
from jmvae_tf.programs.common.repeated_run import repeated_settings
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.settings import Settings, check_values, settings_of
from jmvae_tf.training import cluster, local_file, patience
from jmvae_tf.training.run_folder import RunFolder

if TYPE_CHECKING:
    from jmvae_tf.data.data_set import DataSet


class TrainingPlan(NamedTuple):
    """A checked training that can start.

    Attributes:
      folder: the run's folder.
      source: where the data come from.
      settings: the run's settings; None for a new run on a user's own data, see `settings_on`.
      model: the name of the model.
      overrides: the settings that the user gave.
      resume: whether to resume from the folder's newest checkpoint.
      overwrite: whether to replace what a run wrote in the folder.
      distribute: "mirrored" or "multi_worker"; None for one device.
      is_chief: whether this process writes the run's files; true for only one worker.
      of_preset: whether settings that the user did not give are a preset's, and not a run's.
    """

    folder: RunFolder
    source: DataSource
    settings: Settings | None
    model: str
    overrides: Mapping[str, Any]
    resume: bool
    overwrite: bool
    distribute: str | None
    is_chief: bool
    of_preset: bool

    def settings_on(self, data: "DataSet") -> Settings:
        """Returns the run's settings on data that have been loaded.

        Raises:
          UserError: if a setting is unknown or does not fit the data.
        """
        if self.settings is not None:
            return self.settings
        counts = Counts(data.num_examples("train"), data.num_examples("validation"))
        settings = settings_of(self.model, self.source.name, self.overrides, data.manifest, counts)
        _check_signatures(settings, self.source.given)
        check_used(settings, self.overrides)
        _check(settings, self.distribute)
        return settings


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
    config: str | None = None,
    recipe: str = "paper",
) -> TrainingPlan:
    """Checks the flags against each other and against the run's folder.

    Prints a note if the settings are allowed but probably not intended.

    Args:
      model: the name of the model.
      data: the value of --data.
      overrides: settings that replace those of the preset or of the resumed run.
      run: the folder of the run; None for the default one.
      resume: see `TrainingPlan`.
      overwrite: see `TrainingPlan`.
      distribute: see `TrainingPlan`.
      named: "model" and "data" if the user gave them; a resumed run keeps its own.
      config: the `config.json` of a run to repeat; None for the preset.
      recipe: the named settings to start from; "paper" for the preset.

    Raises:
      UserError: if a name or a setting is unknown, flags exclude each other, or the folder cannot
        be used.
    """
    check_choice("model", model, MODELS)  # Both are part of the folder's name.
    check_choice("recipe", recipe, TRAINING_RECIPES)
    repeated: Settings | None = None
    if recipe != "paper" and (resume or config is not None):
        other = "--resume" if resume else "--config"
        raise UserError(
            f"A run of {other} keeps its own settings",
            f"{other} and --recipe={recipe}",
            "leave one of them out",
        )
    if config is None:
        source = data_source_of(data)
        usual = default_run(source.name, model, overrides.get("target"))
    elif resume:
        raise UserError("A run continues or repeats", "--resume and --config", "choose one of them")
    else:
        repeated, source = repeated_settings(Path(config), overrides, named)
        model, usual = repeated.model, export_folder("runs", repeated)
    folder = RunFolder(Path(run or usual))
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
    settings: Settings | None = None
    if resume:
        settings = _resumed(folder, {**overrides, **named}, source)
    else:
        if repeated is not None:
            settings = repeated
        elif source.kind == "known":
            given = settings_of_recipe(recipe, model, source.name, overrides)
            settings = settings_of(model, source.name, given)
        else:
            settings_of_recipe(recipe, model, source.given)  # Raises for any but the preset.
            check_values(overrides)
        if settings is not None:
            check_used(settings, overrides)
        if is_chief:
            folder.check_new(overwrite)
    if settings is not None:
        _check(settings, distribute)
    of_preset = not resume and repeated is None
    return TrainingPlan(
        folder,
        source,
        settings,
        model,
        overrides,
        resume,
        overwrite,
        distribute,
        is_chief,
        of_preset,
    )


def _check_signatures(settings: Settings, given: str) -> None:
    """Raises UserError if an export of the model would have two signatures of one name."""
    manifest, row = settings.manifest, MODELS[settings.model]
    if manifest is None or row.modalities == "target":
        return
    others = [name for name in manifest.modalities if name != settings.target]
    manifest.check_signatures(given, others if row.has_target else ())


def _check(settings: Settings, distribute: str | None) -> None:
    """Checks settings against the devices; prints a note on what is probably not intended."""
    if distribute and settings.precision == "mixed_float16":
        # Keras checks for overflows in the gradients of one replica only.
        raise UserError(
            "Several devices cannot share the loss scale that float16 needs",
            f"--precision={settings.precision} --distribute={distribute}",
            "choose --precision=mixed_bfloat16",
        )
    if settings.warmup_epochs >= settings.epochs:
        print(
            f"note: the warm-up lasts until epoch {settings.warmup_epochs}, and training until "
            f"epoch {settings.epochs}; --warmup_epochs sets it"
        )


def _resumed(folder: RunFolder, overrides: Mapping[str, Any], source: DataSource) -> Settings:
    settings = folder.read_settings()
    if settings.manifest is not None:
        if "data" not in overrides or source.kind == "known":
            last = local_file.read_source(folder.path)
            raise UserError(
                "--resume of a run on your own data needs them again, with --data",
                f"--data={overrides['data']}" if "data" in overrides else f"--run={folder.path}",
                f"add --data={last}" if last else "add --data=PATH",
            )
        overrides = {name: x for name, x in overrides.items() if name != "data"}
    settings = settings.resumed(overrides)
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

"""Runs that are trained once and evaluated once."""

import functools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jmvae_tf.data import registry as data_sets
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.models.adversarial import without_adversary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reproduction.durations import kept_time
from jmvae_tf.reproduction.recipes import JMVAE_RUN, Recipe
from jmvae_tf.reproduction.scales import Scale
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.settings import WITHOUT_EFFECT, Settings, settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_newest
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import train

PROTOCOL = 1
"""The version of how measures are computed, stored with each of them.

Increase it whenever the same model would get other numbers; measures of another version are
computed again. A release alone does not change it.
"""


class Runs:
    """The runs of one scale and one seed, each in its own folder.

    Attributes:
      path: the folder above the runs' folders.
      scale: the length of training and the size of evaluation.
      seed: the seed of training and of all samples.
      data_name: the data set to train on.
      data_dir: the folder of the data.
    """

    def __init__(
        self,
        path: pathlib.Path,
        scale: Scale,
        seed: int = 0,
        data_name: str = "mnist",
        data_dir: pathlib.Path = pathlib.Path("data"),
    ) -> None:
        self.path = path
        self.scale = scale
        self.seed = seed
        self.data_name = data_name
        self.data_dir = data_dir

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out loaded data, which another process loads itself."""
        return {name: x for name, x in vars(self).items() if not isinstance(x, DataSet)}

    @functools.cached_property
    def data(self) -> DataSet:
        """The data set, loaded on first use.

        Raises:
          UserError: if its files are missing or damaged.
        """
        options = self.settings(JMVAE_RUN).data_options
        return data_sets.load(self.data_name, self.data_dir, options)

    @property
    def training_data(self) -> DataSet:
        """The data set that runs are trained on, which measures do not need."""
        return self.data

    @property
    def named(self) -> str:
        """What all settings of the runs follow from, for messages."""
        return f"--scale={self.scale.name}"

    def settings(self, recipe: Recipe) -> Settings:
        """Returns all settings of a run."""
        return recipe.settings(self.data_name, self.scale, self.seed)

    def folder(self, recipe: Recipe) -> RunFolder:
        """Returns the folder of a run, which may not exist yet."""
        return RunFolder(self.path / recipe.name)

    def epochs_done(self, recipe: Recipe) -> int:
        """Returns the number of epochs that a run has been trained for; 0 if it has not started.

        Raises:
          UserError: if its folder contains something else, for example a run with other settings.
        """
        folder, wanted = self.folder(recipe), self.settings(recipe)
        if not folder.is_run():
            empty = folder.path.is_dir() and not any(folder.path.iterdir())
            if folder.path.exists() and not empty:
                raise UserError(
                    "A run is made in a folder of its own",
                    f"{folder.path}, which exists and is not a run",
                    "move it away, or choose another --runs_dir",
                )
            return 0
        found = self._readable(folder, folder.read_settings).to_config()
        different = {
            name: value
            for name, value in wanted.to_config().items()
            if found[name] != value and name not in WITHOUT_EFFECT
        }
        if different:
            raise UserError(
                f"A run must have the settings of {self.named}",
                f"{folder.path} with "
                + ", ".join(f"{name} {found[name]}, not {x}" for name, x in different.items()),
                "choose another --runs_dir, or delete the folder to train it again",
            )
        return max(folder.checkpoint_epochs(), default=0)

    def summary(self, paper_data: str = "mnist") -> str:
        """Describes in one line how our runs and the papers' are trained.

        Args:
          paper_data: the data set of the paper's table or figure.
        """
        ours, papers = self.settings(JMVAE_RUN), settings_of("jmvae", paper_data, {})
        split = f" (--split={ours.split})" if ours.split != papers.split else ""
        exceptions = "".join(
            f" ({model}: {name} {value})"
            for model, overrides in self.scale.overrides_by_model.items()
            for name, value in overrides.items()
        )
        return (
            f"ours: {self.data_name}{split}, {ours.epochs} epochs, warm-up of "
            f"{ours.warmup_epochs}{exceptions}, seed {self.seed}; paper: {paper_data}, "
            f"{papers.epochs} epochs, warm-up of {papers.warmup_epochs}"
        )

    def survey(self, recipes: Sequence[Recipe]) -> None:
        """Prints which runs exist and what will be trained.

        Raises:
          UserError: if one of their folders contains something else.
        """
        states = [f"  {line}" for line in self.states(recipes)]
        heading = f"runs in {self.path}, {self.named}, seed {self.seed}:"
        print(heading, *states, sep="\n", flush=True)

    def epochs_left(self, recipe: Recipe) -> int:
        """Returns the number of epochs that a run lacks; see `epochs_done`."""
        return max(0, self.settings(recipe).epochs - self.epochs_done(recipe))

    def states(self, recipes: Sequence[Recipe]) -> list[str]:
        """Says of each run whether it exists and what will be trained; see `epochs_done`."""
        width = max(len(recipe.name) for recipe in recipes)
        return [f"{recipe.name:<{width}}  {self._state(recipe)}" for recipe in recipes]

    def _state(self, recipe: Recipe) -> str:
        done, epochs = self.epochs_done(recipe), self.settings(recipe).epochs
        if done >= epochs:
            return f"all {epochs} epochs are done: used as it is"
        if done:
            return f"{done} of {epochs} epochs are done: resumed"
        if self.folder(recipe).is_run():
            return f"stopped before its first checkpoint: trained for {epochs} epochs"
        return f"not there: trained for {epochs} epochs"

    def trained(self, recipe: Recipe) -> MultimodalVAE:
        """Returns the model of a run after its last epoch; trains missing epochs first.

        A GAN variant is returned without its discriminator.

        Raises:
          UserError: if its folder contains something else, another process trains it, its
            checkpoints are damaged, or a term of its objective is no longer finite.
          KeyboardInterrupt: if a signal stopped the training; the next start resumes it.
        """
        folder, settings = self.folder(recipe), self.settings(recipe)
        if self.epochs_done(recipe) >= settings.epochs:
            model, epoch = self._readable(folder, lambda: load_newest(folder))
            if epoch >= settings.epochs:
                return without_adversary(model)
        data = self.training_data  # First, so that no folder is made if it is missing.
        with folder.locked():
            self.epochs_done(recipe)  # Another process may have been faster.
            model, epoch = None, 0
            if folder.is_run():
                settings = folder.read_settings()  # It may be evaluated and saved at other times.
                model, epoch = self._readable(folder, lambda: load_newest(folder))
            if model is None:
                model = make_model(settings, data)
                folder.start(settings, data.modalities)
            if epoch < settings.epochs:
                epochs = f"epoch {epoch + 1} to {settings.epochs}"
                print(f"{recipe.name}: training, {epochs}", flush=True)
            with kept_time(folder, "training"):
                train(model, settings, data, folder, epoch)
        return without_adversary(model)

    def is_measured(self, recipe: Recipe, name: str) -> bool:
        """Tells whether a run seems to have been measured; another protocol may repeat it.

        Args:
          recipe: the recipe of the run.
          name: the name of the measures' file; see `remembered`.
        """
        return (self.folder(recipe).path / "measures" / f"{name}.json").is_file()

    def remembered(
        self,
        recipe: Recipe,
        name: str,
        of: Mapping[str, Any],
        measure: Callable[[MultimodalVAE], dict[str, Any]],
    ) -> dict[str, Any]:
        """Reads measures of a run from its folder, or computes them and writes them there.

        Args:
          recipe: the recipe of the run, which is trained if needed.
          name: the name of the measures' file in the run's `measures/`.
          of: everything that they depend on besides the run, in JSON types; if it differs from the
            file's, they are computed again.
          measure: maps the trained model to the measures, in JSON types.

        Raises:
          UserError: see `trained`.
          KeyboardInterrupt: see `trained`.
        """
        settings, folder = self.settings(recipe), self.folder(recipe)
        path = folder.path / "measures" / f"{name}.json"
        identity = {**of, "epoch": settings.epochs, "protocol": PROTOCOL}
        if self.epochs_done(recipe) >= settings.epochs and path.is_file():
            try:
                file = read_json(path)
            except ValueError:
                file = {}  # Damaged, so compute it again.
            measures, taken_of = file.get("measures"), file.get("of")
            if (
                isinstance(measures, dict)
                and _are_measures(measures)
                and isinstance(taken_of, dict)
                and _with_protocol(taken_of) == identity
            ):
                print(f"{recipe.name}: {name} read from {path}", flush=True)
                return measures
        model = self.trained(recipe)
        print(f"{recipe.name}: measuring {name}", flush=True)
        with kept_time(folder, "measuring", name):
            measures = measure(model)
        write_json(path, {"of": identity, "measures": measures})
        return measures

    def _readable(self, folder: RunFolder, read: Callable[[], Any]) -> Any:
        """Calls `read`; errors of its files get this program's remedy."""
        try:
            return read()
        except UserError as error:
            raise UserError(
                f"The run in {folder.path} must be complete",
                f"an error: {error}",
                "delete the folder to train it again",
            ) from error


def _are_measures(found: Mapping[str, Any]) -> bool:
    """Tells whether `metrics_as_json` or `value_as_json` could have written the values."""
    values = dict(found)
    notes = values.pop("notes", [])
    are_notes = isinstance(notes, list) and all(isinstance(x, str) for x in notes)
    return are_notes and all(map(_is_measure, values.values()))


def _is_measure(value: Any) -> bool:
    if not isinstance(value, dict):
        return _is_number(value)
    others = value.keys() - set(Estimate._fields)
    return (
        value.keys() >= set(Estimate._fields)
        and _is_number(value["mean"])
        and (value["standard_error"] is None or _is_number(value["standard_error"]))
        and others <= {"too_few_samples", "examples"}
        and value.get("too_few_samples", True) is True
        and type(value.get("examples", 0)) is int
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**63)


def _with_protocol(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Adds the protocol to files of version 0.3.0, which stored the package's version instead."""
    found = dict(identity)
    if found.pop("jmvae_tf", None) == "0.3.0":
        found["protocol"] = 1
    return found

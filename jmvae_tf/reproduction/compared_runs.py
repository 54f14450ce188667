"""The runs of a comparison: several models, trained on one data set in the same way."""

import functools
import pathlib
from typing import Any

import numpy as np

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.hidden import with_hidden
from jmvae_tf.data.own.data_source import DataSource
from jmvae_tf.data.own.fingerprint import fingerprint_of
from jmvae_tf.data.own.loading import load_own
from jmvae_tf.data.own.preset import Counts
from jmvae_tf.presets import usual_target
from jmvae_tf.reproduction.compared_models import settings_to_compare
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import COMPARISON
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.settings import Settings
from jmvae_tf.training.run_folder import RunFolder


class ComparedRuns(Runs):
    """Runs with the same data, epochs and networks, each with the seed of its recipe.

    They are trained on what `hidden` leaves of the training data, which is the same for all, and
    measured on the whole data: judges and probes too are the same for all. Mixtures in the latent
    space, which are part of a model's way to sample, are fitted to what it was trained on.

    Attributes:
      source: where the data come from.
      epochs: the number of epochs; None for the preset's.
      hidden: the probability with which a modality of a training example is hidden.
    """

    def __init__(
        self,
        path: pathlib.Path,
        source: DataSource,
        data_dir: pathlib.Path,
        epochs: int | None = None,
        hidden: float = 0.0,
    ) -> None:
        super().__init__(path, COMPARISON, 0, source.name, data_dir)
        self.source = source
        self.epochs = epochs
        self.hidden = hidden

    @functools.cached_property
    def data(self) -> DataSet:
        """The whole data set, loaded on first use; see `Runs`."""
        if self.source.kind == "known":
            return super().data
        return load_own(self.source, self.data_dir)

    @functools.cached_property
    def training_data(self) -> DataSet:
        """What is left to train on."""
        return with_hidden(self.data, self.hidden) if self.hidden else self.data

    @property
    def target(self) -> str | None:
        """The modality whose own log-likelihood is compared; None if the data have none."""
        manifest = None if self.source.kind == "known" else self.data.manifest
        return usual_target("vae", self.data_name, manifest)

    @property
    def named(self) -> str:
        """See `Runs`."""
        return "this comparison"

    def settings(self, recipe: Recipe) -> Settings:
        """Returns all settings of a run.

        Raises:
          UserError: if the model cannot be trained on the data.
        """
        own: tuple[Any, ...] = ()
        if self.source.kind != "known":
            counts = Counts(*map(self.data.num_examples, ("train", "validation")))
            own = (self.data.manifest, counts)
        return settings_to_compare(recipe, self.data_name, self.epochs, *own)

    @property
    def _data_file(self) -> pathlib.Path:
        return self.path / "compared_data.json"

    @functools.cached_property
    def _about_data(self) -> dict[str, Any]:
        """Returns what the runs are trained on, in JSON types."""
        about: dict[str, Any] = {"data": self.data_name, "hidden": self.hidden}
        if self.source.kind != "known":
            about["fingerprint"] = fingerprint_of(self.data)
        return about

    def record_data(self) -> None:
        """Records what the runs are trained on, for `check_data` of later starts.

        Raises:
          UserError: if the data cannot be loaded; then nothing is written.
        """
        _ = self.training_data
        write_json(self._data_file, self._about_data)

    def check_data(self) -> None:
        """Raises UserError if runs in the folder were trained on other data."""
        file, now = self._data_file, self._about_data
        if not file.exists():
            made = [x for x in sorted(self.path.glob("*/")) if RunFolder(x).is_run()]
            if made:
                raise UserError(
                    "The compared_data.json of a comparison must say what its runs are trained on",
                    f"{self.path} with {made[0].name} and without that file",
                    "choose another --runs_dir",
                )
            return
        try:
            before = read_json(file)
        except (OSError, ValueError) as error:
            raise UserError(
                "The compared_data.json of a comparison must say what its runs are trained on",
                f"{file}: {error}",
                "choose another --runs_dir",
            ) from error
        if before != now:
            different = [
                f"{name} {before.get(name)}, not {now.get(name)}"
                for name in sorted({*before, *now})
                if before.get(name) != now.get(name)
            ]
            raise UserError(
                "All runs of a comparison are trained on the same data",
                f"{self.path} with {', '.join(different)}",
                "choose another --runs_dir",
            )

    def gaps(self) -> str:
        """Says in a sentence what is left to train on; nothing if nothing is hidden."""
        if not self.hidden:
            return ""
        observed = self.training_data.observed("train")
        left = ", ".join(f"{rows.sum():,} have {name}" for name, rows in observed.items())
        whole = np.all([*observed.values()], axis=0).sum()
        return (
            f"each modality is hidden with probability {self.hidden:g}: of "
            f"{self.data.num_examples('train'):,} training examples {left}, {whole:,} have all"
        )

"""The model that a program completes tables with: that of a run, or an exported one."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.export_format import signature_names
from jmvae_tf.models.completion import Completer, Data, Draws
from jmvae_tf.models.model_completer import ModelCompleter
from jmvae_tf.programs.common.run_or_export import ModelAndTable
from jmvae_tf.programs.tasks.run_model import load_model_of
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.randomness import MAX_SEED

_WITHOUT_MANIFEST = "Tables are completed with models of tables, which say what their columns are"


class CompletingModel(NamedTuple):
    """A model, and what the columns of its tables are.

    Attributes:
      completer: draws what a table lacks.
      manifest: the columns of its modalities.
    """

    completer: Completer
    manifest: Manifest


def load_completing_model(chosen: ModelAndTable, inference: Mapping[str, Any]) -> CompletingModel:
    """Loads the model of a run or an export.

    Args:
      chosen: the run or the export.
      inference: settings of iterative sampling that replace a run's.

    Raises:
      UserError: if it cannot be read, has not been trained on a table, or does not have a setting.
    """
    if chosen.run:
        manifest = chosen.run.settings.manifest
        if manifest is None:
            raise UserError(
                _WITHOUT_MANIFEST,
                f"{chosen.run.folder.path}, a model of {chosen.run.settings.data}",
                "choose a run of bin/train --data=PATH",
            )
        model, _ = load_model_of(chosen.run, inference)
        # A vae knows one of the modalities alone.
        known = {name: manifest.modalities[name] for name in model.modalities}
        manifest = dataclasses.replace(manifest, modalities=known)
        return CompletingModel(ModelCompleter(model), manifest)
    if inference:
        raise UserError(
            "An export has its settings of inference within it",
            " ".join(f"--{name}={value}" for name, value in inference.items()),
            "leave them out, or use --run",
        )
    export = LoadedExport(chosen.saved_model)
    manifest = _manifest_of(export)  # First, for it refuses exports that cannot complete.
    return CompletingModel(ExportCompleter(export), manifest)


def _manifest_of(export: LoadedExport) -> Manifest:
    """Reads what an export says of its columns; raises UserError if it does not, or not rightly."""
    columns = {name: x.columns for name, x in export.modalities.items()}
    if None in columns.values() or signature_names.POSTERIOR not in export.signatures:
        raise UserError(
            _WITHOUT_MANIFEST,
            f"{export.version}, which does not",
            "export a run of bin/train --data=PATH with this version",
        )
    path = export.version / "assets" / "modalities.json"
    manifest = Manifest.from_json(columns, str(path), whole=True)
    for name, one in manifest.modalities.items():
        modality = export.modalities[name]
        if (one.kind, one.event_shape) != (modality.kind, modality.event_shape):
            raise UserError(
                "The columns of an export must have the kind and the shape of its modality",
                f"{path}: {name}, {one.kind} of the shape {list(one.event_shape)}",
                "export the model again with bin/export",
            )
    return manifest


class ExportCompleter(Completer):
    """Completes with an exported model, which needs neither Keras nor the code of the model.

    Args:
      export: the export.
    """

    def __init__(self, export: LoadedExport) -> None:
        self._export = export
        self.modalities = export.modalities
        self.targets = tuple(
            name
            for name in export.modalities
            if signature_names.to_complete(name) in export.signatures
        )
        self.conditions = tuple(name for name in export.modalities if name not in self.targets)
        # Without a prior, the posterior of nothing is NaN.
        self.has_prior = bool(np.isfinite(self.moments({}, 1, tf.zeros(2, tf.int32))[0]).all())

    def draw(
        self, targets: Sequence[str], given: Data, batch: int, num_samples: int, seed: tf.Tensor
    ) -> dict[str, Draws]:
        """See `Completer`."""
        rng = np.random.default_rng(seed.numpy().astype(np.uint32))
        # The same z for all targets, since z goes by the seed.
        seeds = rng.integers(MAX_SEED, size=num_samples * batch, dtype=np.int32)
        inputs = {
            name: np.tile(x, (num_samples, *[1] * (x.ndim - 1)))
            for name, x in self._inputs(given, batch).items()
        }
        draws = {}
        for name in targets:
            replies = self._export(signature_names.to_complete(name), seed=seeds, **inputs)
            means = replies[name]
            values = replies.get(signature_names.drawn_tensor(name), means)
            shape = (num_samples, batch, *means.shape[1:])
            draws[name] = Draws(means.reshape(shape), values.reshape(shape))
        return draws

    def moments(self, given: Data, batch: int, seed: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """See `Completer`."""
        del seed  # The export has its own.
        replies = self._export(signature_names.POSTERIOR, **self._inputs(given, batch))
        return replies[signature_names.MEAN], replies[signature_names.STDDEV]

    def _inputs(self, given: Data, batch: int) -> dict[str, np.ndarray]:
        """Returns all modalities, NaN for those that are not given."""
        return {
            name: given.get(name, np.full((batch, *modality.event_shape), np.nan, np.float32))
            for name, modality in self.modalities.items()
        }

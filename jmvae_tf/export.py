"""Export of a trained model as a SavedModel with one signature for each direction."""

import errno
import json
import math
import os
import pathlib
import shutil
import tempfile
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE


def export_saved_model(model: MultimodalVAE, folder: str | os.PathLike[str]) -> pathlib.Path:
    """Writes the next version of a model under `folder`, for TensorFlow Serving to load.

    There is a signature `<given>_to_<target>` for every ordered pair of modalities: the mean of
    p(target|z) at the mean of q(z|given), float32 in and out, any batch size. The direction into
    the first label or vector is `serving_default` too. `assets/modalities.json` describes the
    inputs and outputs.

    Models whose inference draws samples (JMVAE's iterative sampling) draw with a fixed seed: the
    same batch gets the same reply, but a row's draws depend on its place in the batch.

    A version is written beside the others under a temporary name and then renamed, so that a
    reader of the folder finds whole versions only.

    Args:
      model: a trained model.
      folder: where versions lie, such as "saved_models/mnist-jmvae_kl".

    Returns:
      The folder of the new version, `<folder>/<version>`.

    Raises:
      OSError: if it cannot be written.
    """
    parent = pathlib.Path(folder)
    parent.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=".writing-", dir=parent))
    try:
        written = temporary / "saved_model"
        _write(model, written)
        return _take_next_version(written, parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(model: MultimodalVAE, path: pathlib.Path) -> None:
    archive = keras.export.ExportArchive()
    archive.track(model)
    pairs = [
        (given, target)
        for given in model.modalities.values()
        for target in model.modalities.values()
        if given is not target
    ]
    # The first endpoint becomes `serving_default`: what an image shows, rather than images.
    pairs.sort(key=lambda pair: (pair[0].shown_as != "image", pair[1].shown_as == "image"))
    for given, target in pairs:
        archive.add_endpoint(
            f"{given.name}_to_{target.name}",
            _mean_of_target(model, given.name, target.name),
            input_signature=[
                tf.TensorSpec((None, *given.event_shape), tf.float32, name=given.name)
            ],
        )
    try:
        archive.write_out(path, verbose=False)
    except tf.errors.OpError as error:  # How TensorFlow reports a full disk.
        raise OSError(errno.EIO, error.message, str(path.parent.parent)) from error
    assets = path / "assets"
    assets.mkdir(exist_ok=True)
    description = {name: describe(modality) for name, modality in model.modalities.items()}
    (assets / "modalities.json").write_text(json.dumps(description, indent=2) + "\n", "utf-8")


def _mean_of_target(model: MultimodalVAE, given: str, target: str) -> Any:
    def signature(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {target: model.generate(target, {given: x})}

    return signature


def _take_next_version(written: pathlib.Path, parent: pathlib.Path) -> pathlib.Path:
    """Renames `written` to the next whole number that no other export takes first."""
    while True:
        versions = [int(path.name) for path in parent.iterdir() if path.name.isdecimal()]
        path = parent / str(max(versions, default=0) + 1)
        try:
            # Renaming onto a folder that is not empty fails: another export was faster.
            return written.rename(path)
        except OSError:
            if not path.exists():
                raise


def describe(modality: Modality) -> dict[str, Any]:
    """What a client needs to know of a modality, ready for JSON."""
    low, high = modality.likelihood.support
    return {
        "shape": list(modality.event_shape),
        "range": [x if math.isfinite(x) else None for x in (low, high)],
        "shown_as": modality.shown_as,
        "value_names": list(modality.value_names),
    }

"""Export of a trained model as a SavedModel, a signature for each of its directions."""

import errno
import json
import math
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors


class _Endpoint(NamedTuple):
    """What becomes a signature.

    Attributes:
      name: of the signature.
      given: the names of the modalities that are its inputs.
      outputs: from the inputs by name to the outputs by name.
    """

    name: str
    given: tuple[str, ...]
    outputs: Callable[[Tensors], dict[str, tf.Tensor]]


def export_saved_model(model: MultimodalVAE, folder: str | os.PathLike[str]) -> pathlib.Path:
    """Writes the next version of a model under `folder`, for TensorFlow Serving to load.

    There is a signature for every direction of the model, `<given>_to_<target>`: the mean of
    p(target|z) at the mean of q(z|given), inputs and outputs named by modality, float32, any batch
    size. A model of one direction has one, `<given>` its conditions joined by "_" and z the mean
    of its prior. `serving_default` is one of these again: if possible from an image to what it
    shows.

    A model of a single modality has `reconstruct_<modality>`, also `serving_default`, and `embed`:
    `mean` and `stddev` of q(z|x).

    `assets/modalities.json` describes all modalities of the model.

    Models whose inference draws samples (the iterative sampling of JMVAE and JMVAE-h) draw with a
    fixed seed: the same batch gets the same reply, but a row's draws depend on its place in the
    batch.

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
    for endpoint in _endpoints(model):
        archive.add_endpoint(
            endpoint.name,
            _by_position(endpoint),
            input_signature=[
                tf.TensorSpec((None, *model.modalities[name].event_shape), tf.float32, name=name)
                for name in endpoint.given
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


def _endpoints(model: MultimodalVAE) -> Iterator[_Endpoint]:
    """What a model answers; `ExportArchive` makes the first `serving_default` too."""

    def shows(name: str) -> bool:
        return model.modalities[name].shown_as == "image"

    # What an image shows comes first, rather than images.
    for direction in sorted(
        model.directions, key=lambda x: (not any(map(shows, x.given)), shows(x.target))
    ):
        yield _generation(model, direction)
    if not model.directions:
        [name] = model.modalities
        yield _Endpoint(f"reconstruct_{name}", (name,), model.reconstruct)
        yield _Endpoint("embed", (name,), lambda given: _moments(model, given))


def _generation(model: MultimodalVAE, direction: Direction) -> _Endpoint:
    return _Endpoint(
        direction.name,
        direction.given,
        lambda given: {direction.target: model.generate(direction.target, given)},
    )


def _moments(model: MultimodalVAE, given: Tensors) -> dict[str, tf.Tensor]:
    q = model.posterior(given)
    return {"mean": q.mean(), "stddev": q.stddev()}


def _by_position(endpoint: _Endpoint) -> Callable[..., dict[str, tf.Tensor]]:
    """The same as a function of tensors, which is what becomes a signature of named inputs."""
    return lambda *tensors: endpoint.outputs(dict(zip(endpoint.given, tensors, strict=True)))


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
    low, high = modality.support
    return {
        "shape": list(modality.event_shape),
        "range": [x if math.isfinite(x) else None for x in (low, high)],
        "shown_as": modality.shown_as,
        "value_names": list(modality.value_names),
    }

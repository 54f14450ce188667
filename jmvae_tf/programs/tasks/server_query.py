"""Asks a server, or an export by itself: generates modalities from others, or edits an image."""

import functools
import logging
import os
import pathlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from jmvae_tf.clients.client import Client
from jmvae_tf.clients.completion_inputs import completion_inputs
from jmvae_tf.clients.image_checks import image_checker
from jmvae_tf.clients.rest_client import RestClient
from jmvae_tf.clients.server_url import ServerUrl
from jmvae_tf.data.image_file import encode_png, read_image
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality, read_modalities
from jmvae_tf.export_format.saved_model_pb import read_signatures
from jmvae_tf.export_format.training_summary import SUMMARY_FILE, read_training_summary
from jmvae_tf.export_format.value_ranges import to_pixels, to_values
from jmvae_tf.export_format.version_folders import newest_version
from jmvae_tf.programs.common import standard_streams, values_by_name
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.common.given_values import (
    all_given,
    names_given,
    names_in_part,
    with_given,
)
from jmvae_tf.programs.common.image_warnings import with_checked_images
from jmvae_tf.programs.common.images_by_name import images_of, paths_of
from jmvae_tf.programs.common.print_values import print_table
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import written_atomically

_SAMPLES_OF_A_MEAN = 8  # Each sends all modalities.
_LEAST_TIMEOUT = 0.001  # Seconds; more than 0.

Predict = Callable[[str, Mapping[str, Any], Sequence[str]], dict[str, np.ndarray]]
"""Calls a signature with inputs by name; returns the outputs that are named."""


def query(
    server: ServerUrl | None,
    name: str,
    saved_model: pathlib.Path,
    *,
    given: GivenFlags,
    crop: str,
    changes: Sequence[str],
    seed: int | None,
    out: pathlib.Path,
    timeout: float,
    redraws: bool = False,
) -> None:
    """Sends requests, then writes the images and prints the values in the replies.

    Prints a warning about a given image that is unlike those in training.

    Args:
      server: the server's URL; None to load the export into this process.
      name: the name under which the server serves the model.
      saved_model: the export, for a server a copy of it; or the folder above its versions.
      given: the flags that give any of its modalities.
      crop: "face" to crop the face from a photograph, "center" to fit it as the model's data were.
      changes: the new values of a given image; see `values_by_name.parse`.
      seed: seed of samples; None for the average images.
      out: the PNG file; for several images, their names are appended.
      timeout: seconds for all requests together to a server.
      redraws: whether an edit draws the whole image again, instead of changing its pixels.

    Raises:
      UserError: if the export cannot be read or does not support the request, or the server cannot
        be reached, refuses the request or returns something else.
    """
    model = _AskedModel(server, name, saved_model, timeout)

    def read(path: pathlib.Path, modality: Any) -> np.ndarray:
        fit = crop if crop == "face" else modality.fit
        pixels = read_image(path, modality.event_shape, fit, pipe=True)
        return to_values(pixels, modality.support)

    if changes:
        paths = given.paths(model.modalities)
        if len(paths) > 1:
            raise UserError(
                "Send one image", " ".join(f"--image={x}" for x in given.images), "choose one"
            )
        [(image, path)] = paths.items()
        condition, wanted = _one(changes, model.modalities)
        values = model.checked({image: read(path, model.modalities[image])})[image]
        _edit(model, image, values, condition, wanted, out, redraws)
        return
    given_names = names_given(given, model.modalities)
    targets = _targets(model, given_names, names_in_part(given, model.modalities))
    images = [x for x in images_of(model.modalities) if x in targets]
    if seed is not None and not images:
        raise UserError(
            "--seed draws an image", f"--seed with {targets[0]} to read", "leave it out"
        )
    if seed is not None and model.reconstructs(given_names, targets[0]):
        raise UserError(
            f"{name} answers {targets[0]} with its reconstruction alone, which is not drawn",
            f"--seed={seed}",
            "leave it out",
        )
    usual = functools.partial(_usual, model.modalities)
    known = model.checked(all_given(given, model.modalities, read, usual))
    for image, path in paths_of(out, images).items():
        _write(path, model.draw(known, image, seed))
    for target in targets:
        if target not in images:
            values = with_given(model.read(known, target), known.get(target))
            print_table(model.modalities[target], values)
    standard_streams.require_output()


class _AskedModel:
    """A model on a server, or in this process, described by its export.

    Attributes:
      modalities: name to description.

    Args:
      server: the server's URL; None for this process.
      name: the name under which the server serves the model.
      saved_model: the export or a copy of it, or the folder above its versions.
      timeout: seconds for all requests together to a server.
    """

    def __init__(
        self, server: ServerUrl | None, name: str, saved_model: pathlib.Path, timeout: float
    ) -> None:
        version = newest_version(saved_model)
        self.modalities = read_modalities(version)
        self._signatures = read_signatures(version)
        self._summary = read_training_summary(version / "assets" / SUMMARY_FILE, self.modalities)
        self._name = name if server else str(version)
        self._predict = (
            _predict_by_server(server, name, timeout, self.modalities)
            if server
            else _predict_here(version)
        )

    def has(self, signature: str) -> bool:
        """Tells whether the export has a signature."""
        return signature in self._signatures

    def predict(self, signature: str, inputs: Mapping[str, Any], output: str) -> np.ndarray:
        """Calls a signature and returns an output; the first call starts the timeout."""
        if not self.has(signature):
            known = sorted(x for x in self._signatures if x[0] != "_")  # TensorFlow's own.
            raise UserError(
                f"The model must answer {signature}",
                f"{self._name}, which answers {', '.join(known)}",
                "ask for one of these",
            )
        outputs = [x.name for x in self._signatures[signature] if not x.is_input]
        return self._predict(signature, inputs, outputs)[output]

    def checked(self, known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compares images with those in training, prints what is odd, and returns all values."""
        check = image_checker(self.modalities, self._summary, self._signatures, self.predict)
        return with_checked_images(known, self.modalities, check)

    def read(self, known: Mapping[str, np.ndarray], target: str) -> np.ndarray:
        """Returns the mean of a modality given values of others, [*event_shape] each.

        It is a reconstruction if the modality itself is given, and the model has no other.
        """
        if self.reconstructs(known, target):
            return self.predict(signature_names.to_reconstruct(target), _batch(known), target)[0]
        if not self.has(signature_names.to_generate(list(known), target)) and self.completes(
            target
        ):
            return self._completed(known, target, np.arange(_SAMPLES_OF_A_MEAN)).mean(axis=0)
        images = [name for name in known if self.modalities[name].kind == "image"]
        signature = signature_names.to_generate_from_files(list(known), images, target)
        if not images or not self.has(signature):  # Files are smaller than values.
            return self.predict(
                signature_names.to_generate(list(known), target), _batch(known), target
            )[0]
        inputs = {x: values for x, values in _batch(known).items() if x not in images}
        for name in images:
            file = np.array([self.png(name, known[name])], object)
            inputs[signature_names.file_tensor(name)] = file
        return self.predict(signature, inputs, target)[0]

    def draw(self, known: Mapping[str, np.ndarray], image: str, seed: int | None) -> bytes:
        """Returns the PNG file of an image given values of other modalities, [*event_shape] each.

        Args:
          known: modality name to values.
          image: the image's name.
          seed: seed of a sample; None for the average image.
        """
        if self.reconstructs(known, image):
            return self.png(image, self.read(known, image))
        direct = self.has(signature_names.to_generate(list(known), image))
        if not direct and self.completes(image):
            sample = None if seed is None else self._completed(known, image, np.array([seed]))[0]
            return self.png(image, self.read(known, image) if sample is None else sample)
        if seed is not None:
            seeds = {signature_names.SEED: np.array([seed], np.int32)}
            signature = signature_names.to_sample(list(known), image)
            return self.png(image, self.predict(signature, _batch(known) | seeds, image)[0])
        if any(self.modalities[name].kind == "image" for name in known):
            return self.png(image, self.read(known, image))
        signature = signature_names.to_generate_files(list(known), image)
        [content] = self.predict(signature, _batch(known), signature_names.file_tensor(image))
        return content

    def completes(self, target: str) -> bool:
        """Tells whether the export generates a modality from any subset of them."""
        return self.has(signature_names.to_complete(target))

    def reconstructs(self, known: Collection[str], target: str) -> bool:
        """Tells whether the export reconstructs a modality that is known, its only one."""
        return [*known] == [target] and self.has(signature_names.to_reconstruct(target))

    def _completed(
        self, known: Mapping[str, np.ndarray], target: str, seeds: np.ndarray
    ) -> np.ndarray:
        """Returns means of a modality for samples of the latent variable, [seeds, *event_shape]."""
        inputs = completion_inputs(self.modalities, known, seeds)
        return self.predict(signature_names.to_complete(target), inputs, target)

    def png(self, image: str, values: np.ndarray) -> bytes:
        """Encodes an image, [height, width, channels], as a PNG file."""
        pixels = np.clip(to_pixels(values, self.modalities[image].support), 0.0, 1.0)
        return encode_png(np.round(pixels * 255).astype(np.uint8))


def _predict_by_server(
    server: ServerUrl, name: str, timeout: float, modalities: Mapping[str, DescribedModality]
) -> Predict:
    """Makes the function that asks a server; all its calls share the timeout."""
    # A server could control what libraries log about its errors, so errors are reported in one
    # line.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")

    @functools.cache
    def connect() -> tuple[Client, float]:
        return _client(server, name, timeout, modalities), time.monotonic()

    def predict(
        signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        client, start = connect()
        client.timeout = max(timeout - (time.monotonic() - start), _LEAST_TIMEOUT)
        return client.predict(signature, inputs, outputs)

    return predict


def _predict_here(version: pathlib.Path) -> Predict:
    """Makes the function that asks an export; its graph is loaded when it is needed."""

    @functools.cache
    def load() -> Any:
        load_tensorflow()
        from jmvae_tf.clients.local_model import LocalModel

        return LocalModel(version)

    return lambda signature, inputs, outputs: load().predict(signature, inputs, outputs)


def _client(
    server: ServerUrl, name: str, timeout: float, modalities: Mapping[str, DescribedModality]
) -> Client:
    if server.protocol == "grpc":
        from jmvae_tf.clients.grpc_client import GrpcClient  # Only this needs TensorFlow.

        return GrpcClient(server.address, name, timeout=timeout, modalities=modalities)
    return RestClient(server.url, name, timeout=timeout, modalities=modalities)


def _targets(model: _AskedModel, known: Sequence[str], in_part: Sequence[str]) -> list[str]:
    """Returns the names of the modalities that can be generated from known ones.

    Args:
      model: the model.
      known: the names of the known modalities.
      in_part: the names of those of which only some values are known.

    Raises:
      UserError: if there are none.
    """
    left = [name for name in model.modalities if name not in known or name in in_part]
    if not left and model.reconstructs(known, known[0]):
        return [*known]
    if not left:
        raise UserError(
            "Something must be left to generate",
            f"{' and '.join(known)}, all of the model's modalities",
            "leave one of them out",
        )

    def can(target: str) -> bool:
        direct = signature_names.to_generate(known, target)
        return model.completes(target) or (target not in known and model.has(direct))

    # If there is no such signature, the first request says so.
    return [name for name in left if can(name)] or left[:1]


def _edit(
    model: _AskedModel,
    image: str,
    values: np.ndarray,
    condition: str,
    wanted: np.ndarray,
    out: pathlib.Path,
    redraws: bool,
) -> None:
    """Writes an image with other values of another modality."""
    support = model.modalities[condition].support
    changed = np.where(np.isnan(wanted), model.read({image: values}, condition), wanted)
    inputs = _batch({image: values, condition: changed.clip(*support).astype(np.float32)})
    to_change = signature_names.to_redraw if redraws else signature_names.to_edit
    named = to_change(image, condition)  # The name with several conditions.
    signature = named if model.has(named) else to_change(image)
    _write(out, model.png(image, model.predict(signature, inputs, image)[0]))


def _one(
    changes: Sequence[str], modalities: Mapping[str, DescribedModality]
) -> tuple[str, np.ndarray]:
    """Returns the name and the values of the only modality that --set changes."""
    parsed = values_by_name.parse("set", changes, modalities)
    if len(parsed) != 1:
        raise UserError("Give values of one modality", f"--set={','.join(changes)}", "choose one")
    [one] = parsed.items()
    return one


def _usual(modalities: Mapping[str, DescribedModality], name: str) -> np.ndarray | None:
    """Returns the usual values of a modality, [*event_shape]; None if the export has none."""
    modality = modalities[name]
    if modality.means is not None:
        return np.asarray(modality.means, np.float32)
    if modality.kind == "attributes":
        return np.full(modality.event_shape, modality.threshold, np.float32)
    return None


def _batch(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns values as a batch of one example."""
    return {name: x[np.newaxis] for name, x in values.items()}


def _write(path: pathlib.Path, content: bytes) -> None:
    with written_atomically(path) as temporary:
        temporary.write_bytes(content)
    print(path)

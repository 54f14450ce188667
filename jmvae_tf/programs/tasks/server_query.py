"""Sends requests to a server: read an image, generate images or edit one."""

import logging
import os
import pathlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jmvae_tf.clients.client import Client
from jmvae_tf.clients.rest_client import RestClient
from jmvae_tf.clients.server_url import ServerUrl
from jmvae_tf.data.image_file import encode_png, read_image
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality, read_modalities
from jmvae_tf.export_format.saved_model_pb import read_signatures
from jmvae_tf.export_format.value_ranges import to_pixels, to_values
from jmvae_tf.export_format.version_folders import newest_version
from jmvae_tf.programs.common import standard_streams, values_by_name
from jmvae_tf.programs.common.images_by_name import images_of, parse_images, paths_of
from jmvae_tf.programs.common.print_values import print_table
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import written_atomically

_LEAST_TIMEOUT = 0.001  # Seconds; more than 0.


def query(
    server: ServerUrl,
    name: str,
    saved_model: pathlib.Path,
    *,
    images: Sequence[str],
    crop: str,
    given: Sequence[str],
    changes: Sequence[str],
    seed: int | None,
    out: pathlib.Path,
    timeout: float,
) -> None:
    """Sends a request, then prints the values or writes the images in the reply.

    Args:
      server: the server's URL.
      name: the name under which it serves the model.
      saved_model: a copy of the served export, or the folder above its versions.
      images: the file to send, see `parse_images`; empty to generate images.
      crop: "face" to crop the face from a photograph, otherwise "center".
      given: the values to generate images from; see `values_by_name.parse`.
      changes: the new values of the image; see `values_by_name.parse`.
      seed: seed of samples; None for the average images.
      out: the PNG file; for several images, their names are appended.
      timeout: seconds for all requests together.

    Raises:
      UserError: if the export cannot be read or does not support the request, or the server cannot
        be reached, refuses the request or returns something else.
    """
    model = _ServedModel(server, name, saved_model, timeout)
    if not images_of(model.modalities):
        raise UserError(
            "The model must have images",
            f"one of {' and '.join(model.modalities)}",
            "choose another --model",
        )
    if given:
        _draw(model, given, seed, out)
        return
    paths = parse_images(images, model.modalities)
    if len(paths) > 1:
        raise UserError("Send one image", " ".join(f"--image={x}" for x in images), "choose one")
    [(image, path)] = paths.items()
    others = [x for x, modality in model.modalities.items() if modality.kind != "image"]
    if not others:
        raise UserError(
            "The model must have an image and a label or attributes",
            f"one of {' and '.join(model.modalities)}",
            "call its signatures with a client of jmvae_tf.clients",
        )
    shape = model.modalities[image].event_shape
    wanted = _one(changes, model.modalities) if changes else None
    pixels = read_image(path, shape, crop, pipe=True)
    if wanted:
        _edit(model, image, pixels, *wanted, out)
        return
    readable = [
        x for x in others if model.has(signature_names.to_generate_from_files([image], [image], x))
    ]
    for other in readable or others[:1]:
        print_table(model.modalities[other], model.read(image, pixels, other))
    standard_streams.require_output()


class _ServedModel:
    """A model on a server, described by a copy of its export.

    Attributes:
      modalities: name to description.

    Args:
      server: the server's URL.
      name: the name under which it serves the model.
      saved_model: the copy, or the folder above its versions.
      timeout: seconds for all requests together.
    """

    def __init__(
        self, server: ServerUrl, name: str, saved_model: pathlib.Path, timeout: float
    ) -> None:
        version = newest_version(saved_model)
        self.modalities = read_modalities(version)
        self._signatures = read_signatures(version)
        self._server, self._name, self._timeout = server, name, timeout
        self._client: Client | None = None
        self._asked = 0.0

    def has(self, signature: str) -> bool:
        """Tells whether the export has a signature."""
        return signature in self._signatures

    def predict(self, signature: str, inputs: Mapping[str, Any], output: str) -> np.ndarray:
        """Calls a signature and returns its only output; the first call starts the timeout."""
        if not self.has(signature):
            raise UserError(
                f"The model must answer {signature}",
                f"{self._name}, which answers {', '.join(sorted(self._signatures))}",
                "ask for one of these",
            )
        if self._client is None:
            self._client = _client(self._server, self._name, self._timeout, self.modalities)
            self._asked = time.monotonic()
        else:
            left = self._timeout - (time.monotonic() - self._asked)
            self._client.timeout = max(left, _LEAST_TIMEOUT)
        return self._client.predict(signature, inputs, [output])[output]

    def read(self, image: str, pixels: np.ndarray, other: str) -> np.ndarray:
        """Predicts the values of another modality from an image, [*event_shape]."""
        signature = signature_names.to_generate_from_files([image], [image], other)
        file = np.array([_png(pixels)], object)
        return self.predict(signature, {signature_names.file_tensor(image): file}, other)[0]


def _client(
    server: ServerUrl, name: str, timeout: float, modalities: Mapping[str, DescribedModality]
) -> Client:
    # A server could control what libraries log about its errors, so errors are reported in one
    # line.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if server.protocol == "grpc":
        from jmvae_tf.clients.grpc_client import GrpcClient  # Only this needs TensorFlow.

        return GrpcClient(server.address, name, timeout=timeout, modalities=modalities)
    return RestClient(server.url, name, timeout=timeout, modalities=modalities)


def _draw(model: _ServedModel, given: Sequence[str], seed: int | None, out: pathlib.Path) -> None:
    """Writes all images that the model generates from some values."""
    values = {
        name: _filled(model.modalities[name], values)
        for name, values in values_by_name.parse("given", given, model.modalities).items()
    }
    images = images_of(model.modalities)
    name_of = signature_names.to_generate_files if seed is None else signature_names.to_sample
    signatures = {image: name_of(list(values), image) for image in images}
    answered = [image for image in images if model.has(signatures[image])]
    for image, path in paths_of(out, answered or images[:1]).items():
        if seed is None:
            output = signature_names.file_tensor(image)
            [content] = model.predict(signatures[image], values, output)
        else:
            inputs = {**values, signature_names.SEED: np.array([seed], np.int32)}
            [sample] = model.predict(signatures[image], inputs, image)
            content = _png(to_pixels(sample, model.modalities[image].support))
        _write(path, content)


def _edit(
    model: _ServedModel,
    image: str,
    pixels: np.ndarray,
    condition: str,
    wanted: np.ndarray,
    out: pathlib.Path,
) -> None:
    """Writes an image with other values."""
    modality, support = model.modalities[condition], model.modalities[image].support
    values = np.where(np.isnan(wanted), model.read(image, pixels, condition), wanted)
    inputs = {
        image: to_values(pixels[np.newaxis], support),
        condition: values.clip(*modality.support).astype(np.float32)[np.newaxis],
    }
    named = signature_names.to_edit(image, condition)  # The name with several conditions.
    signature = named if model.has(named) else signature_names.to_edit(image)
    _write(out, _png(to_pixels(model.predict(signature, inputs, image)[0], support)))


def _one(
    changes: Sequence[str], modalities: Mapping[str, DescribedModality]
) -> tuple[str, np.ndarray]:
    """Returns the name and the values of the only modality that --set changes."""
    parsed = values_by_name.parse("set", changes, modalities)
    if len(parsed) != 1:
        raise UserError("Give values of one modality", f"--set={','.join(changes)}", "choose one")
    [one] = parsed.items()
    return one


def _filled(modality: DescribedModality, values: np.ndarray) -> np.ndarray:
    """Returns [1, *event_shape]; values that are not given are at their training means."""
    missing = np.isnan(values)
    if modality.kind == "vector" and missing.any():
        names = [x for x, one in zip(modality.value_names, missing.ravel(), strict=True) if one]
        raise UserError(
            f"An export does not contain the means of {modality.name}, so all values must be given",
            f"--given without {', '.join(names)}",
            "name them too",
        )
    usual = modality.threshold if modality.means is None else modality.means
    filled = np.where(missing, np.asarray(usual, np.float32), values)
    return filled.astype(np.float32)[np.newaxis]


def _png(pixels: np.ndarray) -> bytes:
    """Encodes float32 [height, width, 1 or 3] in [0, 1] as a PNG file."""
    return encode_png(np.round(np.clip(pixels, 0.0, 1.0) * 255).astype(np.uint8))


def _write(path: pathlib.Path, content: bytes) -> None:
    with written_atomically(path) as temporary:
        temporary.write_bytes(content)
    print(path)

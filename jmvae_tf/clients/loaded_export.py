"""Loads an exported model into this process, with TensorFlow alone."""

import os
import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.clients.image_checks import CheckedImage, image_checker
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import read_modalities
from jmvae_tf.export_format.training_summary import SUMMARY_FILE, read_training_summary
from jmvae_tf.export_format.version_folders import newest_version
from jmvae_tf.runtime.errors import UserError

_ASSERTED = "assertion failed: ["  # Start of TensorFlow's message for `export.checks`.


class LoadedExport:
    """A SavedModel of this package, loaded for use or for checks.

    Its graph is code from its author and runs with all rights of this process. Its description of
    modalities is data and is checked.

    Attributes:
      version: the folder that was loaded.
      modalities: name to `DescribedModality`.
      signatures: signature name to the names of its outputs.
      summary: what it says about its training data; None if it says nothing.

    Args:
      folder: the folder of a version, or the folder above versions, whose newest is loaded.

    Raises:
      UserError: if there is no SavedModel of this package or it is damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.version = newest_version(pathlib.Path(folder))
        self.modalities = read_modalities(self.version)
        try:
            self._loaded = tf.saved_model.load(str(self.version))
        except Exception as error:  # TensorFlow has no error type for damaged files.
            raise UserError(
                "A SavedModel must be complete",
                f"{self.version}: {error}",
                "export the model again with bin/export",
            ) from error
        self.signatures = {
            name: tuple(function.structured_outputs)
            for name, function in self._loaded.signatures.items()
        }
        summary_file = self.version / "assets" / SUMMARY_FILE
        self.summary = read_training_summary(summary_file, self.modalities, self._latent_dim())

    def _latent_dim(self) -> int | None:
        """Returns the number of values of z; None if no signature decodes z alone."""
        for decode in map(signature_names.to_decode, self.modalities):
            if decode in self.signatures:
                _, inputs = self._loaded.signatures[decode].structured_input_signature
                size: int | None = inputs[signature_names.LATENT].shape[-1]
                return size
        return None

    def __call__(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
          signature: its name.
          **inputs: arrays or lists by name, [batch, ...] each; files as bytes objects.

        Returns:
          The outputs by name; files as arrays of bytes objects.

        Raises:
          ValueError: if the model has no such signature or the graph refuses an input, with the
            reason.
        """
        if signature not in self.signatures:
            raise ValueError(
                f"{self.version} must be asked for a signature that it has: "
                f"{', '.join(sorted(self.signatures))}. Received: {signature!r}"
            )
        function = self._loaded.signatures[signature]
        _, specs = function.structured_input_signature
        tensors = {name: tf.constant(x, specs[name].dtype) for name, x in inputs.items()}
        try:
            return {name: x.numpy() for name, x in function(**tensors).items()}
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(_reason(error.message)) from error

    def check_image(self, name: str, values: np.ndarray) -> CheckedImage:
        """Compares an image of a user with those in training; see `image_checks.checked_image`.

        Args:
          name: its modality.
          values: the image, [height, width, channels], in the data's units.
        """
        check = image_checker(self.modalities, self.summary, self.signatures, self._ask)
        return check(name, values)

    def _ask(self, signature: str, inputs: Mapping[str, np.ndarray], output: str) -> np.ndarray:
        return self(signature, **inputs)[output]


def _reason(message: str) -> str:
    """Extracts the line with the reason from TensorFlow's message."""
    for line in message.splitlines():
        if line.startswith(_ASSERTED):
            return line.removeprefix(_ASSERTED).removesuffix("]").replace("] [", " ")
    if "must_hold_undamaged" in message:
        return "The file must be an undamaged JPEG or PNG."
    return message.splitlines()[0]

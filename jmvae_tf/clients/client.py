"""What clients of both protocols share: how they are asked, and their errors."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jmvae_tf.clients.deadline import checked_timeout
from jmvae_tf.clients.expected_outputs import ExpectedOutput, expected_outputs
from jmvae_tf.clients.server_url import ServerUrl
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.runtime.errors import UserError

_LONGEST_MESSAGE = 500  # Characters of a server's words that are repeated.


class Client(abc.ABC):
    """Asks one model of a server.

    Attributes:
      timeout: seconds that an answer may take, from connecting to its last byte.

    Args:
      server: the server.
      model: the name that the model is served under.
      timeout: see above.
      modalities: the model's (`modalities_json.read_modalities`), to check answers against and to
        limit their size; None if they are not known.

    Raises:
      ValueError: for a timeout that is not positive and finite.
    """

    def __init__(
        self,
        server: ServerUrl,
        model: str,
        timeout: float,
        modalities: Mapping[str, DescribedModality] | None,
    ) -> None:
        self.server = server
        self.model = model
        self.timeout = checked_timeout(timeout)
        self.modalities = modalities

    def predict(
        self, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Asks a signature.

        Args:
          signature: its name.
          inputs: by name, arrays or lists, [batch, ...] each. Numbers of any type are sent as
            float32, and seeds as int32; files, under names of `signature_names.file_tensor`, are
            bytes objects.
          outputs: the names of all its outputs.

        Returns:
          The outputs by name; numbers as float32, files as bytes objects. They have the request's
          batch, numbers are finite, and files are PNG. If the client was given the model's
          modalities, shapes, ranges and sizes are the model's.

        Raises:
          UserError: if the server cannot be reached, refuses, or answers something else.
          ValueError: if the inputs are not batches of one size.
          TypeError: if an input holds values of another type.
        """
        arrays, batch = _as_inputs(inputs)
        return self._ask(signature, arrays, expected_outputs(outputs, batch, self.modalities))

    @abc.abstractmethod
    def _ask(
        self, signature: str, inputs: Mapping[str, np.ndarray], expected: list[ExpectedOutput]
    ) -> dict[str, np.ndarray]:
        """Sends checked inputs and gives checked outputs; raises UserError as `predict`."""


def _as_inputs(inputs: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], int]:
    """Converts the inputs of a signature to what is sent.

    Args:
      inputs: see `Client.predict`.

    Returns:
      The inputs by name, float32, int32 or an array of bytes objects, [batch, ...]; and the batch.

    Raises:
      ValueError: if they are not batches of one size.
      TypeError: if an input holds values of another type.
    """
    arrays = {name: _as_input(name, values) for name, values in inputs.items()}
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    sizes = {shape[0] if shape else 0 for shape in shapes.values()}
    if len(sizes) != 1 or not min(sizes):
        raise ValueError(
            "Inputs must be batches of the same number of examples, and of at least one. "
            f"Received the shapes: {shapes}"
        )
    return arrays, sizes.pop()


def _as_input(name: str, values: Any) -> np.ndarray:
    if signature_names.holds_files(name):
        files = list(values)
        if not all(isinstance(file, bytes) for file in files):
            raise TypeError(f"{name} must hold bytes objects. Received: {type(files[0]).__name__}")
        array = np.empty(len(files), object)
        array[:] = files
        return array
    is_seed = name == signature_names.SEED
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, or lists that make one: {error}") from error
    if array.dtype.kind not in ("iu" if is_seed else "fiu"):
        kind = "whole numbers" if is_seed else "numbers"
        raise TypeError(f"{name} must hold {kind}. Received: {array.dtype}")
    if is_seed:
        limits = np.iinfo(np.int32)
        if array.size and not limits.min <= array.min() <= array.max() <= limits.max:
            raise ValueError(f"seed must fit into int32. Received: {array.min()} to {array.max()}")
        return array.astype(np.int32)
    with np.errstate(over="ignore"):  # Infinite values are for the server to refuse.
        return array.astype(np.float32)


def unreachable(server: str, reason: object) -> UserError:
    """Makes the error for a server that does not answer."""
    return UserError(
        "A TensorFlow Serving must answer",
        f"--server={server}: {reason}",
        "start it (serving/README.md), or change --server",
    )


def late(server: str, timeout: float) -> UserError:
    """Makes the error for a server that has not answered in time."""
    return UserError(
        "A TensorFlow Serving must answer in time",
        f"--server={server}: no whole answer within {timeout:g} s",
        "see what it does, or give it longer (--timeout)",
    )


def refused(model: str, signature: str, message: str) -> UserError:
    """Makes the error for a server that refuses a request."""
    return UserError(
        f"The server's {model} must be able to answer {signature}",
        message[:_LONGEST_MESSAGE],
        "mend the request, or change --model",
    )


def unexpected(model: str, signature: str, reply: object) -> UserError:
    """Makes the error for a reply that is no answer."""
    return UserError(
        f"The server's {model} must answer {signature} as a model of this package does",
        f"a reply {str(reply)[:_LONGEST_MESSAGE]}",
        "change --server or --model, or serve an export of this version",
    )

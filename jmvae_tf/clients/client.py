"""The interface and the errors that clients of both protocols share."""

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

_LONGEST_MESSAGE = 500  # Characters of a server's message that are repeated.


class Client(abc.ABC):
    """Sends requests to one model of a server.

    Attributes:
      timeout: seconds that a reply may take, from connecting to its last byte.

    Args:
      server: the server.
      model: the name under which the model is served.
      timeout: see above.
      modalities: the model's modalities (`modalities_json.read_modalities`), to check replies and
        limit their size; None if unknown.

    Raises:
      ValueError: if the timeout is not positive and finite.
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
        """Calls a signature.

        Args:
          signature: its name.
          inputs: arrays or lists by name, [batch, ...] each. Numbers of any type are sent as
            float32 and seeds as int32. Files are bytes objects, under the names of
            `signature_names.file_tensor`.
          outputs: the names of all outputs of the signature.

        Returns:
          The outputs by name; numbers as float32, files as bytes objects. They have the request's
          batch size, numbers are finite and files are PNG. If the client knows the model's
          modalities, shapes, ranges and sizes have been checked too.

        Raises:
          UserError: if the server cannot be reached, refuses the request or returns something else.
          ValueError: if the inputs do not all have the same batch size.
          TypeError: if an input has values of another type.
        """
        arrays, batch = _as_inputs(inputs)
        return self._ask(signature, arrays, expected_outputs(outputs, batch, self.modalities))

    @abc.abstractmethod
    def _ask(
        self, signature: str, inputs: Mapping[str, np.ndarray], expected: list[ExpectedOutput]
    ) -> dict[str, np.ndarray]:
        """Sends checked inputs and returns checked outputs; raises UserError like `predict`."""


def _as_inputs(inputs: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], int]:
    """Converts the inputs of a signature to the arrays to send.

    Args:
      inputs: see `Client.predict`.

    Returns:
      The inputs by name, float32, int32 or an array of bytes objects, [batch, ...]; and the batch
      size.

    Raises:
      ValueError: if they are not batches of one size.
      TypeError: if an input has values of another type.
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
    with np.errstate(over="ignore"):  # The server refuses infinite values.
        return array.astype(np.float32)


def unreachable(server: str, reason: object) -> UserError:
    """Makes the error for a server that does not answer."""
    return UserError(
        "A TensorFlow Serving must answer",
        f"--server={server}: {reason}",
        "start it (serving/README.md), change --server, or give --saved_model without --server",
    )


def late(server: str, timeout: float) -> UserError:
    """Makes the error for a server that has not answered in time."""
    return UserError(
        "A TensorFlow Serving must answer in time",
        f"--server={server}: no complete answer within {timeout:g} s",
        "see what it does, or give it more time (--timeout)",
    )


def refused(model: str, signature: str, message: str) -> UserError:
    """Makes the error for a server that refuses a request."""
    return UserError(
        f"The server's {model} must be able to answer {signature}",
        message[:_LONGEST_MESSAGE],
        "correct the request, or change --model",
    )


def unexpected(model: str, signature: str, reply: object) -> UserError:
    """Makes the error for an invalid reply."""
    return UserError(
        f"The server's {model} must answer {signature} as a model of this package does",
        f"a reply {str(reply)[:_LONGEST_MESSAGE]}",
        "change --server or --model, or serve an export of this version",
    )

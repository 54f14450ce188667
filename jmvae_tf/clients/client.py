"""What clients of both protocols have in common."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from jmvae_tf.errors import UserError


class Client(Protocol):
    """Asks one model of a server."""

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """What a signature answers.

        Args:
          signature: its name.
          inputs: by name, [batch, ...] each; files as an array of bytes objects, under names that
            end in "_bytes".
          outputs: the names of all its outputs.

        Returns:
          The outputs by name; numbers as float32, files as bytes objects.

        Raises:
          UserError: if the server cannot be reached, refuses, or answers something else.
        """


def unreachable(server: str, reason: object) -> UserError:
    """The error of a server that does not answer."""
    return UserError(
        "A TensorFlow Serving must answer",
        f"--server={server}: {reason}",
        "start it (serving/README.md), or change --server",
    )


def refused(model: str, signature: str, message: str) -> UserError:
    """The error of a server that refuses a request."""
    return UserError(
        f"The server's {model} must be able to answer {signature}",
        " ".join(message.split()),
        "mend the request, or change --model",
    )


def unexpected(model: str, signature: str, reply: object) -> UserError:
    """The error of a reply that is none."""
    return UserError(
        f"The server's {model} must answer {signature} as a model of this package does",
        f"the reply {str(reply)[:200]}",
        "change --server or --model, or serve an export of this version",
    )

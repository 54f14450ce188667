"""Answers signatures of an export in this process, in the place of a server."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.runtime.errors import UserError


class LocalModel:
    """An export that is loaded here and asked like a server.

    Args:
      version: the folder of the export.

    Raises:
      UserError: if it is damaged.
    """

    def __init__(self, version: pathlib.Path) -> None:
        self._export = LoadedExport(version)

    def predict(
        self, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; see `Client.predict`.

        Raises:
          UserError: if the graph refuses the request.
        """
        try:
            answer = self._export(signature, **inputs)
        except ValueError as error:
            raise UserError(
                f"{self._export.version} must be able to answer {signature}",
                error,
                "correct the request, or choose another --saved_model",
            ) from error
        return {name: answer[name] for name in outputs}

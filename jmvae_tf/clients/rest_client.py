"""A client of TensorFlow Serving's REST interface.

Source of the format: TensorFlow Serving's guide, "RESTful API". A request names all inputs once
(columns, "inputs") or one by example (rows, "instances"); the reply has the same form ("outputs",
"predictions"), and where a signature has one output its name is left out. Files are base64 under
the key "b64".
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import requests
from urllib3.exceptions import HTTPError

from jmvae_tf.clients.client import refused, unexpected, unreachable


class RestClient:
    """Asks one model of a server over HTTP; see `client.Client`.

    Args:
      url: such as "http://localhost:8501".
      model: the name that it is served under.
      rows: whether requests are in rows instead of columns.
      timeout: in seconds.
    """

    def __init__(self, url: str, model: str, rows: bool = False, timeout: float = 60.0) -> None:
        """See the class."""
        self.url = url.rstrip("/")
        self.model = model
        self.rows = rows
        self.timeout = timeout

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """See `client.Client`."""
        try:
            reply = requests.post(
                f"{self.url}/v1/models/{self.model}:predict",
                # With NaN, which strict JSON lacks: the server refuses it with the graph's message.
                data=json.dumps(body(signature, inputs, self.rows)),
                headers={"Content-Type": "application/json"},
                timeout=self.timeout,
            )
        except (requests.RequestException, HTTPError) as error:
            raise unreachable(self.url, _reason(error)) from error
        try:
            answer = json.loads(reply.content)  # Its floats may be NaN, which strict JSON lacks.
            message = answer.get("error")
            found = {} if message else _outputs(answer, outputs)
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            text = f"of status {reply.status_code}: {reply.text}"
            raise unexpected(self.model, signature, text) from error
        if message:
            raise refused(self.model, signature, str(message))
        return found


def body(signature: str, inputs: Mapping[str, np.ndarray], rows: bool) -> dict[str, Any]:
    """A request in JSON's types.

    Args:
      signature: the name of what is asked.
      inputs: by name, [batch, ...] each.
      rows: whether it is in rows instead of columns.
    """
    columns = {name: _as_json(values) for name, values in inputs.items()}
    if not rows:
        return {"signature_name": signature, "inputs": columns}
    instances = [
        dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
    ]
    return {"signature_name": signature, "instances": instances}


def _as_json(values: np.ndarray) -> list[Any]:
    if values.dtype.kind in "OS":
        return [{"b64": base64.b64encode(file).decode("ascii")} for file in values]
    return values.tolist()


def _outputs(answer: Mapping[str, Any], names: Sequence[str]) -> dict[str, np.ndarray]:
    if "outputs" in answer:
        columns = answer["outputs"]
        found = columns if len(names) > 1 else {names[0]: columns}
    else:
        rows = answer["predictions"]
        found = {name: [row[name] if len(names) > 1 else row for row in rows] for name in names}
    return {name: _from_json(found[name]) for name in names}


def _from_json(values: list[Any]) -> np.ndarray:
    if values and isinstance(values[0], dict):
        return np.array([base64.b64decode(value["b64"]) for value in values], object)
    return np.asarray(values, np.float32)


def _reason(error: Exception) -> str:
    """In a word, what requests tells in a paragraph of its own classes."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)

"""A client of TensorFlow Serving's REST interface.

Source of the format: TensorFlow Serving's guide, "RESTful API". A request contains one list per
input (columns, "inputs") or one object per example (rows, "instances"). The reply has the same form
("outputs", "predictions"), without the name of a single output. Files are base64 under the key
"b64".
"""

import base64
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from jmvae_tf.clients.client import Client, late, refused, unexpected, unreachable
from jmvae_tf.clients.deadline import Watch, within
from jmvae_tf.clients.expected_outputs import ExpectedOutput, largest_reply
from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.runtime.errors import UserError

_BYTES_OF_NUMBER = 96  # In JSON, indented and in its own brackets.
_BYTES_OF_BASE64 = 4 / 3
_PIECE = 2**16


class RestClient(Client):
    """Sends requests to one model of a server over HTTP.

    Redirects are not followed and no `.netrc` is read. The environment's certificates
    (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE) and proxies are used, but no proxy for this machine itself.

    Args:
      url: for example "http://localhost:8501".
      model: see `Client`.
      rows: whether to send requests in rows instead of columns.
      timeout: see `Client`.
      modalities: see `Client`.

    Raises:
      UserError: if the URL is invalid.
      ValueError: see `Client`.
    """

    def __init__(
        self,
        url: str,
        model: str,
        rows: bool = False,
        timeout: float = 60.0,
        modalities: Mapping[str, DescribedModality] | None = None,
    ) -> None:
        super().__init__(parse_server_url(url), model, timeout, modalities)
        self.rows = rows

    def _ask(
        self, signature: str, inputs: Mapping[str, np.ndarray], expected: list[ExpectedOutput]
    ) -> dict[str, np.ndarray]:
        # NaN, which strict JSON lacks, is sent: the server refuses it with the graph's message.
        request = json.dumps(request_body(signature, inputs, self.rows)).encode()
        limit = largest_reply(expected, self.modalities, _BYTES_OF_NUMBER, _BYTES_OF_BASE64)
        status, content = self._post(request, limit, signature)
        try:
            reply = _parsed(content)
            message = reply.get("error")
            if message is None and status == 200:
                return {
                    x.name: x.checked(values)
                    for x, values in zip(expected, _values(reply, expected), strict=True)
                }
        except ValueError as error:
            text = f"of status {status}: {error}"
            raise unexpected(self.model, signature, text) from error
        if message is None:
            raise unexpected(self.model, signature, f"of status {status} without an error")
        raise refused(self.model, signature, str(message))

    def _post(self, request: bytes, limit: int, signature: str) -> tuple[int, bytes]:
        """Sends a request; returns the status and the body of the reply."""
        url = f"{self.server.url}/v1/models/{urllib.parse.quote(self.model, safe='')}:predict"

        def post(watch: Watch) -> tuple[int, bytes]:
            with requests.Session() as session:
                for protocol in ("http://", "https://"):
                    session.mount(protocol, _WatchedAdapter(watch))
                session.auth = _no_credentials  # Otherwise requests reads .netrc.
                with session.post(
                    url,
                    data=request,
                    headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                    timeout=self.timeout,
                    proxies={"no_proxy": self.server.host} if self.server.is_loopback else {},
                    allow_redirects=False,
                    stream=True,
                ) as reply:
                    return reply.status_code, _body_of(reply, limit)

        try:
            return within(self.timeout, post)
        except (TimeoutError, requests.Timeout) as error:
            raise late(self.server.url, self.timeout) from error
        except _NoAnswer as error:
            raise unexpected(self.model, signature, error) from error
        except (requests.RequestException, HTTPError, http.client.HTTPException) as error:
            raise _unreachable(self.server.url, error) from error
        except (OSError, ValueError) as error:  # Bad certificates and invalid names.
            raise unreachable(self.server.url, error) from error


class _NoAnswer(Exception):
    """A reply that is invalid whatever its body contains."""


class _WatchedAdapter(HTTPAdapter):
    """Registers every new connection with a `Watch`."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """See `HTTPAdapter`."""
        pool = super().get_connection_with_tls_context(*arguments, **options)
        watch = self._watch

        class Connection(pool.ConnectionCls):  # type: ignore[name-defined]
            def _new_conn(self) -> Any:
                connected = super()._new_conn()
                watch.add(connected)
                return connected

        pool.ConnectionCls = Connection
        return pool


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _body_of(reply: requests.Response, limit: int) -> bytes:
    """Reads the body of a reply within a limit.

    Raises:
      _NoAnswer: if it is a redirect, has an encoding that was not requested, or exceeds the limit.
    """
    status = f"of status {reply.status_code}"
    if reply.is_redirect or 300 <= reply.status_code < 400:
        raise _NoAnswer(f"{status}, a redirect, which is not followed")
    encoding = reply.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise _NoAnswer(f"{status}, encoded with {encoding[:40]}, which was not requested")
    content = bytearray()
    # Not with requests, which would read lines and chunks of any length.
    while piece := reply.raw.read(_PIECE, decode_content=False):
        content += piece
        if len(content) > limit:
            raise _NoAnswer(f"{status} and of more than the {limit} bytes that an answer has")
    return bytes(content)


def request_body(signature: str, inputs: Mapping[str, np.ndarray], rows: bool) -> dict[str, Any]:
    """Makes a request of JSON types.

    Args:
      signature: its name.
      inputs: arrays by name, [batch, ...] each.
      rows: whether to send rows instead of columns.
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


def _parsed(content: bytes) -> dict[str, Any]:
    """Parses the JSON object in a body; raises ValueError if there is none."""
    try:
        reply = json.loads(content)  # Accepts NaN, which strict JSON lacks.
    except (ValueError, RecursionError) as error:
        start = content[:200].decode("utf-8", "replace")
        raise ValueError(f"not JSON, but {start}") from error
    if not isinstance(reply, dict):
        raise ValueError(f"{type(reply).__name__} instead of an object")
    return reply


def _values(reply: Mapping[str, Any], expected: Sequence[ExpectedOutput]) -> Iterator[np.ndarray]:
    """Yields the values of each output; raises ValueError if they are missing or invalid."""
    if "outputs" in reply:
        columns = reply["outputs"]
        found = columns if len(expected) > 1 else {expected[0].name: columns}
    else:
        found = _columns(reply.get("predictions"), [x.name for x in expected])
    for answer in expected:
        values = found.get(answer.name) if isinstance(found, dict) else None
        if not isinstance(values, list):
            raise ValueError(f"without a list of {answer.name}")
        yield _files(values) if answer.is_file else _numbers(answer.name, values)


def _columns(rows: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Converts rows, objects or values of a single output, to columns by name."""
    if not isinstance(rows, list):
        raise ValueError("without outputs or predictions")
    if len(names) == 1:
        return {names[0]: rows}
    if not all(isinstance(row, dict) and set(names) <= row.keys() for row in rows):
        raise ValueError(f"without {' and '.join(names)} in every prediction")
    return {name: [row[name] for row in rows] for name in names}


def _files(values: list[Any]) -> np.ndarray:
    files = np.empty(len(values), object)
    for place, value in enumerate(values):
        encoded = value.get("b64") if isinstance(value, dict) else None
        if not isinstance(encoded, str):
            raise ValueError("without base64 under b64")
        files[place] = base64.b64decode(encoded, validate=True)
    return files


def _numbers(name: str, values: list[Any]) -> np.ndarray:
    if not all(map(_is_number, _leaves(values))):
        raise ValueError(f"{name} with values that are not numbers")
    try:
        with np.errstate(over="ignore"):  # Infinite values are refused later, with a reason.
            return np.asarray(values, np.float32)
    except (ValueError, OverflowError) as error:  # Lists of unequal lengths; too large numbers.
        raise ValueError(f"{name} without a shape: {error}") from error


def _leaves(values: list[Any]) -> Iterator[Any]:
    """Yields the values of nested lists of any depth."""
    waiting = [values]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, list):
                waiting.append(value)
            else:
                yield value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)  # Not bool, which is a subclass of int.


def _unreachable(url: str, error: BaseException) -> UserError:
    """Makes a short error for a server that cannot be reached; requests writes a paragraph."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", None) or cause.reason or "it broke off"
            return UserError(
                "A TensorFlow Serving behind https must speak TLS and have a trusted certificate",
                f"--server={url}: TLS failed: {reason}",
                "change --server, or name the certificates to trust in REQUESTS_CA_BUNDLE",
            )
    if isinstance(error, requests.exceptions.ProxyError):
        reason = "no connection through the proxy in the environment"
    elif any(isinstance(x, NameResolutionError) for x in causes):
        reason = "no connection: no such host"
    elif any(isinstance(x, NewConnectionError) for x in causes):
        reason = "no connection"
    elif isinstance(error, requests.exceptions.InvalidSchema):  # A SOCKS proxy.
        reason = str(error)
    else:
        reason = "it does not speak HTTP, or broke off"
    return unreachable(url, reason)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yields an error and the errors that libraries wrapped in it."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        waiting += [x for x in inner if isinstance(x, BaseException)]

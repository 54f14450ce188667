"""What stands before the page: it lets through only what the page itself would ask.

Anybody can send anything to a port of this machine: a web site that the user visits, a name that
was made to point here, another user of the machine. The page's library opens files that a request
names and downloads what it links before any handler of the page runs. So requests are checked, and
calls written anew from what was understood of them, before the library sees them.
"""

import asyncio
import base64
import contextlib
import hashlib
import ipaddress
import json
import re
import tempfile
from collections.abc import Collection, Iterator
from typing import IO, Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jmvae_tf.demo.uploads import LARGEST, Uploads

NO_SUCH_FILE = "The page gives and takes no files but those that were uploaded to it."
"""The answer to every file that is not, whatever the reason: it says nothing about the file."""

_API = "/gradio_api"
_FILE = f"{_API}/file="
_JOIN = f"{_API}/queue/join"
_UPLOAD = f"{_API}/upload"
# What a browser that shows the page asks for, and nothing else.
_GETS = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)"
    r"|/(assets|static|svelte)/.+"
    rf"|{_API}/(info|app_id|theme\.css|upload_progress|queue/data|heartbeat/[\w-]+|file=.+)",
    re.DOTALL,
)
_KNOWN_HEADERS = ("host", "accept", "accept-encoding", "content-type", "range", "x-forwarded-proto")

_LONGEST_CALL = 2**16  # Bytes.
_FRAME = 2**14  # Bytes of an upload that are not the file: boundaries, its name.
_SECONDS = 60  # For a body to arrive.
_DRAINED = 2**28  # Bytes of a refused body that are read and dropped, so that the answer is seen.
_PIECE = 2**16  # Bytes.

_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src-elem 'self'{styles}; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY_OF_FILES = "default-src 'none'; frame-ancestors 'none'; sandbox"
_INLINE = re.compile(rb"<(script|style)(?![^>]*\ssrc\s*=)[^>]*>(.*?)</\1>", re.DOTALL)


class _RefusedError(Exception):
    """A request that does not come through.

    Args:
      status: of HTTP.
      text: of the answer; nothing of the request is in it.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


_TOO_LARGE = _RefusedError(
    413, f"The request is too large: an upload has at most {LARGEST // 2**20} MiB."
)


class Guard:
    """An ASGI application around that of the page.

    Args:
      app: the page.
      hosts: names under which the page may be asked for, besides localhost and addresses.
      uploads: the only files that requests may name.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], uploads: Uploads) -> None:
        self._app = app
        self._hosts = {"localhost", *(host.lower() for host in hosts)}
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        incoming = _Incoming(receive)
        try:
            self._check_address(Headers(scope=scope))
            await self._hand_on(scope, incoming, send)
        except _RefusedError as refusal:
            await incoming.drain()
            response = PlainTextResponse(
                refusal.text, refusal.status, {**_headers(_POLICY_OF_FILES), "connection": "close"}
            )
            await response(scope, receive, send)

    def _check_address(self, headers: Headers) -> None:
        """Refuses requests by a name that is not the page's, and those of other pages."""
        hosts = headers.getlist("host")
        host = _hostname(f"//{hosts[0]}") if len(hosts) == 1 else None
        if host is None or not (host in self._hosts or _is_address(host)):
            raise _RefusedError(403, "The page does not go by this name: see --allowed_hosts.")
        for origin in headers.getlist("origin"):
            scheme, _, authority = origin.partition("://")
            if scheme not in ("http", "https") or authority.lower() != hosts[0].lower():
                raise _RefusedError(403, "The page takes no requests of other pages.")

    async def _hand_on(self, scope: Scope, receive: "_Incoming", send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method in ("GET", "HEAD") and _GETS.fullmatch(path):
            if path.startswith(_FILE) and not self._uploads.holds(path.removeprefix(_FILE)):
                raise _RefusedError(403, NO_SUCH_FILE)
            await self._ask(scope, receive, send)
        elif method == "POST" and path == _JOIN:
            with await _read(receive, _announced(scope, _LONGEST_CALL)) as body:
                call = self._checked_call(body.read())
            await self._ask(scope, _replayed([call], receive), send, len(call))
        elif method == "POST" and path == _UPLOAD:
            size = _announced(scope, LARGEST + _FRAME)
            with self._uploads.place_for(size) as there_is_one:
                if not there_is_one:
                    raise _RefusedError(
                        503, "The page has as many uploads as it takes: wait some minutes."
                    )
                with await _read(receive, size) as body:
                    size = await _check_form(scope, body)
                    await self._ask(scope, _replayed(_pieces(body), receive), send, size)
        else:
            raise _RefusedError(404, "The page has nothing there.")

    async def _ask(
        self, scope: Scope, receive: Receive, send: Send, length: int | None = None
    ) -> None:
        """Asks the page's library, and adds to its answer what browsers must not do with it.

        Args:
          scope: of the request.
          receive: its body.
          send: takes the answer.
          length: of the body; None for no body.
        """
        path = scope["path"]
        known = [(k, v) for k, v in scope["headers"] if k.decode("latin-1") in _KNOWN_HEADERS]
        if path == "/":  # To be read below; what it does not know, the page's own script reads.
            known = [(k, v) for k, v in known if k != b"accept-encoding"]
            scope = {**scope, "query_string": b""}
        if length is not None:
            known.append((b"content-length", str(length).encode()))
        answer = _Answer(send, path)
        try:
            await self._app({**scope, "headers": known}, receive, answer.send)
        except Exception:  # Whatever a request brings about stays between it and its sender.
            if not answer.has_started:
                raise _RefusedError(500, "The page could not answer this.") from None

    def _checked_call(self, body: bytes) -> bytes:
        """The call of a handler that a body asks for, written anew.

        Raises:
          _RefusedError: if it is none, or names a file that was not uploaded.
        """
        try:
            call = json.loads(body)
            data, index = call["data"], call["fn_index"]
            session, trigger = call["session_hash"], call.get("trigger_id")
            is_call = (
                isinstance(data, list)
                and type(index) is int
                and (trigger is None or type(trigger) is int)
                and isinstance(session, str)
                and re.fullmatch(r"[\w-]{1,64}", session, re.ASCII)
            )
            if not is_call:
                raise ValueError("no call")
            checked = {
                "data": self._checked(data),
                "fn_index": index,
                "session_hash": session,
                "trigger_id": trigger,
            }
            return json.dumps(checked, allow_nan=False).encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _RefusedError(400, "The page does not understand this.") from None

    def _checked(self, value: Any) -> Any:
        """A value of a call, of which objects name files, and say no more than that."""
        if isinstance(value, list):
            return [self._checked(x) for x in value]
        if not isinstance(value, dict):
            return value
        if not self._uploads.holds(value.get("path")):
            raise _RefusedError(403, NO_SUCH_FILE)
        return {"path": value["path"], "meta": {"_type": "gradio.FileData"}}


class _Answer:
    """Passes an answer on with the headers of the page.

    Args:
      send: takes the answer.
      path: that was asked for.

    Attributes:
      has_started: whether a part of the answer was sent.
    """

    def __init__(self, send: Send, path: str) -> None:
        self.has_started = False
        self._send = send
        self._path = path
        self._start: Message = {}
        self._page = b""

    async def send(self, message: Message) -> None:
        """Takes a message of ASGI."""
        if message["type"] == "http.response.start":
            self._start = message
            if self._path != "/":
                policy = _POLICY_OF_FILES if self._path.startswith(_FILE) else _POLICY
                await self._begin(policy.format(scripts="", styles=""))
        elif self._path == "/" and message["type"] == "http.response.body":
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                inline = {f"{kind}s": _hashes(self._page, kind) for kind in ("script", "style")}
                await self._begin(_POLICY.format(**inline))
                await self._send({"type": "http.response.body", "body": self._page})
        else:
            await self._send(message)

    async def _begin(self, policy: str) -> None:
        headers = MutableHeaders(raw=self._start.setdefault("headers", []))
        headers.update(_headers(policy))
        self.has_started = True
        await self._send(self._start)


class _Incoming:
    """The body of a request as it arrives.

    Args:
      receive: gives its parts.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def __call__(self) -> Message:
        """The next message of ASGI."""
        message = await self._receive()
        self._is_over = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Drops what is left, within limits: who is still sending would hear no answer."""
        read = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                while not self._is_over and read < _DRAINED:
                    read += len((await self()).get("body", b""))


def _announced(scope: Scope, limit: int) -> int:
    """How many bytes the body of a request has at most.

    Raises:
      _RefusedError: if they are more than the limit.
    """
    length = Headers(scope=scope).get("content-length", str(limit))
    if not length.isdecimal() or int(length) > limit:
        raise _TOO_LARGE
    return int(length)


async def _read(receive: Receive, limit: int) -> IO[bytes]:
    """The whole body of a request, in a file without a name where it is large.

    Raises:
      _RefusedError: if it is larger than the limit, or does not arrive in time.
    """
    body: IO[bytes] = tempfile.SpooledTemporaryFile(_LONGEST_CALL)
    size, more = 0, True
    try:
        async with asyncio.timeout(_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _RefusedError(400, "The request broke off.")
                size += body.write(message.get("body", b""))
                if size > limit:
                    raise _TOO_LARGE
                more = message.get("more_body", False)
    except TimeoutError:
        body.close()
        raise _RefusedError(408, "The request took too long to arrive.") from None
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


async def _check_form(scope: Scope, body: IO[bytes]) -> int:
    """Refuses a form that has anything but one file.

    Returns:
      The size of the body in bytes; it can be read from its beginning again.
    """
    form = Request(scope, _replayed(_pieces(body), _ended))
    try:
        async with form.form(max_files=1, max_fields=0) as fields:
            if [name for name, _ in fields.multi_items()] != ["files"]:
                raise ValueError("no file")
    except (MultiPartException, ValueError, KeyError):
        raise _RefusedError(400, "An upload has one file, and nothing else.") from None
    size = body.seek(0, 2)
    body.seek(0)
    return size


def _pieces(body: IO[bytes]) -> Iterator[bytes]:
    while piece := body.read(_PIECE):
        yield piece


def _replayed(pieces: Any, then: Receive) -> Receive:
    """Gives pieces as the body of a request, and then what `then` gives."""
    iterator = iter(pieces)
    is_over = False

    async def receive() -> Message:
        nonlocal is_over
        if is_over:
            return await then()
        piece = next(iterator, None)
        is_over = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": not is_over}

    return receive


async def _ended() -> Message:
    return {"type": "http.disconnect"}


def _hashes(page: bytes, kind: str) -> str:
    """What a policy must say to allow just the scripts, or the styles, that stand in a page."""
    inline = [content for tag, content in _INLINE.findall(page) if tag == kind.encode()]
    digests = [base64.b64encode(hashlib.sha256(content).digest()).decode() for content in inline]
    return "".join(f" 'sha256-{digest}'" for digest in digests)


def _headers(policy: str) -> dict[str, str]:
    return {
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def _hostname(url: str) -> str | None:
    """The name or address in a URL, in small letters, without brackets; None if there is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  A port that is none raises ValueError.
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.hostname


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

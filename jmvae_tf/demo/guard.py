"""Protects the page: lets through only requests that the page itself makes.

Anyone can send requests to a port of this machine: a web site that the user visits, a host name
that points here, another user of the machine. The page's library opens files that a request names
and downloads links in it before any handler of the page runs. So requests are checked first, and
calls are rebuilt from their checked parts before the library sees them.
"""

import ipaddress
import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from jmvae_tf.demo.answer_headers import GuardedAnswer, refusal_headers
from jmvae_tf.demo.link import known_parameters
from jmvae_tf.demo.request_bodies import (
    LARGEST_FORM,
    LONGEST_CALL,
    IncomingBody,
    RefusedError,
    announced_size,
    check_form,
    pieces,
    read_body,
    replayed,
)
from jmvae_tf.demo.uploads import Uploads

NO_SUCH_FILE = "The page only handles files that were uploaded to it."
"""The answer for any other file; it reveals nothing about the file."""

_API = "/gradio_api"
_FILE = f"{_API}/file="
_JOIN = f"{_API}/queue/join"
_UPLOAD = f"{_API}/upload"
# The only requests of a browser that shows the page.
_GETS = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)"
    r"|/(assets|static|svelte)/.+"
    r"|/page/[\w.]+"
    rf"|{_API}/(info|app_id|theme\.css|upload_progress|queue/data|heartbeat/[\w-]+|file=.+)",
    re.DOTALL,
)
_LARGEST_INDEX = 2**16
_KNOWN_HEADERS = ("host", "accept", "accept-encoding", "content-type", "range", "x-forwarded-proto")


class Guard:
    """An ASGI application around the page's.

    Args:
      app: the page.
      hosts: host names under which browsers may open the page, besides localhost and IP addresses.
      uploads: the files that requests may name.
      pages: the paths of further pages, one for each other model.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str],
        uploads: Uploads,
        pages: Collection[str] = (),
    ) -> None:
        self._app = app
        self._pages = {"/", *pages}
        self._hosts = {"localhost", *(host.lower() for host in hosts)}
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request or passes it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        incoming = IncomingBody(receive)
        try:
            self._check_address(Headers(scope=scope))
            await self._hand_on(scope, incoming, send)
        except RefusedError as refusal:
            await incoming.drain()
            response = PlainTextResponse(refusal.text, refusal.status, refusal_headers())
            await response(scope, receive, send)

    def _check_address(self, headers: Headers) -> None:
        """Refuses requests for other host names and from other pages."""
        hosts = headers.getlist("host")
        host = _hostname(f"//{hosts[0]}") if len(hosts) == 1 else None
        if host is None or not (host in self._hosts or _is_address(host)):
            raise RefusedError(403, "The page has no such name: see --allowed_hosts.")
        for origin in headers.getlist("origin"):
            scheme, _, authority = origin.partition("://")
            if scheme not in ("http", "https") or authority.lower() != hosts[0].lower():
                raise RefusedError(403, "The page takes no requests from other pages.")

    async def _hand_on(self, scope: Scope, receive: IncomingBody, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method in ("GET", "HEAD") and (path in self._pages or _GETS.fullmatch(path)):
            if path.startswith(_FILE) and not self._uploads.holds(path.removeprefix(_FILE)):
                raise RefusedError(403, NO_SUCH_FILE)
            await self._ask(scope, receive, send)
        elif method == "POST" and path == _JOIN:
            with await read_body(receive, announced_size(scope, LONGEST_CALL)) as body:
                call = self._checked_call(body.read())
            scope = {**scope, "query_string": _link_in(scope)}
            await self._ask(scope, replayed([call], receive), send, len(call))
        elif method == "POST" and path == _UPLOAD:
            size = announced_size(scope, LARGEST_FORM)
            with self._uploads.place_for(size) as there_is_one:
                if not there_is_one:
                    raise RefusedError(503, "The page has too many uploads: wait some minutes.")
                with await read_body(receive, size) as body:
                    size = await check_form(scope, body)
                    await self._ask(scope, replayed(pieces(body), receive), send, size)
        else:
            raise RefusedError(404, "The page has nothing there.")

    async def _ask(
        self, scope: Scope, receive: Receive, send: Send, length: int | None = None
    ) -> None:
        """Passes a request to the page's library and protects its answer.

        Args:
          scope: the request.
          receive: receives its body.
          send: sends the answer.
          length: the number of bytes in the body; None for no body.
        """
        path = scope["path"]
        known = [(k, v) for k, v in scope["headers"] if k.decode("latin-1") in _KNOWN_HEADERS]
        is_page = path in self._pages
        if is_page:  # Its answer is read below.
            known = [(k, v) for k, v in known if k != b"accept-encoding"]
            scope = {**scope, "query_string": b""}
        if length is not None:
            known.append((b"content-length", str(length).encode()))
        answer = GuardedAnswer(send, is_page, path.startswith(_FILE))
        try:
            await self._app({**scope, "headers": known}, receive, answer.send)
        except Exception:  # An error concerns only the request and its sender.
            if not answer.has_started:
                raise RefusedError(500, "The page could not answer this.") from None

    def _checked_call(self, body: bytes) -> bytes:
        """Rebuilds the call of a handler from the checked parts of a body.

        Raises:
          RefusedError: if it is not a call, or names a file that was not uploaded.
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
            event = _checked_event(call.get("event_data"))
            checked |= {"event_data": event} if event else {}
            return json.dumps(checked, allow_nan=False).encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RefusedError(400, "The page does not understand this.") from None

    def _checked(self, value: Any) -> Any:
        """Checks a value of a call; an object names a file and is reduced to that name."""
        if isinstance(value, list):
            return [self._checked(x) for x in value]
        if not isinstance(value, dict):
            return value
        if not self._uploads.holds(value.get("path")):
            raise RefusedError(403, NO_SUCH_FILE)
        return {"path": value["path"], "meta": {"_type": "gradio.FileData"}}


def _link_in(scope: Scope) -> bytes:
    """Returns the part of a query that is a link of the page."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    return urlencode(known_parameters(query)).encode()


def _checked_event(event: Any) -> dict[str, Any] | None:
    """Returns what was selected: the number of a picture, or a place in one; None for else.

    Raises:
      ValueError: if the numbers are none.
    """
    index = event.get("index") if isinstance(event, dict) else None
    if index is None:
        return None
    numbers = index if isinstance(index, list) else [index]
    is_place = len(numbers) <= 2 and all(type(x) in (int, float) for x in numbers)
    if not (is_place and all(0 <= x <= _LARGEST_INDEX for x in numbers)):
        raise ValueError("no place")
    return {"index": index, "value": None}


def _hostname(url: str) -> str | None:
    """Returns a URL's host in lower case, without brackets; None if there is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  An invalid port raises ValueError.
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

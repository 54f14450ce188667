"""Passes the page's answers on, with headers that say what a browser must not do with them."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src-elem 'self'{styles}; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY_OF_FILES = "default-src 'none'; frame-ancestors 'none'; sandbox"
_INLINE = re.compile(rb"<(script|style)(?![^>]*\ssrc\s*=)[^>]*>(.*?)</\1>", re.DOTALL)


class GuardedAnswer:
    """Passes an answer on with the headers of the page.

    Args:
      send: takes the answer.
      path: the path that was asked for.
      is_file: whether that is a file of a person, which browsers must not run.

    Attributes:
      has_started: whether a part of the answer was sent.
    """

    def __init__(self, send: Send, path: str, is_file: bool) -> None:
        self.has_started = False
        self._send = send
        self._path = path
        self._is_file = is_file
        self._start: Message = {}
        self._page = b""

    async def send(self, message: Message) -> None:
        """Takes a message of ASGI."""
        if message["type"] == "http.response.start":
            self._start = message
            if self._path != "/":
                policy = _POLICY_OF_FILES if self._is_file else _POLICY
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


def refusal_headers() -> dict[str, str]:
    """The headers of an answer that refuses a request."""
    return {**_headers(_POLICY_OF_FILES), "connection": "close"}


def _hashes(page: bytes, kind: str) -> str:
    """Lists the scripts, or styles, that stand in a page, in the words of a policy."""
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

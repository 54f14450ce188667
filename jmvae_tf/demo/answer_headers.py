"""Adds headers to the page's answers that restrict what a browser does with them.

It also puts a description in the place of the library's own cards, which previews of links show.
"""

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
_CARDS = re.compile(  # All but the page's title.
    rb'<meta\s+(?:property|name)="(?:og|twitter):'
    rb'(?:(?!title")\w+"[^>]*|title"\s+content="Gradio"[^>]*)>'
)
_ABOUT = "Draw pictures with a trained model, let it read yours, and change what they show."
_OUR_CARDS = (
    f'<meta name="description" content="{_ABOUT}" />'
    f'<meta property="og:description" content="{_ABOUT}" />'
).encode()
_INLINE = re.compile(rb"<(script|style)(?![^>]*\ssrc\s*=)[^>]*>(.*?)</\1>", re.DOTALL)


class GuardedAnswer:
    """Forwards an answer with the headers of the page.

    Args:
      send: sends the answer.
      is_page: whether it is a page, whose own scripts and styles may run.
      is_file: whether that is a user's file, which browsers must not run.

    Attributes:
      has_started: whether a part of the answer has been sent.
    """

    def __init__(self, send: Send, is_page: bool, is_file: bool) -> None:
        self.has_started = False
        self._send = send
        self._is_page = is_page
        self._is_file = is_file
        self._start: Message = {}
        self._page = b""

    async def send(self, message: Message) -> None:
        """Sends an ASGI message."""
        if message["type"] == "http.response.start":
            self._start = message
            if not self._is_page:
                policy = _POLICY_OF_FILES if self._is_file else _POLICY
                await self._begin(policy.format(scripts="", styles=""))
        elif self._is_page and message["type"] == "http.response.body":
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                ours = _OUR_CARDS + b"</head>"
                self._page = _CARDS.sub(b"", self._page).replace(b"</head>", ours, 1)
                inline = {f"{kind}s": _hashes(self._page, kind) for kind in ("script", "style")}
                await self._begin(_POLICY.format(**inline))
                await self._send({"type": "http.response.body", "body": self._page})
        else:
            await self._send(message)

    async def _begin(self, policy: str) -> None:
        headers = MutableHeaders(raw=self._start.setdefault("headers", []))
        headers.update(_headers(policy))
        if self._is_page:
            headers["content-length"] = str(len(self._page))
        self.has_started = True
        await self._send(self._start)


def refusal_headers() -> dict[str, str]:
    """Returns the headers of an answer that refuses a request."""
    return {**_headers(_POLICY_OF_FILES), "connection": "close"}


def _hashes(page: bytes, kind: str) -> str:
    """Lists the hashes of a page's inline scripts or styles, for the policy."""
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

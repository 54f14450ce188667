"""Reads the bodies of requests to the page within limits of size and time, and replays them."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from jmvae_tf.demo.uploads import LARGEST

LONGEST_CALL = 2**16
"""Bytes of the body of a call."""

LARGEST_FORM = LARGEST + 2**14
"""Bytes of the body of an upload: the file, its name and separators."""

_SECONDS = 60  # In which a body must arrive.
_DRAINED = 2**28  # Bytes of a refused body to read and drop, so that the client gets the answer.
_PIECE = 2**16  # Bytes.


class RefusedError(Exception):
    """A refused request.

    Args:
      status: the HTTP status.
      text: the answer, which repeats nothing from the request.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


_TOO_LARGE = RefusedError(
    413, f"The request is too large: an upload has at most {LARGEST // 2**20} MiB."
)


class IncomingBody:
    """The body of a request as it arrives.

    Args:
      receive: receives its messages.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def __call__(self) -> Message:
        """Returns the next ASGI message."""
        message = await self._receive()
        self._is_over = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Drops the rest, within limits; a client that is still sending would get no answer."""
        read = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                while not self._is_over and read < _DRAINED:
                    read += len((await self()).get("body", b""))


def announced_size(scope: Scope, limit: int) -> int:
    """Reads the size of a request's body from its header and limits it.

    Raises:
      RefusedError: if it announces more than the limit.
    """
    length = Headers(scope=scope).get("content-length", str(limit))
    if not length.isdecimal() or int(length) > limit:
        raise _TOO_LARGE
    return int(length)


async def read_body(receive: Receive, limit: int) -> IO[bytes]:
    """Reads the whole body of a request, into an anonymous file if it is large.

    Raises:
      RefusedError: if it is larger than the limit, or does not arrive in time.
    """
    body: IO[bytes] = tempfile.SpooledTemporaryFile(LONGEST_CALL)
    size, more = 0, True
    try:
        async with asyncio.timeout(_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(400, "The request broke off.")
                size += body.write(message.get("body", b""))
                if size > limit:
                    raise _TOO_LARGE
                more = message.get("more_body", False)
    except TimeoutError:
        body.close()
        raise RefusedError(408, "The request took too long to arrive.") from None
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


async def check_form(scope: Scope, body: IO[bytes]) -> int:
    """Refuses a form that contains anything but one file.

    Returns:
      The size of the body in bytes; it can be read again from its beginning.
    """
    form = Request(scope, replayed(pieces(body), _ended))
    try:
        async with form.form(max_files=1, max_fields=0) as fields:
            if [name for name, _ in fields.multi_items()] != ["files"]:
                raise ValueError("no file")
    except (MultiPartException, ValueError, KeyError):
        raise RefusedError(400, "An upload must be one file and nothing else.") from None
    size = body.seek(0, 2)
    body.seek(0)
    return size


def pieces(body: IO[bytes]) -> Iterator[bytes]:
    """Reads a body piece by piece."""
    while piece := body.read(_PIECE):
        yield piece


def replayed(parts: Iterable[bytes], then: Receive) -> Receive:
    """Returns a `Receive` that gives the parts as a body, then the messages of `then`."""
    iterator = iter(parts)
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

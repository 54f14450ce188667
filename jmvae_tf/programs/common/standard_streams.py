"""The standard streams of a program, whose work must not depend on whoever reads what it says."""

import contextlib
import errno
import io
import select
import sys
import warnings
from collections.abc import Iterator
from typing import Any, TextIO

from jmvae_tf.runtime.errors import UserError, one_line

_READER_LEFT = (errno.EPIPE, errno.ECONNRESET)
_FOR_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


class _Stream(io.FileIO):
    """A descriptor that takes everything: what cannot be written is dropped.

    Attributes:
      failure: the first error, if it was not that the reader left.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            while (written := super().write(data)) is None:  # Another has made it non-blocking.
                select.select([], [self], [])
            return written
        except OSError as error:
            if error.errno not in _READER_LEFT and self.failure is None:
                self.failure = error
            return len(data)


@contextlib.contextmanager
def forgiving() -> Iterator[None]:
    """Lets a program continue whatever becomes of its standard output and standard error.

    What a stream cannot encode is replaced. A reader that left, a full disk or a lost terminal
    stop nothing.
    """
    before = sys.stdout, sys.stderr
    sys.stdout = _wrapped(sys.stdout, "replace")
    sys.stderr = _wrapped(sys.stderr, "backslashreplace")
    try:
        yield
    finally:
        failure = _failure_of(sys.stdout)
        if failure is not None:
            print(f"warning: standard output is not whole: {failure.strerror}", file=sys.stderr)
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """Shows warnings in a line each, those that are meant for users, whatever PYTHONWARNINGS is."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"warning: {one_line(message)}\n"
    try:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            for category in _FOR_DEVELOPERS:
                warnings.simplefilter("ignore", category)
            yield
    finally:
        warnings.formatwarning = before


def require_output() -> None:
    """Checks that what the user asked for was printed; call it after printing.

    Raises:
      UserError: if it could not be written. A reader that stops early is no error.
    """
    failure = _failure_of(sys.stdout)
    if failure is not None:
        raise UserError(
            "Standard output must be writable",
            failure.strerror or str(failure),
            "free space, or send it elsewhere",
        )


def _wrapped(stream: TextIO, errors: str) -> TextIO:
    try:
        stream.flush()
        raw = _Stream(stream.fileno())
    except (AttributeError, OSError, ValueError):  # It has no descriptor, as in a notebook.
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        stream.encoding,
        errors,
        line_buffering=getattr(stream, "line_buffering", False),
        write_through=getattr(stream, "write_through", False),
    )


def _failure_of(stream: TextIO) -> OSError | None:
    """Flushes a stream. The first failure since the last call; None if there was none."""
    stream.flush()
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    if not isinstance(raw, _Stream):
        return None
    failure, raw.failure = raw.failure, None
    return failure

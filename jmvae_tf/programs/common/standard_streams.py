"""Makes a program independent of whether its standard streams can be written."""

import contextlib
import errno
import io
import os
import select
import sys
import warnings
from collections.abc import Iterator
from typing import Any, TextIO

from jmvae_tf.runtime.command_names import as_started
from jmvae_tf.runtime.errors import UserError, one_line

_READER_LEFT = (errno.EPIPE, errno.ECONNRESET)
_FOR_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


class _Stream(io.FileIO):
    """A descriptor that accepts everything and drops what cannot be written.

    Attributes:
      failure: the first error, unless the reader had closed the pipe.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            while (written := super().write(data)) is None:  # Another process made it non-blocking.
                select.select([], [self], [])
            return written
        except OSError as error:
            if error.errno not in _READER_LEFT and self.failure is None:
                self.failure = error
            return len(data)


@contextlib.contextmanager
def forgiving() -> Iterator[None]:
    """Lets a program continue if standard output or standard error fails.

    Characters that a stream cannot encode are replaced. A closed pipe, a full disk or a lost
    terminal does not stop the program.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    sys.stdout = _wrapped(sys.stdout, "replace")
    sys.stderr = _wrapped(sys.stderr, "backslashreplace")
    try:
        yield
    finally:
        failure = _failure_of(sys.stdout)
        if failure is not None:
            print(f"warning: standard output is incomplete: {failure.strerror}", file=sys.stderr)
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """Shows warnings meant for users in one line each, whatever PYTHONWARNINGS is."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"warning: {as_started(one_line(message))}\n"
    try:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            for category in _FOR_DEVELOPERS:
                warnings.simplefilter("ignore", category)
            yield
    finally:
        warnings.formatwarning = before


def require_output() -> None:
    """Checks that the requested output was printed; call it after printing.

    Raises:
      UserError: if it could not be written. A reader that stops early is not an error.
    """
    failure = _failure_of(sys.stdout)
    if failure is not None:
        raise UserError(
            "Standard output must be writable",
            failure.strerror or str(failure),
            "free space, or send it elsewhere",
        )


def _open_closed() -> None:
    """Opens closed standard streams, since the next opened files would take their place.

    The launcher of bin/ has done so already, on any Python; jmvae-tf has not.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # Takes the lowest free number.
            os.set_inheritable(number, True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)


def _wrapped(stream: TextIO, errors: str) -> TextIO:
    try:
        stream.flush()
        raw = _Stream(stream.fileno())
    except (AttributeError, OSError, ValueError):  # No descriptor, for example in a notebook.
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        stream.encoding,
        errors,
        line_buffering=getattr(stream, "line_buffering", False),
        write_through=getattr(stream, "write_through", False),
    )


def _failure_of(stream: TextIO) -> OSError | None:
    """Flushes a stream; returns the first failure since the last call, or None."""
    stream.flush()
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    if not isinstance(raw, _Stream):
        return None
    failure, raw.failure = raw.failure, None
    return failure

"""Signals that ask a program to stop."""

import contextlib
import signal
from collections.abc import Iterator

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what a system sends."""


def ignore() -> None:
    """Ignores these signals from now on, in a process that is about to end.

    They often come twice: `timeout` sends one to the program and one to its group.
    """
    for signum in STOPPING:
        signal.signal(signum, signal.SIG_IGN)


@contextlib.contextmanager
def delayed() -> Iterator[None]:
    """Delays these signals, and hides them from processes that are started inside the block.

    A terminal sends Ctrl-C to all its processes; only the first one should handle it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

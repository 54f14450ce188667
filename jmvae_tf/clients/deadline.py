"""Puts one deadline on all network operations of a blocking library."""

import contextlib
import math
import queue
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

_LONGEST = float(2**20)  # Seconds; a limit of the system's timers.

Result = TypeVar("Result")


class Watch:
    """Collects the connections of some work, so that they can be cut from outside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._is_over = False

    def add(self, connected: socket.socket) -> None:
        """Registers a connection to cut at the end, even if its socket is wrapped by then."""
        with self._lock:
            self._watched.append(connected.dup())
        if self._is_over:
            self.end()

    def end(self) -> None:
        """Cuts all connections, so that anything waiting for one continues at once."""
        self._is_over = True
        with self._lock:
            for watched in self._watched:
                with contextlib.suppress(OSError):  # Already cut.
                    watched.shutdown(socket.SHUT_RDWR)
                watched.close()
            self._watched.clear()


def checked_timeout(seconds: float) -> float:
    """Limits a timeout to what the system supports.

    Raises:
      ValueError: if it is not positive and finite.
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(
            f"A timeout must be a positive, finite number of seconds. Received: timeout={seconds}"
        )
    return min(float(seconds), _LONGEST)


def within(seconds: float, work: Callable[[Watch], Result]) -> Result:
    """Runs a function with a deadline; returns its result or raises its exception.

    The function runs in its own thread. Otherwise a name look-up, or a server that sends one byte
    per second, could not be interrupted. At the end its connections are cut, which ends the thread.

    Args:
      seconds: the time that it may take.
      work: the function; it adds its connections to the watch.

    Raises:
      TimeoutError: if it has not returned in time.
    """
    watch = Watch()
    outcomes: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put((work(watch), None))
        except BaseException as error:  # Raised in the waiting thread.
            outcomes.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = outcomes.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    finally:
        watch.end()
    if error is not None:
        raise error
    return result  # type: ignore[return-value]

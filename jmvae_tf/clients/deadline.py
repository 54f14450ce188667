"""Keeps one deadline over all that a blocking library does on a network."""

import contextlib
import math
import queue
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

_LONGEST = float(2**20)  # Seconds; what the system's own timers take.

Result = TypeVar("Result")


class Watch:
    """Keeps the connections of some work, to cut them off from outside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._is_over = False

    def add(self, connected: socket.socket) -> None:
        """Registers a connection to cut off at the end, whatever wraps its socket by then."""
        with self._lock:
            self._watched.append(connected.dup())
        if self._is_over:
            self.end()

    def end(self) -> None:
        """Cuts off all connections, so that whoever waits for one continues at once."""
        self._is_over = True
        with self._lock:
            for watched in self._watched:
                with contextlib.suppress(OSError):  # It is cut off already.
                    watched.shutdown(socket.SHUT_RDWR)
                watched.close()
            self._watched.clear()


def checked_timeout(seconds: float) -> float:
    """Limits a timeout to what the system can keep.

    Raises:
      ValueError: if it is not positive and finite.
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(
            f"A timeout must be a positive, finite number of seconds. Received: timeout={seconds}"
        )
    return min(float(seconds), _LONGEST)


def within(seconds: float, work: Callable[[Watch], Result]) -> Result:
    """Returns or raises what a function does, if it does so in time.

    The function runs in a thread of its own, for nothing else ends a look-up of a name, or a server
    that sends one byte per second. At the end its connections are cut off, which ends the thread.

    Args:
      seconds: how long it may take.
      work: the function; it adds its connections to the watch.

    Raises:
      TimeoutError: if it has not returned by then.
    """
    watch = Watch()
    outcomes: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put((work(watch), None))
        except BaseException as error:  # It is raised where it is waited for.
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

"""Pieces of work for `in_own_process`, which another process must be able to import."""

import _thread
import os
import pathlib
import signal
import time

from jmvae_tf.runtime.errors import UserError


def refuse(path: pathlib.Path) -> None:
    """Writes the number of its process, and raises an error."""
    path.write_text(str(os.getpid()))
    raise UserError("A rule holds", path.name, "change it")


def number_and(text: str) -> tuple[int, str]:
    """Returns the number of its process, and what it was given."""
    return os.getpid(), text


def die() -> None:
    """Ends its process as the system does if memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


class _AnotherOnTheWay:
    """Interrupts the process that sends it, as a second signal would."""

    def __reduce__(self) -> tuple[type, tuple[()]]:
        _thread.interrupt_main(signal.SIGTERM)
        for _ in range(100):  # A handler of Python runs between two of its instructions.
            pass
        return _AnotherOnTheWay, ()


def end_under_signals() -> object:
    """Returns a value during whose sending a signal comes."""
    return _AnotherOnTheWay()


def wait(begun: pathlib.Path, ended: pathlib.Path) -> None:
    """Writes a file, waits for a signal that is passed on, and writes a line for each that came.

    Its process is sent signals itself too, as a terminal sends Ctrl-C to all processes.
    """
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    begun.touch()
    try:
        while True:
            time.sleep(0.05)
    except KeyboardInterrupt as interrupt:
        with ended.open("a") as file:
            file.write(f"{interrupt.args[0]:d}\n")
        time.sleep(1)  # A second one would interrupt this.
        raise

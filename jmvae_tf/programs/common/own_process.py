"""Does a piece of work in a process of its own, which frees all memory at its end.

TensorFlow keeps the graphs of each model, compiled ones too, until its process ends.
"""

import _thread
import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, TypeVar, cast

from jmvae_tf.programs.common import standard_streams
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime import signals
from jmvae_tf.runtime.errors import UserError

_Value = TypeVar("_Value")


def in_own_process(work: Callable[..., _Value], *arguments: Any) -> _Value:
    """Calls a function in a new process, and waits for it.

    Signals that ask this process to stop are passed on, each once, however they were sent. The new
    process ends with this one.

    Args:
      work: a function of a module.
      arguments: its arguments. They and what it returns must be possible to pickle.

    Returns:
      What `work` returns.

    Raises:
      UserError: if `work` raises it, or its process dies.
      OSError: if `work` raises it.
      KeyboardInterrupt: if a signal stopped it.
    """
    # Not forked: TensorFlow's threads would be missing in a fork.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    # Bytes, so that nothing imports TensorFlow before `load_tensorflow`.
    process = context.Process(target=_work, args=(theirs, pickle.dumps((work, arguments))))
    with ours, _passed_on(ours) as received:
        with theirs, signals.delayed():
            process.start()
        outcome = None
        with contextlib.suppress(EOFError):  # It has died.
            outcome = ours.recv()
        process.join()
    if isinstance(outcome, BaseException):
        raise outcome
    if received:
        raise KeyboardInterrupt(received[0])
    if process.exitcode:
        raise UserError(
            "A process that trains or measures a model must not end before its work is done",
            f"the sudden end of one, exit status {process.exitcode}",
            "free memory if there was too little, and start again: finished work is kept",
        )
    return cast("_Value", outcome)


@contextlib.contextmanager
def _passed_on(connection: Connection) -> Iterator[list[int]]:
    """Sends signals to the other end; yields the list of those that came."""
    received: list[int] = []

    def pass_on(signum: int, frame: FrameType | None) -> None:
        received.append(signum)
        with contextlib.suppress(OSError):  # It has ended.
            connection.send(signum)

    before = {signum: signal.signal(signum, pass_on) for signum in signals.STOPPING}
    try:
        yield received
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _work(connection: Connection, pickled: bytes) -> None:
    """Works, in the new process; sends what that returned, or the error that it ended with."""
    for signum in signals.STOPPING:
        signal.signal(signum, _interrupt)
    threading.Thread(target=_obey, args=(connection,), daemon=True).start()
    outcome: Any
    try:
        with standard_streams.forgiving(), standard_streams.plain_warnings():
            load_tensorflow()
            work, arguments = pickle.loads(pickled)
            outcome = work(*arguments)
    except (UserError, OSError, KeyboardInterrupt) as error:
        outcome = error
    signals.ignore()
    connection.send(outcome)


def _obey(connection: Connection) -> None:
    """Acts as if the signals came that the first process sends; ends with that process."""
    try:
        while True:
            _thread.interrupt_main(connection.recv())
    except (EOFError, OSError):
        os._exit(1)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signum)

"""Processes in which TensorFlow is already imported, which saves seconds.

They are forked from a process that has imported it and has run nothing. Each has its own folder,
environment, standard streams, signals and exit status.
"""

import contextlib
import multiprocessing
import operator
import os
import pathlib
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import forkserver, reduction
from typing import Any
from unittest import mock

from tests.helpers.paths import ROOT

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.helpers.preloaded"])


@contextlib.contextmanager
def forked(
    function: Callable[..., object],
    *arguments: Any,
    folder: pathlib.Path,
    stdout: int,
    stderr: int,
    env: Mapping[str, str] | None = None,
    file_size: int | None = None,
) -> Iterator[multiprocessing.process.BaseProcess]:
    """Starts a process; kills it at the end if it is still running.

    Args:
      function: a module's function, called with the arguments.
      folder: the folder to start the process in.
      stdout: the descriptor of its standard output.
      stderr: the descriptor of its standard error.
      env: its environment; by default that of this process.
      file_size: the most bytes that it can write to a file.
    """
    with mock.patch.dict(os.environ, PYTHONPATH=str(ROOT)):
        forkserver.ensure_running()
    environment = dict(os.environ if env is None else env)
    streams = [_Passed(stdout), _Passed(stderr)]
    process = _context.Process(
        target=_call, args=(function, arguments, folder, streams, environment, file_size)
    )
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


class _Passed:
    """A descriptor to pass to the new process."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor

    def __reduce__(self):
        return operator.methodcaller("detach"), (reduction.DupFd(self.descriptor),)


def _call(
    function: Callable[..., object],
    arguments: tuple[Any, ...],
    folder: pathlib.Path,
    streams: Sequence[int],
    environment: Mapping[str, str],
    file_size: int | None,
) -> None:
    assert "tensorflow" in sys.modules, "tests.helpers.preloaded was not imported"
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # As the package, which is imported already, sets it when it is imported.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    function(*arguments)

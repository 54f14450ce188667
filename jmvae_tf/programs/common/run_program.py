"""Runs a program: parses its flags, calls it and handles errors."""

import contextlib
import errno
import signal
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import NoReturn

from absl import flags

from jmvae_tf.programs.common import modality_flags, standard_streams
from jmvae_tf.programs.common.flag_mistakes import no_flag
from jmvae_tf.programs.common.help_text import help_text
from jmvae_tf.runtime import signals
from jmvae_tf.runtime.command_names import as_started
from jmvae_tf.runtime.errors import UserError, one_line
from jmvae_tf.runtime.version import version_text


def run(module: ModuleType) -> NoReturn:
    """Parses the flags of a program and calls its `main`.

    A user's mistake prints one line on standard error and exits with status 1; an interrupt exits
    with 130 or 143. `--help` does not need TensorFlow: programs import it in `main`.

    Args:
      module: a module with a docstring, a function `main` and flags.
    """
    with mistakes_in_one_line():
        _parse(module)
        module.main()
    sys.exit(0)


@contextlib.contextmanager
def mistakes_in_one_line() -> Iterator[None]:
    """Ends the process as `run` does if the body raises the error of a user, or is interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    with standard_streams.forgiving(), standard_streams.plain_warnings(), _errors_end_it():
        yield


@contextlib.contextmanager
def _errors_end_it() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        _fail(str(error))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        _fail(
            "A file must be readable or writable; "
            f"received {error.filename or 'an error'}: {error.strerror or error}; "
            f"{'free space' if full else 'check the path'}, or choose another folder"
        )
    except KeyboardInterrupt as interrupt:
        signals.ignore()
        signum = interrupt.args[0] if interrupt.args else signal.SIGINT
        message = f": {interrupt.args[1]}" if len(interrupt.args) > 1 else ""
        print(f"interrupted{as_started(message)}", file=sys.stderr)
        sys.exit(128 + signum)


def _parse(module: ModuleType) -> None:
    flags.DEFINE_bool("help", False, "show this text", short_name="h", module_name=__name__)
    flags.DEFINE_bool("version", False, "show the versions of packages", module_name=__name__)
    rest = modality_flags.parse_flags(sys.argv)
    if flags.FLAGS.help:
        print(help_text(module), end="")
    elif flags.FLAGS.version:
        print(version_text())
    if flags.FLAGS.help or flags.FLAGS.version:
        standard_streams.require_output()
        sys.exit(0)
    if rest:
        raise no_flag(rest)


def _interrupt(signum: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt(signum)


def _fail(message: str) -> NoReturn:
    print(f"error: {as_started(one_line(message))}", file=sys.stderr)
    sys.exit(1)


def interrupted(interrupt: KeyboardInterrupt, message: str) -> KeyboardInterrupt:
    """Returns the interrupt with a message for the user: what was kept and how to resume."""
    return KeyboardInterrupt(interrupt.args[0] if interrupt.args else signal.SIGINT, message)

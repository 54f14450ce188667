"""What all programs of bin/ share: flags, and how they end."""

import contextlib
import errno
import logging
import os
import pathlib
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from absl import flags

from jmvae_tf.presets import Settings, check_choice, run_name
from jmvae_tf.programs.common import output
from jmvae_tf.runtime.errors import UserError, one_line

if TYPE_CHECKING:
    from jmvae_tf.models.base import MultimodalVAE

_FOR_KERAS = ("matplotlib", "pandas", "sklearn")
"""What Keras imports wherever it is installed, for functions that the programs do not use."""

flags.disclaim_key_flags()  # --help lists those of the functions here with their callers'.

_INFERENCE = ("missing", "num_rounds", "feed_back")


def run(module: ModuleType) -> NoReturn:
    """Parses the flags of a program and calls its `main`.

    A mistake of the user ends in one line on standard error and exit status 1, an interrupt in
    130 or 143. `--help` needs no TensorFlow: programs import it in `main`.

    Args:
      module: with a docstring, a function `main` and the flags that it defined.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    with output.forgiving(), output.plain_warnings():
        _run(module)
    sys.exit(0)


def _run(module: ModuleType) -> None:
    try:
        _parse(module)
        module.main()
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
        signum = interrupt.args[0] if interrupt.args else signal.SIGINT
        message = f": {interrupt.args[1]}" if len(interrupt.args) > 1 else ""
        print(f"interrupted{message}", file=sys.stderr)
        sys.exit(128 + signum)


@contextlib.contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """Lets imports within fail for some packages, unless they are imported already."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def load_tensorflow() -> None:
    """Imports TensorFlow and Keras without what would only cost time and memory.

    That is, without the log lines of native code: what matters becomes an error. No setting turns
    off those of the import itself; they are shown after all if it fails. And without packages that
    Keras takes along if it can: docs/performance.md says what they cost. Programs call this before
    they import the modules that need TensorFlow.

    Raises:
      UserError: if Python leaves out docstrings, which those packages need at import.
    """
    if sys.flags.optimize > 1:
        raise UserError(
            "Python must keep docstrings, which Keras needs",
            f"optimisation {sys.flags.optimize}, by PYTHONOPTIMIZE or -OO",
            "unset PYTHONOPTIMIZE",
        )
    _settle_environment()
    # TensorFlow reports every tf.function traced again, matplotlib that it makes a cache.
    for name in ("absl", "matplotlib", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    sys.stderr.flush()
    terminal = os.dup(sys.stderr.fileno())
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), sys.stderr.fileno())
        try:
            with _hidden(_FOR_KERAS):
                import keras  # noqa: F401
                import tensorflow  # noqa: F401
                import tensorflow_probability  # noqa: F401
        except BaseException:
            captured.seek(0)
            os.write(terminal, captured.read())
            raise
        finally:
            os.dup2(terminal, sys.stderr.fileno())
            os.close(terminal)


def _settle_environment() -> None:
    """Sets what libraries read from the environment when they are imported.

    What other projects have set for theirs does not reach this one.
    """
    for name in [name for name in os.environ if name.startswith("KERAS_")]:
        del os.environ[name]
    for name in ("TF2_BEHAVIOR", "TF_USE_LEGACY_KERAS"):
        os.environ.pop(name, None)
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "KERAS_HOME": os.devnull,  # No folder: the user's keras.json is not read, none is written.
        "MPLBACKEND": "agg",
    }
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow chooses oneDNN's kernels by itself on some processors only; see
    # docs/performance.md for what they give on others.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def announce_devices(replicas: int = 1) -> None:
    """Says what a long computation runs on: a GPU that is not found costs a user hours.

    Args:
      replicas: how many share each batch, over all machines.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        names = [tf.config.experimental.get_device_details(x).get("device_name") for x in gpus]
        print(f"computing on {', '.join(name or 'a GPU' for name in names)}")
    else:
        print(f"no GPU was found: computing on the CPU ({os.cpu_count()} cores)")
    if replicas > 1:
        print(f"every batch is shared by {replicas} replicas")


def _parse(module: ModuleType) -> None:
    flags.DEFINE_bool("help", False, "Show this text.", short_name="h", module_name=__name__)
    try:
        rest = flags.FLAGS(sys.argv)[1:]
    except flags.Error as error:
        raise UserError(
            "Flags must be known and their values of the right kind",
            str(error).replace("\n", " "),
            f"see {sys.argv[0]} --help",
        ) from error
    if flags.FLAGS.help:
        print((module.__doc__ or "").strip())
        for name in flags.FLAGS.flags_by_module_dict():
            if name.startswith("jmvae_tf.") or name == sys.argv[0]:  # Flags of __main__.
                print(f"\n{flags.FLAGS.module_help(name).strip()}")
        output.require()
        sys.exit(0)
    if rest:
        raise UserError("Arguments must be flags", " ".join(rest), f"see {sys.argv[0]} --help")


def _interrupt(signum: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt(signum)


def _fail(message: str) -> NoReturn:
    print(f"error: {one_line(message)}", file=sys.stderr)
    sys.exit(1)


class _PathParser(flags.ArgumentParser):
    """Expands ~ and ~user, which a shell does not in --flag=~/file."""

    def parse(self, argument: str) -> str:
        path = os.path.expanduser(argument)
        if path.startswith("~"):
            raise ValueError(f"no home folder is known for it; ./{argument} is a file of that name")
        return path


def define_path(name: str, default: str | None, description: str) -> flags.FlagHolder:
    """Defines a flag for the path of a file or a folder."""
    return flags.DEFINE(_PathParser(), name, default, description)


def define_run() -> flags.FlagHolder:
    """Defines --run for a program that reads a run."""
    return define_path("run", "runs/digits-jmvae_kl", "folder of the run")


def define_checkpoint() -> flags.FlagHolder:
    """Defines --checkpoint for a program that reads a run."""
    return define_path("checkpoint", "newest", "newest, best (on validation) or a file")


def define_export() -> tuple[flags.FlagHolder, flags.FlagHolder]:
    """Defines --export_dir and --keep_versions for a program that exports."""
    export_dir = define_path("export_dir", "saved_models", "where SavedModels go")
    keep = flags.DEFINE_integer(
        "keep_versions",
        None,
        "how many of a SavedModel's newest versions stay (default: all); 2 or more where a server "
        "reads them",
        lower_bound=1,
    )
    return export_dir, keep


def export_folder(export_dir: str, settings: Settings) -> pathlib.Path:
    """Where the versions of a model on a data set lie."""
    return pathlib.Path(export_dir) / run_name(settings.data, settings.model, settings.target)


def default_run(data: str, model: str, target: str | None = None) -> pathlib.Path:
    """Where a run lies if the user does not choose."""
    return pathlib.Path("runs") / run_name(data, model, target)


def given(*holders: flags.FlagHolder) -> dict[str, Any]:
    """Flag to value for those of the flags that the user gave."""
    return {flag.name: flag.value for flag in holders if flag.present}


def interrupted(interrupt: KeyboardInterrupt, message: str) -> KeyboardInterrupt:
    """The same interrupt with a message for the user: what was kept and how to go on."""
    return KeyboardInterrupt(interrupt.args[0] if interrupt.args else signal.SIGINT, message)


def define_inference() -> None:
    """Defines the flags that `apply_inference` reads."""
    default = "(jmvae and jmvae_h; default: the run's setting)"
    flags.DEFINE_string(
        "missing", None, f"what a missing modality starts from: noise or zeros {default}"
    )
    flags.DEFINE_integer("num_rounds", None, f"rounds of iterative sampling {default}")
    flags.DEFINE_string(
        "feed_back", None, f"what goes from round to round: samples or means {default}"
    )


def apply_inference(model: "MultimodalVAE") -> dict[str, Any]:
    """Lets flags override how a model complements missing modalities.

    Args:
      model: just loaded.

    Returns:
      Setting to the value that the model now has, whether a flag gave it or the run; nothing for a
      model without iterative sampling.

    Raises:
      UserError: if a flag is out of its range, or is given for a model of the latter kind.
    """
    from jmvae_tf.models.iterative import FeedBack, IterativelySampledVAE, Missing

    values = {name: flags.FLAGS[name].value for name in _INFERENCE}
    chosen = {name: value for name, value in values.items() if value is not None}
    if not isinstance(model, IterativelySampledVAE):
        if chosen:
            raise UserError(
                "Only jmvae and jmvae_h complement missing modalities by iterative sampling",
                " ".join(f"--{name}={value}" for name, value in chosen.items()),
                "leave it out",
            )
        return {}
    inference = {name: getattr(model, name) for name in _INFERENCE} | chosen
    check_choice("missing", inference["missing"], get_args(Missing))
    check_choice("feed_back", inference["feed_back"], get_args(FeedBack))
    num_rounds = inference["num_rounds"]
    if not 1 <= num_rounds < 2**31:
        raise UserError(
            "--num_rounds must be from 1 to 2147483647", f"--num_rounds={num_rounds}", "change it"
        )
    model.set_inference(**inference)
    return inference

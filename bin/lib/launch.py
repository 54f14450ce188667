"""Starts a program of bin/ in a Python that has the packages of requirements.txt.

This module runs before anything is installed, on any Python that the user has. So it imports only
the standard library and uses only the syntax of Python 3.6, and an old Python ends with a clear
error line. The same holds for the scripts of bin/.
"""

import errno
import fcntl
import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence, TextIO, Tuple

# The Python versions with wheels of the pinned TensorFlow.
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQUIREMENTS = os.path.join(ROOT, "requirements.txt")
# The lock files: every distribution with the hashes of its files. The first one builds the only
# distribution without a wheel, which pip would otherwise fetch without a hash.
LOCKS = [os.path.join(ROOT, name) for name in ("requirements-build.lock", "requirements.lock")]
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
# Contains the digest of the lock files that .venv was made for; written last.
STAMP = os.path.join(VENV, "requirements.sha256")
LOCK = os.path.join(ROOT, ".venv.lock")
# What --help shows before anything is installed, for each program; see tools/write_help.py.
HELP = os.path.join(ROOT, "bin", "lib", "help")
VERSION = os.path.join(ROOT, "jmvae_tf", "runtime", "version.py")

# Set when changing into .venv, so that a broken .venv is reported instead of entered again.
_ENTERED_VENV = "JMVAE_TF_ENTERED_VENV"

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_RUN_AGAIN = "run the same command again"


class Requirement(NamedTuple):
    """A direct requirement: what to install, what to import, and the pinned major and minor."""

    distribution: str
    module: str
    version: Tuple[int, int]


class _Interrupted(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived while .venv was being set up."""

    def __init__(self, signal_number: int):
        super().__init__(signal_number)
        self.signal_number = signal_number


def run(program_name: str, sections: Sequence[str] = ("run",)) -> None:
    """Runs `jmvae_tf.programs.<program_name>`, after setting up its requirements if needed.

    `--help` and `--version` answer before anything is installed.

    Args:
        program_name: the program's module in `jmvae_tf.programs`.
        sections: the sections of requirements.txt that it needs.
    """
    _open_standard_streams()
    if {"-h", "--help"} & set(sys.argv[1:]):
        with open(os.path.join(HELP, program_name + ".txt"), encoding="utf-8") as text:
            show(text.read())
    if "--version" in sys.argv[1:] and not _has_requirements(sections):
        show("jmvae_tf {}\nits requirements are not installed yet\n".format(_version()))
    ensure_requirements(sections)
    os.environ["PYTHONSAFEPATH"] = "1"  # Child processes import nothing from the current folder.
    from jmvae_tf.programs.common import run_program

    run_program.run(importlib.import_module("jmvae_tf.programs." + program_name))


def ensure_requirements(sections: Sequence[str] = ("run",)) -> None:
    """Makes sure that the requirements are installed, perhaps by starting another process.

    Returns at once if the running Python has them. Otherwise starts the same command again with the
    Python of `.venv/`, which is made first if it is missing, incomplete or for other lock files.

    Args:
        sections: the sections of requirements.txt that this program needs.
    """
    _open_standard_streams()
    entered_venv = os.environ.pop(_ENTERED_VENV, None) is not None
    if entered_venv:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    if _is_supported(sys.version_info[:2]):
        unmet = first_unmet(sections)
        if unmet is None:
            return
    else:
        unmet = "this is Python {}.{}".format(*sys.version_info)
    if entered_venv:
        _fail(
            ".venv lacks packages of requirements.txt",
            unmet,
            f"delete {VENV} and {_RUN_AGAIN}",
        )
    if not _venv_is_complete():
        _set_up_venv(unmet)
    _enter_venv()


def answer(help_text: str) -> None:
    """Shows the help or the version, then ends, if the command line of a script asks for it.

    Args:
        help_text: what `--help` shows.
    """
    if {"-h", "--help"} & set(sys.argv[1:]):
        show(help_text)
    if "--version" in sys.argv[1:]:
        show("jmvae_tf {}\n".format(_version()))


def show(text: str) -> NoReturn:
    """Writes a text to standard output and ends with status 0, even if the reader leaves early.

    Args:
      text: the text, with a newline at its end.
    """
    _open_standard_streams()
    encoding = sys.stdout.encoding or "ascii"
    failure = None
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        failure = error
        # What is left of the text, which Python would write when it ends, goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if failure and failure.errno not in (errno.EPIPE, errno.ECONNRESET):
        _fail(
            "standard output must be writable",
            failure.strerror,
            "free space, or send it elsewhere",
        )
    sys.exit(0)


def _has_requirements(sections: Sequence[str]) -> bool:
    return _venv_is_complete() or (
        _is_supported(sys.version_info[:2]) and first_unmet(sections) is None
    )


def _version() -> str:
    with open(VERSION, encoding="utf-8") as file:
        found = re.search(r'^__version__ = "(.*)"$', file.read(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def _open_standard_streams() -> None:
    """Opens closed standard streams, since the next opened files would take their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # Takes the lowest free number.
            os.set_inheritable(number, True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)


def direct_requirements(sections: Sequence[str]) -> List[Requirement]:
    """Reads the direct requirements from the named sections of requirements.txt.

    A line `# == NAME` opens a section. A requirement's module is its name, unless its line ends
    in `# module: NAME`.

    Args:
        sections: the names of the sections to read.

    Returns:
        The requirements, in the order of the file.
    """
    requirements = []
    section = ""
    with open(REQUIREMENTS, encoding="utf-8") as lines:
        for line in lines:
            heading = re.match(r"# == (\w+)", line)
            pin = re.match(r"([\w.-]+)==(\d+)\.(\d+)", line)
            if heading:
                section = heading.group(1)
            elif pin and section in sections:
                distribution, major, minor = pin.groups()
                module = re.search(r"# module: (\w+)", line)
                requirements.append(
                    Requirement(
                        distribution,
                        module.group(1) if module else distribution.replace("-", "_"),
                        (int(major), int(minor)),
                    )
                )
    return requirements


def first_unmet(sections: Sequence[str]) -> Optional[str]:
    """Names a direct requirement that the running Python does not meet; imports none of them.

    A requirement is met by a version with the pinned major number and at least the pinned minor
    number. A module that can be imported without the distribution of its name (tensorflow-cpu, a
    vendor's build) is accepted.

    Args:
        sections: the sections of requirements.txt to look at.

    Returns:
        The first requirement not met, as a phrase, or None.
    """
    from importlib import metadata  # Python 3.8 and newer

    for requirement in direct_requirements(sections):
        spec = importlib.util.find_spec(requirement.module)
        # A folder with the module's name is found too, as a namespace without an origin.
        if spec is None or spec.origin is None:
            return f"{requirement.distribution} is not installed"
        try:
            installed = str(metadata.version(requirement.distribution))
        except metadata.PackageNotFoundError:
            continue
        found = re.match(r"(\d+)\.(\d+)", installed)
        major, minor = requirement.version
        if not found or int(found.group(1)) != major or int(found.group(2)) < minor:
            wanted = f"{major}.{minor} or a newer {major}"
            return f"{requirement.distribution} is {installed}, not {wanted}"
    return None


def _is_supported(version: Tuple[int, ...]) -> bool:
    return OLDEST_PYTHON <= version <= NEWEST_PYTHON


def _locks_digest() -> str:
    digest = hashlib.sha256()
    for path in LOCKS:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def _venv_is_complete() -> bool:
    try:
        with open(STAMP, encoding="ascii") as file:
            stamp = file.read()
    except OSError:
        return False
    # The link in .venv is broken if the Python it was made with was removed.
    return stamp == _locks_digest() and os.access(VENV_PYTHON, os.X_OK)


def _clean_environment() -> Dict[str, str]:
    """Returns the environment without variables that point .venv to other Pythons or folders."""
    foreign = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_PREFIX", "PIP_TARGET")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment["PIP_USER"] = "0"  # pip's own configuration may ask for it
    return environment


def _enter_venv() -> NoReturn:
    environment = _clean_environment()
    environment[_ENTERED_VENV] = "1"
    # A Python that starts answers Ctrl-C with a traceback; this one waits until it can do better.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        os.execve(VENV_PYTHON, [VENV_PYTHON, *sys.argv], environment)
    except OSError as error:
        _fail(
            "the Python of .venv does not start",
            error,
            f"delete {VENV} and {_RUN_AGAIN}",
        )


def _set_up_venv(reason: str) -> None:
    """Makes or completes .venv, only once if several starts run; exits if that fails.

    Args:
        reason: why the running Python cannot be used, as a phrase.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # keep nohup working
            signal.signal(number, _interrupt)
    try:
        with open(LOCK, "w", encoding="ascii") as lock:
            _acquire(lock)
            if not _venv_is_complete():  # the last holder of the lock may have completed it
                _install(reason, lock)
    except _Interrupted as interrupted:
        _say(f"interrupted: .venv is not complete yet; {_RUN_AGAIN} to go on")
        sys.exit(128 + interrupted.signal_number)
    except OSError as error:
        _fail(
            f"no .venv can be made in {ROOT}",
            error,
            "make the folder writable, or use a Python that has the requirements",
        )


def _interrupt(signal_number: int, frame: Any) -> NoReturn:
    raise _Interrupted(signal_number)


def _acquire(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("waiting: another start is setting up .venv")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        _say("warning: the file system has no flock; let no other start set up .venv meanwhile")


def _install(reason: str, lock: TextIO) -> None:
    version, has_pip = _probe(VENV_PYTHON, "pip")
    if version is None:
        python, version = _find_python(reason)
        _announce(version, reason)
        status = _run([python, "-I", "-m", "venv", "--clear", VENV], lock)
        if status != 0:
            _fail(
                ".venv could not be made",
                f"{python} -m venv ended with status {status} (its message is above)",
                f"fix that and {_RUN_AGAIN}",
            )
    elif not _is_supported(version):
        _fail(
            ".venv has a Python that TensorFlow has no wheels for",
            "Python {}.{}".format(*version),
            f"delete {VENV} and {_RUN_AGAIN}",
        )
    else:
        _announce(version, reason)
        # A start that was killed while making .venv leaves it without pip.
        if not has_pip and _run([VENV_PYTHON, "-I", "-m", "ensurepip"], lock) != 0:
            _fail_without_ensurepip(version)

    digest = _locks_digest()
    if os.path.exists(STAMP):
        os.remove(STAMP)  # .venv is incomplete from here on
    pip = [VENV_PYTHON, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    for path in LOCKS:
        # Only files with these hashes are installed, build tools included.
        checked = ["--require-hashes", "--no-deps", "--no-build-isolation", "-r", path]
        status = _run([*pip, *checked], lock)
        if status != 0:
            _fail(
                "the requirements could not be installed into .venv",
                f"pip ended with status {status} (its message is above)",
                f"check the network and the free disk space and {_RUN_AGAIN} to go on",
            )
    with open(STAMP + ".part", "w", encoding="ascii") as file:
        file.write(digest)
    os.replace(STAMP + ".part", STAMP)


def _announce(version: Tuple[int, int], reason: str) -> None:
    _say(
        f"installing the pinned requirements into .venv with Python {version[0]}.{version[1]}, as "
        f"{reason}; this takes some minutes, the first time only"
    )


def _find_python(reason: str) -> Tuple[str, Tuple[int, int]]:
    """Finds a supported Python that can make .venv: the running one, or the newest on PATH.

    Args:
        reason: why the running Python cannot be used, as a phrase.

    Returns:
        Its path and its version.
    """
    candidates = [sys.executable]
    for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1):
        on_path = shutil.which(f"python{NEWEST_PYTHON[0]}.{minor}")
        if on_path:
            candidates.append(on_path)
    without_ensurepip = None
    for python in candidates:
        # A version manager's shim for a missing Python does not run.
        version, has_venv = _probe(python, "ensurepip, venv")
        if version is not None and _is_supported(version):
            if has_venv:
                return python, version
            without_ensurepip = without_ensurepip or version
    if without_ensurepip:
        _fail_without_ensurepip(without_ensurepip)
    _fail(
        "no Python from {}.{} to {}.{} was found".format(*OLDEST_PYTHON + NEWEST_PYTHON),
        reason,
        "install Python {}.{}, put it on PATH and ".format(*NEWEST_PYTHON) + _RUN_AGAIN,
    )


def _probe(python: str, modules: str) -> Tuple[Optional[Tuple[int, int]], bool]:
    """Starts a Python to find out its version and whether it can import some modules.

    Args:
        python: path of the executable.
        modules: the modules' names, separated by commas.

    Returns:
        Its major and minor version, or None if it does not start; whether the imports worked.
    """
    code = "import sys; print(*sys.version_info[:2], flush=True); import " + modules
    try:
        done = subprocess.run(
            [python, "-I", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None, False
    version = re.match(rb"(\d+) (\d+)\n", done.stdout)
    if not version:
        return None, False
    return (int(version.group(1)), int(version.group(2))), done.returncode == 0


def _run(command: List[str], lock: TextIO) -> int:
    """Runs a command with all its output on standard error.

    The command inherits the lock: if this process is killed, the next start waits for the command's
    end. It runs in its own session, gets Ctrl-C once, from here, and cleans up.

    Args:
        command: the program and its arguments.
        lock: the open lock file.

    Returns:
        The exit status.
    """
    # A signal that arrives while the child starts is delayed until the child can receive it.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=2,  # standard output belongs to the program
        env=_clean_environment(),
        pass_fds=[lock.fileno()],
        start_new_session=True,
        preexec_fn=_release_signals,
    )
    try:
        _release_signals()
        return child.wait()
    except _Interrupted:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
        raise


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _say(message: str) -> None:
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        pass  # Nobody reads the output, which must not stop the program.


def _fail(wrong: str, received: object, advice: str) -> NoReturn:
    _say(f"error: {wrong}; {received}; {advice}")
    sys.exit(1)


def _fail_without_ensurepip(version: Tuple[int, int]) -> NoReturn:
    _fail(
        "Python {}.{} cannot make .venv".format(*version),
        "it lacks the modules venv or ensurepip",
        "install them (Debian, Ubuntu: apt install python{}.{}-venv) and ".format(*version)
        + _RUN_AGAIN,
    )

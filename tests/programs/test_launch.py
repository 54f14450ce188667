"""Tests of the launcher, as users meet it: scripts started in a small checkout of their own.

No test needs the network: the checkout requires one tiny distribution, whose wheel is made here.
"""

import ast
import errno
import fcntl
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from jmvae_tf.runtime.version import __version__
from tests.helpers.foreign_modules import put_foreign_modules
from tests.helpers.paths import ROOT

LAUNCH = ROOT / "bin" / "lib" / "launch.py"

# Prints what the program sees, so that a test can look at it from outside.
PROGRAM = """
import json, os, sys

def main():
    print(json.dumps({"python": sys.executable, "arguments": sys.argv[1:],
                      "tiny": __import__("tinydep").__version__ if "--tiny" in sys.argv else None,
                      "environment": dict(os.environ)}))
"""

# A .venv's Python that answers for the real one, but leaves what pip does to the test.
STUB = """#!/bin/sh
case "$*" in
  *"-m pip"*) {pip} ;;
  *) exec "{python}" "$@" ;;
esac
"""


class Checkout:
    """A folder with a launcher, a program `train`, a requirements.txt and its locks."""

    def __init__(self, root: Path):
        self.root = root
        self.venv = root / ".venv"
        self.stamp = self.venv / "requirements.sha256"
        programs = root / "jmvae_tf" / "programs"
        (programs / "common").mkdir(parents=True)
        (root / "jmvae_tf" / "__init__.py").touch()
        (programs / "__init__.py").touch()
        (programs / "common" / "__init__.py").touch()
        (programs / "common" / "run_program.py").write_text("def run(module):\n    module.main()\n")
        (programs / "train.py").write_text(PROGRAM)
        shutil.copytree(ROOT / "bin" / "lib", root / "bin" / "lib")
        shutil.copy(ROOT / "bin" / "train", root / "bin")
        self.require("1.2.3")

    def require(self, version: str, wheel: Path | None = None) -> None:
        """Requires a version of tinydep, with the hash of a wheel."""
        content = wheel.read_bytes() if wheel else b""
        digest = hashlib.sha256(content).hexdigest()
        (self.root / "requirements.txt").write_text(f"# == run\ntinydep=={version}\n")
        (self.root / "requirements-build.lock").write_text("# nothing is built\n")
        (self.root / "requirements.lock").write_text(
            f"tinydep=={version} \\\n    --hash=sha256:{digest}\n"
        )

    def stamp_venv(self) -> None:
        digest = hashlib.sha256()
        for name in ("requirements-build.lock", "requirements.lock"):
            digest.update((self.root / name).read_bytes())
        self.stamp.write_text(digest.hexdigest())

    def stub_venv(self, pip: str = "exit 0") -> None:
        """Makes a .venv whose pip is a line of shell."""
        (self.venv / "bin").mkdir(parents=True)
        python = self.venv / "bin" / "python"
        python.write_text(STUB.format(pip=pip, python=sys.executable))
        python.chmod(0o755)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "bin" / "train"), *arguments]

    def start(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env={**os.environ, **(environment or {})},
            cwd=self.root.parent,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def load(self):
        """The launcher as a module, for what cannot be arranged from outside."""
        path = self.root / "bin" / "lib" / "launch.py"
        spec = importlib.util.spec_from_file_location("launch_under_test", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path / "a checkout")


def make_wheel(folder: Path, version: str) -> Path:
    info = f"tinydep-{version}.dist-info"
    files = {
        "tinydep.py": f'__version__ = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinydep\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tinydep-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return path


def install(folder: Path, version: str) -> dict[str, str]:
    """Unpacks tinydep and gives the environment in which it can be imported."""
    with zipfile.ZipFile(make_wheel(folder / "wheels", version)) as wheel:
        wheel.extractall(folder / "packages")
    return {"PYTHONPATH": str(folder / "packages")}


def with_interrupts(command: list[str]) -> list[str]:
    """A command that SIGINT stops, even where a shell's background job has it ignored."""
    reset = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL)"
    return [sys.executable, "-c", f"{reset}; os.execv(sys.argv[1], sys.argv[1:])", *command]


def assert_one_error_line(stderr: str, *parts: str) -> None:
    """The last line, and no other, is an error in three parts, which hold what is expected."""
    assert "Traceback" not in stderr
    *others, line = stderr.splitlines()
    assert re.fullmatch(r"error: .+; .+; .+", line)
    assert not [other for other in others if other.startswith("error: ")]
    for part in parts:
        assert part in line


# Before anything is installed.


@pytest.mark.parametrize("flags", [["--help"], ["--model=vae", "-h"]])
def test_help_needs_nothing(checkout, flags):
    done = checkout.start(*flags, environment={"PYTHONNOUSERSITE": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Trains a model on a data set")
    assert "  --model=TEXT" in done.stdout
    assert not checkout.venv.exists()


def test_the_version_needs_nothing(checkout):
    (checkout.root / "jmvae_tf" / "runtime").mkdir()
    (checkout.root / "jmvae_tf" / "runtime" / "version.py").write_text('__version__ = "1.2"\n')
    done = checkout.start("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "jmvae_tf 1.2\nits requirements are not installed yet\n"
    assert not checkout.venv.exists()


# The running Python has the requirements.


def test_goes_on_in_a_python_that_has_the_requirements(checkout, tmp_path):
    done = checkout.start("--flag", "a b", environment=install(tmp_path, "1.2.3"))
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["python"] == sys.executable
    assert seen["arguments"] == ["--flag", "a b"]
    assert done.stderr == ""
    assert not checkout.venv.exists()


def test_an_interrupt_while_modules_are_imported_is_one_line(checkout, tmp_path):
    (checkout.root / "jmvae_tf" / "programs" / "train.py").write_text("raise KeyboardInterrupt")
    done = checkout.start(environment=install(tmp_path, "1.2.3"))
    assert (done.stdout, done.stderr) == ("", "interrupted\n")
    assert done.returncode == -signal.SIGINT  # A shell shows 130.


@pytest.mark.parametrize(
    ("installed", "unmet"),
    [
        ("1.2.0", None),
        ("1.10", None),
        ("1.3rc1", None),
        ("1.2.3+vendor", None),
        ("1.1.9", "tinydep is 1.1.9, not 1.2 or a newer 1"),
        ("2.0", "tinydep is 2.0, not 1.2 or a newer 1"),
    ],
)
def test_installed_version(checkout, tmp_path, monkeypatch, installed, unmet):
    monkeypatch.syspath_prepend(install(tmp_path, installed)["PYTHONPATH"])
    assert checkout.load().first_unmet(["run"]) == unmet


def test_module_of_another_distribution_is_taken(checkout, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(install(tmp_path, "0.1")["PYTHONPATH"])
    shutil.rmtree(tmp_path / "packages" / "tinydep-0.1.dist-info")
    assert checkout.load().first_unmet(["run"]) is None


def test_folder_of_the_modules_name_is_not_the_module(checkout, tmp_path, monkeypatch):
    (tmp_path / "packages" / "tinydep").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    assert checkout.load().first_unmet(["run"]) == "tinydep is not installed"


def test_only_the_named_sections_are_needed(checkout):
    (checkout.root / "requirements.txt").write_text(
        "# == run: what runs\nnumpy==1.0  # module: json\n"
        "# == test: what tests\nabsent-tool==3.1\n# == indirect\nabsent-too==1.0\n"
    )
    launch = checkout.load()
    assert launch.direct_requirements(["run", "test"]) == [
        ("numpy", "json", (1, 0)),
        ("absent-tool", "absent_tool", (3, 1)),
    ]
    assert launch.first_unmet(["test"]) == "absent-tool is not installed"


# There is a .venv.


def test_enters_a_complete_venv_at_once(checkout):
    checkout.stub_venv(pip='echo "pip was run" >&2; exit 1')
    checkout.stamp_venv()
    stub = checkout.venv / "bin" / "python"
    stub.write_text('#!/bin/sh\nshift\nprintf "%s|" "$@"\n')
    done = checkout.start("--given=label=7", "two words", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "--given=label=7|two words||", "")


def test_an_interrupt_while_the_venv_is_entered_is_one_line(checkout):
    checkout.stub_venv()
    checkout.stamp_venv()
    stub = checkout.venv / "bin" / "python"
    stub.write_text(f'#!/bin/sh\nkill -INT $$\nexec "{sys.executable}" "$@"\n')
    done = subprocess.run(
        with_interrupts(checkout.command()), capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("", "interrupted\n")
    assert done.returncode == -signal.SIGINT


def test_complete_venv_needs_no_writable_checkout(checkout):
    (checkout.root / ".venv.lock").mkdir()
    checkout.stub_venv()
    checkout.stamp_venv()
    (checkout.venv / "bin" / "python").write_text("#!/bin/sh\necho entered\n")
    assert checkout.start().stdout == "entered\n"


def test_venv_that_lacks_its_requirements_is_entered_once(checkout):
    checkout.stub_venv()
    checkout.stamp_venv()
    done = checkout.start()
    assert done.returncode == 1
    assert_one_error_line(done.stderr, "tinydep is not installed", f"delete {checkout.venv}")
    assert done.stdout == ""


def test_venv_whose_python_does_not_start(checkout):
    checkout.stub_venv()
    checkout.stamp_venv()
    (checkout.venv / "bin" / "python").write_bytes(b"\0not a program")
    done = checkout.start()
    assert done.returncode == 1
    assert_one_error_line(done.stderr, "does not start", f"delete {checkout.venv}")


def test_venv_of_an_unsupported_python_is_left_alone(checkout):
    checkout.stub_venv()
    python = checkout.venv / "bin" / "python"
    python.write_text("#!/bin/sh\necho 3 9\n")
    done = checkout.start()
    assert done.returncode == 1
    assert_one_error_line(done.stderr, "Python 3.9", f"delete {checkout.venv}")
    assert python.exists()


def test_failing_pip_is_one_line_and_leaves_no_stamp(checkout):
    checkout.stub_venv(pip='echo "no route to host" >&2; exit 7')
    checkout.stamp.write_text("the digest of an older requirements.txt")
    done = checkout.start()
    assert done.returncode == 1
    assert "no route to host" in done.stderr
    assert_one_error_line(done.stderr, "pip ended with status 7", "network")
    assert done.stdout == ""
    assert not checkout.stamp.exists()


def test_stale_stamp_installs_again_and_then_no_more(checkout, tmp_path):
    checkout.stub_venv(pip=f'echo pip >> "{tmp_path}/pip_runs"; exit 0')
    checkout.stamp_venv()
    checkout.require("1.3.0")
    for _ in range(2):
        # The stub installs nothing, so that the .venv is found wanting once it is entered.
        assert "tinydep is not installed" in checkout.start().stderr
    assert (tmp_path / "pip_runs").read_text() == "pip\n" * 2, "for each of two files, once"


def test_unwritable_checkout(checkout):
    (checkout.root / ".venv.lock").mkdir()  # root may write anywhere, but not to a folder
    done = checkout.start()
    assert done.returncode == 1
    assert_one_error_line(done.stderr, str(checkout.root), "writable")


def test_second_start_waits_for_the_first(checkout):
    with open(checkout.root / ".venv.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            checkout.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as second:
            assert second.stderr.readline() == "waiting: another start is setting up .venv\n"
            checkout.stub_venv(pip='echo "pip was run" >&2; exit 1')
            (checkout.venv / "bin" / "python").write_text("#!/bin/sh\necho entered\n")
            checkout.stamp_venv()
            fcntl.flock(lock, fcntl.LOCK_UN)
            stdout, stderr = second.communicate(timeout=60)
    assert (second.returncode, stdout, stderr) == (0, "entered\n", "")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
def test_file_system_without_flock(checkout, monkeypatch, capfd, number):
    checkout.stub_venv(pip="exit 0")
    launch = checkout.load()

    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    if number == errno.EIO:
        with pytest.raises(SystemExit):
            launch._set_up_venv("tinydep is not installed")
        assert_one_error_line(capfd.readouterr().err, os.strerror(number))
    else:
        launch._set_up_venv("tinydep is not installed")
        assert capfd.readouterr().err.startswith("warning: the file system has no flock")
        assert checkout.stamp.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_installation(checkout, number):
    checkout.stub_venv(pip='echo "pip works" >&2; exec sleep 60')
    command = with_interrupts(checkout.command())
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("installing the pinned requirements")
        assert process.stderr.readline() == "pip works\n"
        process.send_signal(number)
        # Ends only when pip, which holds the other end of the pipe, has ended too.
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert re.fullmatch(r"interrupted: .+; run the same command again to go on\n", stderr)
    assert not checkout.stamp.exists()


def test_start_after_a_kill_waits_for_the_orphaned_pip(checkout, tmp_path):
    pid = tmp_path / "pid"
    checkout.stub_venv(pip=f'[ -e "{pid}" ] && exit 0; echo $$ > "{pid}"; echo >&2; exec sleep 60')
    with subprocess.Popen(checkout.command(), stderr=subprocess.PIPE, text=True) as first:
        first.stderr.readline()
        first.stderr.readline()  # pip runs
        first.kill()
        with subprocess.Popen(checkout.command(), stderr=subprocess.PIPE, text=True) as second:
            assert second.stderr.readline() == "waiting: another start is setting up .venv\n"
            os.kill(int(pid.read_text()), signal.SIGKILL)
            _, stderr = second.communicate(timeout=60)
    assert stderr.startswith("installing the pinned requirements")
    assert checkout.stamp.exists()


# There is none.


def pip_of(folder: Path) -> dict[str, str]:
    """The environment in which pip finds the wheels of a folder alone."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": folder.as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
    }


@pytest.mark.slow  # The next installs into a .venv too, and bin/test begins with a first start.
def test_first_second_and_later_start(checkout, tmp_path):
    checkout.require("1.2.3", make_wheel(tmp_path / "wheels", "1.2.3"))
    newer = make_wheel(tmp_path / "wheels", "1.3.0")
    pip = pip_of(tmp_path / "wheels")
    # What a caller may have set for other ends, and what must not reach .venv.
    foreign = {
        "PIP_USER": "1",
        "PIP_TARGET": str(tmp_path / "elsewhere"),
        "VIRTUAL_ENV": str(tmp_path / "another"),
        **install(tmp_path / "old", "0.9"),
    }

    first = checkout.start("--tiny", environment={**pip, **foreign})
    assert first.returncode == 0, first.stderr
    seen = json.loads(first.stdout)  # nothing else is on standard output
    assert seen["python"] == str(checkout.venv / "bin" / "python")
    assert seen["tiny"] == "1.2.3"
    assert not [name for name in seen["environment"] if name.startswith("JMVAE_TF")]
    assert first.stderr.startswith("installing the pinned requirements into .venv with Python ")
    assert "Successfully installed tinydep-1.2.3" in first.stderr

    second = checkout.start("--tiny", environment=foreign)
    assert second.returncode == 0, second.stderr
    assert json.loads(second.stdout)["tiny"] == "1.2.3"
    assert second.stderr == ""

    checkout.require("1.3.0", newer)
    later = checkout.start("--tiny", environment={**pip, **foreign})
    assert json.loads(later.stdout)["tiny"] == "1.3.0"
    assert "Successfully installed tinydep-1.3.0" in later.stderr


def test_a_file_of_another_hash_is_not_installed(checkout, tmp_path):
    # A .venv that was killed before anything was installed; its pip is linked to save time.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout.venv], check=True)
    [packages] = checkout.venv.glob("lib/python*/site-packages")
    pip = Path(importlib.machinery.PathFinder.find_spec("pip").origin).parent
    (packages / "pip").symlink_to(pip, target_is_directory=True)
    honest = make_wheel(tmp_path / "honest", "1.2.3")
    checkout.require("1.2.3", honest)
    forged = make_wheel(tmp_path / "forged", "1.2.3")
    with zipfile.ZipFile(forged, "a") as wheel:
        wheel.writestr("another.py", "")
    done = checkout.start("--tiny", environment=pip_of(forged.parent))
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert_one_error_line(done.stderr, "pip ended with status 1")
    assert not checkout.stamp.exists()
    done = checkout.start("--tiny", environment=pip_of(honest.parent))
    assert json.loads(done.stdout)["tiny"] == "1.2.3"


def test_what_is_locked_is_what_is_pinned():
    """By .ci/lock_requirements; with what only other systems and Pythons need besides."""

    def pins(name):
        text = (ROOT / name).read_text()
        return dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==([\w.]+)", text, re.MULTILINE))

    def hashed(name):
        text = (ROOT / name).read_text()
        blocks = re.findall(r"^[\w.-]+==.*((?:\n    .*)*)", text, re.MULTILINE)
        return [block.count("--hash=sha256:") for block in blocks]

    pinned, locked = pins("requirements.txt"), pins("requirements.lock")
    assert {name: locked.get(name) for name in pinned} == pinned
    assert set(locked) - set(pinned) == {
        *("appnope", "audioop-lts", "cffi", "httpx2-jsfetch", "pycparser")
    }
    nvidia = {x: version for x, version in pins("requirements-gpu.txt").items() if "nvidia" in x}
    assert pins("requirements-gpu.lock") == nvidia
    build = pins("requirements-build.lock")
    assert build == {name: pinned[name] for name in ("setuptools", "wheel")}
    for name, of in [("requirements", locked), ("requirements-gpu", nvidia)]:
        assert len(hashed(f"{name}.lock")) >= len(of)
        assert min(hashed(f"{name}.lock")) >= 1


@pytest.mark.slow
def test_venv_killed_before_it_had_pip_is_completed(checkout):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout.venv], check=True)
    done = checkout.start(
        environment={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    )
    # pip is there now, and says what it cannot find.
    assert "No matching distribution found for tinydep==1.2.3" in done.stderr
    assert done.returncode == 1
    assert_one_error_line(done.stderr, "pip ended with status 1")
    assert not checkout.stamp.exists()


def fake_python(folder: Path, name: str, answer: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{answer}\n")
    (folder / name).chmod(0o755)


def test_takes_the_newest_supported_python_on_path(checkout, tmp_path, monkeypatch):
    launch = checkout.load()
    folder = tmp_path / "path"
    fake_python(folder, "python3.13", "echo 'not installed' >&2; exit 127")  # a manager's stand-in
    fake_python(folder, "python3.12", "echo 3 12")
    fake_python(folder, "python3.11", "echo 3 11")
    fake_python(folder, "old", "echo 3 9")
    monkeypatch.setattr(sys, "executable", str(folder / "old"))
    monkeypatch.setenv("PATH", str(folder))
    assert launch._find_python("this is Python 3.9") == (str(folder / "python3.12"), (3, 12))


@pytest.mark.parametrize(
    ("on_path", "parts"),
    [
        ("exit 127", ["no Python from 3.11 to 3.13", "this is Python 3.9", "install Python 3.13"]),
        ("echo 3 12; exit 1", ["lacks the modules venv or ensurepip", "python3.12-venv"]),
    ],
)
def test_no_usable_python(checkout, tmp_path, monkeypatch, capfd, on_path, parts):
    launch = checkout.load()
    folder = tmp_path / "path"
    fake_python(folder, "old", "echo 3 9")
    fake_python(folder, "python3.12", on_path)
    monkeypatch.setattr(sys, "executable", str(folder / "old"))
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(SystemExit) as stopped:
        launch._find_python("this is Python 3.9")
    assert stopped.value.code == 1
    assert_one_error_line(capfd.readouterr().err, *parts)


# What else the launcher promises.


@pytest.mark.parametrize("path", [None, "", ".:{installed}", "{checkout}:{installed}:"])
def test_nothing_is_imported_from_the_current_folder_or_the_checkout(checkout, tmp_path, path):
    """But for the package; what else PYTHONPATH names counts as installed."""
    (checkout.root / "jmvae_tf" / "programs" / "train.py").write_text(
        "import subprocess, sys, tinydep, json, re\n"
        "def main():\n"
        "    code = 'import sys, json, tinydep; print(*sys.path, sep=chr(10))'\n"
        "    sys.exit(subprocess.call([sys.executable, '-c', code]))\n"
    )
    installed = install(tmp_path, "1.2.3")["PYTHONPATH"]
    cwd = tmp_path / "cwd"
    for place in (cwd, checkout.root, checkout.root / "bin"):
        put_foreign_modules(place, tmp_path / "mark")
    checkout.stub_venv()
    checkout.stamp_venv()
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = path.format(checkout=checkout.root, installed=installed)
    done = subprocess.run(
        checkout.command(), env=environment, cwd=cwd, capture_output=True, text=True
    )
    if path:
        assert (done.returncode, done.stderr) == (0, "")
        assert installed in done.stdout.splitlines()
    else:  # What it needs would be in the current folder.
        assert_one_error_line(done.stderr, "tinydep is not installed")
    assert not (tmp_path / "mark").exists()


def test_package_of_the_checkout_is_run_where_another_is_installed(checkout, tmp_path):
    environment = install(tmp_path, "1.2.3")
    put_foreign_modules(tmp_path / "packages" / "jmvae_tf", tmp_path / "mark")
    (tmp_path / "packages" / "jmvae_tf" / "__init__.py").write_text("raise SystemExit('another')")
    done = checkout.start(environment=environment)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "path",
    [
        "bin/lib/launch.py",
        "bin/lib/checkout.py",
        *(f"bin/{script.name}" for script in sorted((ROOT / "bin").iterdir()) if script.is_file()),
    ],
)
def test_an_old_python_can_parse_what_runs_before_the_check(path):
    tree = ast.parse((ROOT / path).read_text(), feature_version=(3, 6))
    # Compiled by 3.7 and newer only, which feature_version does not know.
    assert not [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


def test_imports_the_standard_library_alone():
    code = (
        f"import runpy, sys; runpy.run_path({str(LAUNCH)!r}); "
        "print({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(done.stdout) == {"__main__"}


HIDDEN = ("matplotlib", "pandas", "sklearn")
"""Packages that Keras imports where it can, which cost seconds."""


@pytest.fixture
def foreign(tmp_path):
    """Settings of other projects."""
    configuration = {"backend": "jax", "floatx": "float64", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps({**configuration, "epsilon": 0.1}))
    return {
        "HOME": str(tmp_path / "none"),
        "KERAS_BACKEND": "torch",
        "KERAS_HOME": str(tmp_path),
        "KERAS_MAX_EPOCHS": "1",
        "MPLBACKEND": "no such backend",
        "PYTHONWARNINGS": "error",
        "TF2_BEHAVIOR": "0",
        "TF_USE_LEGACY_KERAS": "1",
    }


def test_what_keras_finds_when_it_is_imported(tmp_path, foreign):
    """A stand-in for Keras says what it finds; the next test has Keras itself."""
    for name in ("tensorflow", "tensorflow_probability", *HIDDEN):
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "keras.py").write_text(
        "import importlib, os\n"
        "def is_hidden(name):\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ImportError:\n"
        "        return True\n"
        f"hidden = [name for name in {HIDDEN} if is_hidden(name)]\n"
        "environment = dict(os.environ)\n"
    )
    code = (
        "import json\n"
        "from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow\n"
        "load_tensorflow()\n"
        "import keras, matplotlib, pandas, sklearn\n"
        "print(json.dumps([keras.hidden, keras.environment]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **foreign, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    hidden, environment = json.loads(done.stdout)
    assert hidden == list(HIDDEN)
    assert {name: environment.get(name) for name in foreign if name != "HOME"} == {
        "KERAS_BACKEND": "tensorflow",
        "KERAS_HOME": os.devnull,
        "KERAS_MAX_EPOCHS": None,
        "MPLBACKEND": "agg",
        "PYTHONWARNINGS": "error",
        "TF2_BEHAVIOR": None,
        "TF_USE_LEGACY_KERAS": None,
    }


@pytest.mark.slow
def test_keras_is_loaded_as_programs_need_it_whatever_others_have_set(foreign):
    """Without packages that it imports where it can; all can use them."""
    code = (
        "import sys, types\n"
        "from jmvae_tf.programs.common import run_program\n"
        "from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow\n"
        "def main():\n"
        "    load_tensorflow()\n"
        "    import keras, tensorflow\n"
        f"    print({{'keras', *{HIDDEN}}} & set(sys.modules))\n"
        "    import matplotlib.pyplot, pandas, sklearn.metrics\n"
        "    k = keras.config\n"
        "    print((k.backend(), k.floatx(), k.image_data_format(), k.epsilon(), k.max_epochs(),\n"
        "           tensorflow.executing_eagerly()))\n"
        "sys.argv = ['program']\n"
        "run_program.run(types.SimpleNamespace(main=main))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **foreign},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    imported, settings = map(ast.literal_eval, done.stdout.splitlines())
    assert imported == {"keras"}
    assert settings == ("tensorflow", "float32", "channels_last", 1e-7, None, True)


def test_requirements_and_pyproject_agree(monkeypatch):
    spec = importlib.util.spec_from_file_location("launch_of_this_checkout", LAUNCH)
    launch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(dependencies):
        return [re.match(r"[\w-]+", dependency).group() for dependency in dependencies]

    pinned = {
        section: [requirement.distribution for requirement in launch.direct_requirements([section])]
        for section in ("run", "test", "docs")
    }
    assert pinned["run"] == names(project["dependencies"])
    assert pinned["test"] == names(project["optional-dependencies"]["test"])
    assert pinned["docs"] == names(project["optional-dependencies"]["docs"])
    assert launch.first_unmet(["run", "test", "docs"]) is None
    after = (launch.NEWEST_PYTHON[0], launch.NEWEST_PYTHON[1] + 1)
    expected = ">={}.{},<{}.{}".format(*launch.OLDEST_PYTHON, *after)
    assert project["requires-python"] == expected


def test_bin_test_explains_itself_from_anywhere(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "test", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "bin/test [arguments of pytest]" in done.stdout


@pytest.mark.parametrize("script", ["test", "docs"])
def test_a_tool_shows_its_version_and_does_no_more(tmp_path, script):
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / script, "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"jmvae_tf {__version__}\n"

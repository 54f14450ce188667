"""Files are read with limits and written whole; folders are locked and replaced."""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import warnings

import filelock
import pytest

from jmvae_tf.runtime import files
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import (
    claimed,
    locked,
    read_json,
    read_limited,
    remove_unfinished,
    replace_folder,
    restore_folder,
    written_atomically,
)
from tests.helpers.paths import ROOT


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(ValueError, match="more than the 4 bytes"):
        read_limited(path, 4)


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", tmp_path, tmp_path / "none"):
        with pytest.raises(OSError, match=str(path)):
            read_limited(path, 100)


def test_a_pipe_is_read_where_the_user_named_it(tmp_path):
    for content in (b"short", b"x" * 200):
        reading, writing = os.pipe()
        os.write(writing, content)  # Fits into the pipe.
        os.close(writing)
        path = pathlib.Path(f"/dev/fd/{reading}")
        if len(content) <= 100:
            assert read_limited(path, 100, pipe=True) == content
        else:
            with pytest.raises(ValueError, match="more than the 100 bytes"):
                read_limited(path, 100, pipe=True)
        os.close(reading)


@pytest.mark.parametrize(
    "content",
    [b"", b"[1]", b"null", b'{"a": ', b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000],
)
def test_json_of_anybody(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        read_json(path)


def test_json_has_a_limit(tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps({"a": "b" * 100}))
    assert read_json(path) == {"a": "b" * 100}
    with pytest.raises(ValueError, match="more than the 50 bytes"):
        read_json(path, 50)


# Locks.

WARNS = pytest.mark.filterwarnings("ignore:a file system has no flock:RuntimeWarning")


def refuse_flock(number):
    def flock(descriptor, operation):
        raise OSError(number, os.strerror(number))

    return flock


@pytest.fixture
def no_flock(monkeypatch):
    monkeypatch.setattr(fcntl, "flock", refuse_flock(errno.ENOLCK))
    monkeypatch.setattr(files, "_PATIENCE", 0.2)
    files._warn_of_marks.cache_clear()


@contextlib.contextmanager
def another_process(code, flock=False):
    """Runs Python until it has printed a line, on a file system with or without flock."""
    prelude = (
        "import fcntl, os, pathlib, time, warnings\n"
        "from jmvae_tf.runtime.files import *\n"
        "warnings.simplefilter('ignore')\n"
        "def flock(*_): raise OSError(37, 'No locks available')\n"
    ) + ("" if flock else "fcntl.flock = flock\n")
    with subprocess.Popen(
        [sys.executable, "-c", prelude + code], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("wait", [True, False])
def test_a_folder_that_its_last_holder_removed_is_not_held(tmp_path, monkeypatch, wait):
    folder = tmp_path / "folder"
    folder.mkdir()
    flock, removed = fcntl.flock, []

    def after_another(descriptor, operation):
        if not removed:  # It ended between the opening and the locking.
            removed.append(folder.rmdir())
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", after_another)
    if not wait:
        with pytest.raises(BlockingIOError), locked(folder, wait=False):
            pass
        return
    with locked(folder):
        (folder / "file").touch()
        with another_process(
            f"try:\n  with locked(pathlib.Path({str(folder)!r}), wait=False): pass\n"
            "except BlockingIOError: os._exit(7)\nprint()",
            flock=True,
        ) as process:
            assert process.wait() == 7


def test_a_lock_keeps_others_out_and_leaves_no_empty_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with locked(folder):
        with pytest.raises(BlockingIOError, match="another process holds it"):
            with locked(folder, wait=False):
                pass
        assert not list(folder.iterdir())
    assert not folder.exists()


def test_a_claimed_folder_is_made_and_refused_to_others(tmp_path):
    folder, use = tmp_path / "runs" / "one", ("train in a run folder", "run")
    with claimed(folder, *use):
        (folder / ".writing-x").mkdir()
        message = (
            r"Only one process may train in a run folder; received .*one, where another is at "
            r"work: .*; wait for it, or choose another --run$"
        )
        with (
            pytest.raises(UserError, match=message),
            claimed(folder, *use),
        ):
            pass
    assert (folder / ".writing-x").is_dir()
    with claimed(folder, *use):
        assert not (folder / ".writing-x").exists(), "a killed process left it"
    assert folder.parent.is_dir(), "what was there before stays"


def test_a_claimed_folder_that_stays_empty_is_removed_with_those_made_above_it(tmp_path):
    with claimed(tmp_path / "runs" / "one", "train in a run folder", "run"):
        pass
    assert not list(tmp_path.iterdir())


@WARNS
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_lock_without_flock(tmp_path, no_flock, monkeypatch, number):
    monkeypatch.setattr(fcntl, "flock", refuse_flock(number))
    (tmp_path / "file").touch()
    with locked(tmp_path):
        assert [path.name for path in tmp_path.iterdir() if files.is_temporary(path)]
        held = f"process {os.getpid()} of .+; if that has died, remove {tmp_path}"
        with pytest.raises(BlockingIOError, match=held), locked(tmp_path, wait=False):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_warning_is_shown_once(tmp_path, no_flock):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        for folder in ("one", "two", "three"):
            with written_atomically(tmp_path / folder / "file") as path:
                path.touch()
    assert [str(warning.message).partition(":")[0] for warning in shown] == [
        "a file system has no flock"
    ]


@WARNS
@pytest.mark.parametrize("exchanges", [True, False])
def test_a_killed_process_holds_no_lock(tmp_path, no_flock, monkeypatch, exchanges):
    if not exchanges:  # Like NFS.
        exchange = filelock._soft.exchange_names
        monkeypatch.setattr(
            "filelock._soft.exchange_names",
            lambda *names: not any(str(tmp_path) in name for name in names) and exchange(*names),
        )
    code = f"with locked(pathlib.Path({str(tmp_path)!r})): print(flush=True); time.sleep(60)"
    with another_process(code) as process:
        with pytest.raises(BlockingIOError, match=str(process.pid)), locked(tmp_path, wait=False):
            pass
        process.kill()
        process.wait()
        with locked(tmp_path, wait=False):
            [mark] = tmp_path.iterdir()
            assert mark.read_text().startswith(f"{os.getpid()}\n")
    assert not tmp_path.exists()


@WARNS
def test_a_mark_that_says_nothing_is_taken_over(tmp_path, no_flock):
    (tmp_path / files._MARK).touch()  # Its process was killed before it wrote who it is.
    with locked(tmp_path):
        assert (tmp_path / files._MARK).read_text().startswith(f"{os.getpid()}\n")


@WARNS
def test_a_mark_of_another_host_stays(tmp_path, no_flock):
    (tmp_path / files._MARK).write_text("17\nfar.example.org\n1234\n")
    with pytest.raises(BlockingIOError, match=r"process 17 of far\.example\.org holds it"):
        with locked(tmp_path, wait=False):
            pass
    assert (tmp_path / files._MARK).exists()


@WARNS
def test_what_the_living_write_is_spared_without_flock(tmp_path, no_flock):
    code = (
        f"with written_atomically(pathlib.Path({str(tmp_path / 'some.json')!r})) as path:\n"
        "    path.touch(); print(flush=True); time.sleep(60)"
    )
    with another_process(code) as process:
        remove_unfinished(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1
        process.kill()
        process.wait()
        remove_unfinished(tmp_path)
    assert not list(tmp_path.iterdir())
    with written_atomically(tmp_path / "some.json") as path:
        path.touch()
    assert [path.name for path in tmp_path.iterdir()] == ["some.json"]


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_lock_that_fails_for_another_reason(tmp_path, monkeypatch, number):
    monkeypatch.setattr(fcntl, "flock", refuse_flock(number))
    with pytest.raises(OSError, match=str(tmp_path)) as error, locked(tmp_path):
        pass
    assert error.value.errno == number


# Folders in the place of others.


@pytest.fixture
def folders(tmp_path):
    """A new folder, and the one that it is to replace."""
    for name in ("new", "1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content").write_text(name)
    return tmp_path / "new", tmp_path / "1"


def test_a_folder_is_replaced(folders):
    new, path = folders
    replace_folder(new, path)
    assert (path / "content").read_text() == "new"
    assert os.listdir(path.parent) == ["1"]
    with pytest.raises(FileNotFoundError):
        replace_folder(new, path)
    assert (path / "content").read_text() == "new", "there is no other to replace it"
    assert os.listdir(path.parent) == ["1"]
    shutil.copytree(path, new)
    shutil.rmtree(path)
    replace_folder(new, path)
    assert os.listdir(path.parent) == ["1"]


KILLED = """
import os, pathlib, shutil, sys
from jmvae_tf.runtime.files import replace_folder

left = int(sys.argv[3])

def dying(function):
    def called(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*arguments, **options)
    return called

pathlib.Path.rename = dying(pathlib.Path.rename)
shutil.rmtree = dying(shutil.rmtree)
replace_folder(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""


@pytest.mark.parametrize("steps", range(4))
def test_a_kill_between_two_steps_loses_no_folder(folders, steps):
    new, path = folders
    done = subprocess.run([sys.executable, "-c", KILLED, new, path, str(steps)], cwd=ROOT)
    assert done.returncode == (0 if steps == 3 else 9)
    restore_folder(path)
    assert (path / "content").read_text() == ("1" if steps < 2 else "new")
    assert not [name for name in os.listdir(path.parent) if name.startswith(".")]

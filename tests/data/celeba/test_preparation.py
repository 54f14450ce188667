"""Parts are made by several processes, once each, whatever stops these."""

import multiprocessing
import signal

import pytest

from jmvae_tf.data import work_in_parts
from jmvae_tf.data.celeba import (
    preparation,
    source_files,
)
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source, dying_worker
from tests.helpers.folders import contents
from tests.helpers.prepared_celeba import NUMBER


def preparation_of(source, folder):
    return preparation.Preparation(source, folder, OFFICIAL_ATTRIBUTES, 32, "center")


@pytest.mark.usefixtures("_small_parts")
def test_finished_parts_are_used_again(whole, tmp_path):
    folder = tmp_path / "parts"
    first = preparation_of(whole, folder)
    with first.locked():
        first.make(1)
        made = contents(folder)
        times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
        (folder / "part-00002.npz").unlink()
        (folder / ".writing-1").mkdir()
        (folder / ".writing-1" / "part-00002.npz").write_bytes(b"half")
    again = preparation_of(whole, folder)
    with again.locked():
        again.make(1)
    assert contents(folder) == made
    changed = {path.name for path in folder.iterdir() if path.stat().st_mtime_ns > times[path.name]}
    assert changed == {"part-00002.npz"}


@pytest.mark.usefixtures("_small_parts")
def test_parts_of_another_source_are_made_anew(source, tmp_path):
    folder = tmp_path / "parts"
    first = preparation_of(source, folder)
    with first.locked():
        first.make(1)
    for name in celeba_source.names(NUMBER):
        (source / source_files.FOLDER / name).write_bytes(b"")
    again = preparation_of(source, folder)
    with again.locked():
        again.make(1)
    assert again.report()["refused"]["unreadable"] == NUMBER


@pytest.mark.usefixtures("_small_parts")
def test_death_of_a_worker_is_one_line_and_what_is_done_is_kept(whole, tmp_path, monkeypatch):
    made = preparation_of(whole, tmp_path / "parts")
    monkeypatch.setattr(work_in_parts, "write_part", dying_worker.write_part)
    with made.locked(), pytest.raises(UserError, match="the sudden end of one; free memory"):
        made.make(2)
    assert not multiprocessing.active_children()
    assert (tmp_path / "parts" / "part-00000.npz").is_file()
    assert not (tmp_path / "parts" / "part-00006.npz").exists()
    monkeypatch.undo()
    with made.locked():
        made.make(2)
    assert made.report()["kept"] == NUMBER


@pytest.mark.usefixtures("_small_parts")
def test_interrupt_ends_the_workers_at_once(whole, tmp_path, monkeypatch):
    made = preparation_of(whole, tmp_path / "parts")

    def interrupt(progress, number):
        raise KeyboardInterrupt(signal.SIGTERM)

    monkeypatch.setattr(work_in_parts, "write_part", dying_worker.write_and_sleep)
    monkeypatch.setattr(work_in_parts.PartProgress, "update", interrupt)
    with made.locked(), pytest.raises(KeyboardInterrupt):
        made.make(2)
    assert not multiprocessing.active_children()
    assert [path.name for path in (tmp_path / "parts").glob("part*")] == ["part-00000.npz"]


def test_only_one_process_prepares(whole, tmp_path):
    one, other = (preparation_of(whole, tmp_path / "parts") for _ in range(2))
    with one.locked(), pytest.raises(UserError, match="where another is at work"), other.locked():
        pass


@pytest.mark.usefixtures("_small_parts")
def test_only_parts_of_another_source_are_removed(whole, tmp_path):
    folder = tmp_path / "parts"
    (folder / "mine").mkdir(parents=True)
    (folder / ".writing-x").symlink_to(folder / "mine")
    (folder / "part-00099.npz").symlink_to(folder / "notes.txt")
    for name in ("notes.txt", "part-00001.npz.copy", "mine/more.txt"):
        (folder / name).write_text("mine")
    made = preparation_of(whole, folder)
    with made.locked():
        made.make(1)
    assert not (folder / "part-00099.npz").is_symlink()
    for name in ("notes.txt", "part-00001.npz.copy", "mine/more.txt", ".writing-x/more.txt"):
        assert (folder / name).read_text() == "mine"

"""Tests of the preparation of CelebA: its parts, the data set of TFDS and bin/prepare_celeba."""

import errno
import json
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

from jmvae_tf.data import face_crop, image_limits
from jmvae_tf.data.celeba import (
    preparation,
    prepared_faces,
    source_files,
    source_images,
    tfds_builder,
    worker,
)
from jmvae_tf.data.celeba.parts import Outcome, Part
from jmvae_tf.data.celeba.prepare import prepare_faces
from jmvae_tf.data.face_crop import Refusal
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.programs.prepare_celeba import describe
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source, dying_worker
from tests.helpers.folders import contents
from tests.helpers.foreign_modules import put_foreign_modules
from tests.helpers.paths import ROOT
from tests.helpers.programs import command, mistake, start

NUMBER = 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small source, to be read only."""
    return celeba_source.write(tmp_path_factory.mktemp("celeba"), NUMBER)


@pytest.fixture
def source(whole, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(whole, tmp_path / "source")


def prepare(source, data_dir, processes=1, **options):
    return prepare_faces(source, data_dir, 32, "center", processes, **options)


def prepared(data_dir):
    return tfds_builder.folder_of(data_dir, 32, "center")


@pytest.fixture(scope="module")
def data_dir(whole, tmp_path_factory):
    """What one process makes of the small source, to be read only."""
    folder = tmp_path_factory.mktemp("data")
    prepare(whole, folder)
    return folder


# One image.


@pytest.mark.parametrize("refusal", Refusal)
def test_refusals_become_outcomes(whole, monkeypatch, refusal):
    monkeypatch.setattr(face_crop, "crop_face", lambda image, size: refusal)
    part = worker.make_part(source_images.open_images(whole), ["000001.jpg"], 32, "face")
    assert [outcome.value for outcome in part.outcomes] == [refusal.value]
    assert not part.faces


def test_faces_are_cut_and_kept_without_loss(whole, monkeypatch, rng):
    face = rng.integers(0, 256, (32, 32, 3), np.uint8)
    monkeypatch.setattr(face_crop, "crop_face", lambda image, size: face)
    part = worker.make_part(source_images.open_images(whole), ["000001.jpg"], 32, "face")
    assert part.outcomes == (Outcome.KEPT,)
    decoded = cv2.imdecode(np.frombuffer(part.faces[0], np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(decoded, face)


def test_centre_square_is_resized(whole):
    part = worker.make_part(source_images.open_images(whole), ["000003.jpg"], 64, "center")
    decoded = cv2.imdecode(np.frombuffer(part.faces[0], np.uint8), cv2.IMREAD_COLOR_RGB)
    expected = cv2.resize(
        celeba_source.draw(2)[20:198], (64, 64), interpolation=cv2.INTER_AREA
    ).astype(int)
    assert np.abs(decoded - expected).mean() < 4, "but for the JPEG file's losses"


def test_broken_images_are_told_from_missing_ones(source):
    images = source / source_files.FOLDER
    whole = (images / "000001.jpg").read_bytes()
    (images / "000001.jpg").write_bytes(whole[: len(whole) // 2])
    (images / "000002.jpg").write_bytes(b"")
    (images / "000003.jpg").write_bytes(b"no image" + b"\xff\xd9")
    (images / "000004.jpg").unlink()
    names = celeba_source.names(5)
    part = worker.make_part(source_images.open_images(source), names, 32, "center")
    assert part.outcomes == (*[Outcome.UNREADABLE] * 3, Outcome.NO_IMAGE, Outcome.KEPT)


def test_damaged_entry_of_a_zip_is_unreadable(source):
    path = celeba_source.zip_images(source)
    content = path.read_bytes()
    image = (source / source_files.FOLDER / "000002.jpg").read_bytes()
    path.write_bytes(content.replace(image, image[:-9] + bytes(7) + image[-2:]))
    part = worker.make_part(source_images.open_images(source), celeba_source.names(2), 32, "center")
    assert part.outcomes == (Outcome.KEPT, Outcome.UNREADABLE)


def png_header(width, height):
    size = struct.pack(">II", width, height)
    header = b"IHDR" + size + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))


def jpeg_of_size(image, width, height):
    place = image.index(b"\xff\xc0") + 5
    return image[:place] + struct.pack(">HH", height, width) + image[place + 4 :]


HOSTILE = {
    "large PNG": lambda image: png_header(40_000, 40_000),
    "large JPEG": lambda image: jpeg_of_size(image, 40_000, 40_000),
    "high JPEG": lambda image: jpeg_of_size(image, 10, 65_500),
    "cut PNG": lambda image: png_header(8, 8),
    "GIF": lambda image: b"GIF89a" + bytes(20),
    "too long": lambda image: image + bytes(image_limits.MOST_BYTES),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_image_is_unreadable(source, make):
    path = source / source_files.FOLDER / "000001.jpg"
    path.write_bytes(make(path.read_bytes()))
    assert outcomes(source, 2) == (Outcome.UNREADABLE, Outcome.KEPT)


def outcomes(source, number):
    images = source_images.open_images(source)
    images.fingerprint()
    return worker.make_part(images, celeba_source.names(number), 32, "center").outcomes


IRREGULAR = {
    "pipe": lambda path: os.mkfifo(path),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to(path.name),
    "folder": lambda path: path.mkdir(),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(os.path.relpath(path)),
}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("make", IRREGULAR.values(), ids=IRREGULAR)
def test_what_is_no_file_is_unreadable(source, monkeypatch, make):
    monkeypatch.chdir(source)
    path = source / source_files.FOLDER / "000001.jpg"
    path.unlink()
    make(path)
    assert outcomes(source, 2) == (Outcome.UNREADABLE, Outcome.KEPT)


def test_bad_entries_of_a_zip_are_unreadable(source):
    """Encrypted, compressed in unusual and unknown ways, bombs, and links."""
    path = celeba_source.zip_images(source)
    one = (source / source_files.FOLDER / "000001.jpg").read_bytes()
    link = zipfile.ZipInfo("000006.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind in zip(
            celeba_source.names(4),
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2),
            strict=True,
        ):
            archive.writestr(name, one, kind)
        archive.writestr("000005.jpg", one + bytes(2**25), zipfile.ZIP_DEFLATED)
        archive.writestr(link, "/dev/zero")
        archive.writestr("000007.jpg", one)
        archive.writestr("000008.jpg", one)
        archive.writestr("000009.jpg", one)
        archive.writestr("000010.jpg", one + bytes(2**26), zipfile.ZIP_DEFLATED)
        archive.infolist()[6].flag_bits |= 1  # Encrypted.
        archive.infolist()[7].compress_type = 99
        archive.infolist()[8].header_offset = 2**40
        archive.infolist()[9].file_size = 10
    kept, unreadable = Outcome.KEPT, Outcome.UNREADABLE
    tracemalloc.start()
    assert outcomes(source, 10) == (kept, kept, *[unreadable] * 8)
    assert tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


def test_part_is_read_back(tmp_path):
    part = Part((Outcome.KEPT, Outcome.NO_FACE, Outcome.KEPT), (b"one", b"three"))
    part.write(tmp_path / "part.npz")
    assert Part.read(tmp_path / "part.npz") == part


@pytest.mark.parametrize("cut", [0, 30, -5])
def test_damaged_part_is_named(tmp_path, cut):
    path = tmp_path / "part.npz"
    Part((Outcome.KEPT,), (b"one",)).write(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"must be whole; received \S*part.npz: .*; remove it"):
        Part.read(path)


def test_workers_import_no_tensorflow():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, jmvae_tf.data.celeba.worker; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cv2" in done.stdout.split()
    assert "tensorflow" not in done.stdout.split()


# All images.


def test_data_set_is_read_back_with_tfds(data_dir):
    builder = tfds.builder_from_directory(prepared(data_dir))
    assert list(builder.info.metadata["attribute_names"]) == list(OFFICIAL_ATTRIBUTES)
    assert str(builder.version) == "1.0.0"
    start = 0
    for partition, (split, number) in enumerate({"train": 16, "validation": 2, "test": 2}.items()):
        examples = list(builder.as_data_source(split=split))
        assert len(examples) == number
        for index, example in enumerate(examples, start=start):
            assert example["file_name"].decode() == celeba_source.names(NUMBER)[index]
            np.testing.assert_array_equal(
                example["attributes"], celeba_source.attributes(NUMBER)[index]
            )
            assert example["partition"] == partition
            assert (example["image"].shape, example["image"].dtype) == ((32, 32, 3), np.uint8)
        start += number


def test_parts_are_removed_and_nothing_else_is_left(data_dir):
    names = {path.name for path in (data_dir / "celeba_faces").iterdir()}
    assert names - {".config"} == {"center_32"}
    assert {path.name for path in data_dir.iterdir()} == {"celeba_faces"}
    assert not list(prepared(data_dir).parent.glob("incomplete*"))


@pytest.fixture
def _small_parts(monkeypatch):
    monkeypatch.setattr(preparation, "PART_SIZE", 3)


def examples(data_dir):
    """All examples in their order, images as they are encoded."""
    builder = tfds.builder_from_directory(prepared(data_dir))
    source = builder.as_data_source(decoders={"image": tfds.decode.SkipDecoding()})
    return {
        split: [
            (example["file_name"], example["image"], example["attributes"].tobytes())
            for example in part
        ]
        for split, part in source.items()
    }


@pytest.mark.usefixtures("_small_parts")
def test_number_of_processes_and_size_of_parts_do_not_matter(whole, data_dir, tmp_path):
    prepare(whole, tmp_path, processes=2)
    assert examples(tmp_path) == examples(data_dir)
    assert contents(prepared(tmp_path)).keys() == contents(prepared(data_dir)).keys()


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
    monkeypatch.setattr(worker, "write_part", dying_worker.write_part)
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

    monkeypatch.setattr(worker, "write_part", dying_worker.write_and_sleep)
    monkeypatch.setattr(preparation._Progress, "update", interrupt)
    with made.locked(), pytest.raises(KeyboardInterrupt):
        made.make(2)
    assert not multiprocessing.active_children()
    assert [path.name for path in (tmp_path / "parts").glob("part*")] == ["part-00000.npz"]


def test_only_one_process_prepares(whole, tmp_path):
    one, other = (preparation_of(whole, tmp_path / "parts") for _ in range(2))
    with one.locked(), pytest.raises(UserError, match="where another is at work"), other.locked():
        pass


@pytest.mark.parametrize("place", ["parts-center_32", "center_32", "center_32/1.0.0"])
def test_links_of_a_data_directory_are_not_followed(whole, tmp_path, place):
    home = tmp_path / "home"
    (home / "incomplete.thesis").mkdir(parents=True)
    (home / "notes.txt").write_text("mine")
    before = contents(home)
    link = tmp_path / "data" / "celeba_faces" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(home)
    with pytest.raises(UserError, match=r"in folders, no links; received .*; remove the link"):
        prepare_faces(whole, tmp_path / "data", 32, "center", processes=1)
    assert contents(home) == before
    assert (home / "incomplete.thesis").is_dir()


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


def test_report_counts_and_names(source, tmp_path):
    images = source / source_files.FOLDER
    (images / "000001.jpg").write_bytes(b"")
    (images / "000002.jpg").unlink()
    shutil.copy(images / "000003.jpg", images / "stray.jpg")
    report = prepare(source, tmp_path / "data")
    assert json.loads((prepared(tmp_path / "data") / "preparation.json").read_text()) == report
    assert report["kept"] == NUMBER - 2
    assert report["refused"] == {
        "no face": 0,
        "box outside": 0,
        "too small": 0,
        "unreadable": 1,
        "no attribute row": 1,
        "row without image": 1,
    }
    assert report["files"]["unreadable"] == ["000001.jpg"]
    assert report["files"]["no attribute row"] == ["stray.jpg"]
    assert report["files"]["row without image"] == ["000002.jpg"]
    assert "no face" not in report["files"]
    text = describe(report)
    assert "kept                   18 of 21 (85.7%)" in text
    assert "unreadable              1  000001.jpg" in text


def test_names_of_files_do_not_steer_the_terminal():
    names = ["\x1b[2J.jpg", "\r", "\u202egpj"]
    text = describe({"kept": 1, "refused": {"unreadable": 3}, "files": {"unreadable": names}})
    assert all(line.isprintable() for line in text.split("\n"))


def test_prepared_once(whole, data_dir):
    before = contents(data_dir)
    report = prepare(whole, data_dir)
    assert report["kept"] == NUMBER
    assert contents(data_dir) == before


def test_other_source_needs_overwrite(source, data_dir, tmp_path):
    data = shutil.copytree(data_dir, tmp_path / "data")
    (source / source_files.FOLDER / "000001.jpg").unlink()
    with pytest.raises(UserError, match="prepared from another than"):
        prepare(source, data)
    assert contents(data) == contents(data_dir)
    assert prepare(source, data, overwrite=True)["kept"] == NUMBER - 1
    assert len(tfds.builder_from_directory(prepared(data)).as_data_source("train")) == 15


@pytest.mark.parametrize(
    "report",
    [
        "",
        "[]",
        "{}",
        '{"source": SOURCE, "kept": 0, "refused": {}, "files": {}}',
        '{"source": SOURCE, "kept": "9", "refused": {}, "files": {}}',
        '{"source": SOURCE, "kept": 9, "refused": {"x": null}, "files": {}}',
        '{"source": SOURCE, "kept": 9, "refused": {}, "files": {"unreadable": [1]}}',
    ],
)
def test_damaged_report(whole, data_dir, tmp_path, report):
    data = shutil.copytree(data_dir, tmp_path / "data")
    path = prepared(data) / "preparation.json"
    source = json.dumps(json.loads(path.read_text())["source"])
    path.write_text(report.replace("SOURCE", source))
    with pytest.raises(UserError, match="prepared from another than"):
        prepare(whole, data)


def test_source_without_any_face(source, tmp_path):
    for name in celeba_source.names(NUMBER):
        (source / source_files.FOLDER / name).write_bytes(b"")
    with pytest.raises(UserError, match="must be found; received none in 20 images"):
        prepare(source, tmp_path / "data")


def test_partition_without_faces_is_no_split(source, tmp_path):
    for name in celeba_source.names(NUMBER)[16:18]:
        (source / source_files.FOLDER / name).unlink()
    prepare(source, tmp_path / "data")
    assert set(tfds.builder_from_directory(prepared(tmp_path / "data")).info.splits) == {
        "train",
        "test",
    }


def test_disk_that_is_too_small_is_told_before_writing(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 0, 9))
    with pytest.raises(OSError, match="are needed and 9 are free") as raised:
        prepare(whole, tmp_path)
    assert raised.value.errno == errno.ENOSPC
    assert not prepared(tmp_path).exists()


@pytest.mark.parametrize("limit", [2_000, 20_000], ids=["part", "data set"])
def test_disk_that_fills_up_leaves_nothing_half_written(whole, tmp_path, limit):
    # A part of all images is of about 12 kB, a shard of an ArrayRecord of 64 kB and more.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            prepare(whole, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not prepared_faces.is_prepared(prepared(tmp_path))
    assert prepare(whole, tmp_path)["kept"] == NUMBER


# The program.


def test_help_answers_without_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    done = start(
        tmp_path, "prepare_celeba", "--help", env=os.environ | {"PYTHONPATH": str(tmp_path)}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--source" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "received no --source"),
        (["--source=x", "--processes=0"], "received --processes=0"),
        (["--source=x", "--image_size=65"], "32, 64 or 128; received --image_size=65"),
        (["--source=x", "--crop=nose"], "face or center; received --crop=nose"),
        (["--source=x"], "received x without img_align_celeba.zip"),
    ],
)
def test_mistakes_of_users(tmp_path, arguments, message):
    assert message in mistake(start(tmp_path, "prepare_celeba", *arguments))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_program_prepares_and_says_what_it_kept(whole, tmp_path):
    done = start(
        tmp_path, "prepare_celeba", f"--source={whole}", "--crop=center", "--image_size=32"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 of 20 images\n" in done.stdout
    assert "20 of 20 (100.0%)" in done.stdout
    assert (tmp_path / "data/celeba_faces/center_32/1.0.0/preparation.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("path", [None, ".", "{checkout}:"])
def test_programs_and_workers_import_nothing_from_where_they_are(whole, tmp_path, path):
    checkout, cwd = tmp_path / "checkout", tmp_path / "cwd"
    for name in ("bin", "jmvae_tf"):
        shutil.copytree(ROOT / name, checkout / name)
    for name in ("requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / name, checkout)
    for place in (cwd, checkout, checkout / "bin"):
        put_foreign_modules(place, tmp_path / "mark")
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = path.format(checkout=checkout)
    done = subprocess.run(
        [sys.executable, checkout / "bin" / "prepare_celeba", f"--source={whole}", "--crop=center"],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 of 20 (100.0%)" in done.stdout
    assert not (tmp_path / "mark").exists()


@pytest.mark.slow
@pytest.mark.parametrize("group", [True, False], ids=["all", "one"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_preparation_goes_on(tmp_path, signum, group):
    """Whether all its processes are told so or only the first, whose end is that of the others."""
    source = celeba_source.write(tmp_path / "source", 3000)
    arguments = [f"--source={source}", "--crop=center", "--image_size=32", "--processes=2"]
    assert start(tmp_path, "prepare_celeba", *arguments, "--data_dir=whole").returncode == 0
    process = subprocess.Popen(
        command("prepare_celeba", *arguments, "--data_dir=killed"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    (os.killpg if group else os.kill)(process.pid, signum)
    # It returns when no process is left that could write.
    _, error = process.communicate(timeout=60)
    assert not prepared(tmp_path / "killed").exists()
    assert list((tmp_path / "killed").rglob("part-*.npz"))
    if signum != signal.SIGKILL:
        assert process.returncode == 128 + signum
        assert error == (
            "interrupted: what is done is kept; go on with bin/prepare_celeba "
            f"{' '.join([arguments[0], '--data_dir=killed', *reversed(arguments[1:3])])} "
            "--processes=2\n"
        )
    done = start(tmp_path, "prepare_celeba", *arguments, "--data_dir=killed")
    assert done.returncode == 0
    assert examples(tmp_path / "killed") == examples(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "partition", "split", "told"),
    [
        (20, 0, "official", "The test part of celeba must have at least 2 examples; received 0 by"),
        (20, 1, "official", "The train part of celeba must have at least 1 example; received 0 by"),
        (20, 2, "official", "The train part of celeba must have at least 1 example; received 0 by"),
        (4, 0, "paper", "The test part of celeba must have at least 2 examples; received 0 by"),
        (10, 0, "paper", "The test part of celeba must have at least 2 examples; received 1 by"),
    ],
)
def test_faces_that_leave_no_part_to_train_or_test_on(tmp_path, number, partition, split, told):
    """Training refuses them before it makes a folder."""
    folder = celeba_source.write(tmp_path / "data", number)
    names = celeba_source.names(number)
    (folder / source_files.PARTITIONS_FILE).write_text("".join(f"{x} {partition}\n" for x in names))
    flags = [
        "--data=celeba",
        f"--split={split}",
        "--crop=center",
        "--epochs=1",
        "--warmup_epochs=0",
    ]
    assert told in mistake(start(tmp_path, "train", *flags, "--batch_size=2"))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]

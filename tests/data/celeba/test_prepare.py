"""The official files become a data set of TFDS, once, and what was refused is reported."""

import errno
import json
import os
import resource
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from jmvae_tf.data.celeba import (
    prepared_faces,
    source_files,
)
from jmvae_tf.data.celeba.prepare import prepare_faces
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.programs.tasks.face_preparation import describe
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source
from tests.helpers.folders import contents
from tests.helpers.prepared_celeba import NUMBER, examples, prepare, prepared


@pytest.fixture(scope="module")
def data_dir(whole, tmp_path_factory):
    """What one process makes of the small source, to be read only."""
    folder = tmp_path_factory.mktemp("data")
    prepare(whole, folder)
    return folder


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


@pytest.mark.usefixtures("_small_parts")
def test_number_of_processes_and_size_of_parts_do_not_matter(whole, data_dir, tmp_path):
    prepare(whole, tmp_path, processes=2)
    assert examples(tmp_path) == examples(data_dir)
    assert contents(prepared(tmp_path)).keys() == contents(prepared(data_dir)).keys()


@pytest.mark.parametrize("place", ["parts-center_32", "center_32", "center_32/1.0.0"])
def test_links_of_a_data_directory_are_not_followed(whole, tmp_path, place):
    home = tmp_path / "home"
    (home / "incomplete.thesis").mkdir(parents=True)
    (home / "notes.txt").write_text("mine")
    before = contents(home)
    link = tmp_path / "data" / "celeba_faces" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(home)
    with pytest.raises(UserError, match=r"in folders, not in links; received .*; remove the link"):
        prepare_faces(whole, tmp_path / "data", 32, "center", processes=1)
    assert contents(home) == before
    assert (home / "incomplete.thesis").is_dir()


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

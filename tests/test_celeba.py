"""Tests of CelebA as a data set."""

import os
import shutil
import urllib.error
import urllib.request

import numpy as np
import pytest
import tensorflow_datasets as tfds

from jmvae_tf import data
from jmvae_tf.data import celeba, celeba_builder, celeba_download, celeba_files
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.errors import UserError
from tests import celeba_source

NUMBER = 20
OPTIONS = {"split": "official", "image_size": 32, "crop": "center"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Prepared faces alone, to be read only."""
    source = celeba_source.write(tmp_path_factory.mktemp("source"), NUMBER)
    folder = tmp_path_factory.mktemp("data")
    celeba_builder.prepare(source, folder, 32, "center", processes=1)
    return folder


def test_modalities_are_known_without_files():
    modalities = data.modalities("celeba", {**OPTIONS, "image_size": 128})
    assert modalities["image"].event_shape == (128, 128, 3)
    assert modalities["attributes"].value_names == OFFICIAL_ATTRIBUTES


def test_official_split(data_dir):
    loaded = data.load("celeba", data_dir, OPTIONS)
    start = 0
    for part, number in {"train": 16, "validation": 2, "test": 2}.items():
        arrays = getattr(loaded, part)
        assert arrays["image"].shape == (number, 32, 32, 3)
        assert arrays["image"].dtype == np.uint8
        np.testing.assert_array_equal(
            arrays["attributes"], celeba_source.attributes(NUMBER)[start : start + number]
        )
        start += number
    prepared = loaded.prepare({name: array[:3] for name, array in loaded.train.items()})
    # The corner's colours of the first drawings, red first, but for the JPEG file's losses.
    corners = prepared["image"][:, 0, 0].numpy() * 255
    np.testing.assert_allclose(corners, [[0, 40, 200], [7, 40, 200], [14, 40, 200]], atol=4)


def test_paper_split_holds_every_face_once(data_dir):
    loaded = data.load("celeba", data_dir, {**OPTIONS, "split": "paper"})
    numbers = {part: loaded.num_examples(part) for part in ("train", "validation", "test")}
    assert numbers == {"train": 18, "validation": 0, "test": 2}
    attributes = np.concatenate([loaded.train["attributes"], loaded.test["attributes"]])
    expected = celeba_source.attributes(NUMBER)
    assert sorted(map(tuple, attributes)) == sorted(map(tuple, expected))


def test_division_of_the_paper():
    names = [f"{number:06d}.jpg" for number in range(10_000)]
    parts = celeba.divide_as_in_paper(names)
    assert {part: len(rows) for part, rows in parts.items()} == {
        "train": 8820,
        "validation": 180,
        "test": 1000,
    }
    assert sorted(np.concatenate(list(parts.values()))) == list(range(10_000))
    # It is the same for ever.
    assert parts["test"][:5].tolist() == [1, 47, 59, 76, 92]
    # A face that is refused hardly moves the others.
    fewer = celeba.divide_as_in_paper(names[1:])
    tested = {names[row] for row in parts["test"]}
    assert len(tested ^ {names[1:][row] for row in fewer["test"]}) <= 2


@pytest.mark.parametrize("split", ["official", "paper"])
def test_streamed_images_are_those_in_memory(data_dir, monkeypatch, split):
    options = {**OPTIONS, "split": split}
    whole = data.load("celeba", data_dir, options)
    monkeypatch.setattr(celeba, "available_memory", lambda: 2 * 20 * 32 * 32 * 3)
    streamed = data.load("celeba", data_dir, options)
    for part in ("train", "test"):
        images = getattr(streamed, part)["image"]
        expected = getattr(whole, part)["image"]
        assert isinstance(expected, np.ndarray)
        assert isinstance(images, celeba.StoredImages)
        assert (images.shape, images.dtype) == (expected.shape, expected.dtype)
        assert len(images) == len(expected)
        np.testing.assert_array_equal(images[np.arange(len(images))], expected)
        np.testing.assert_array_equal(images[np.array([1, 0, 1])], expected[[1, 0, 1]])
        assert images[np.array([], np.int64)].shape == (0, 32, 32, 3)
        np.testing.assert_array_equal(
            getattr(streamed, part)["attributes"], getattr(whole, part)["attributes"]
        )


def test_available_memory_is_that_of_a_computer():
    assert 2**26 < celeba.available_memory() < 2**50


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("split", "authors", "splits paper and official; received --split=authors"),
        ("image_size", 65, "must be 32, 64 or 128; received --image_size=65"),
        ("crop", "nose", "must be face or center; received --crop=nose"),
    ],
)
def test_unknown_options(tmp_path, option, value, message):
    with pytest.raises(UserError, match=message):
        data.load("celeba", tmp_path, {**OPTIONS, option: value})


def test_official_files_are_prepared_first(tmp_path, capsys):
    celeba_source.write(tmp_path / "data", NUMBER)
    loaded = data.load("celeba", tmp_path / "data", OPTIONS)
    assert loaded.num_examples("train") == 16
    assert "prepared once" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "data" / celeba_files.FOLDER)
    assert data.load("celeba", tmp_path / "data", OPTIONS).num_examples("train") == 16
    assert capsys.readouterr().out == ""


def test_official_files_in_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    celeba_source.write(tmp_path / "data", NUMBER)

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", "data/celeba_faces")

    monkeypatch.setattr(celeba_builder, "prepare", refuse)
    message = r"received data/celeba_faces: Permission denied; run bin/prepare_celeba --source="
    with pytest.raises(UserError, match=message):
        data.load("celeba", tmp_path / "data", OPTIONS)


def test_some_of_the_official_files(tmp_path):
    source = celeba_source.write(tmp_path / "data", NUMBER)
    (source / celeba_files.PARTITIONS).unlink()
    with pytest.raises(UserError, match=r"received \S*data without list_eval_partition.txt;"):
        data.load("celeba", source, OPTIONS)


def test_without_files_and_network_it_says_at_once_what_to_fetch(tmp_path, monkeypatch):
    asked = []

    def refuse(request, timeout):
        asked.append(timeout)
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    message = (
        r"no answer from https://\S* \(.*no network.*\); fetch img_align_celeba.zip, "
        rf"list_attr_celeba.txt and list_eval_partition.txt by hand and put them into {tmp_path}$"
    )
    with pytest.raises(UserError, match=message):
        data.load("celeba", tmp_path, OPTIONS)
    assert len(asked) == 1, "nothing is tried twice"
    assert asked[0] <= 10, "seconds"
    assert not os.listdir(tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_of_tensorflow_datasets(tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: open(os.devnull))
    with tfds.testing.mock_data(num_examples=10):
        celeba_download.fetch(tmp_path)
    monkeypatch.undo()
    loaded = data.load("celeba", tmp_path, OPTIONS)
    assert [loaded.num_examples(part) for part in ("train", "validation", "test")] == [10, 10, 10]
    assert set(np.unique(loaded.train["attributes"])) == {-1, 1}

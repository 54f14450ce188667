"""Tests of the drawn faces: their attributes, their looks, and CelebA's files made of them."""

import pathlib
import re
import zipfile

import cv2
import numpy as np
import pytest

from jmvae_tf.data import faces, registry
from jmvae_tf.data.celeba import source_files, source_images, source_lists
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.data.toyfaces.loading import ATTRIBUTES
from jmvae_tf.evaluation.metrics.sharpness import detail_where_empty
from jmvae_tf.runtime.errors import UserError
from tests.helpers import toyfaces_files


def vector(*names):
    """The attributes of a face that has those named and no other."""
    return np.where(np.isin(ATTRIBUTES, names), 1, -1).astype(np.int8)


@pytest.fixture
def few_examples(monkeypatch):
    monkeypatch.setattr(toyfaces, "NUM_EXAMPLES", {"train": 12, "validation": 5, "test": 7})


def test_the_three_parts_have_faces_of_their_own(few_examples):
    loaded = toyfaces.load(pathlib.Path("unused"), split="paper")
    assert [loaded.num_examples(part) for part in ("train", "validation", "test")] == [12, 5, 7]
    assert loaded.train["image"].dtype == np.uint8
    assert loaded.train["image"].shape == (12, 64, 64, 3)
    assert loaded.train["attributes"].dtype == np.int8
    assert loaded.train["attributes"].shape == (12, len(ATTRIBUTES))
    for part in (loaded.validation, loaded.test):
        for image in part["image"]:
            assert not (image == loaded.train["image"]).all(axis=(1, 2, 3)).any()


def test_stored_bytes_become_values_from_0_to_1(few_examples):
    loaded = toyfaces.load(pathlib.Path("unused"), split="paper")
    prepared = {name: x.numpy() for name, x in loaded.prepare(loaded.test).items()}
    np.testing.assert_array_equal(prepared["image"], loaded.test["image"] / np.float32(255))
    np.testing.assert_array_equal(prepared["attributes"], loaded.test["attributes"])
    assert {x.dtype for x in prepared.values()} == {np.dtype(np.float32)}


def test_modalities_have_celebas_names(few_examples):
    modalities = toyfaces.load(pathlib.Path("unused"), split="paper").modalities
    assert list(modalities) == ["image", "attributes"]
    assert modalities["image"].event_shape == (64, 64, 3)
    assert modalities["image"].standardised
    assert modalities["attributes"].value_names == ATTRIBUTES
    assert [x for x in faces.OFFICIAL_ATTRIBUTES if x in ATTRIBUTES] == list(ATTRIBUTES)


def test_unknown_split():
    with pytest.raises(
        UserError, match=r"--split of toyfaces must be paper; received --split=official;"
    ):
        registry.load("toyfaces", pathlib.Path("unused"), {"split": "official"})


def test_a_face_follows_from_seed_and_index_alone():
    few, more = toyfaces.examples(3, seed=4), toyfaces.examples(9, seed=4)
    others = toyfaces.examples(3, seed=5)
    for name in ("image", "attributes"):
        np.testing.assert_array_equal(few[name], more[name][:3])
        assert not np.array_equal(few[name], others[name])


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_attribute_shows_and_changes_nothing_else(name):
    # On red hair, which is no attribute, so that hair colours show too.
    number = 20
    without = toyfaces.redraw(np.tile(vector(), (number, 1)), seed=3).astype(int)
    with_it = toyfaces.redraw(np.tile(vector(name), (number, 1)), seed=3).astype(int)
    difference = np.abs(with_it - without).max(axis=3)
    changed = (difference > 40).sum(axis=(1, 2))
    assert changed.min() >= 15, "too small to be seen"
    assert (difference > 0).mean() < 0.5
    corners = difference[:, [0, 0], [0, 63]]
    assert not corners.any(), "the background must stay"


def test_nothing_reaches_the_empty_corners():
    empty, number = toyfaces.empty_corners(), 20
    names = (), ("Bald",), ("Bangs", "Wearing_Earrings"), ("Wearing_Hat",)
    bare, *others = (
        toyfaces.redraw(np.tile(vector(*each), (number, 1)), seed=3)[:, empty] for each in names
    )
    for other in others:
        np.testing.assert_array_equal(other, bare)
    images = toyfaces.examples(number, seed=2)["image"] / 255
    assert detail_where_empty(images, empty).mean() < 1.5, "fading is all that is there"


def test_one_vector_has_faces_as_different_as_the_whole_set_has():
    whole = toyfaces.examples(300, seed=8)
    within = [
        toyfaces.redraw(np.tile(row, (60, 1)), seed=9).astype(float).var(axis=0).mean()
        for row in whole["attributes"][:10]
    ]
    assert np.mean(within) > 0.5 * whole["image"].astype(float).var(axis=0).mean()


@pytest.mark.slow
def test_attributes_cannot_be_read_off_the_nearest_neighbours():
    train, test = toyfaces.examples(10_000, seed=0), toyfaces.examples(500, seed=2)
    known, asked = (
        part["image"].reshape(len(part["image"]), -1).astype(np.float32) for part in (train, test)
    )
    distances = (known**2).sum(axis=1) - 2 * asked @ known.T
    nearest = np.argpartition(distances, 3, axis=1)[:, :3]
    read = train["attributes"][nearest].sum(axis=1) > 0
    truth = test["attributes"] > 0
    right = [
        (read[truth[:, i], i].mean() + (~read[~truth[:, i], i]).mean()) / 2
        for i in range(len(ATTRIBUTES))
    ]
    assert np.mean(right) < 0.97


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (np.ones((2, 3)), "shape [number, 18]. Received: shape (2, 3)"),
        (np.ones(len(ATTRIBUTES)), "shape [number, 18]. Received: shape (18,)"),
        (np.zeros((1, len(ATTRIBUTES))), "-1 or 1. Received: [0.]"),
    ],
)
def test_what_are_no_attributes_is_not_drawn(attributes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        toyfaces.redraw(attributes, seed=0)


def test_a_larger_drawing_shows_the_same_face_in_its_centre_square():
    attributes = toyfaces.sample_attributes(6, seed=1)
    large = toyfaces.drawings(attributes, 1, size=178, margin=20)
    for small, drawing in zip(toyfaces.redraw(attributes, 1), large, strict=True):
        assert drawing.shape == (218, 178, 3)
        square = cv2.resize(drawing[20:-20], (64, 64), interpolation=cv2.INTER_AREA)
        assert np.abs(square.astype(int) - small).mean() < 4


@pytest.mark.parametrize("zipped", [True, False])
def test_celeba_s_files_are_read_back(tmp_path, zipped):
    toyfaces_files.write(tmp_path, 20, seed=6, zipped=zipped)
    assert not source_files.missing(tmp_path)
    lists = source_lists.read_lists(tmp_path, faces.OFFICIAL_ATTRIBUTES)
    assert lists.names[0] == "000001.jpg"
    assert np.bincount(lists.partitions).tolist() == [16, 2, 2]
    drawn = toyfaces.examples(20, seed=6)
    for index, name in enumerate(faces.OFFICIAL_ATTRIBUTES):
        expected = drawn["attributes"][:, ATTRIBUTES.index(name)] if name in ATTRIBUTES else -1
        np.testing.assert_array_equal(lists.attributes[:, index], np.broadcast_to(expected, 20))
    images = source_images.open_images(tmp_path)
    assert images.names == set(lists.names)
    for name, image in zip(lists.names, drawn["image"], strict=True):
        read = cv2.imdecode(np.frombuffer(images.read(name), np.uint8), cv2.IMREAD_COLOR)
        assert read.shape == (218, 178, 3)
        square = cv2.resize(read[20:-20, :, ::-1], (64, 64), interpolation=cv2.INTER_AREA)
        assert np.abs(square.astype(int) - image).mean() < 5


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for folder in ("one", "other"):
        toyfaces_files.write(tmp_path / folder, 3, seed=6)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        source_files.ZIP,
        source_files.ATTRIBUTES_FILE,
        source_files.PARTITIONS_FILE,
    ]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_what_breaks_off_leaves_nothing_that_is_taken_for_celeba(tmp_path, monkeypatch):
    def fails(*arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", fails)
    with pytest.raises(OSError, match="No space left"):
        toyfaces_files.write(tmp_path, 3, seed=6)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_images_is_not_overwritten(tmp_path):
    toyfaces_files.write(tmp_path, 2, seed=6, zipped=False)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OSError, match="not empty"):
        toyfaces_files.write(tmp_path, 3, seed=6, zipped=False)
    assert sorted(tmp_path.rglob("*")) == before

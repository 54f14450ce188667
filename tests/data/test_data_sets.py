"""Tests of the data sets, of the files they are read from and of users' image files."""

import contextlib
import dataclasses
import gzip
import json
import os
import re
import struct
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest
import tensorflow as tf
from sklearn import datasets

from jmvae_tf import data
from jmvae_tf.data import digits, mnist
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.image_file import read_image
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

TRAIN_IMAGES, TRAIN_LABELS = mnist.FILES["train-images"], mnist.FILES["train-labels"]
NUM_TRAIN, NUM_TEST = 6, 4


def idx(array: np.ndarray, magic: int | None = None, count: int | None = None) -> bytes:
    """The idx format, uncompressed: magic number, sizes and bytes, or a header that lies."""
    magic = 0x0800 + array.ndim if magic is None else magic
    sizes = [len(array) if count is None else count, *array.shape[1:]]
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + array.tobytes()


@pytest.fixture
def idx_arrays(rng):
    """What the small idx files hold: file name to bytes of images or labels."""
    arrays = {}
    for part, count in (("train", NUM_TRAIN), ("test", NUM_TEST)):
        arrays[mnist.FILES[f"{part}-images"]] = rng.integers(0, 256, (count, 28, 28), np.uint8)
        arrays[mnist.FILES[f"{part}-labels"]] = rng.integers(0, 10, count, np.uint8)
    return arrays


@pytest.fixture
def idx_dir(tmp_path, idx_arrays):
    """A folder with four small and whole idx files."""
    for name, array in idx_arrays.items():
        (tmp_path / name).write_bytes(gzip.compress(idx(array)))
    return tmp_path


def test_idx_files_are_read_back_exactly(idx_dir, idx_arrays):
    arrays = mnist.read_idx_files(idx_dir)
    assert set(arrays) == set(mnist.FILES)
    for name, array in arrays.items():
        expected = idx_arrays[mnist.FILES[name]]
        assert array.dtype == np.uint8
        assert array.shape == (*expected.shape, *([1] if name.endswith("images") else []))
        np.testing.assert_array_equal(array.reshape(expected.shape), expected)


def test_the_first_of_the_training_digits_train_and_the_others_validate(
    idx_dir, idx_arrays, monkeypatch
):
    monkeypatch.setattr(mnist, "NUM_TRAINED", 4)
    loaded = data.load("mnist", idx_dir, {"split": "paper"})
    labels = idx_arrays[TRAIN_LABELS]
    np.testing.assert_array_equal(loaded.train["label"], labels[:4])
    np.testing.assert_array_equal(loaded.validation["label"], labels[4:])
    np.testing.assert_array_equal(loaded.test["label"], idx_arrays[mnist.FILES["test-labels"]])
    for part in ("train", "validation", "test"):
        assert loaded.num_examples(part) == len(getattr(loaded, part)["image"])


def test_split_authors_trains_on_all_and_validates_on_none(idx_dir):
    loaded = data.load("mnist", idx_dir, {"split": "authors"})
    assert loaded.num_examples("train") == NUM_TRAIN
    assert loaded.num_examples("validation") == 0
    assert not loaded.validation, "DataSet.validation is empty where all examples are trained on"
    assert loaded.num_examples("test") == NUM_TEST


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_unknown_split(name, idx_dir):
    with pytest.raises(UserError, match=r"received --split=halves;"):
        data.load(name, idx_dir, {"split": "halves"})


IMAGES = np.zeros((NUM_TRAIN, 28, 28), np.uint8)
LABELS = np.zeros(NUM_TRAIN, np.uint8)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(idx(IMAGES))[:-9],
            rf"must be whole; received a truncated \S*{TRAIN_IMAGES};",
            id="truncated",
        ),
        pytest.param(TRAIN_IMAGES, idx(IMAGES), "must be gzip-compressed", id="not compressed"),
        pytest.param(
            TRAIN_IMAGES,
            # Deflated data that contradicts its checksum.
            gzip.compress(idx(IMAGES))[:-8] + bytes(8),
            "must be gzip-compressed; received .*CRC",
            id="damaged",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(idx(IMAGES)[:15]),
            "must have a header; received 15 bytes",
            id="image header cut",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(b""),
            "must have a header; received 0 bytes",
            id="empty",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(idx(IMAGES, magic=0x0D03)),
            "magic number of .* must be 2051; received 3331 in",
            id="floats announced",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS, magic=2051)),
            "magic number of .* must be 2049; received 2051 in",
            id="images announced",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(idx(IMAGES[:, :27])),
            r"must be \(28, 28\) pixels; received \(27, 28\)",
            id="image size",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(idx(IMAGES, count=NUM_TRAIN + 1)),
            f"hold the {NUM_TRAIN + 1} examples that its header announces; "
            f"received {NUM_TRAIN * 784} bytes",
            id="fewer values",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS) + b"\0"),
            f"hold the {NUM_TRAIN} examples that its header announces; "
            f"received {NUM_TRAIN + 1} bytes",
            id="more values",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS[1:])),
            f"a label for every image; received {NUM_TRAIN} images and {NUM_TRAIN - 1} labels",
            id="counts",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(np.array([0, 9, 3, 10, 2, 11], np.uint8))),
            "a digit from 0 to 9; received 10 at index 3",
            id="label",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS) + bytes(2**26)),
            f"received {NUM_TRAIN + 1} bytes or more of values",
            id="bomb behind the values",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(idx(IMAGES, count=2**32 - 1) + bytes(2**26)),
            "from 1 to 300000 examples; received 4294967295, which the header of",
            id="bomb that is announced",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(struct.pack(">IIII", 2051, 2, 2**31, 2**31) + bytes(100)),
            r"must be \(28, 28\) pixels; received \(2147483648, 2147483648\)",
            id="product of sizes",
        ),
        pytest.param(
            TRAIN_IMAGES,
            gzip.compress(bytes(2**26)),
            "must be 2051; received 0 in",
            id="zeros alone",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS[:0])),
            "from 1 to 300000 examples; received 0,",
            id="no examples",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS)) + b"more",
            "must be gzip-compressed; received .*Not a gzipped file",
            id="something behind the file",
        ),
        pytest.param(
            TRAIN_LABELS,
            gzip.compress(idx(LABELS)) + gzip.compress(b"more"),
            f"received {NUM_TRAIN + 1} bytes or more of values",
            id="another file behind it",
        ),
        pytest.param(
            TRAIN_IMAGES,
            bytes(2**26 + 1),
            "as small as MNIST's; received .*, more than the 67108864 bytes",
            id="too large",
        ),
    ],
)
def test_damaged_idx_file(idx_dir, file, content, message):
    (idx_dir / file).write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        data.load("mnist", idx_dir, {"split": "paper"})
    # Whoever has four files must learn which of them to fetch again.
    assert file in str(error.value) or "the train files" in str(error.value)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_idx_file_is_missing(idx_dir, make):
    path = idx_dir / TRAIN_LABELS
    path.unlink()
    make(path)
    with pytest.raises(UserError, match=rf"received \S* without {TRAIN_LABELS};"):
        data.load("mnist", idx_dir, {"split": "paper"})


def test_missing_idx_file_is_named(idx_dir):
    (idx_dir / TRAIN_LABELS).unlink()
    with pytest.raises(UserError, match=f"received {re.escape(str(idx_dir))} without") as error:
        data.load("mnist", idx_dir, {"split": "paper"})
    named = [name for name in mnist.FILES.values() if name in str(error.value)]
    assert named == [TRAIN_LABELS]


@pytest.fixture
def tfds(monkeypatch):
    """TensorFlow Datasets, whose own log lines and warnings are not the subject here."""
    import tensorflow_datasets

    monkeypatch.setattr(mnist, "NUM_TRAINED", 15)
    return tensorflow_datasets


def test_without_files_and_network_nothing_is_tried_twice(tmp_path, monkeypatch, tfds):
    asked = []

    def refuse(request, timeout):
        asked.append((request.full_url, timeout))
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(tfds, "load", lambda *_, **__: pytest.fail("the download was tried"))
    with pytest.raises(UserError, match="no route") as error:
        data.load("mnist", tmp_path, {"split": "paper"})
    assert len(asked) == 1
    assert asked[0][0].startswith("http")
    assert asked[0][1] <= 10, "a machine without a network is told so within seconds"
    assert all(name in str(error.value) for name in mnist.FILES.values()), "what to fetch by hand"
    assert "--data_dir" in str(error.value), "where to put it"
    assert not list(tmp_path.iterdir())


def test_failing_download_is_a_users_matter(tmp_path, monkeypatch, tfds):
    def fail(*_, **__):
        raise RuntimeError("checksum\nof the file")  # No UserError, and of two lines.

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(tfds, "load", fail)
    with pytest.raises(UserError, match=r"received checksum of the file; put .* into --data_dir"):
        data.load("mnist", tmp_path, {"split": "paper"})


@pytest.mark.parametrize("label", [-1, 10, 2**40])
def test_labels_of_tensorflow_datasets_that_lie(tmp_path, monkeypatch, tfds, label):
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").write_text("{}")
    examples = {"image": np.zeros((3, 28, 28, 1), np.uint8), "label": np.array([0, label, 9])}
    monkeypatch.setattr(tfds, "load", lambda *_, **__: examples)
    monkeypatch.setattr(tfds, "as_numpy", lambda loaded: loaded)
    with pytest.raises(UserError, match=f"from 0 to 9; received {label} in the train part of"):
        mnist.load(tmp_path, "paper")


def test_tensorflow_datasets_gives_what_the_files_would(tmp_path, monkeypatch, tfds):
    # The mock needs to be told how many examples there are, for a batch of all of them.
    metadata = tmp_path / "metadata" / "mnist" / "3.0.1" / "dataset_info.json"
    metadata.parent.mkdir(parents=True)
    splits = [{"name": part, "shardLengths": ["20"], "numBytes": "1"} for part in ("train", "test")]
    metadata.write_text(json.dumps({"name": "mnist", "version": "3.0.1", "splits": splits}))
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: contextlib.nullcontext())
    with tfds.testing.mock_data(num_examples=20, data_dir=str(tmp_path / "metadata")):
        loaded = data.load("mnist", tmp_path / "data", {"split": "paper"})
    for part, count in (("train", 15), ("validation", 5), ("test", 20)):
        arrays = getattr(loaded, part)
        assert arrays["image"].shape == (count, 28, 28, 1)
        assert arrays["image"].dtype == np.uint8
        assert arrays["label"].shape == (count,)
        assert arrays["label"].dtype.kind in "iu"
        assert ((arrays["label"] >= 0) & (arrays["label"] < 10)).all()
    prepared = loaded.prepare({name: array[:3] for name, array in loaded.train.items()})
    np.testing.assert_array_equal(np.argmax(prepared["label"], -1), loaded.train["label"][:3])


def test_real_mnist(mnist_dir):
    loaded = data.load("mnist", mnist_dir, {"split": "paper"})
    for part, count in (("train", 50_000), ("validation", 10_000), ("test", 10_000)):
        arrays = getattr(loaded, part)
        assert arrays["image"].shape == (count, 28, 28, 1)
        assert arrays["label"].shape == (count,)
        assert {array.dtype for array in arrays.values()} == {np.dtype(np.uint8)}
    assert loaded.train["label"][:5].tolist() == [5, 0, 4, 1, 9]
    assert loaded.test["label"][:5].tolist() == [7, 2, 1, 0, 4]
    # A published constant of the training and validation digits together.
    pixels = np.concatenate([loaded.train["image"], loaded.validation["image"]])
    np.testing.assert_allclose(pixels.mean() / 255, 0.1307, atol=5e-5)


@pytest.fixture
def loaded_digits(tmp_path):
    return data.load("digits", tmp_path, {"split": "paper"})


def rows(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Images and labels as sorted rows, to compare sets of examples whatever their order."""
    flat = np.column_stack([images.reshape(len(images), -1), labels]).astype(int)
    return flat[np.lexsort(flat.T)]


def test_digits_are_divided_without_loss_or_repetition(loaded_digits):
    parts = [loaded_digits.train, loaded_digits.validation, loaded_digits.test]
    assert [len(part["label"]) for part in parts] == [1199, 299, 299]
    original = datasets.load_digits()
    np.testing.assert_array_equal(
        rows(*(np.concatenate([part[name] for part in parts]) for name in ("image", "label"))),
        rows(original.images, original.target),
    )


def test_digits_of_every_class_are_in_every_part(loaded_digits):
    for part in ("train", "validation", "test"):
        counts = np.bincount(getattr(loaded_digits, part)["label"], minlength=10)
        # A tenth of them each; the neighbours of the file are of one writer, not of one class.
        assert (counts > 0.05 * counts.sum()).all()


@pytest.mark.parametrize(("name", "highest", "side"), [("digits", 16, 8), ("mnist", 255, 28)])
def test_prepared_batches(idx_dir, monkeypatch, name, highest, side):
    """Images become grey values in [0, 1] and labels one-hot, both float32."""
    monkeypatch.setattr(mnist, "NUM_TRAINED", 4)
    loaded = data.load(name, idx_dir, {"split": "paper"})
    image = np.zeros((3, side, side, 1), np.uint8)
    image[1], image[2] = highest // 2, highest
    labels = tf.constant([0, 9, 3], tf.uint8)
    prepared = loaded.prepare({"image": tf.constant(image), "label": labels})
    assert {x.dtype for x in prepared.values()} == {tf.float32}
    np.testing.assert_array_equal(
        prepared["image"][:, 0, 0, 0], np.float32([0, highest // 2 / highest, 1])
    )
    np.testing.assert_array_equal(prepared["label"], np.eye(10, dtype=np.float32)[[0, 9, 3]])
    shapes = {name: modality.event_shape for name, modality in loaded.modalities.items()}
    assert {name: tuple(x.shape[1:]) for name, x in prepared.items()} == shapes


def vectors(**parts) -> DataSet:
    """A data set of two modalities of real vectors."""
    names = ("left", "right")
    return DataSet(
        name="vectors",
        modalities={name: Modality(name, (2,), Gaussian(1.0)) for name in names},
        prepare=dict,
        **{"train": {}, "validation": {}, "test": {}, **parts},
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_values_that_are_not_finite_are_refused(part, value):
    good = np.zeros((5, 2), np.float32)
    bad = good.copy()
    bad[3, 1] = bad[4] = value
    with pytest.raises(
        UserError, match=f"vectors must be finite.* in right of 2 {part} .*index 3;"
    ):
        vectors(**{part: {"left": good, "right": bad}})


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_unequal_counts_are_refused(part):
    with pytest.raises(UserError, match=f"received {{'left': 3, 'right': 2}} in its {part} part"):
        vectors(**{part: {"left": np.zeros((3, 2)), "right": np.zeros((2, 2))}})


def test_modality_without_values_is_refused():
    with pytest.raises(UserError, match="must have all modalities"):
        vectors(train={"left": np.zeros((3, 2))})


def test_sizes_of_the_parts():
    loaded = vectors(train={"left": np.zeros((3, 2)), "right": np.zeros((3, 2))})
    sizes = [loaded.num_examples(part) for part in ("train", "validation", "test")]
    assert sizes == [3, 0, 0]


# Image files.


def write(path, image: np.ndarray):
    """Writes grey or RGB bytes to a PNG or JPEG file."""
    cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return path


def test_grey_image_of_the_right_size_is_exact(tmp_path, rng):
    image = rng.integers(0, 256, (8, 8), np.uint8)
    read = read_image(write(tmp_path / "image.png", image), (8, 8, 1))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, image[..., np.newaxis] / np.float32(255))


def test_rgb_image_of_the_right_size_is_exact(tmp_path, rng):
    image = rng.integers(0, 256, (6, 6, 3), np.uint8)
    read = read_image(write(tmp_path / "image.png", image), (6, 6, 3))
    np.testing.assert_array_equal(read, image / np.float32(255))


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((8, 14), slice(0, 8), slice(3, 11)),
        ((14, 8), slice(3, 11), slice(0, 8)),
        ((8, 13), slice(0, 8), slice(2, 10)),  # The middle of an odd margin is rounded down.
    ],
)
def test_the_centre_square_is_taken(tmp_path, rng, size, rows, columns):
    image = rng.integers(0, 256, size, np.uint8)
    read = read_image(write(tmp_path / "image.png", image), (8, 8, 1))
    np.testing.assert_array_equal(read[..., 0], image[rows, columns] / np.float32(255))


def test_smaller_images_hold_averages(tmp_path):
    blocks = np.array([[0, 40], [200, 120]], np.uint8)
    image = np.kron(blocks, np.full((3, 3), 1, np.uint8))
    image[0, 0] = 9  # One of the nine pixels that average to 1.
    read = read_image(write(tmp_path / "image.png", image), (2, 2, 1))
    np.testing.assert_array_equal(read[..., 0] * 255, [[1, 40], [200, 120]])


def test_larger_images_stay_in_range(tmp_path):
    # Cubic interpolation overshoots at an edge as hard as this one.
    image = np.zeros((4, 4), np.uint8)
    image[:, 2:] = 255
    read = read_image(write(tmp_path / "image.png", image), (16, 16, 1))
    assert read.shape == (16, 16, 1)
    assert read.min() == 0
    assert read.max() == 1


def test_colours_become_grey_and_grey_becomes_colours(tmp_path):
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    grey = read_image(write(tmp_path / "red.png", red), (4, 4, 1))
    # ITU-R BT.601: red makes 0.299 of the brightness; a byte rounds by at most 1/510.
    np.testing.assert_allclose(grey, 0.299, atol=1 / 510)
    colours = read_image(write(tmp_path / "grey.png", red[..., 0]), (4, 4, 3))
    np.testing.assert_array_equal(colours, np.ones((4, 4, 3)))


def test_jpeg(tmp_path):
    read = read_image(write(tmp_path / "image.jpg", np.full((9, 9, 3), 128, np.uint8)), (3, 3, 3))
    np.testing.assert_allclose(read, 128 / 255, atol=2 / 255)  # JPEG is not exact.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "must be readable; received .*image.png: No such file", id="missing"),
        pytest.param(b"", "must be a JPEG or PNG; received .*image.png", id="empty"),
        pytest.param(b"a text\n", "must be a JPEG or PNG; received .*image.png", id="text"),
        pytest.param("half", "must be a JPEG or PNG; received .*image.png", id="truncated"),
    ],
)
def test_file_that_is_no_image(tmp_path, capfd, rng, content, message):
    path = tmp_path / "image.png"
    if content == "half":
        write(path, rng.integers(0, 256, (30, 30), np.uint8))
        content = path.read_bytes()[: path.stat().st_size // 2]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_image(path, (8, 8, 1))
    assert capfd.readouterr().err == "", "a mistake is one line, which the program writes"


def test_folder_is_no_image(tmp_path):
    with pytest.raises(UserError, match=r"must be readable; received .*: Is a directory"):
        read_image(tmp_path, (8, 8, 1))


# What is left of a data set that was divided.


@pytest.mark.parametrize(("part", "fewest"), [("train", 1), ("test", 2)])
def test_a_division_that_leaves_too_little_is_refused(monkeypatch, tmp_path, part, fewest):
    whole = digits.load(tmp_path, "paper")

    def left(number):
        few = {name: array[:number] for name, array in getattr(whole, part).items()}
        changed = dataclasses.replace(whole, **{part: few if number else {}})
        monkeypatch.setattr(digits, "load", lambda data_dir, split: changed)
        return data.load("digits", tmp_path, {"split": "paper"})

    for number in range(fewest):
        message = (
            rf"The {part} part of digits must have at least {fewest} .*; received {number} by "
        )
        with pytest.raises(UserError, match=message + "--split=paper"):
            left(number)
    assert left(fewest).num_examples(part) == fewest


@pytest.mark.parametrize("name", ["os", "../mnist", "data_set", "pipelines", "", "digits.os"])
def test_the_name_of_a_data_set_imports_nothing_else(tmp_path, name):
    for call in (data.load, lambda *_: data.modalities(name, {})):
        with pytest.raises(ValueError, match="A data set is one of mnist, celeba"):
            call(name, tmp_path, {"split": "paper"})

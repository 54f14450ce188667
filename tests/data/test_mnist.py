"""MNIST from its four files, or from TensorFlow Datasets."""

import contextlib
import gzip
import json
import os
import re
import struct
import urllib.error
import urllib.request

import numpy as np
import pytest

from jmvae_tf.data import mnist, registry
from jmvae_tf.runtime.errors import UserError
from tests.helpers.idx_files import NUM_TEST, NUM_TRAIN, TRAIN_IMAGES, TRAIN_LABELS, idx


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
    loaded = registry.load("mnist", idx_dir, {"split": "paper"})
    labels = idx_arrays[TRAIN_LABELS]
    np.testing.assert_array_equal(loaded.train["label"], labels[:4])
    np.testing.assert_array_equal(loaded.validation["label"], labels[4:])
    np.testing.assert_array_equal(loaded.test["label"], idx_arrays[mnist.FILES["test-labels"]])
    for part in ("train", "validation", "test"):
        assert loaded.num_examples(part) == len(getattr(loaded, part)["image"])


def test_split_authors_trains_on_all_and_validates_on_none(idx_dir):
    loaded = registry.load("mnist", idx_dir, {"split": "authors"})
    assert loaded.num_examples("train") == NUM_TRAIN
    assert loaded.num_examples("validation") == 0
    assert not loaded.validation, "DataSet.validation is empty where all examples are trained on"
    assert loaded.num_examples("test") == NUM_TEST


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
        registry.load("mnist", idx_dir, {"split": "paper"})
    # Whoever has four files must learn which of them to fetch again.
    assert file in str(error.value) or "the train files" in str(error.value)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_idx_file_is_missing(idx_dir, make):
    path = idx_dir / TRAIN_LABELS
    path.unlink()
    make(path)
    with pytest.raises(UserError, match=rf"received \S* without {TRAIN_LABELS};"):
        registry.load("mnist", idx_dir, {"split": "paper"})


@pytest.mark.parametrize(
    ("name", "options"), [("mnist", {}), ("mnist_words", {}), ("polydigits", {"translated": False})]
)
def test_missing_idx_file_is_named(idx_dir, name, options):
    (idx_dir / TRAIN_LABELS).unlink()
    with pytest.raises(UserError, match=f"received {re.escape(str(idx_dir))} without") as error:
        registry.load(name, idx_dir, {"split": "paper", **options})
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

    def refuse(url, timeout):
        asked.append((url, timeout))
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(tfds, "load", lambda *_, **__: pytest.fail("the download was tried"))
    with pytest.raises(UserError, match="no route") as error:
        registry.load("mnist", tmp_path, {"split": "paper"})
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
        registry.load("mnist", tmp_path, {"split": "paper"})


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
        loaded = registry.load("mnist", tmp_path / "data", {"split": "paper"})
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
    loaded = registry.load("mnist", mnist_dir, {"split": "paper"})
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

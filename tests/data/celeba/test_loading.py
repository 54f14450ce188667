"""Tests of CelebA as a data set."""

import json
import os
import re
import shutil
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from array_record.python import array_record_module

from jmvae_tf.data import registry
from jmvae_tf.data.celeba import (
    download,
    loading,
    prepared_faces,
    source_files,
    splits,
    tfds_builder,
)
from jmvae_tf.data.celeba.prepare import prepare_faces
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.data.own import path_source
from jmvae_tf.data.stored_images import StoredImages
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source

NUMBER = 20
OPTIONS = {"split": "official", "image_size": 32, "crop": "center"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Prepared faces alone, to be read only."""
    source = celeba_source.write(tmp_path_factory.mktemp("source"), NUMBER)
    folder = tmp_path_factory.mktemp("data")
    prepare_faces(source, folder, 32, "center", processes=1)
    return folder


def test_official_split(data_dir):
    loaded = registry.load("celeba", data_dir, OPTIONS)
    assert loaded.modalities["image"].event_shape == (32, 32, 3)
    assert loaded.modalities["attributes"].value_names == OFFICIAL_ATTRIBUTES
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


def test_a_folder_with_a_table_gives_the_same(data_dir, tmp_path):
    """The same files as a user's own, with the size in `columns.json`."""
    own = celeba_source.write(tmp_path / "source", NUMBER) / source_files.FOLDER
    parts = np.array(["train", "validation", "test"])[celeba_source.partitions(NUMBER)]
    table = pd.DataFrame(celeba_source.attributes(NUMBER), columns=list(OFFICIAL_ATTRIBUTES))
    table.insert(0, "file_name", celeba_source.names(NUMBER))
    table.assign(split=parts).to_csv(own / "metadata.csv", index=False)
    manifest = {
        "image": {"kind": "image", "column": "file_name", "size": [32, 32]},
        "attributes": {"kind": "attributes", "columns": list(OFFICIAL_ATTRIBUTES)},
    }
    (own / "columns.json").write_text(json.dumps(manifest))
    found = path_source.load(own, tmp_path / "data", say=lambda _: None)
    built_in = registry.load("celeba", data_dir, OPTIONS)
    assert list(found.modalities) == list(built_in.modalities)
    for name, modality in built_in.modalities.items():
        assert found.modalities[name].get_config() == modality.get_config()
    for part in ("train", "validation", "test"):
        values, expected = (
            data.prepare({name: x[:] for name, x in getattr(data, part).items()})
            for data in (found, built_in)
        )
        assert values.keys() == expected.keys()
        for name, x in values.items():
            np.testing.assert_array_equal(x, expected[name])


def test_paper_split_holds_every_face_once(data_dir):
    loaded = registry.load("celeba", data_dir, {**OPTIONS, "split": "paper"})
    numbers = {part: loaded.num_examples(part) for part in ("train", "validation", "test")}
    assert numbers == {"train": 18, "validation": 0, "test": 2}
    attributes = np.concatenate([loaded.train["attributes"], loaded.test["attributes"]])
    expected = celeba_source.attributes(NUMBER)
    assert sorted(map(tuple, attributes)) == sorted(map(tuple, expected))


def test_division_of_the_paper():
    names = [f"{number:06d}.jpg" for number in range(10_000)]
    parts = splits.divide_as_in_paper(names)
    assert {part: len(rows) for part, rows in parts.items()} == {
        "train": 8820,
        "validation": 180,
        "test": 1000,
    }
    assert sorted(np.concatenate(list(parts.values()))) == list(range(10_000))
    # It is the same for ever.
    assert parts["test"][:5].tolist() == [1, 47, 59, 76, 92]
    # A face that is refused hardly moves the others.
    fewer = splits.divide_as_in_paper(names[1:])
    tested = {names[row] for row in parts["test"]}
    assert len(tested ^ {names[1:][row] for row in fewer["test"]}) <= 2


@pytest.mark.parametrize("split", ["official", "paper"])
def test_streamed_images_are_those_in_memory(data_dir, monkeypatch, split):
    options = {**OPTIONS, "split": split}
    whole = registry.load("celeba", data_dir, options)
    monkeypatch.setattr(prepared_faces, "available_memory", lambda: 2 * 20 * 32 * 32 * 3)
    streamed = registry.load("celeba", data_dir, options)
    for part in ("train", "test"):
        images = getattr(streamed, part)["image"]
        expected = getattr(whole, part)["image"]
        assert isinstance(expected, np.ndarray)
        assert isinstance(images, StoredImages)
        assert (images.shape, images.dtype) == (expected.shape, expected.dtype)
        assert len(images) == len(expected)
        np.testing.assert_array_equal(images[np.arange(len(images))], expected)
        np.testing.assert_array_equal(images[np.array([1, 0, 1])], expected[[1, 0, 1]])
        assert images[np.array([], np.int64)].shape == (0, 32, 32, 3)
        np.testing.assert_array_equal(
            getattr(streamed, part)["attributes"], getattr(whole, part)["attributes"]
        )


def test_available_memory_is_that_of_a_computer():
    assert 2**26 < prepared_faces.available_memory() < 2**50


# Prepared by a stranger.


@pytest.fixture
def foreign(data_dir, tmp_path):
    """A copy of the prepared faces, to be changed."""
    shutil.copytree(data_dir, tmp_path / "data")
    return tfds_builder.folder_of(tmp_path / "data", 32, "center")


def refusal(folder):
    with pytest.raises(UserError) as raised:
        registry.load("celeba", folder.parents[2], OPTIONS)
    return str(raised.value)


def mark_of_import(folder):
    """Puts a module beside a data set that leaves a mark when it is imported."""
    (folder / "foreign_features.py").write_text(
        f"open({str(folder / 'mark')!r}, 'w')\nimport tensorflow_datasets as tfds\n"
        "class Image(tfds.features.Image):\n    pass\n"
    )
    return folder / "mark"


FOREIGN = "foreign_features.Image"
FEATURES = {
    "itself": {"pythonClassName": FOREIGN},
    "nested": {"featuresDict": {"features": {"image": {"pythonClassName": FOREIGN}}}},
    "name of the field": {"sequence": {"feature": {"python_class_name": FOREIGN}}},
    "list": {"x": [[{"pythonClassName": FOREIGN}]]},
    "of old": {"type": FOREIGN, "content": {}},
    "text": {
        "type": "tensorflow_datasets.core.features.features_dict.FeaturesDict",
        "proto_cls": "tensorflow_datasets.FeaturesDict",
        "content": json.dumps({"features": {"image": {"pythonClassName": FOREIGN}}}),
    },
    "beside TFDS's features": {"pythonClassName": "tensorflow_datasets.scripts.cli.main.Image"},
    "TFDS's name in another": {"pythonClassName": "tensorflow_datasets.core.features_.x.Image"},
    "relative": {"pythonClassName": "tensorflow_datasets.core.features..x.Image"},
    "many": {"x": [{}] * 20_000},
}


@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)
@pytest.mark.parametrize("name", ["celeba", "mnist"])
def test_classes_that_are_not_of_tfds_are_not_imported(foreign, monkeypatch, features, name):
    mark = mark_of_import(foreign)
    monkeypatch.syspath_prepend(foreign)
    folder = foreign
    options = OPTIONS
    if name == "mnist":
        folder = foreign.parents[2] / "mnist" / "3.0.1"
        folder.mkdir(parents=True)
        (folder / "dataset_info.json").write_text("{}")
        options = {"split": "paper"}
    (folder / "features.json").write_text(json.dumps(features))
    with pytest.raises(UserError, match=r"classes of TensorFlow Datasets itself; received \S*feat"):
        registry.load(name, foreign.parents[2], options)
    assert not mark.exists()


def test_features_that_are_nested_deeply(foreign):
    for depth in (60, 100_000):
        (foreign / "features.json").write_text('{"x":' * depth + "1" + "}" * depth)
        assert "nested too deeply" in refusal(foreign)


@pytest.mark.parametrize("file", ["features.json", "metadata.json", "partition.labels.txt"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_description_that_is_no_file(foreign, file, make):
    (foreign / file).unlink()
    make(foreign / file)
    assert "must be regular ones" in refusal(foreign)


def test_description_that_is_too_long(foreign):
    with (foreign / "metadata.json").open("r+b") as file:
        file.truncate(2**25)
    assert "of at most 16777216 bytes; received" in refusal(foreign)


def refuse_with(foreign, name, old, new):
    """Changes a file of prepared faces, and looks for one line that names their folder."""
    path = foreign / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    message = refusal(foreign)
    assert message.isprintable()
    assert str(foreign) in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"16"', '"160000000000"'),
        ('"16"', '"-16"'),
        ('"16"', "Infinity"),
        ('"16"', "[]"),
        ('"16"', '"17"'),
        ('"name": "train"', '"name": "test"'),
        ('"name": "train"', '"name": "../train"'),
        ('"name": "train"', '"name": {}'),
        ('"{DATASET}-', '"../{DATASET}-'),
        ('"celeba_faces"', '"mnist"'),
        ('"1.0.0"', '"2.0.0"'),
        ('"splits"', '"parts"'),
        ('"array_record"', '"tfrecord"'),
        ('"array_record"', '"\\u001b[2Jrecord"'),
        ("{", "["),
    ],
)
def test_description_that_lies(foreign, old, new):
    refuse_with(foreign, "dataset_info.json", old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"none"', '"zlib"'),
        ('"dtype": "int8"', '"dtype": "float32"'),
        ('"png"', '"jpeg"'),
        ('"40"', '"39"'),
        ('"numClasses": "3"', '"numClasses": "4"'),
        ("text_feature.Text", "image_feature.Image"),
        ('"file_name"', '"name"'),
    ],
)
def test_features_that_lie(foreign, old, new):
    refuse_with(foreign, "features.json", old, new)


@pytest.mark.parametrize("edit", [lambda x: x[:-70_000], lambda x: b"", lambda x: x[::-1]])
def test_damaged_records(foreign, edit):
    path = next(foreign.glob("*-train.array_record-*"))
    path.write_bytes(edit(path.read_bytes()))
    assert "must be complete" in refusal(foreign)
    path.unlink()
    assert "must be complete" in refusal(foreign)


@pytest.mark.parametrize(
    ("feature", "value", "told"),
    [
        ("attributes", 0, "an attribute of .* that is neither -1 nor 1"),
        ("attributes", 100, "an attribute of .* that is neither -1 nor 1"),
        ("attributes", 2**40, "must be complete"),
        ("partition", 3, "in partition 3"),
        ("partition", -1, "in partition -1"),
    ],
)
def test_records_that_lie(foreign, feature, value, told):
    path = next(foreign.glob("*-train.array_record-*"))
    reader = array_record_module.ArrayRecordReader(str(path))
    examples = [tf.train.Example.FromString(record) for record in reader.read_all()]
    reader.close()
    examples[1].features.feature[feature].int64_list.value[0] = value
    writer = array_record_module.ArrayRecordWriter(str(path), "group_size:1")
    for example in examples:
        writer.write(example.SerializeToString())
    writer.close()
    assert re.search(told, refusal(foreign))


@pytest.mark.parametrize("streamed", [False, True])
def test_prepared_face_of_another_size(foreign, monkeypatch, streamed):
    if streamed:
        monkeypatch.setattr(prepared_faces, "available_memory", lambda: 0)
    monkeypatch.setattr(tfds_builder, "folder_of", lambda *_: foreign)

    def images():
        return registry.load("celeba", foreign, {**OPTIONS, "image_size": 64}).train["image"]

    with pytest.raises(UserError, match=r"a PNG of 64x64 pixels; received \d+ bytes that"):
        images()[np.arange(2)]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("split", "authors", "must be paper or official; received --split=authors"),
        ("image_size", 65, "must be 32, 64 or 128; received --image_size=65"),
        ("crop", "nose", "must be face or center; received --crop=nose"),
    ],
)
def test_unknown_options(tmp_path, option, value, message):
    with pytest.raises(UserError, match=message):
        registry.load("celeba", tmp_path, {**OPTIONS, option: value})


def test_official_files_are_prepared_first(tmp_path, capsys):
    celeba_source.write(tmp_path / "data", NUMBER)
    loaded = registry.load("celeba", tmp_path / "data", OPTIONS)
    assert loaded.num_examples("train") == 16
    assert "Preparing CelebA" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "data" / source_files.FOLDER)
    assert registry.load("celeba", tmp_path / "data", OPTIONS).num_examples("train") == 16
    assert capsys.readouterr().out == ""


def test_official_files_in_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    celeba_source.write(tmp_path / "data", NUMBER)

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", "data/celeba_faces")

    monkeypatch.setattr(loading, "prepare_faces", refuse)
    message = r"received data/celeba_faces: Permission denied; run bin/prepare_celeba --source="
    with pytest.raises(UserError, match=message):
        registry.load("celeba", tmp_path / "data", OPTIONS)


def test_some_of_the_official_files(tmp_path):
    source = celeba_source.write(tmp_path / "data", NUMBER)
    (source / source_files.PARTITIONS_FILE).unlink()
    with pytest.raises(UserError, match=r"received \S*data without list_eval_partition.txt;"):
        registry.load("celeba", source, OPTIONS)


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
        registry.load("celeba", tmp_path, OPTIONS)
    assert len(asked) == 1, "nothing is tried twice"
    assert asked[0] <= 10, "seconds"
    assert not os.listdir(tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_of_tensorflow_datasets(tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: open(os.devnull))
    with tfds.testing.mock_data(num_examples=10):
        download.fetch(tmp_path)
    monkeypatch.undo()
    loaded = registry.load("celeba", tmp_path, OPTIONS)
    assert [loaded.num_examples(part) for part in ("train", "validation", "test")] == [10, 10, 10]
    assert set(np.unique(loaded.train["attributes"])) == {-1, 1}

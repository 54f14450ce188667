"""Data sets of TensorFlow Datasets: which modalities they make, and with which values."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from jmvae_tf.data import array_folder
from jmvae_tf.data.data_set import PARTS
from jmvae_tf.data.own import loading, tfds_source
from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.pipelines import Feed, in_order, whole_part
from jmvae_tf.modalities import SAMPLE_WEIGHT
from jmvae_tf.programs.tasks import data_preparation
from jmvae_tf.runtime.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore")  # TFDS and its mocks warn of their own parts.


class Shells(tfds.core.GeneratorBasedBuilder):
    """Shells with gaps: of every kind of feature, and splits of several names."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features
        return self.dataset_info_from_configs(
            features=features.FeaturesDict(
                {
                    "id": tf.int64,
                    "photo": features.Image(shape=(None, None, 3)),
                    "species": features.ClassLabel(names=["cockle", "limpet", "whelk"]),
                    "genus": features.ClassLabel(num_classes=2),
                    "traits": {"red": tf.bool, "striped": tf.bool},
                    "measures": {"length": tf.float32, "weight": tf.float64},
                    "age": tf.int32,
                    "one": tf.int32,
                    "place": features.Tensor(shape=(2,), dtype=tf.float32),
                    "map": features.Tensor(shape=(2, 3), dtype=tf.float32),
                    "beach": features.Text(),
                    "note": features.Text(),
                    "story": features.Text(),
                    "parts": features.Sequence(tf.int64),
                    "sample_weight": tf.float32,
                }
            )
        )

    def _split_generators(self, dl_manager):
        return {"train": self._examples(60), "test": self._examples(9), "extra": self._examples(1)}

    def _generate_examples(self):
        raise NotImplementedError

    def _examples(self, number):
        for i in range(number):
            image = np.full((130 + i % 2, 100, 3), 255 * (i % 2), np.uint8)
            yield (
                i,
                {
                    "id": i,
                    "photo": image,
                    "species": i % 3 if i % 5 else -1,
                    "genus": i % 2,
                    "traits": {"red": i % 2 == 0, "striped": i % 3 == 0},
                    "measures": {"length": i / 10, "weight": np.nan if i % 4 == 0 else i},
                    "age": i,
                    "one": 1,
                    "place": [i, -i],
                    "map": np.full((2, 3), i, np.float32),
                    "beach": ["west", "east "][i % 2],
                    "note": f"no {i}",
                    "story": f"{i} " * 200,
                    "parts": [1] * i,
                    "sample_weight": 1 + i % 2,
                },
            )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A folder with the shells."""
    path = tmp_path_factory.mktemp("data")
    Shells(data_dir=path).download_and_prepare()
    return path


def load(name, data_dir, manifest=None):
    return loading.load_own(data_source_of(f"tfds:{name}"), data_dir, manifest)


@pytest.fixture(scope="module")
def shells(data_dir):
    return load("shells", data_dir)


def test_features_become_modalities(shells):
    assert shells.name == "tfds_shells"
    found = {name: (x.kind, x.event_shape) for name, x in shells.modalities.items()}
    assert found == {
        "photo": ("image", (80, 64, 1)),
        "age": ("numbers", (1,)),
        "beach": ("label", (2,)),
        "genus": ("label", (2,)),
        "map": ("array", (2, 3)),
        "measures": ("numbers", (2,)),
        "note": ("text", (5, 14)),
        "place": ("numbers", (2,)),
        "species": ("label", (3,)),
        "traits": ("attributes", (2,)),
    }
    assert shells.modalities["beach"].value_names == ("east", "west")
    assert shells.modalities["species"].value_names == ("cockle", "limpet", "whelk")
    assert shells.modalities["traits"].value_names == ("red", "striped")
    assert shells.modalities["place"].value_names == ("place[0]", "place[1]")
    assert shells.modalities["measures"].partly_observed
    assert next(iter(shells.modalities)) == "photo"


@pytest.mark.slow
def test_what_the_data_were_taken_for_is_said(data_dir, tmp_path, capsys):
    shutil.copytree(data_dir / "shells", tmp_path / "shells")
    load("shells", tmp_path)
    said = capsys.readouterr().out
    assert "tfds_shells: 69 rows, 54 for train, 6 for validation, 9 for test" in said
    assert "splits of TensorFlow Datasets; a tenth of train is for validation; extra not" in said
    for name in ("id", "one", "story", "parts"):
        assert f"column {name}: " in said
    assert "columns.json says what columns are taken for; change it to decide otherwise" in said


@pytest.mark.slow
def test_a_changed_columns_json_decides(data_dir, tmp_path, capsys):
    shutil.copytree(data_dir / "shells", tmp_path / "shells")
    file = tmp_path / "tfds_shells" / "columns.json"
    file.parent.mkdir()
    file.write_text('{"size": {"kind": "numbers", "columns": ["length", "age"], "log": ["age"]}}')
    data = load("shells", tmp_path)
    assert "size" in capsys.readouterr().out
    assert data.modalities["size"].value_names == ("length", "age")
    assert data.modalities["size"].log_values == ("age",)
    file.write_text('{"size": {"kind": "numbers", "columns": ["len"]}}')
    with pytest.raises(UserError, match="'size' of kind numbers with 'len', no such column"):
        load("shells", tmp_path)
    for key in ("split", "group", "key"):
        file.write_text(json.dumps({"": {key: "beach"}}))
        with pytest.raises(UserError, match=f"\"{key}\": 'beach' in columns.json; remove"):
            load("shells", tmp_path)
    file.write_text("{")
    with pytest.raises(UserError, match=r"columns.json: .*; mend it, or remove it"):
        load("shells", tmp_path)


@pytest.mark.slow
def test_ignored_columns_make_no_modality(data_dir, tmp_path, capsys):
    shutil.copytree(data_dir / "shells", tmp_path / "shells")
    file = tmp_path / "tfds_shells" / "columns.json"
    file.parent.mkdir()
    used = ["photo", "story", "note", "map"]
    ignored = ["species", "genus", "red", "striped", "length", "weight", "age", "beach", *used[1:]]
    ignored += ["place[0]", "place[1]", "sample_weight"]
    file.write_text(json.dumps({"": {"ignore": ignored}}))
    data = load("shells", tmp_path)
    assert list(data.modalities) == ["photo"]
    assert not data.weights("train")
    assert data.manifest.ignore == tuple(ignored)
    assert "column species: it is ignored in columns.json" in capsys.readouterr().out
    file.write_text(json.dumps({"": {"ignore": ["beech"]}}))
    with pytest.raises(UserError, match=r"'beech' in columns\.json; choose among"):
        load("shells", tmp_path)


def test_values_and_masks(shells):
    part = whole_part(shells, "test", binarised=False)
    index = part["age"].numpy()[:, 0]
    assert sorted(index) == list(range(9))
    np.testing.assert_array_equal(part["species/observed"], index % 5 != 0)
    there = index % 5 != 0
    species = tf.argmax(part["species"], 1).numpy()
    np.testing.assert_array_equal(species[there], index[there] % 3)
    np.testing.assert_array_equal(part["measures/observed"].numpy()[:, 1], index % 4 != 0)
    np.testing.assert_allclose(part["measures"].numpy()[:, 0], index / 10, rtol=1e-6)
    np.testing.assert_array_equal(part["traits"].numpy()[:, 0], np.where(index % 2, -1, 1))
    np.testing.assert_array_equal(part["photo"].numpy().mean((1, 2, 3)), index % 2)
    np.testing.assert_array_equal(part["map"].numpy()[:, 1, 2], index)
    np.testing.assert_array_equal(tf.argmax(part["beach"], 1), 1 - index % 2)
    symbols = [*shells.modalities["note"].value_names[:-1], ""]
    texts = ["".join(symbols[place] for place in row) for row in np.argmax(part["note"], -1)]
    assert texts == [f"no {int(i)}" for i in index]
    assert set(shells.masks("test")) == {"species/observed", "measures/observed"}
    batch = next(Feed(shells, 9).evaluation_batches("test").as_numpy_iterator())
    np.testing.assert_array_equal(batch[SAMPLE_WEIGHT], 1 + index % 2)


def test_a_second_load_reads_what_was_prepared(data_dir, shells, capsys, monkeypatch):
    monkeypatch.setattr(tfds_source, "stored_batches", None)
    monkeypatch.setattr(tfds_source, "facts_of", None)
    again = load("shells", data_dir)
    assert "Preparing" not in capsys.readouterr().out
    for part in PARTS:
        np.testing.assert_equal(dict(again.values(part)), dict(shells.values(part)))
    load("shells", data_dir, shells.manifest)
    assert not capsys.readouterr().out, "an earlier run knows what they are"


@pytest.mark.slow
def test_large_data_are_read_batch_by_batch(data_dir, shells, monkeypatch):
    monkeypatch.setattr(array_folder.read_arrays, "__defaults__", (1, 1000))
    streamed = load("shells", data_dir)
    assert not isinstance(streamed.train["photo"], np.ndarray)
    for one, other in zip(
        Feed(streamed, 10, seed=1).training_batches().take(7).as_numpy_iterator(),
        Feed(shells, 10, seed=1).training_batches().take(7).as_numpy_iterator(),
        strict=True,
    ):
        np.testing.assert_equal(one, other)


def test_a_given_manifest_chooses_and_completes(data_dir):
    columns = {
        "size": ModalityColumns("numbers", ("age", "length"), log=("age",)),
        "kind": ModalityColumns("label", ("species",), classes=("whelk", "cockle")),
        "photo": ModalityColumns("image", ("photo",), size=(16, 8), channels=3),
    }
    data = load("shells", data_dir, Manifest("mine", columns))
    assert list(data.modalities) == list(columns)
    assert data.modalities["photo"].event_shape == (16, 8, 3)
    assert data.modalities["size"].log_values == ("age",)
    part = whole_part(data, "test", binarised=False)
    kinds = np.argmax(part["kind"], 1)
    for age, kind, there in zip(
        part["size"].numpy()[:, 0].astype(int), kinds, part["kind/observed"].numpy(), strict=True
    ):
        assert there == (age % 5 != 0 and age % 3 != 1)
        assert not there or kind == (0 if age % 3 == 2 else 1)


@pytest.mark.slow
def test_classes_in_another_order_keep_their_examples(data_dir):
    classes = ("whelk", "cockle", "limpet")
    for given in (classes, ("x", "y", "z")):  # Other names are those of the same places.
        columns = {
            "kind": ModalityColumns("label", ("species",), classes=given),
            "size": ModalityColumns("numbers", ("age",)),
        }
        part = whole_part(load("shells", data_dir, Manifest("mine", columns)), "test")
        there = part["kind/observed"].numpy()
        found = np.argmax(part["kind"], 1)[there]
        expected = part["size"].numpy()[there, 0].astype(int) % 3
        np.testing.assert_array_equal(found, (expected + 1) % 3 if given == classes else expected)


@pytest.mark.slow
def test_a_second_look_replaces_columns_json(data_dir, tmp_path, capsys):
    shutil.copytree(data_dir / "shells", tmp_path / "shells")
    file = tmp_path / "tfds_shells" / "columns.json"
    file.parent.mkdir()
    file.write_text('{"size": {"kind": "numbers", "columns": ["length"]}}')
    data_preparation.prepare_data(
        data_source_of("tfds:shells"), tmp_path, num_processes=1, overwrite=True, command=[]
    )
    assert "for train" in capsys.readouterr().out
    assert "species" in json.loads(file.read_text())


@pytest.mark.parametrize("weight", ["sort", "note"])
def test_a_weight_that_is_no_number_is_refused(data_dir, weight):
    columns = {"photo": ModalityColumns("image", ("photo",))}
    with pytest.raises(UserError, match=f"'{weight}'; choose among .*sample_weight"):
        load("shells", data_dir, Manifest("mine", columns, weight=weight))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"x": ModalityColumns("label", ("sort",))},
            r"'sort', no such column; choose among .*photo",
        ),
        ({"x": ModalityColumns("text", ("photo",))}, "'photo', a column of kind image"),
    ],
)
def test_a_manifest_of_other_columns_is_refused(data_dir, columns, message):
    with pytest.raises(UserError, match=message):
        load("shells", data_dir, Manifest("mine", columns))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifr10", "names a data set of .*; received tfds:cifr10; did you mean tfds:cifar10"),
        ("zzz", "received tfds:zzz; see the names at "),
        ("emnist/nothing", "received tfds:emnist/nothing: .*nothing"),
        ("cifar10:0.0.1", "received tfds:cifar10:0.0.1: .*0.0.1"),
    ],
)
def test_unknown_names_are_refused(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        load(name, tmp_path)


def test_without_a_network_it_is_said_at_once(tmp_path, monkeypatch):
    def no_network(*arguments, **options):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    with pytest.raises(UserError, match=r"cifar10 must be in --data_dir .*no answer from https?:"):
        load("cifar10", tmp_path)


def test_files_of_a_stranger_are_checked(tmp_path):
    folder = tmp_path / "shells" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    (folder / "features.json").write_text('{"pythonClassName": "os.path.Image"}')
    with pytest.raises(UserError, match="classes of TensorFlow Datasets itself"):
        load("shells", tmp_path)


MOCKED = {
    "fashion_mnist": {"image": ("image", (28, 28, 1)), "label": ("label", (10,))},
    "emnist/letters": {"image": ("image", (28, 28, 1)), "label": ("label", (37,))},
    "cifar10": {"image": ("image", (32, 32, 3)), "label": ("label", (10,))},
    "cifar100": {
        "image": ("image", (32, 32, 3)),
        "label": ("label", (100,)),
        "coarse_label": ("label", (20,)),
    },
    # The mock draws images of a few pixels.
    "oxford_flowers102": {"image": ("image", (16, 16, 3)), "label": ("label", (102,))},
    "coil100": {
        "image": ("image", (64, 64, 3)),
        "angle_label": ("label", (72,)),
        "object_id": ("label", (100,)),
        "angle": ("numbers", (1,)),
    },
    "celeb_a": {
        "image": ("image", (80, 64, 3)),
        "landmarks": ("numbers", (10,)),
        "attributes": ("attributes", (40,)),
    },
}


_SLOW = ("fashion_mnist", "emnist/letters", "cifar10", "cifar100")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(x, marks=[pytest.mark.slow] * (x in _SLOW)) for x in MOCKED]
)
def test_well_known_data_sets(name, tmp_path):
    with tfds.testing.mock_data(num_examples=20):
        data = load(name, tmp_path)
    assert {x: (y.kind, y.event_shape) for x, y in data.modalities.items()} == MOCKED[name]
    assert [data.num_examples(part) for part in PARTS] == [16, 2, 2]
    for batch in in_order(data, "train"):
        assert set(batch) == set(data.modalities)
        for modality, values in batch.items():
            data.modalities[modality].check_examples(values.numpy())

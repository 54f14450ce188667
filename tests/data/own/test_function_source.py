"""Data that a function of a user's file returns; its errors are shown as the file's."""

import pathlib
import sys
import tempfile

import numpy as np
import pytest

from jmvae_tf.data.own import function_source, loading
from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError
from tests.helpers.forked import forked

FILE = """
import numpy as np
from jmvae_tf import Bernoulli, Categorical, Gaussian, Modality
from jmvae_tf.data.data_set import DataSet
from beside_it import NUMBER

def shells():
    modalities = {
        "photo": Modality("photo", (4, 6, 1), Gaussian(), kind="image"),
        "species": Modality("species", (3,), Categorical(), kind="label"),
    }
    part = {
        "photo": np.zeros((NUMBER, 4, 6, 1), np.float32),
        "species": np.eye(3, dtype=np.float32)[[0, 1, 2, 0]],
    }
    return DataSet("any", modalities, part, {}, part, dict)

def few():
    data = shells()
    return DataSet("few", data.modalities, data.train, {}, {}, dict)

def wrong_type():
    return [1]

def failing():
    return helper()

def helper():
    raise KeyError("no photos")

def unequal():
    data = shells()
    part = {**data.train, "species": data.train["species"][1:]}
    return DataSet("unequal", data.modalities, part, {}, {}, dict)

def leaving():
    raise SystemExit(3)

def with_an_argument(path):
    return None

LIST = []
MADE = shells()

def made():
    return MADE
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with functions, beside a module that it imports."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "load shells.py"
    path.write_text(FILE)
    (tmp_path / "beside_it.py").write_text("NUMBER = 4\n")
    return path


def load(file, function):
    return loading.load_own(data_source_of(f"./{file.name}:{function}"), file.parent)


def test_a_function_gives_the_data(file):
    data = load(file, "shells")
    assert data.name == "load_shells.py_shells"
    assert data.num_examples("train") == 4
    read = Manifest.from_json(data.manifest.to_json(), "config.json", whole=True)
    assert read == data.manifest
    assert [(name, x.kind, x.event_shape) for name, x in read.modalities.items()] == [
        ("photo", "image", (4, 6, 1)),
        ("species", "label", (3,)),
    ]


def test_what_the_function_returned_stays_as_it_was(file):
    for name in ("one", "other"):
        data = function_source.load(file, "made", name)
        assert data.name == data.manifest.name == name
        made = sys.modules["jmvae_tf_user_data"].MADE
        assert (made.name, made.manifest) == ("any", None)


def line_of(start):
    """The number of the line that starts with a text."""
    lines = FILE.split("\n")
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(start))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("few", "test part of load_shells.py_few must have at least 2 examples; received 0 in"),
        ("wrong_type", r"must return a DataSet .*received a list from .*shells.py:wrong_type"),
        (
            "failing",
            rf"shells.py, line {line_of('raise KeyError')}: KeyError: 'no",
        ),
        ("unequal", r"shells.py, line \d+: UserError: Every example of unequal must have"),
        ("leaving", rf"line {line_of('raise SystemExit')}: SystemExit: 3"),
        ("with_an_argument", "TypeError: .*missing 1 required positional argument: 'path'"),
        ("shell", "shell, which is not there; choose one of shells, few, wrong_type,"),
        ("LIST", "LIST, which is a list; choose one of"),
    ],
)
def test_mistakes_are_shown_as_those_of_the_file(file, function, message):
    with pytest.raises(UserError, match=message):
        load(file, function)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = 1\ndef shells(:\n", r"shells.py, line 2: SyntaxError"),
        (
            "\n\nimport nowhere_at_all\n",
            r"shells.py, line 3: ModuleNotFoundError: .*nowhere_at_all",
        ),
        ("a = 1", "choose one of none, as it has no functions"),
        ("\x00", r"shells.py.*: (SyntaxError|ValueError)"),
    ],
)
def test_files_that_cannot_run(file, content, message):
    file.write_text(content)
    with pytest.raises(UserError, match=message):
        load(file, "shells")


def test_values_of_two_modalities_may_have_the_same_names():
    modalities = {
        "left": Modality("left", (2,), Gaussian(), kind="numbers", value_names=("a", "b")),
        "right": Modality("right", (2,), Gaussian(), kind="numbers", value_names=("a", "left")),
        "curve": Modality("curve", (5,), Gaussian()),
        "label": Modality("label", (2,), Categorical(), kind="label"),
    }
    manifest = function_source.manifest_of_modalities("both", modalities)
    assert Manifest.from_json(manifest.to_json(), "config.json", whole=True) == manifest
    shapes = {name: x.event_shape for name, x in manifest.modalities.items()}
    assert shapes == {name: x.event_shape for name, x in modalities.items()}
    assert np.prod(shapes["curve"]) == 5


STREAM = """
import numpy as np
import tensorflow as tf

def slow(x):
    return sum(range(20_000)) * np.zeros(4, np.float32)

def rows(x):
    return tf.numpy_function(slow, [x], tf.float32)

RANGE = tf.data.Dataset.range(100).repeat()
STREAM = iter(RANGE.map(rows, num_parallel_calls=8).prefetch(100_000))
next(STREAM)
"""


def load_and_exit(path):
    with pytest.raises(UserError, match="must return a DataSet"):
        function_source.load(pathlib.Path(path), "shells", "shells")
    sys.exit(0)


@pytest.mark.slow
def test_an_endless_iterator_among_the_globals_ends_with_the_program(tmp_path):
    """Its threads run Python, which they cannot when Python itself releases globals."""
    path = tmp_path / "stream.py"
    path.write_text(STREAM + "def shells():\n    return 3\n")
    with tempfile.TemporaryFile("w+") as told:
        streams = {"stdout": told.fileno(), "stderr": told.fileno()}
        with forked(load_and_exit, str(path), folder=tmp_path, **streams) as process:
            process.join(60)
            told.seek(0)
            assert process.exitcode == 0, told.read()
        told.seek(0)
        assert not told.read()

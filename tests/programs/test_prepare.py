"""bin/prepare says what a user's data are taken for, and writes it to be changed."""

import json
import os

import pytest

from tests.helpers.own_data import write_shells
from tests.helpers.programs import mistake, start, succeed


def test_help_answers_without_tensorflow(tmp_path):
    for name in ("tensorflow", "pandas", "pyarrow"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported too early')")
    done = start(tmp_path, "prepare", "--help", env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert "--data" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "received no --data"),
        (["--data=x"], "received --data=x, where there is nothing"),
        (["--data=digits"], "a data set that is known; train on it: bin/train --data=digits"),
        (["--data=celeba"], "see bin/prepare_celeba"),
        (["--data=x", "--processes=0"], "received --processes=0"),
    ],
)
def test_mistakes_of_users(tmp_path, arguments, message):
    assert message in mistake(start(tmp_path, "prepare", *arguments))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_manifest_is_written_and_followed(tmp_path):
    folder = write_shells(tmp_path / "shells")
    first = succeed(tmp_path, "prepare", "--data=shells")
    assert "label of 3 classes: cockle, limpet," in first
    assert "manifest:    shells/columns.json; change it to decide otherwise" in first
    path = folder / "columns.json"
    manifest = json.loads(path.read_text())
    assert list(manifest) == ["image", "species", "attributes", "numbers", ""]
    del manifest["numbers"]
    manifest["image"]["size"] = [16, 16]
    path.write_text(json.dumps(manifest))
    second = succeed(tmp_path, "prepare", "--data=shells")
    assert "image of 16x16 pixels" in second
    assert "weight_g: not used: the manifest does not name it" in second
    assert "manifest:    shells/columns.json, which was followed" in second
    assert json.loads(path.read_text()) == manifest
    third = succeed(tmp_path, "prepare", "--data=shells/metadata.csv", "--overwrite")
    assert "image of 20x12 pixels" in third
    assert "numbers" in json.loads(path.read_text())


def test_a_manifest_that_cannot_be_written_is_named(tmp_path):
    folder = write_shells(tmp_path / "shells")
    (folder / "columns.json").mkdir()
    done = start(tmp_path, "prepare", "--data=shells")
    assert "columns.json" in mistake(done)

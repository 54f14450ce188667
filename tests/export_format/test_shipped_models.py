import json
import pathlib

import pytest

from jmvae_tf.export_format import shipped_models
from jmvae_tf.export_format.shipped_models import (
    DIGITS,
    FACES,
    SHIPPED_NAMES,
    saved_model_folder,
    served_model_folder,
    shipped_folder,
)
from tests.helpers.paths import ROOT


def test_a_checkout_ships_these_models_and_no_others():
    assert shipped_folder() == ROOT / "saved_models" / "shipped"
    assert {path.name for path in shipped_folder().iterdir()} == set(SHIPPED_NAMES)
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for name in SHIPPED_NAMES:
        assert f"saved_models/shipped/{name} " in notice.replace(".", " ")
        card = json.loads((saved_model_folder(name) / "card.json").read_text("utf-8"))
        assert (saved_model_folder(name) / str(card["version"]) / "saved_model.pb").is_file()


def test_a_wheel_has_them_beside_its_modules(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped_models, "_PACKAGE", tmp_path)
    (tmp_path / "shipped").mkdir()
    assert saved_model_folder(FACES) == tmp_path / "shipped" / FACES


@pytest.mark.parametrize("path", ["saved_models/x", f"./{DIGITS}", f"saved_models/{FACES}", "/"])
def test_everything_else_is_a_path(path):
    assert saved_model_folder(path) == pathlib.Path(path)


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_a_training_hides_no_shipped_model_from_clients(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("saved_models", name, "2").mkdir(parents=True)
    assert served_model_folder(name) == shipped_folder() / name
    assert served_model_folder("mine") == pathlib.Path("saved_models/mine")

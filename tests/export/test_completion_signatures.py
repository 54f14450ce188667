"""Exports of models of tables take examples with gaps, and answer as the models do."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.modalities_of_manifest import modalities_of
from jmvae_tf.export.modality_descriptions import described_modalities
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.modalities_json import write_modalities
from jmvae_tf.export_format.shipped_models import DIGITS, saved_model_folder
from jmvae_tf.export_format.version_folders import newest_version
from jmvae_tf.models.model_completer import ModelCompleter, draw_targets
from jmvae_tf.programs.common.run_or_export import ModelAndTable
from jmvae_tf.programs.tasks.completers import ExportCompleter, load_completing_model
from jmvae_tf.runtime.errors import UserError
from tests.helpers.small_models import small_model

NAN = np.nan
MANIFEST = Manifest(
    "shells",
    {
        "species": ModalityColumns("label", ("species",), "Categorical", classes=("a", "b", "c")),
        "measures": ModalityColumns(
            "numbers", ("length", "weight"), "Gaussian", partly_observed=True
        ),
    },
)
DATA = {
    "species": np.array([[0, 1, 0], [NAN] * 3, [1, 0, 0], [NAN] * 3], np.float32),
    "measures": np.array([[1, NAN], [0.5, -1], [NAN, NAN], [NAN, NAN]], np.float32),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model, and its export."""
    model = small_model("jmvae_kl", modalities_of(MANIFEST))
    folder = tmp_path_factory.mktemp("saved")
    export_saved_model(model, folder, columns=MANIFEST.to_json())
    return model, folder


@pytest.fixture(scope="module")
def loaded(exported):
    """The export, loaded."""
    return LoadedExport(exported[1])


@pytest.mark.slow
def test_an_export_says_what_its_columns_are(exported):
    _, folder = exported
    completer, manifest = load_completing_model(ModelAndTable(None, folder, *[folder] * 3), {})
    assert manifest.modalities == MANIFEST.modalities
    assert completer.targets == ("species", "measures")
    assert completer.conditions == ()


def described_anew(exported, folder, columns):
    """Copies an export into a folder, as if it had been written with other columns."""
    model, source = exported
    shutil.copytree(source, folder, dirs_exist_ok=True)
    write_modalities(newest_version(folder), described_modalities(model, columns))


def test_an_export_of_other_data_is_refused(exported, tmp_path):
    described_anew(exported, tmp_path, None)
    with pytest.raises(UserError, match="which does not"):
        load_completing_model(ModelAndTable(None, tmp_path, *[tmp_path] * 3), {})


def test_columns_of_another_kind_than_their_modality_are_refused(exported, tmp_path):
    columns = {**MANIFEST.to_json(), "measures": {"kind": "array", "column": "file", "shape": [2]}}
    columns["measures"]["likelihood"] = "Gaussian"
    described_anew(exported, tmp_path, columns)
    with pytest.raises(UserError, match="the kind and the shape of its modality"):
        load_completing_model(ModelAndTable(None, tmp_path, *[tmp_path] * 3), {})


def test_draws_are_those_of_the_model(exported, loaded):
    model, _ = exported
    seeds = np.arange(4, dtype=np.int32)
    drawn = loaded("complete_measures", seed=seeds, **DATA)
    for row in range(4):
        known = {
            name: x[row : row + 1]
            for name, x in DATA.items()
            if not np.isnan(x[row]).any() or (name == "measures" and not np.isnan(x[row]).all())
        }
        for name in list(known):
            known[f"{name}/observed"] = ~np.isnan(known[name])
        if "species" in known:
            del known["species/observed"]
        seed = tf.constant([[seeds[row], 0]])
        if not known:
            continue
        expected = draw_targets(model, ["measures"], known, 1, seed)["measures"]
        for name, values in zip(("measures", "measures/drawn"), expected, strict=True):
            np.testing.assert_allclose(drawn[name][row], values[0, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_an_export_completes_and_embeds_as_its_model_does(exported, loaded):
    model, _ = exported
    of_model, of_export = ModelCompleter(model), ExportCompleter(loaded)
    for first, second in zip(of_model.embed(DATA), of_export.embed(DATA), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)
    first, second = (x.complete(DATA, 400) for x in (of_model, of_export))
    for name in DATA:
        np.testing.assert_allclose(first[name].values, second[name].values, atol=0.2)
    np.testing.assert_allclose(first["measures"].spread, second["measures"].spread, atol=0.2)
    drawn = of_export.draw_missing(DATA, 3)
    there = ~np.isnan(DATA["measures"])
    assert (drawn["measures"][:, there] == DATA["measures"][there]).all()
    assert np.isfinite(drawn["measures"]).all()


def test_what_is_not_missing_is_checked(loaded):
    wrong = {**DATA, "species": np.full((4, 3), 2, np.float32)}
    with pytest.raises(ValueError, match="species must hold numbers from 0 to 1"):
        loaded("posterior", **wrong)


def test_an_export_without_columns_is_refused_in_one_line():
    shipped = saved_model_folder(DIGITS)
    with pytest.raises(UserError, match="Tables are completed with models of tables"):
        load_completing_model(ModelAndTable(None, shipped, *[shipped] * 3), {})

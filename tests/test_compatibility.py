"""Tests that what version 0.3.0 wrote still works: run folders, checkpoints, exports.

tests/stored/version_0_3.tar.xz has two runs of that version, trained for one epoch with networks of
a few units: JMVAE-h with a discriminator on digits, JMVAE-kl on toyfaces. Beside them are their
exports and, in expected.npz, what the version itself answered for three test examples.
"""

import functools
import shutil
import tarfile

import numpy as np
import pytest
import tensorflow as tf

import jmvae_tf
from jmvae_tf.export_format.modalities_json import read_modalities
from jmvae_tf.models.adversarial import without_adversary
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.paths import ROOT
from tests.helpers.programs import succeed

RUNS = ("digits-jmvae_h_gan", "toyfaces-jmvae_kl")
PROCESSORS_DIFFER_BY = 1e-4  # Where the range is 1; rounding alone.


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The folder with both runs and `saved_models/`."""
    folder = tmp_path_factory.mktemp("version_0_3")
    with tarfile.open(ROOT / "tests" / "stored" / "version_0_3.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # None before 3.11.4.
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(stored):
    """Loads the model of a run, once for all tests."""

    @functools.cache
    def load(run):
        return jmvae_tf.load_model(stored / run / "checkpoints" / "epoch-000001.keras")

    return load


def expected(stored, run):
    with np.load(stored / run / "expected.npz") as arrays:
        return dict(arrays)


def inputs_of(arrays):
    return {
        name.removeprefix("input "): x for name, x in arrays.items() if name.startswith("input ")
    }


@pytest.mark.parametrize("run", RUNS)
def test_a_checkpoint_computes_what_it_did(stored, loaded, run):
    trained = loaded(run)
    assert isinstance(trained, jmvae_tf.Adversarial) == run.endswith("_gan")
    assert int(trained.optimizer.iterations) > 0, "its optimiser has its state"
    model, answers = without_adversary(trained), expected(stored, run)
    known = inputs_of(answers)
    bound = model.bound(model.standardise(known), tf.constant([1, 2])).value
    np.testing.assert_allclose(bound, answers["bound"], rtol=1e-4)
    for direction in model.directions:
        given = {name: known[name] for name in direction.given}
        generated = model.generate(direction.target, given, num_samples=2, seed=3)
        np.testing.assert_allclose(
            generated, answers[f"generated {direction.name}"], atol=PROCESSORS_DIFFER_BY
        )


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_an_export_answers_as_it_did(stored, run):
    version = stored / "saved_models" / run / "1"
    signatures = tf.saved_model.load(str(version)).signatures
    answers = expected(stored, run)
    known = inputs_of(answers)
    for given, target in (list(known), list(known)[::-1]):
        [answer] = signatures[f"{given}_to_{target}"](**{given: known[given]}).values()
        np.testing.assert_allclose(
            answer, answers[f"answered {given}_to_{target}"], atol=PROCESSORS_DIFFER_BY
        )


def test_an_export_describes_its_modalities(stored):
    digits, faces = (read_modalities(stored / "saved_models" / run / "1") for run in RUNS)
    assert {name: x.kind for name, x in digits.items()} == {"image": "image", "label": "label"}
    assert {name: x.kind for name, x in faces.items()} == {
        "image": "image",
        "attributes": "attributes",
    }
    assert len(faces["attributes"].means) == len(faces["attributes"].value_names) == 18


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_a_run_folder_is_read(stored, run):
    folder = RunFolder(stored / run)
    settings = folder.read_settings()
    assert f"{settings.data}-{settings.model}" == run
    assert folder.checkpoint_epochs() == [1]
    assert [row["epoch"] for row in folder.read_history()] == [1]
    model = load_checkpoint(folder.newest_checkpoint(), folder)
    folder.check_modalities(model.modalities)


def test_methods_have_their_names_of_version_0_3_too(stored, loaded):
    run = RUNS[0]
    model = without_adversary(loaded(run))
    given = {"label": inputs_of(expected(stored, run))["label"]}
    with pytest.warns(DeprecationWarning, match="posterior_and_samples"):
        _, z = model.draw_posterior(given, 2, seed=1)
    np.testing.assert_array_equal(z, model.posterior_and_samples(given, 2, seed=1)[1])
    with pytest.warns(DeprecationWarning, match="samples_to_infer"):
        assert model.draws_to_infer


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_programs_take_a_run_folder(stored, tmp_path, run):
    folder = tmp_path / run
    shutil.copytree(stored / run, folder)
    where = f"--run={folder}"
    given = "label=3" if run.startswith("digits") else "Smiling=1"
    succeed(tmp_path, "generate", where, f"--given={given}")
    assert list(tmp_path.rglob("*.png"))
    succeed(tmp_path, "export", where)
    succeed(tmp_path, "train", "--resume", "--epochs=2", where)
    assert RunFolder(folder).checkpoint_epochs()[-1] == 2

"""Runs on data sets of TensorFlow Datasets, with examples that its mocks draw."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.training_plan import make_plan
from jmvae_tf.programs.tasks import training_run

pytestmark = pytest.mark.filterwarnings("ignore")  # TFDS and its mocks warn of their own parts.

NAMES = {
    "fashion_mnist": ("image", "label"),
    "emnist/letters": ("image", "label"),
    "cifar10": ("image", "label"),
    "cifar100": ("image", "label", "coarse_label"),
    "oxford_flowers102": ("image", "label"),
    "coil100": ("image", "angle_label", "object_id", "angle"),
    "celeb_a": ("image", "landmarks", "attributes"),
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(name):
    names = NAMES[name]
    small = {
        "latent_dim": 2,
        "encoders": dict.fromkeys(names, "D4R"),
        "decoders": dict.fromkeys(names, "D4R"),
        "joint_encoder": f"({', '.join(['D4R'] * len(names))})",
        "epochs": 1,
        "warmup_epochs": 0,
        "batch_size": 8,
    }
    plan = make_plan(
        "jmvae_kl",
        f"tfds:{name}",
        small,
        run="run",
        resume=False,
        overwrite=False,
        distribute=None,
        named={},
    )
    with tfds.testing.mock_data(num_examples=20):
        training_run.train_run(plan, pathlib.Path("data"), "exports", None, profile=False, again=[])
    return choose_run("run", "newest")


def test_a_run_on_a_data_set_of_tfds(monkeypatch):
    make_model = training_run.make_model

    def eager_model(*arguments):
        model = make_model(*arguments)
        model.run_eagerly = True
        return model

    monkeypatch.setattr(training_run, "make_model", eager_model)
    monkeypatch.setattr("jmvae_tf.reporting.finish.finish_run", lambda *_: pathlib.Path("export"))
    run = train("fashion_mnist")
    assert run.settings.data == "tfds_fashion_mnist"
    assert tuple(run.settings.manifest.modalities) == NAMES["fashion_mnist"]
    [row] = run.folder.read_history()
    assert np.isfinite(row["train_bound"])
    assert json.loads(pathlib.Path("run/local.json").read_text())["data"] == "tfds:fashion_mnist"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_data_sets_train_are_evaluated_and_exported(name):
    run = train(name)
    [export] = pathlib.Path("exports").iterdir()
    described = json.loads((next(export.iterdir()) / "assets" / "modalities.json").read_text())
    assert set(NAMES[name]) <= set(described)
    metrics = json.loads(run.folder.metrics_file.read_text())
    assert metrics["protocol"]["num_examples"] == 2
    assert (run.folder.figures / "reconstructions.png").is_file()

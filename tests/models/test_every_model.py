"""What holds for every model: it trains, resumes, is measured, pictured and exported."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf import data as data_sets
from jmvae_tf.evaluation.evaluate import Protocol
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.reporting.metrics_file import write_metrics
from jmvae_tf.reporting.run_figures import draw_figures
from jmvae_tf.runtime.files import read_json
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_newest
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import train

# Model, target, directions, and the figures that are not drawn for it.
CASES = [
    ("vae", "image", [], {"images_by_label", "labels_by_image"}),
    (
        "vae",
        "label",
        [],
        {"images_by_label", "labels_by_image", "reconstructions", "prior_samples"},
    ),
    ("jmvae", None, ["image_to_label", "label_to_image"], set()),
    ("jmvae_kl", None, ["image_to_label", "label_to_image"], set()),
    ("jmvae_h", None, ["image_to_label", "label_to_image"], set()),
    ("cvae", "image", ["label_to_image"], {"labels_by_image", "prior_samples"}),
    (
        "cvae",
        "label",
        ["image_to_label"],
        {"images_by_label", "reconstructions", "prior_samples"},
    ),
    ("cmma", "image", ["label_to_image"], {"labels_by_image", "prior_samples"}),
    (
        "cmma",
        "label",
        ["image_to_label"],
        {"images_by_label", "reconstructions", "prior_samples"},
    ),
]
ALWAYS = {("vae", "image"), ("cvae", "label")}
FIGURES = {
    "images_by_label",
    "labels_by_image",
    "loss_terms",
    "prior_samples",
    "reconstructions",
}


@pytest.fixture(scope="module")
def digits():
    return data_sets.load("digits", pathlib.Path("unused"), {"split": "paper"})


def _settings(model, target, epochs):
    overrides = {"epochs": epochs, "warmup_epochs": 1, "jit_compile": False}
    return settings_of(
        model, "digits", overrides | ({"target": target} if target is not None else {})
    )


def _train(folder, settings, data):
    with folder.locked():
        model, epoch = load_newest(folder) if folder.is_run() else (None, 0)
        model = model or make_model(settings, data)
        if not folder.is_run():
            folder.start(settings)
        train(model, settings, data, folder, epoch)
    return model


@pytest.mark.parametrize(
    ("name", "target", "directions", "undrawn"),
    [
        # Two always: of one modality, and of one direction; test_programs trains one of both.
        pytest.param(*case, marks=() if case[:2] in ALWAYS else pytest.mark.slow)
        for case in CASES
    ],
)
def test_every_model_from_training_to_export(digits, tmp_path, name, target, directions, undrawn):
    folder = RunFolder(tmp_path / "run")
    _train(folder, _settings(name, target, 1), digits)
    resumed = _train(folder, _settings(name, target, 2), digits)
    undisturbed = _train(RunFolder(tmp_path / "other"), _settings(name, target, 2), digits)
    for ours, theirs in zip(resumed.get_weights(), undisturbed.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    protocol = Protocol(num_samples=2, num_importance_samples=3, num_prior_samples=4)
    metrics = write_metrics(resumed, digits, protocol, folder.metrics_file, num_examples=20)
    assert read_json(folder.metrics_file) == metrics
    assert metrics["protocol"]["num_examples"] == 20
    assert [direction.name for direction in resumed.directions] == directions
    for direction in directions:
        assert np.isfinite(metrics[f"{direction}_log_likelihood"]["mean"])

    draw_figures(resumed, digits, folder, seed=0)
    assert {path.stem for path in folder.figures.glob("*.png")} == FIGURES - undrawn

    exported = tf.saved_model.load(export_saved_model(resumed, tmp_path / "saved_model"))
    assert set(directions or [f"reconstruct_{target}", "embed"]) < set(exported.signatures)

"""What holds for every model: it trains, resumes, is measured, pictured and exported."""

import dataclasses
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import registry as data_sets
from jmvae_tf.data.pipelines import spread, whole_part
from jmvae_tf.evaluation.evaluate import Protocol
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export.signatures import fixed_seed
from jmvae_tf.export.summarise_training import summarise_training
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.reporting.metrics_file import write_metrics
from jmvae_tf.reporting.run_figures import draw_figures
from jmvae_tf.runtime.files import read_json
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_newest
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import train


def _cases():
    """Each model of the registry, with each modality of digits that it can generate."""
    for row in PLAIN_MODELS.values():
        for target in ("image", "label") if row.has_target else (None,):
            yield row, target


def _directions(row, target):
    if row.modalities == "target":
        return []
    return [x for x in ("image_to_label", "label_to_image") if target in (None, x.split("_")[-1])]


def _figures(row, target):
    """The figures that are drawn, by what the model generates and from what."""
    directions, with_images = _directions(row, target), target != "label"
    infers_z = not (row.has_target and directions)
    has_samples = infers_z and row.has_prior
    drawn = {
        "latent_map": infers_z,
        "loss_terms": True,
        "images_by_label": "label_to_image" in directions,
        "labels_by_image": "image_to_label" in directions,
        "confusion_of_labels_by_image": "image_to_label" in directions,
        "nearest_training_images": with_images and has_samples,
        "reconstructions": with_images,
        "prior_samples": with_images and has_samples,
        "walk.gif": with_images and infers_z,
    }
    return {name for name, is_drawn in drawn.items() if is_drawn}


@pytest.fixture(scope="module")
def digits():
    """All test digits, and two hundred to train on."""
    whole = data_sets.load("digits", pathlib.Path("unused"), {"split": "paper"})
    return dataclasses.replace(whole, train={name: x[:200] for name, x in whole.train.items()})


SEVERAL_SAMPLES = {"num_samples": 5, "gradient": "dreg"}


def _settings(model, target, epochs, options):
    overrides = {"epochs": epochs, "warmup_epochs": 1, "jit_compile": False, **options}
    return settings_of(
        model, "digits", overrides | ({"target": target} if target is not None else {})
    )


def _train(folder, settings, data):
    with folder.locked():
        model, epoch = load_newest(folder) if folder.is_run() else (None, 0)
        model = model or make_model(settings, data)
        model.run_eagerly = True  # A few steps are not worth a trace.
        if not folder.is_run():
            folder.start(settings)
        train(model, settings, data, folder, epoch)
    return model


@pytest.mark.slow  # `test_programs` trains one in every quick run, and exports it.
@pytest.mark.parametrize(
    ("row", "target", "options"),
    [
        *(
            pytest.param(row, target, {}, id="-".join(filter(None, (row.name, target))))
            for row, target in _cases()
        ),
        *(
            pytest.param(PLAIN_MODELS[name], target, SEVERAL_SAMPLES, id=f"{name}-several_samples")
            for name, target in (("vae", "image"), ("jmvae", None), ("jmvae_kl", None))
        ),
    ],
)
def test_every_model_from_training_to_export(digits, tmp_path, row, target, options):
    name, directions = row.name, _directions(row, target)
    folder = RunFolder(tmp_path / "run")
    _train(folder, _settings(name, target, 1, options), digits)
    resumed, undisturbed = (
        _train(one, _settings(name, target, 2, options), digits)
        for one in (folder, RunFolder(tmp_path / "other"))
    )
    for ours, theirs in zip(resumed.get_weights(), undisturbed.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    protocol = Protocol(num_samples=2, num_importance_samples=3, num_prior_samples=4)
    metrics = write_metrics(resumed, digits, protocol, folder.metrics_file, num_examples=20)
    assert read_json(folder.metrics_file) == metrics
    assert metrics["protocol"]["num_examples"] == 20
    assert [direction.name for direction in resumed.directions] == directions
    for direction in directions:
        assert np.isfinite(metrics[f"{direction}_log_likelihood"]["mean"])
    examples = whole_part(digits, "test", number=3)
    for given, generated in resumed.directions:
        of_three = resumed.generate(generated, {x: examples[x] for x in given}, num_samples=2)
        assert of_three.shape == (2, *examples[generated].shape)
        assert np.isfinite(of_three).all()

    draw_figures(resumed, digits, folder, seed=0)
    assert {x.name.removesuffix(".png") for x in folder.figures.iterdir()} == _figures(row, target)

    summary = summarise_training(resumed, spread(digits, "train", 40))
    assert (summary.latent_map is None) == bool(resumed.conditions)
    version = export_saved_model(resumed, tmp_path / "saved_model", summary=summary)
    if summary.latent_map:  # What an export decodes, the model decodes from what it embeds.
        embedded = summary.latent_map.modality
        given = {embedded: whole_part(digits, "train", False, 40)[embedded]}
        seed = fixed_seed(resumed, given)
        z = resumed.decoders_latent(resumed.posterior(given, seed).mean())
        np.testing.assert_allclose(z, resumed.posterior_mean(given, seed), atol=1e-5)
    exported = tf.saved_model.load(version)
    assert set(directions or [f"reconstruct_{target}", "embed"]) < set(exported.signatures)

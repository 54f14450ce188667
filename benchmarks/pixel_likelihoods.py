#!/usr/bin/env python3
"""Likelihoods of the pixels of drawn faces: JMVAE-kl with each, and what it does to other terms.

    .venv/bin/python benchmarks/pixel_likelihoods.py --runs=DIR --epochs=20

A fixed variance of 1, as in the papers, is compared with a learned one of all pixels, with a
learned one of each pixel, and with a Laplace density. All else is the preset, or with --weight=1
the image's log-likelihood counts in full. It prints the figures of images drawn given attributes,
and the terms of the bound on the test set, in nats. Runs that are in the folder already are
measured as they are.
"""

import dataclasses
import pathlib
import sys
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from absl import app, flags  # noqa: E402
from face_figures import figures_of, print_table  # noqa: E402

from jmvae_tf.data.data_set import DataSet  # noqa: E402
from jmvae_tf.data.registry import load  # noqa: E402
from jmvae_tf.evaluation.protocol import Protocol  # noqa: E402
from jmvae_tf.likelihoods import Gaussian, Laplace, LearnedGaussian  # noqa: E402
from jmvae_tf.reporting.metrics_file import write_metrics  # noqa: E402
from jmvae_tf.settings import settings_of  # noqa: E402
from jmvae_tf.training.build import make_model  # noqa: E402
from jmvae_tf.training.checkpoints import load_checkpoint, load_newest  # noqa: E402
from jmvae_tf.training.run_folder import RunFolder  # noqa: E402
from jmvae_tf.training.train import train  # noqa: E402

_RUNS = flags.DEFINE_string("runs", "runs/pixel_likelihoods", "folder of the runs")
_EPOCHS = flags.DEFINE_integer("epochs", 20, "epochs of each training")
_WEIGHT = flags.DEFINE_float("weight", 0.2, "weight of the image's log-likelihood")
_SEED = flags.DEFINE_integer("seed", 0, "seed of all runs")

_LIKELIHOODS = {
    "variance 1": Gaussian(),
    "one learned variance": LearnedGaussian("one"),
    "a learned variance each": LearnedGaussian("each"),
    "Laplace, scale 1": Laplace(),
}


def run_of(name: str, data: DataSet) -> RunFolder:
    """Trains and measures a model, unless that is done."""
    settings = settings_of(
        "jmvae_kl",
        "toyfaces",
        {
            "epochs": _EPOCHS.value,
            "seed": _SEED.value,
            "likelihood_weights": {"image": _WEIGHT.value},
        },
    )
    folder = RunFolder(
        pathlib.Path(_RUNS.value) / f"{name.replace(' ', '-')}-{_WEIGHT.value:g}-{_SEED.value}"
    )
    model, epoch = load_newest(folder) if folder.is_run() else (None, 0)
    if model is None:
        model = make_model(settings, data)
        folder.start(settings, data.modalities)
    train(model, settings, data, folder, epoch)
    if not folder.metrics_file.exists():
        trained = load_checkpoint(folder.newest_checkpoint(), folder)
        protocol = Protocol(num_importance_samples=0)
        write_metrics(trained, data, protocol, folder.metrics_file)
    return folder


def terms_of(folder: RunFolder) -> dict[str, str]:
    """Returns the terms of the bound on the test set, nats."""
    row = folder.read_history()[-1]
    names = ("kl_prior", "kl_image", "kl_attributes", "log_p_image", "log_p_attributes")
    return {name: f"{row[f'test_{name}']:.1f}" for name in names}


def main(_: list[str]) -> None:
    """Trains, measures, and prints the table."""
    data = load("toyfaces", pathlib.Path(_RUNS.value), {"split": "paper"})
    rows: dict[str, dict[str, Any]] = {}
    for name, likelihood in _LIKELIHOODS.items():
        image = dataclasses.replace(data.modalities["image"], likelihood=likelihood)
        modalities = {**data.modalities, "image": image}
        folder = run_of(name, dataclasses.replace(data, modalities=modalities))
        rows[name] = figures_of(folder.metrics_file) | terms_of(folder)
    print(f"{_EPOCHS.value} epochs, weight {_WEIGHT.value:g}, seed {_SEED.value}")
    print_table(rows)


if __name__ == "__main__":
    app.run(main)

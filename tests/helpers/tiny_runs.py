"""Settings and data of runs of a few steps, on images of 4 x 4 pixels and labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.modalities import Modality
from jmvae_tf.settings import Settings, settings_of

NETWORKS = {
    "joint_encoder": "(D4R, D4R)",
    "encoders": {"image": "D4R", "label": "D4R"},
    "decoders": {"image": "D4R", "label": "D4R"},
}


def settings_with(model: str = "jmvae_kl", **overrides: Any) -> Settings:
    """Makes the settings of two epochs of `tiny_data`, as if it were digits."""
    usual = {
        **NETWORKS,
        "latent_dim": 2,
        "epochs": 2,
        "warmup_epochs": 1,
        "batch_size": 5,
        "checkpoint_every": 1,
        "evaluate_every": 1,
        "jit_compile": False,
    }
    if not model.startswith("jmvae_kl"):
        del usual["encoders"]
    return settings_of(model, "digits", usual | overrides)


def tiny_data(
    modalities: Mapping[str, Modality],
    num_train: int = 20,
    num_validation: int = 5,
    num_test: int = 7,
) -> DataSet:
    """Draws a data set of some examples in each part."""
    rng = np.random.default_rng(0)

    def part(count: int) -> dict[str, np.ndarray]:
        image = rng.integers(0, 2, (count, 4, 4, 1), np.uint8)
        label = np.eye(3, dtype=np.uint8)[rng.integers(0, 3, count)]
        return {"image": image, "label": label} if count else {}

    counts = (num_train, num_validation, num_test)
    return DataSet("tiny", modalities, *map(part, counts), prepare=_prepare)


def _prepare(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {name: tf.cast(x, tf.float32) for name, x in stored.items()}

"""Seeds by example: an example gets the draws that it would get alone."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.models import editing
from jmvae_tf.runtime.randomness import fold, noise_for_batch, root_seed, sample, split
from tests.helpers.small_models import (
    OF_SEVERAL,
    ONE_WAY,
    all_but_first,
    examples,
    small_model,
    swept,
)

SEEDS = tf.constant([[3, 0], [1, 0], [4, 0], [1, 0]])


def test_derived_seeds_are_those_of_each_alone():
    for row, seed in enumerate(SEEDS):
        np.testing.assert_array_equal(fold(SEEDS, 2, 5)[row], fold(seed, 2, 5))
        for ours, alone in zip(split(SEEDS, 3), split(seed, 3), strict=True):
            np.testing.assert_array_equal(ours[row], alone)


@pytest.mark.slow
@pytest.mark.parametrize("num_samples", [None, 1, 2])
@pytest.mark.parametrize(
    "of",
    [
        lambda x: tfd.MultivariateNormalDiag(x, tf.ones_like(x) / 2),
        lambda x: tfd.Independent(tfd.Bernoulli(logits=x, dtype=tf.float32), 1),
        lambda x: tfd.OneHotCategorical(logits=x, dtype=tf.float32),
        lambda x: tfd.Independent(tfd.Normal(x, 0.3), 1),
    ],
)
@pytest.mark.parametrize("prefix", [(), (1,)])
def test_samples_are_those_of_each_alone(of, num_samples, prefix, rng):
    x = tf.constant(rng.normal(size=(*prefix, 4, 5)), tf.float32)
    drawn = sample(of(x), SEEDS, num_samples)
    for row, seed in enumerate(SEEDS):
        alone = sample(of(x[..., row : row + 1, :]), seed, num_samples)
        np.testing.assert_array_equal(drawn[..., row : row + 1, :], alone)


def test_events_are_those_of_each_alone():
    drawn = noise_for_batch(tf.random.stateless_normal, 4, (2, 3), SEEDS)
    for row, seed in enumerate(SEEDS):
        alone = noise_for_batch(tf.random.stateless_normal, 1, (2, 3), seed)
        np.testing.assert_array_equal(drawn[row], alone[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *swept((x for x in OF_SEVERAL if x != "jmvae_h"), ["jmvae"]),
        pytest.param("jmvae_h", marks=pytest.mark.slow),
    ],
)
def test_generated_are_those_of_each_alone(name, two_modalities):
    options = {"num_rounds": 3} if name in ("jmvae", "jmvae_h") else {}
    model = small_model(name, two_modalities, **options)
    given = all_but_first(model, examples(two_modalities, 4))
    for num_samples in (None, 1):
        drawn = model.generate("image", given, num_samples, SEEDS)
        for row in range(4):
            one = {name: x[row : row + 1] for name, x in given.items()}
            alone = model.generate("image", one, num_samples, int(SEEDS[row, 0]))
            np.testing.assert_allclose(drawn[..., row, :, :, :], alone[..., 0, :, :, :], atol=1e-6)
    if name not in ONE_WAY:
        data = examples(two_modalities, 4)
        edited = editing.edit(
            model, "image", data["image"], "label", data["label"][::-1], SEEDS
        ).edited
        alone = editing.edit(
            model, "image", data["image"][2:3], "label", data["label"][1:2], root_seed(4)
        ).edited
        np.testing.assert_allclose(edited[2:3], alone, atol=1e-6)


def test_several_samples_need_one_seed(two_modalities):
    model = small_model("jmvae_kl", two_modalities)
    with pytest.raises(ValueError, match="one sample is drawn"):
        model.generate("image", {"label": tf.eye(3)}, 2, SEEDS[:3])

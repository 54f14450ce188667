"""Retrieval by a stand-in whose log-probabilities NumPy computes too."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.metrics import recall
from jmvae_tf.likelihoods import Bernoulli, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction
from tests.helpers.predictor import Predictor, subject_of
from tests.helpers.small_models import small_model

MODALITIES = {name: Modality(name, (3,), Gaussian()) for name in ("left", "right")}


def test_own_targets_are_ranked_as_by_distance(eagerly, rng):
    left = rng.normal(size=(40, 3)).astype("f")
    right = (left + 0.6 * rng.normal(size=left.shape)).astype("f")
    examples = {"left": tf.constant(left), "right": tf.constant(right)}
    found = recall.shares_found(Predictor(MODALITIES, tf.identity), examples, "right", ["left"])
    distances = np.square(left[:, np.newaxis] - right).sum(axis=-1)
    ranks = (distances < np.diag(distances)[:, np.newaxis]).sum(axis=1)
    for k in recall.PLACES:
        np.testing.assert_array_equal(found[k], (ranks < k).astype(float))


def test_equal_candidates_share_their_ranks(eagerly):
    same = {name: tf.zeros((25, 3)) for name in MODALITIES}
    found = recall.shares_found(Predictor(MODALITIES, tf.identity), same, "right", ["left"])
    for k in recall.PLACES:
        np.testing.assert_allclose(found[k], k / 25)


def test_the_metric_says_among_how_many(eagerly, rng, monkeypatch):
    monkeypatch.setattr(recall, "MOST_CANDIDATES", 30)
    left = rng.normal(size=(50, 3)).astype("f")
    subject = subject_of(Predictor(MODALITIES, tf.identity), {"left": left, "right": left})
    first, tenth = recall.recall(subject, Direction(("left",), "right"))
    assert (first.value.mean, tenth.value.mean) == (1, 1)
    assert first.examples == 30
    assert "the likeliest of 30" in first.description


def test_the_standard_error_of_recall_is_its_spread(rng):
    """Examples share their candidates, which adds up to a tenth to it."""
    found = []
    for _ in range(400):
        left = rng.normal(size=(60, 3))
        right = left + 0.4 * rng.normal(size=left.shape)
        distances = np.square(left[:, np.newaxis] - right).sum(axis=-1)
        hits = (distances < np.diag(distances)[:, np.newaxis]).sum(axis=1) < 1
        found.append([hits.mean(), hits.std(ddof=1) / np.sqrt(60)])
    means, errors = np.transpose(found)
    assert errors.mean() == pytest.approx(means.std(ddof=1), rel=0.2)


@pytest.mark.parametrize("name", ["jmvae_kl", "cvae", "cmma"])
def test_models_rank_every_candidate_for_every_example(eagerly, rng, name):
    """Held to one log-probability at a time."""
    modalities = {
        "picture": Modality("picture", (2, 2, 1), Bernoulli(), kind="image"),
        "sizes": Modality("sizes", (3,), Gaussian()),
    }
    model = small_model(name, modalities)
    examples = {
        "picture": tf.constant(rng.integers(0, 2, (6, 2, 2, 1)), tf.float32),
        "sizes": tf.constant(rng.normal(size=(6, 3)), tf.float32),
    }
    given = {"sizes": examples["sizes"]}
    found = recall.shares_found(model, examples, "picture", ["sizes"])
    p = model.decode(model.posterior_mean(given), ["picture"], given)["picture"]
    log_p = np.stack([p.log_prob(x[tf.newaxis]) for x in examples["picture"]], axis=1)
    own = np.diag(log_p)[:, np.newaxis]
    likelier, equal = (log_p > own + 1e-5).sum(axis=1), (np.abs(log_p - own) < 1e-5).sum(axis=1)
    np.testing.assert_allclose(found[1], np.clip((1 - likelier) / equal, 0, 1))

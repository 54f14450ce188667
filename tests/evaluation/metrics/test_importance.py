"""Estimates of log-likelihoods: exact values, NumPy, and how they are computed."""

import dataclasses

import numpy as np
import pytest
from scipy.special import logsumexp

from jmvae_tf.evaluation import batches
from jmvae_tf.evaluation.metrics.importance import (
    importance_weighted_log_likelihoods,
    prior_log_likelihoods,
)
from tests.helpers.linear_models import (
    LATENT_DIM,
    SMALL,
    Known,
    assert_converged,
    gaussian_kls,
    linear_model,
    mean_and_error,
    relative_variances,
    tensors,
)
from tests.helpers.numpy_models import (
    GOLDEN,
    ZEROS,
    Recorder,
    gaussian_of,
    log_normal,
    log_p_of,
)
from tests.helpers.small_models import (
    examples,
    set_sequential_weights,
    small_model,
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "proposal", "options"),
    [
        ("vae", ("x",), {}),
        pytest.param("jmvae_kl", ("x", "w"), {}, marks=pytest.mark.slow),
        ("jmvae_kl", ("w",), {}),
        pytest.param("jmvae", ("w",), ZEROS, marks=pytest.mark.slow),
        pytest.param("jmvae_h", ("x", "w"), {}, marks=pytest.mark.slow),
        pytest.param("jmvae_h", ("w",), ZEROS, marks=pytest.mark.slow),
        # Weights p(x|z,w) p(z) / q: log p(x|w).
        pytest.param("cvae", ("x", "w"), {}, marks=pytest.mark.slow),
        # Weights p(x|z) p(z|w) / q: the same.
        pytest.param("cmma", ("x", "w"), {}, marks=pytest.mark.slow),
    ],
)
def test_estimates_rise_to_the_exact_log_likelihoods(rng, kind, proposal, options):
    linear = linear_model(kind, rng, **options)
    x = linear.sample(4000, rng)
    # As k grows fewer examples will do: the estimates of each are the better.
    numbers = {1: 4000, 10: 4000, 100: 4000, 1000: 200, 5000: 100}
    estimates = {
        k: importance_weighted_log_likelihoods(
            linear.model, tensors({name: x[name][:number] for name in x}), proposal, k
        )
        for k, number in numbers.items()
    }
    targets = linear.model.targets
    assert set(estimates[1]) == {*((name,) for name in targets), targets}
    for names in estimates[1]:
        known = linear.known(x, names, proposal)
        errors = {k: estimates[k][names] - known.log_p[:number] for k, number in numbers.items()}
        # One sample: E_q [log p(x,z) - log q(z)] = log p(x) - KL(q || posterior).
        mean, standard_error = mean_and_error(errors[1] + known.kl)
        assert abs(mean) < 5 * standard_error
        for error in errors.values():
            mean, standard_error = mean_and_error(error)
            assert mean < 5 * standard_error, "it does not exceed the truth"
        for k in (1000, 5000):
            assert_converged(errors[k], known.relative_variance[: numbers[k]], k)
        for less, more in ((1, 10), (10, 100), (100, 1000), (1000, 5000)):
            growth = errors[more] - errors[less][: numbers[more]]
            mean, standard_error = mean_and_error(growth)
            # From k to 10 k it is v / (2 k) 0.9, with a standard error of sqrt(v / (k n)): some
            # 8 of them up to k = 10, at v > 0.6 and n = 4000, and too few to be told beyond.
            assert mean > (5 if less <= 10 else -5) * standard_error


def of_prior(linear, x, name) -> Known:
    """What is known of log p of a modality by draws from the prior."""
    log_p, mean = [], []
    for event in x[name]:
        log_p.append(linear.system.log_marginal({name: event}))
        mean_p, cov_p = linear.system.posterior({name: event})
        mean.append(mean_p)
    difference = -np.array(mean)
    cov_q = np.eye(LATENT_DIM)
    return Known(
        np.array(log_p),
        gaussian_kls(difference, cov_q, cov_p),
        relative_variances(difference, cov_p, cov_q),
    )


def test_draws_from_the_prior_give_the_log_likelihood_of_a_modality(rng):
    linear = linear_model("jmvae_kl", rng)
    x = linear.sample(3000, rng)
    known = of_prior(linear, x, "w")
    # The examples of a batch of 100 share their draws; the means of 30 batches are independent.
    errors = {
        n: (prior_log_likelihoods(linear.model, tensors(x), "w", n) - known.log_p)
        for n in (1, 10, 100, 1000)
    }
    by_batch = {n: error.reshape(30, 100).mean(axis=1) for n, error in errors.items()}
    mean, standard_error = mean_and_error(by_batch[1] + known.kl.reshape(30, 100).mean(axis=1))
    assert abs(mean) < 5 * standard_error
    for n, error in by_batch.items():
        mean, standard_error = mean_and_error(error)
        assert mean < 5 * standard_error, n
    for less, more in ((1, 10), (10, 100), (100, 1000)):
        mean, standard_error = mean_and_error(by_batch[more] - by_batch[less])
        assert mean > 0
    variance = known.relative_variance / 1000
    usable = variance < SMALL
    assert usable.mean() > 0.9
    assert np.all(errors[1000][usable] < 5 * np.sqrt(variance[usable]))
    assert np.all(errors[1000][usable] > -5 * np.sqrt(variance[usable]) - variance[usable])


@pytest.mark.slow
@pytest.mark.parametrize(("target", "given"), [("x", "w"), ("w", "x")])
@pytest.mark.parametrize("how", ["multiple", "single"])
def test_conditional_converges_as_both_numbers_of_samples_grow(rng, target, given, how):
    """Log p(x|w) = log p(x,w) - log p(w), the former with k samples and the latter with N_w."""
    linear = linear_model("jmvae_kl", rng)
    x = linear.sample(100, rng)
    proposal = ("x", "w") if how == "multiple" else (given,)
    joint = linear.known(x, ("x", "w"), proposal)
    marginal = of_prior(linear, x, given)
    worst = []
    for k, n_w in ((100, 100), (5000, 5000)):
        log_joint = importance_weighted_log_likelihoods(linear.model, tensors(x), proposal, k)
        log_marginal = prior_log_likelihoods(linear.model, tensors(x), given, n_w)
        errors = log_joint["x", "w"] - log_marginal - (joint.log_p - marginal.log_p)
        # It is too low by what the joint falls short, and too high by what the marginal does.
        low, high = joint.relative_variance / k, marginal.relative_variance / n_w
        worst.append(np.abs(errors).max())
    usable = np.maximum(low, high) < SMALL
    assert usable.mean() > 0.9
    standard_deviation = np.sqrt(low + high)
    assert np.all((errors < high + 5 * standard_deviation)[usable])
    assert np.all((errors > -low - 5 * standard_deviation)[usable])
    assert worst[1] < worst[0]


@pytest.mark.parametrize("name", ["jmvae_kl", "jmvae_h"])
def test_importance_weights_are_those_of_numpy(
    eagerly, monkeypatch, two_modalities, two_modality_batch, flat_batch, name
):
    model = small_model(name, two_modalities)
    set_sequential_weights(model)
    decoder = Recorder(monkeypatch, model.decoders["image"])
    if name == "jmvae_h":
        layer_prior = Recorder(monkeypatch, model.layer_priors[0])
    estimates = importance_weighted_log_likelihoods(
        model, two_modality_batch, ("image", "label"), num_samples=7, seed=5
    )
    z = decoder.inputs[0].reshape(7, 6, 3)
    q = gaussian_of(model.joint_encoder, *flat_batch)
    log_weight = -log_normal(z, *q)
    if name == "jmvae_kl":
        log_weight += log_normal(z, 0, np.ones(3))
    else:
        z_2 = layer_prior.inputs[0].reshape(7, 6, 3)
        log_weight -= log_normal(z_2, *gaussian_of(model.layer_encoders[0], q[0]))
        log_weight += log_normal(z, *gaussian_of(model.layer_priors[0], z_2))
        log_weight += log_normal(z_2, 0, np.ones(3))
    log_p = log_p_of(model, z, *flat_batch)
    log_p["image", "label"] = log_p["image",] + log_p["label",]
    assert estimates.keys() == log_p.keys()
    for names, log_p_x in log_p.items():
        expected = logsumexp(log_p_x + log_weight, axis=0) - np.log(7)
        np.testing.assert_allclose(estimates[names], expected, **GOLDEN)


def test_estimate_from_the_prior_is_that_of_numpy(
    eagerly, monkeypatch, two_modalities, two_modality_batch, flat_batch
):
    model = small_model("jmvae_kl", two_modalities)
    set_sequential_weights(model)
    decoder = Recorder(monkeypatch, model.decoders["label"])
    estimates = prior_log_likelihoods(model, two_modality_batch, "label", 9, seed=5)
    [z] = decoder.inputs
    assert z.shape == (9, 3), "all examples share the draws"
    log_p = log_p_of(model, z[:, np.newaxis], *flat_batch)["label",]
    np.testing.assert_allclose(estimates, logsumexp(log_p, axis=0) - np.log(9), **GOLDEN)


@pytest.mark.slow
def test_likelihood_weights_do_not_count(two_modalities, two_modality_batch):
    """A weighted term is no density."""
    weighted = {
        name: dataclasses.replace(modality, likelihood_weight=0.3)
        for name, modality in two_modalities.items()
    }
    model, other = (small_model("jmvae_kl", each) for each in (two_modalities, weighted))
    other.set_weights(model.get_weights())
    given = ("image", "label")
    estimates = [
        importance_weighted_log_likelihoods(each, two_modality_batch, given, 5)
        for each in (model, other)
    ]
    for names in estimates[0]:
        np.testing.assert_array_equal(estimates[0][names], estimates[1][names])


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 7, 30])
@pytest.mark.parametrize("estimator", ["importance", "prior"])
def test_memory_is_bounded_whatever_the_number_of_samples(
    eagerly, monkeypatch, two_modalities, estimator, k
):
    """With 700 rows at most, seven samples of a batch of 100; the prior's are shared by them."""
    monkeypatch.setattr(batches, "ROWS", 700)
    model = small_model("jmvae_kl", two_modalities)
    data = examples(two_modalities, 130)
    decoder = Recorder(monkeypatch, model.decoders["label"])
    if estimator == "importance":
        importance_weighted_log_likelihoods(model, data, ("image", "label"), k)
        sizes = [100, 30]
    else:
        prior_log_likelihoods(model, data, "label", k)
        sizes = [1, 1]
    rows = [len(z) for z in decoder.inputs]
    chunks = [7] * (k // 7) + [k % 7] * (k % 7 > 0)
    assert rows == [size * chunk for size in sizes for chunk in chunks]
    assert max(rows) <= 700
    draws = np.concatenate(decoder.inputs)
    assert len(np.unique(draws, axis=0)) == k * sum(sizes), "no two draws are the same"


@pytest.mark.slow
def test_parts_of_another_size_give_the_same_but_for_their_draws(rng, monkeypatch):
    linear = linear_model("jmvae_kl", rng)
    x = linear.sample(200, rng)
    known = linear.known(x, ("x", "w"), ("x", "w"))

    def errors(seed):
        estimates = importance_weighted_log_likelihoods(
            linear.model, tensors(x), ("x", "w"), 100, seed
        )
        return estimates["x", "w"] - known.log_p

    whole = errors(3)
    monkeypatch.setattr(batches, "ROWS", 700)
    parts, again, other_seed = errors(3), errors(3), errors(4)
    np.testing.assert_array_equal(parts, again)
    assert not np.any(parts == whole)
    assert not np.any(parts == other_seed)
    for each in (whole, parts, other_seed):
        assert_converged(each, known.relative_variance, 100)

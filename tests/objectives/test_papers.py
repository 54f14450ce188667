"""The objectives against exact likelihoods, against each other and against NumPy."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.distributions import standard_normal
from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.objectives import cmma_bound, jmvae_bound, jmvae_h_bound, jmvae_kl_bound
from jmvae_tf.runtime.randomness import root_seed, split
from tests.helpers.linear_gaussian import Chain, gaussian, gaussian_kl, random_chain, random_pair
from tests.helpers.small_models import (
    examples,
    known_to,
    set_sequential_weights,
    small_model,
)

NUM_DRAWS = 20_000
PAPERS = ("vae", "jmvae", "jmvae_kl", "jmvae_h", "cvae", "cmma")


def _estimate(values):
    """The mean of values of a bound and its standard error."""
    values = values.numpy().astype(np.float64)
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def _bound_of_pair(pair, x, q, rng):
    """Eq. 2 for one example at many z."""
    z = q.sample(NUM_DRAWS, seed=rng.integers(0, 2**31, 2))
    events = {name: tf.constant(value, tf.float32) for name, value in x.items()}
    bound = jmvae_bound(events, q, standard_normal(pair.latent_dim), pair.decode(z))
    return _estimate(bound.value)


def test_bound_at_the_exact_posterior_is_the_log_likelihood(rng):
    pair = random_pair(rng)
    for _ in range(3):
        x = pair.sample(rng)
        mean, standard_error = _bound_of_pair(pair, x, gaussian(*pair.posterior(x)), rng)
        assert abs(mean - pair.log_marginal(x)) < 5 * standard_error
        assert standard_error < 0.05  # Else the line above would pass for want of precision.


def test_bound_elsewhere_falls_short_by_the_divergence_from_the_posterior(rng):
    pair = random_pair(rng)
    x = pair.sample(rng)
    mean, covariance = pair.posterior(x)
    for shift, spread in ((0.5, 1.0), (0.0, 3.0), (-0.3, 0.4)):
        wrong_mean, wrong_covariance = mean + shift, spread * covariance
        value, standard_error = _bound_of_pair(pair, x, gaussian(wrong_mean, wrong_covariance), rng)
        gap = gaussian_kl(wrong_mean, wrong_covariance, mean, covariance)
        assert gap > 20 * standard_error
        assert abs(pair.log_marginal(x) - gap - value) < 5 * standard_error


def _bound_of_chain(chain: Chain, x, q, rng):
    """Eq. 3 for one example at many z_1 ... z_L."""
    z = [q_l.sample(NUM_DRAWS, seed=rng.integers(0, 2**31, 2)) for q_l in q]
    p_z = [*(chain.prior_of(layer, above) for layer, above in enumerate(z[1:])), standard_normal(2)]
    events = {name: tf.constant(value, tf.float32) for name, value in x.items()}
    return _estimate(jmvae_h_bound(events, q, p_z, chain.pair.decode(z[0])).value)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_eq_3_falls_short_by_the_divergence_from_the_posterior_of_all_layers(
    rng, num_layers, spread
):
    """q(z_1) ... q(z_L) are the marginals of the exact posterior, whose covariance is scaled."""
    chain = random_chain(rng, num_layers)
    x = chain.sample(rng)
    mean, covariance = chain.posterior(x)
    layers = [slice(2 * layer, 2 * layer + 2) for layer in range(num_layers)]
    factorised = np.zeros_like(covariance)
    for layer in layers:
        factorised[layer, layer] = spread * covariance[layer, layer]
    q = [gaussian(mean[layer], factorised[layer, layer]) for layer in layers]
    gap = gaussian_kl(mean, factorised, mean, covariance)
    value, standard_error = _bound_of_chain(chain, x, q, rng)
    # With one layer the marginal is the posterior: nothing is lost.
    assert gap > 10 * standard_error if (num_layers, spread) != (1, 1.0) else gap < 1e-9
    assert abs(chain.log_marginal(x) - gap - value) < 5 * standard_error


@pytest.fixture
def parts(rng):
    """Diagonal Gaussians and decoders at random for a batch of seven, latent of four."""

    def diagonal(spread):
        return tfd.MultivariateNormalDiag(
            tf.constant(rng.normal(size=(7, 4)), tf.float32),
            tf.constant(spread * rng.uniform(0.5, 1.5, size=(7, 4)), tf.float32),
        )

    x = {
        "image": tf.constant(rng.integers(0, 2, size=(7, 3, 2, 1)), tf.float32),
        "label": tf.one_hot(rng.integers(0, 5, size=7), 5),
    }
    logits = rng.normal(size=(7, 3, 2, 1)), rng.normal(size=(7, 5))
    p_x_z = {
        "image": tfd.Independent(
            tfd.Bernoulli(logits=tf.constant(logits[0], tf.float32), dtype=tf.float32), 3
        ),
        "label": tfd.OneHotCategorical(logits=tf.constant(logits[1], tf.float32), dtype=tf.float32),
    }
    return {
        "x": x,
        "q_z_xw": diagonal(0.3),
        "q_z_x": {"image": diagonal(0.5), "label": diagonal(1.0)},
        "p_z": standard_normal(4),
        "p_x_z": p_x_z,
    }


def _jmvae(parts, **options):
    return jmvae_bound(parts["x"], parts["q_z_xw"], parts["p_z"], parts["p_x_z"], **options)


def _jmvae_kl(parts, **options):
    return jmvae_kl_bound(
        parts["x"], parts["q_z_xw"], parts["q_z_x"], parts["p_z"], parts["p_x_z"], **options
    )


def test_likelihood_weight_multiplies_its_term_alone(parts):
    plain = _jmvae(parts)
    weighted = _jmvae(parts, likelihood_weights={"image": 1 / 3})
    np.testing.assert_allclose(
        plain.value - weighted.value, plain.terms["log_p_image"] * 2 / 3, rtol=1e-4
    )
    np.testing.assert_array_equal(plain.terms["log_p_image"], weighted.terms["log_p_image"])


def test_eq_4_is_eq_2_without_alpha_or_when_the_encoders_agree(parts):
    eq_2 = _jmvae(parts).value
    np.testing.assert_array_equal(_jmvae_kl(parts, alpha=0.0).value, eq_2)
    assert np.all(_jmvae_kl(parts).value < eq_2)
    agreeing = dict.fromkeys(parts["q_z_x"], parts["q_z_xw"])
    np.testing.assert_allclose(_jmvae_kl({**parts, "q_z_x": agreeing}).value, eq_2, rtol=1e-6)


def test_eq_4_and_one_divergence_are_the_two_bounds_of_cmma(parts):
    """2016 paper, appendix A: each modality's own encoder is the prior of the other's CMMA."""
    cmma = [
        cmma_bound(
            parts["x"], parts["q_z_xw"], parts["q_z_x"][given], {target: parts["p_x_z"][target]}
        ).value
        for target, given in (("image", "label"), ("label", "image"))
    ]
    eq_4 = _jmvae_kl(parts, alpha=1.0)
    np.testing.assert_allclose(eq_4.value + eq_4.terms["kl_prior"], sum(cmma), rtol=1e-5)


def test_one_value_per_example(parts):
    bound = _jmvae_kl(parts)
    assert bound.value.shape == (7,)
    assert all(term.shape == (7,) for term in bound.terms.values())


# The models' objectives written once more, from the papers' formulas and in NumPy.


def _relu_layers(x, weights):
    """DkR-DkR-...: weights are a kernel, a bias, the next kernel and so on."""
    h = np.reshape(np.float64(x), (len(x), -1))
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        h = np.maximum(h @ kernel + bias, 0)
    return h


def _linear(features, layer):
    kernel, bias = layer.get_weights()
    return features @ kernel + bias


def _gaussian(features, head):
    """Mean, and variance by softplus with its floor."""
    variance = np.log1p(np.exp(_linear(features, head.variance))) + 1e-6
    return _linear(features, head.mean), variance


def _encoder(part, x):
    return _gaussian(_relu_layers(x, part.body.get_weights()), part.head)


def _joint_encoder(part, x):
    branches = part.body.branches.items()
    sides = [_relu_layers(x[name], branch.get_weights()) for name, branch in branches]
    return _gaussian(np.concatenate(sides, axis=1), part.head)


def _kl(q, p):
    """KL of diagonal Gaussians, each a mean and a variance, [batch]."""
    (mean_q, var_q), (mean_p, var_p) = q, p
    return 0.5 * np.sum(np.log(var_p / var_q) + (var_q + (mean_q - mean_p) ** 2) / var_p - 1, 1)


def _log_p(model, z, x):
    """log p(x|z) of every modality that the model generates; z, or z and w side by side."""
    terms = {}
    for name, decoder in model.decoders.items():
        a = _linear(_relu_layers(z, decoder.body.get_weights()), decoder.head.parameters)
        event = np.reshape(np.float64(x[name]), a.shape)
        likelihood = model.modalities[name].likelihood
        if isinstance(likelihood, Bernoulli):
            log_p = event * -np.log1p(np.exp(-a)) + (1 - event) * -np.log1p(np.exp(a))
        elif isinstance(likelihood, Categorical):
            log_p = event * (a - np.log(np.sum(np.exp(a), axis=1, keepdims=True)))
        else:
            variance = likelihood.variance
            log_p = -0.5 * ((event - a) ** 2 / variance + np.log(2 * np.pi * variance))
        terms[f"log_p_{name}"] = log_p.sum(axis=1)
    return terms


def _terms(name, model, x, noise):
    """Every term of a model's objective at z = mean + noise x standard deviation."""

    def draw(q, layer=0):
        return q[0] + np.sqrt(q[1]) * noise[layer]

    if name == "vae":
        [(modality, encoder)] = model.encoders.items()
        q = _encoder(encoder, x[modality])
    else:
        q = _joint_encoder(model.joint_encoder, x)
    conditions = [np.reshape(x[w], (len(x[w]), -1)) for w in model.conditions]
    beside = conditions if name == "cvae" else []
    terms = _log_p(model, np.concatenate([draw(q), *beside], axis=1), x)
    prior = np.zeros(3), np.ones(3)
    if name == "jmvae_h":
        for layer in range(model.num_layers - 1):
            q_above = _encoder(model.layer_encoders[layer], q[0])
            above = draw(q_above, layer + 1)
            terms[f"kl_z{layer + 1}"] = _kl(q, _encoder(model.layer_priors[layer], above))
            q = q_above
        return terms | {f"kl_z{model.num_layers}": _kl(q, prior)}
    if name == "cmma":
        prior = _joint_encoder(model.prior_encoder, x)
    if name == "jmvae_kl":
        terms |= {f"kl_{n}": _kl(q, _encoder(e, x[n])) for n, e in model.encoders.items()}
    return terms | {"kl_prior": _kl(q, prior)}


@pytest.mark.parametrize(
    ("name", "modalities", "options"),
    [
        *((name, "two_modalities", {}) for name in PAPERS),
        *((name, "three_modalities", {}) for name in PAPERS[1:]),
        ("jmvae_h", "two_modalities", {"num_layers": 1}),
        ("jmvae_h", "two_modalities", {"num_layers": 3}),
        ("jmvae_kl", "two_modalities", {"alpha": 0.1}),
    ],
)
def test_bounds_of_the_models_against_numpy(request, name, modalities, options):
    modalities = request.getfixturevalue(modalities)
    first = next(iter(modalities))
    modalities[first] = dataclasses.replace(modalities[first], likelihood_weight=0.5)
    model = small_model(name, modalities, "D3R-D4R", **options)
    set_sequential_weights(model)
    x = known_to(model, examples(modalities, 5))
    seed, kl_weight = root_seed(5), 0.25
    num_layers = getattr(model, "num_layers", 1)
    unit = tfd.MultivariateNormalDiag(tf.zeros((5, 3)), tf.ones((5, 3)))
    seeds = split(seed, num_layers) if num_layers > 1 else [seed]
    expected = _terms(name, model, x, [np.float64(unit.sample(seed=s)) for s in seeds])

    bound = model.bound(x, seed, kl_weight)
    assert set(bound.terms) == set(expected)
    # Sums of some twenty values of order one, each right to some 1e-7.
    for term, value in expected.items():
        np.testing.assert_allclose(bound.terms[term], value, rtol=1e-5, atol=1e-5, err_msg=term)
        assert np.std(value) > 1e-4, term  # Else the order of examples would not matter.

    def weight(term):
        if term.startswith("log_p_"):
            return 0.5 if term == f"log_p_{first}" else 1.0
        alpha_term = name == "jmvae_kl" and term != "kl_prior"
        return -model.alpha if alpha_term else -kl_weight

    total = sum(weight(term) * value for term, value in expected.items())
    np.testing.assert_allclose(bound.value, total, rtol=1e-5, atol=1e-5)

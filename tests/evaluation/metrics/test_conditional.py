"""Eq. 5 and Eq. 6: closed forms, exact values and NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from jmvae_tf.evaluation import batches
from jmvae_tf.evaluation.metrics.conditional import (
    conditional_log_likelihoods,
    generation_log_likelihood,
    reconstruction_log_likelihood,
)
from jmvae_tf.evaluation.protocol import EvaluationData
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.modalities import observed_key
from tests.helpers.evaluation import QUICK_PROTOCOL
from tests.helpers.linear_gaussian import Chain
from tests.helpers.linear_models import (
    SIZES,
    OneWay,
    assert_converged,
    linear_model,
    mean_and_error,
    relative_variances,
    tensors,
)
from tests.helpers.numpy_models import GOLDEN, ZEROS, Recorder, log_p_of
from tests.helpers.small_models import (
    examples,
    set_sequential_weights,
    small_model,
)


def pair_of(system):
    """The modalities given the z that decoders take."""
    if isinstance(system, Chain):
        return system.pair
    return system.given_z if isinstance(system, OneWay) else system


def z_given_w(linear, w):
    """Mean, [n, 2], and covariance of the z that x is generated from, given w alone."""
    model, system = linear.model, linear.system
    if model.conditions:  # z ~ p(z|w)
        return w @ system.prior_gain.T, system.prior_variance * np.eye(2)
    if ("w",) in linear.encoders:  # z ~ q(z|w)
        encoder = linear.encoders[("w",)]
        return encoder.mean({"w": w}), encoder.variance * np.eye(2)
    # A chain: x as it starts, z from q(z|x,w), x from p(x|z), z from q(z|x,w) and so on.
    encoder = linear.encoders["x", "w"]
    pair = pair_of(system)
    a, noise = pair.loadings["x"], pair.variances["x"] * (model.feed_back == "samples")
    x, cov_x = np.zeros((len(w), SIZES["x"])), np.eye(SIZES["x"]) * (model.missing == "noise")
    for _ in range(model.num_rounds):
        gain = encoder.gains["x"]
        z, cov_z = encoder.mean({"x": x, "w": w}), gain @ cov_x @ gain.T
        if linear.above:  # z_2 from the mean of z_1, then z_1 again from p(z_1|z_2).
            up, down = linear.above.gains["z"], system.maps[0]
            z, cov_z = linear.above.mean({"z": z}), up @ cov_z @ up.T
            cov_z = cov_z + linear.above.variance * np.eye(2)
            z, cov_z = z @ down.T, down @ cov_z @ down.T + np.eye(2) / 4
        else:
            cov_z = cov_z + encoder.variance * np.eye(2)
        x, cov_x = z @ a.T + pair.offsets["x"], a @ cov_z @ a.T + noise * np.eye(len(a))
    return z, cov_z


def x_given_z(linear, w):
    """A, what A z is added to, [n, 4], and the variance of x given z."""
    pair = pair_of(linear.system)
    offset = np.tile(pair.offsets["x"], (len(w), 1))
    if isinstance(linear.system, OneWay):
        offset += w @ linear.system.from_w.T
    return pair.loadings["x"], offset, pair.variances["x"]


def log_normal(difference, covariance):
    """log N of n vectors, given their differences from the mean."""
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    inverse = np.linalg.inv(covariance)
    return -0.5 * (log_det + np.einsum("ni,ij,nj->n", difference, inverse, difference))


CASES = [
    ("jmvae_kl", {}, 10),
    ("jmvae", {"missing": "zeros", "num_rounds": 1}, 10),
    ("jmvae", {"missing": "noise", "num_rounds": 3}, 10),
    ("jmvae", {"missing": "noise", "num_rounds": 3, "feed_back": "means"}, 10),
    ("jmvae_h", {"missing": "zeros", "num_rounds": 1}, 4),
    ("jmvae_h", {"missing": "noise", "num_rounds": 2}, 4),
    ("cvae", {}, 10),
    ("cmma", {}, 10),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "options", "num_samples"), CASES)
def test_eq_5_and_eq_6_are_their_closed_forms(rng, kind, options, num_samples):
    """E log N(x; A z + b, s I) = log N(x; A m + b, s I) - tr(A C A') / (2 s), z ~ N(m, C)."""
    linear = linear_model(kind, rng, **options)
    data = linear.sample(2000, rng)
    scores = conditional_log_likelihoods(linear.model, tensors(data), "x", ["w"], num_samples, 3)
    m, c = z_given_w(linear, data["w"])
    a, offset, s = x_given_z(linear, data["w"])
    difference, noise = data["x"] - offset - m @ a.T, s * np.eye(len(a))
    expected = log_normal(difference, noise) - np.trace(a @ c @ a.T) / (2 * s)
    error = scores.mean_log - expected
    mean, standard_error = mean_and_error(error)
    assert abs(mean) < 5 * standard_error

    # With u = z - m it varies as g'u - u'Mu / 2, g = A'(x - A m - b) / s and M = A'A / s. Of N
    # independent draws the mean has the variance over N, and its fourth moment is that of a
    # Gaussian, or with N = 10 a tenth of a chi-square's excess, 12, more.
    if kind != "jmvae_h":  # Its N x N draws share z_2.
        g, curvature = difference @ a / s, a.T @ a @ c / s
        variance = np.einsum("ni,ij,nj->n", g, c, g) + np.trace(curvature @ curvature) / 2
        variance /= num_samples
        spread = np.sqrt((2 + 12 / num_samples) * (variance**2).mean() / len(error))
        assert abs((error**2).mean() - variance.mean()) < 5 * spread

    # log int q(z|w) p(x|z) dz is never exceeded in expectation, and log-mean-exp is nearer to it.
    limit = log_normal(difference, a @ c @ a.T + noise)
    assert np.all(scores.log_mean >= scores.mean_log - 1e-5)
    mean, standard_error = mean_and_error(scores.log_mean - limit)
    assert mean < 5 * standard_error
    assert np.all(limit > expected)


@pytest.mark.slow
def test_log_mean_exp_rises_to_the_exact_conditional(rng):
    """Log int q(z|w) p(x|z) dz: an estimate of importance weights p(x|z), z ~ q(z|w)."""
    linear = linear_model("jmvae_kl", rng)
    data = linear.sample(1000, rng)
    m, c = z_given_w(linear, data["w"])
    a, offset, s = x_given_z(linear, data["w"])
    difference = data["x"] - offset - m @ a.T
    limit = log_normal(difference, a @ c @ a.T + s * np.eye(len(a)))
    covariance = np.linalg.inv(np.linalg.inv(c) + a.T @ a / s)
    variance = relative_variances(-difference @ a @ covariance / s, covariance, c)
    errors = {}
    for n in (1, 10, 100, 1000):
        scores = conditional_log_likelihoods(linear.model, tensors(data), "x", ["w"], n, 3)
        errors[n] = scores.log_mean - limit
        if n == 1:
            np.testing.assert_allclose(scores.log_mean, scores.mean_log, rtol=1e-6)
    for less, more in ((1, 10), (10, 100)):
        mean, standard_error = mean_and_error(errors[more] - errors[less])
        assert mean > 5 * standard_error
    assert_converged(errors[1000], variance, 1000)


@pytest.mark.slow
def test_eq_5_does_not_depend_on_the_batches_but_on_the_seed(rng, monkeypatch, eagerly):
    linear = linear_model("jmvae_kl", rng)
    data = tensors(linear.sample(30, rng))

    def scores(seed=0, num_samples=4):
        return conditional_log_likelihoods(linear.model, data, "x", ["w"], num_samples, seed)

    first, again, other = scores(), scores(), scores(seed=1)
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.any(one == different)
    # Of a batch of one the spread of a draw is that of examples alike.
    alike = {name: tf.repeat(x[:1], 1000, axis=0) for name, x in data.items()}
    draws = conditional_log_likelihoods(linear.model, alike, "x", ["w"], 1).mean_log
    whole = scores(3, 2000).mean_log[0]
    rows = []
    decode = linear.model.decode

    def counted(z, *rest):
        rows.append(int(np.prod(z.shape[:-1])))
        return decode(z, *rest)

    monkeypatch.setattr(batches, "ROWS", 14_000)
    monkeypatch.setattr(linear.model, "decode", counted)
    chunked = scores(3, 2000).mean_log[0]
    assert max(rows) == 14_000
    assert abs(chunked - whole) < 5 * draws.std() * np.sqrt(2 / 2000)


@pytest.mark.parametrize("name", ["jmvae_kl", "jmvae_h"])
def test_eq_5_and_eq_6_are_those_of_numpy(
    eagerly, monkeypatch, two_modalities, two_modality_batch, flat_batch, name
):
    """Eq. 6 has N draws of z_1 below each of N of z_2."""
    options = ZEROS if name == "jmvae_h" else {}
    model = small_model(name, two_modalities, **options)
    set_sequential_weights(model)
    decoder = Recorder(monkeypatch, model.decoders["image"])
    scores = conditional_log_likelihoods(model, two_modality_batch, "image", ["label"], 3, 5)
    number = 9 if name == "jmvae_h" else 3
    z = decoder.inputs[0].reshape(number, 6, 3)
    log_p = log_p_of(model, z, *flat_batch)["image",]
    np.testing.assert_allclose(scores.mean_log, log_p.mean(axis=0), **GOLDEN)
    log_mean = logsumexp(log_p, axis=0) - np.log(number)
    np.testing.assert_allclose(scores.log_mean, log_mean, **GOLDEN)


@pytest.mark.slow
@pytest.mark.parametrize("gaps", [False, True])
def test_samples_are_drawn_once_for_all_that_they_score(eagerly, monkeypatch, two_modalities, gaps):
    """The chains of JMVAE take most of an evaluation; with gaps, targets have other examples."""
    model, data = small_model("jmvae", two_modalities), examples(two_modalities, 6)
    if gaps:
        data[observed_key("label")] = tf.constant([True, True, False, True, True, True])
    drawn, draw = [], model.conditional_samples
    monkeypatch.setattr(
        model, "conditional_samples", lambda given, *rest: drawn.append(given) or draw(given, *rest)
    )
    subject = Subject(model, EvaluationData(data, data, data), QUICK_PROTOCOL)
    lines = [x for case in subject.directions for x in generation_log_likelihood(subject, case)]
    cases = subject.reconstructions
    lines += [x for case in cases for x in reconstruction_log_likelihood(subject, case)]
    # Given the image, the label and both; with gaps, each target of these by itself.
    assert len(drawn) == (6 if gaps else 3)
    found = {line.name: line.value.mean for line in lines}
    for case in (*subject.directions, *cases):
        known = subject.having("test", *case.given, case.target)
        alone = conditional_log_likelihoods(model, known, case.target, case.given, 2)
        name = getattr(case, "how", None) and case.name
        expected = alone.mean_log.astype(np.float64).mean()
        assert found[name or f"{case.name}_log_likelihood"] == pytest.approx(expected, rel=1e-6)

"""Objectives of several samples against NumPy, and their gradients against each other."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.distributions import standard_normal
from jmvae_tf.objectives import jmvae_bound, jmvae_kl_bound
from jmvae_tf.objectives.joint import with_single_encoders
from jmvae_tf.objectives.multi_sample import (
    dreg_bound,
    importance_weights,
    iwae_bound,
    joint_importance_weights,
    mmvae_bound,
)
from tests.helpers.three_looks import (
    DATA,
    LOADINGS,
    NAMES,
    VARIANCES,
    decode,
    events,
    gaussian,
    log_marginal,
    posterior,
)

PRIOR = standard_normal(1)
# Mean and deviation of experts that are no posteriors.
Q = {"x": (0.5, 0.8), "w": (0.0, 0.9), "y": (0.8, 0.5)}


class Case:
    """Experts whose parameters are variables, one per example, and K samples of each."""

    def __init__(self, batch, k, rng, names=NAMES):
        self.names, self.batch = names, batch
        self.means = {m: tf.Variable(tf.fill((batch, 1), Q[m][0])) for m in names}
        self.scales = {m: tf.Variable(tf.fill((batch, 1), Q[m][1])) for m in names}
        self.noise = {m: rng.normal(size=(k, batch, 1)).astype("f") for m in names}

    def z(self):
        return {m: self.means[m] + self.scales[m] * self.noise[m] for m in self.names}

    def weights_at(self, z, stopped=False, data=None, **options):
        stop = tf.stop_gradient if stopped else tf.identity
        q = {
            m: tfd.MultivariateNormalDiag(stop(self.means[m]), stop(self.scales[m]))
            for m in self.names
        }
        p_x_z = {m: decode(z[m], self.names) for m in self.names}
        data = data or events(self.batch, self.names)
        return importance_weights(data, q, z, PRIOR, p_x_z, **options)

    def gradients(self, of, **options):
        """Gradients of each example's bound with respect to its means, [M, batch]."""
        with tf.GradientTape() as tape:
            z = self.z()
            if of == "plain":
                bound = mmvae_bound(self.weights_at(z, **options))
            else:
                at = lambda x: self.weights_at(x, stopped=True, **options)  # noqa: E731
                bound = dreg_bound(at, z, is_exact=of == "exact")
        gradients = tape.gradient(bound.value, [self.means[m] for m in self.names])
        return np.stack([x.numpy()[:, 0] for x in gradients]).astype(float)


def _log_normal(z, mean, deviation):
    return -0.5 * np.log(2 * np.pi * deviation**2) - 0.5 * ((z - mean) / deviation) ** 2


def _log_w(case, beta=1.0, weights=None, names=None):
    """NumPy's log w_mk, [M, K, batch], of a smaller model if `names` are given."""
    names = names or case.names
    z = np.stack([case.z()[m].numpy()[..., 0] for m in names]).astype(float)
    log_q = logsumexp([_log_normal(z, *Q[m]) for m in names], axis=0) - np.log(len(names))
    log_p = sum(
        (weights or {}).get(m, 1.0) * _log_normal(DATA[m], LOADINGS[m] * z, np.sqrt(VARIANCES[m]))
        for m in names
    )
    return log_p + beta * (_log_normal(z, 0, 1) - log_q)


def _mean(log_w, mean):
    if mean == "looser":
        return (logsumexp(log_w, axis=1) - np.log(log_w.shape[1])).mean(axis=0)
    return logsumexp(log_w, axis=(0, 1)) - np.log(log_w.shape[0] * log_w.shape[1])


@pytest.mark.parametrize("beta", [0.7, np.linspace(0, 1, 6, dtype="f")])
@pytest.mark.parametrize("mean", ["looser", "tighter"])
def test_the_bound_is_that_of_numpy(rng, mean, beta):
    """Also with a beta of each example, of which 0 leaves out the divergence."""
    case, a = Case(6, 4, rng), {"x": 0.5, "y": 2.0}
    kl_weight = beta if isinstance(beta, float) else tf.constant(beta)
    weights = case.weights_at(case.z(), kl_weight=kl_weight, likelihood_weights=a)
    np.testing.assert_allclose(weights.log_w, _log_w(case, beta, a), rtol=1e-5)
    bound = mmvae_bound(weights, mean)
    np.testing.assert_allclose(bound.value, _mean(_log_w(case, beta, a), mean), rtol=1e-5)
    np.testing.assert_array_equal(bound.terms["kl_prior"] == 0, np.broadcast_to(beta == 0, 6))


def test_both_means_stay_below_the_log_likelihood_and_one_is_tighter(rng):
    case = Case(20_000, 5, rng)
    weights = case.weights_at(case.z())
    looser, tighter = (mmvae_bound(weights, x).value.numpy() for x in ("looser", "tighter"))
    assert (looser <= tighter + 1e-5).all()
    assert tighter.mean() + 5 * tighter.std() / np.sqrt(20_000) < log_marginal()


def test_one_sample_of_one_modality_gives_an_elbo(rng):
    case = Case(6, 1, rng, ("x",))
    z = case.z()["x"].numpy()[0, :, 0]
    elbo = _log_normal(DATA["x"], z, np.sqrt(VARIANCES["x"]))
    elbo += _log_normal(z, 0, 1) - _log_normal(z, *Q["x"])
    np.testing.assert_allclose(mmvae_bound(case.weights_at(case.z())).value, elbo, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("mean", ["looser", "tighter"])
@pytest.mark.parametrize("absent", ["x", "w", "y"])
def test_examples_without_a_modality_are_those_of_the_smaller_model(rng, mean, absent):
    case = Case(6, 4, rng)
    here = np.arange(6) % 2 == 0
    data = events(6)
    data[absent] = tf.where(here[:, np.newaxis], data[absent], np.nan)
    with tf.GradientTape() as tape:
        weights = case.weights_at(case.z(), data=data, masks={absent: tf.constant(here)})
        value = mmvae_bound(weights, mean).value
    smaller = [m for m in NAMES if m != absent]
    expected = np.where(here, _mean(_log_w(case), mean), _mean(_log_w(case, names=smaller), mean))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    gradient = tape.gradient(value, case.means[absent]).numpy()[:, 0]
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient != 0, here)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "names", "k", "beta"),
    [
        ("authors", ("y",), 5, 1.0),
        ("authors", ("y",), 5, 0.3),
        ("authors", NAMES, 1, 1.0),
        ("exact", ("y",), 5, 1.0),
        ("exact", NAMES, 5, 1.0),
        ("exact", NAMES, 5, 0.3),
    ],
)
def test_doubly_reparameterised_gradients_agree_with_the_plain_one_and_vary_less(
    rng, of, names, k, beta
):
    """Over many examples, each with samples of its own, within five standard errors.

    In a warm-up beta is below 1, and the estimators must agree there too.
    """
    case = Case(20_000, k, rng, names)
    plain, dreg = (case.gradients(x, kl_weight=beta) for x in ("plain", of))
    difference = plain - dreg
    error = difference.std(axis=1) / np.sqrt(case.batch)
    assert (np.abs(difference.mean(axis=1)) < 5 * error).all()
    if k > 1:
        assert (dreg.std(axis=1) < plain.std(axis=1)).all()


def test_the_authors_gradient_of_a_mixture_is_biased(rng):
    case = Case(20_000, 5, rng)
    difference = case.gradients("plain") - case.gradients("authors")
    error = difference.std(axis=1) / np.sqrt(case.batch)
    assert (np.abs(difference.mean(axis=1)) > 10 * error).any()


@pytest.mark.parametrize("mean", ["looser", "tighter"])
def test_a_doubly_reparameterised_bound_has_the_same_value(rng, mean):
    case = Case(6, 4, rng)
    z = case.z()
    bound = dreg_bound(lambda x: case.weights_at(x, stopped=True), z, mean)
    expected = mmvae_bound(case.weights_at(z), mean)
    np.testing.assert_array_equal(bound.value, expected.value)


def test_the_tighter_bound_has_no_exact_gradient(rng):
    case = Case(2, 2, rng)
    with pytest.raises(ValueError, match="looser bound"):
        dreg_bound(case.weights_at, case.z(), "tighter", is_exact=True)


# One encoder of all modalities.


class Joint:
    """A joint encoder whose mean and deviation are variables, one per example, and K samples."""

    def __init__(self, batch, k, rng, mean=0.3, deviation=0.7):
        self.batch = batch
        self.mean, self.deviation = (
            tf.Variable(tf.fill((batch, 1), np.float32(x))) for x in (mean, deviation)
        )
        self.noise = rng.normal(size=(k, batch, 1)).astype("f")

    def q(self, stopped=False):
        stop = tf.stop_gradient if stopped else tf.identity
        return tfd.MultivariateNormalDiag(stop(self.mean), stop(self.deviation))

    def z(self):
        return self.mean + self.deviation * self.noise

    def weights_at(self, z, stopped=False, data=None, **options):
        data = data or events(self.batch)
        return joint_importance_weights(data, self.q(stopped), z, PRIOR, decode(z), **options)

    def bound(self, of, **options):
        if of == "plain":
            return iwae_bound(self.weights_at(self.z(), **options))
        at = lambda z: self.weights_at(z["z"], stopped=True, **options)  # noqa: E731
        return dreg_bound(at, {"z": self.z()})

    def gradients(self, of, **options):
        """Those of each example's bound, by its mean and by its deviation, [2, batch]."""
        with tf.GradientTape() as tape:
            value = self.bound(of, **options).value
        found = tape.gradient(value, [self.mean, self.deviation])
        return np.stack([x.numpy()[:, 0] for x in found]).astype(float)

    def log_w(self, beta=1.0, weights=None, names=NAMES):
        """NumPy's log w_k, [K, batch]."""
        z, q = self.z().numpy()[..., 0].astype(float), (self.mean.numpy(), self.deviation.numpy())
        log_p = sum(
            (weights or {}).get(m, 1.0)
            * _log_normal(DATA[m], LOADINGS[m] * z, np.sqrt(VARIANCES[m]))
            for m in names
        )
        return log_p + beta * (_log_normal(z, 0, 1) - _log_normal(z, q[0][:, 0], q[1][:, 0]))


@pytest.mark.parametrize("k", [1, 2, 7])
def test_the_bound_of_one_encoder_is_that_of_numpy(rng, k):
    """In the second half of the examples w is missing, and each has a beta of its own."""
    joint, a, beta = Joint(6, k, rng), {"x": 0.5, "y": 2.0}, np.linspace(0, 2, 6)
    here = np.arange(6) < 3
    data = events(6)
    data["w"] = tf.where(here[:, np.newaxis], data["w"], np.nan)
    bound = iwae_bound(
        joint.weights_at(
            joint.z(),
            data=data,
            kl_weight=tf.constant(beta, tf.float32),
            likelihood_weights=a,
            masks={"w": tf.constant(here)},
        )
    )
    log_w = np.where(here, joint.log_w(beta, a), joint.log_w(beta, a, ("x", "y")))
    np.testing.assert_allclose(bound.value, logsumexp(log_w, axis=0) - np.log(k), rtol=1e-5)
    kl = np.where(beta > 0, (joint.log_w(0) - joint.log_w(1)).mean(axis=0), 0)
    np.testing.assert_allclose(bound.terms["kl_prior"], kl, rtol=1e-4, atol=1e-6)
    log_p_w = _log_normal(DATA["w"], LOADINGS["w"] * joint.z().numpy()[..., 0], 1.0).mean(axis=0)
    np.testing.assert_allclose(bound.terms["log_p_w"], np.where(here, log_p_w, 0), rtol=1e-5)


@pytest.mark.parametrize("k", [1, 2, 50])
@pytest.mark.parametrize("of", ["plain", "dreg"])
def test_at_the_exact_posterior_every_sample_gives_log_p(rng, k, of):
    mean, variance = posterior()
    joint = Joint(5, k, rng, mean, np.sqrt(variance))
    np.testing.assert_allclose(joint.bound(of).value, log_marginal(), rtol=1e-5)


def test_one_sample_gives_the_elbo_in_expectation_and_more_come_nearer_to_log_p(rng):
    batch, means = 20_000, []
    for k in (1, 2, 10):
        joint = Joint(batch, k, rng)
        found = joint.bound("plain").value.numpy()
        error = found.std() / np.sqrt(batch)
        means.append((found.mean(), error))
    z = joint.z()[0]
    elbo = jmvae_bound(events(batch), joint.q(), PRIOR, decode(z)).value.numpy()
    error = np.hypot(means[0][1], elbo.std() / np.sqrt(batch))
    assert abs(means[0][0] - elbo.mean()) < 5 * error
    for (less, error), (more, other) in itertools.pairwise([*means, (log_marginal(), 0)]):
        assert less + 5 * np.hypot(error, other) < more


@pytest.mark.parametrize(("k", "beta"), [(1, 1.0), (1, 0.3), (5, 1.0), (5, 0.3), (5, 2.0)])
def test_the_doubly_reparameterised_gradient_of_one_encoder_is_exact(rng, k, beta):
    """In expectation, within five standard errors of the mean difference; and varies less."""
    joint = Joint(20_000, k, rng)
    plain, dreg = (joint.gradients(x, kl_weight=beta) for x in ("plain", "dreg"))
    difference = plain - dreg
    error = difference.std(axis=1) / np.sqrt(joint.batch)
    assert (np.abs(difference.mean(axis=1)) < 5 * error).all()
    if beta == 1:
        assert (dreg.std(axis=1) < plain.std(axis=1)).all()


def test_both_gradients_of_one_encoder_have_the_same_value(rng):
    joint = Joint(6, 4, rng)
    np.testing.assert_array_equal(joint.bound("plain").value, joint.bound("dreg").value)


def test_alpha_terms_of_several_samples_are_those_of_eq_4(rng):
    """So Eq. 4 is its own first part, and what they add."""
    joint, alpha = Joint(6, 1, rng), 0.3
    q_z_x = {"x": gaussian(0.1, 0.9, 6), "w": gaussian(-0.5, 1.2, 6)}
    data, p_x_z = events(6), decode(joint.z()[0])
    whole = jmvae_kl_bound(data, joint.q(), q_z_x, PRIOR, p_x_z, alpha)
    first = jmvae_bound(data, joint.q(), PRIOR, p_x_z)
    added = with_single_encoders(first, joint.q(), q_z_x, alpha)
    np.testing.assert_allclose(added.value, whole.value, rtol=1e-6)
    assert added.terms.keys() == whole.terms.keys()
    complete = tf.constant([True, False] * 3)
    some = with_single_encoders(first, joint.q(), q_z_x, alpha, complete)
    np.testing.assert_allclose(some.value, np.where(complete, whole.value, first.value), rtol=1e-6)

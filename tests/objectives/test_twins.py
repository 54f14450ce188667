"""Objectives of models of others, and ours, against NumPy: value and terms, example by example.

Each example lacks other modalities, and has a beta of its own. NaN stands for what is missing. The
twins are loops over the modalities of one example, and share nothing with the package.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import geometric_mean, hoelder_pool, product_of_experts
from jmvae_tf.layers.distributions import standard_normal
from jmvae_tf.objectives.joint import (
    jmvae_h_kl_bound,
    telbo_bound,
    with_unimodal_reconstructions,
)
from jmvae_tf.objectives.mixtures import (
    helvae_bound,
    mmjsd_objective,
    mmvm_objective,
    mopoe_bound,
)
from jmvae_tf.objectives.papers import jmvae_bound
from jmvae_tf.objectives.products import (
    SubsetPass,
    crmvae_objective,
    mvae_bound,
    mvtcae_objective,
)

NAMES = ("x", "w", "y")
PATTERNS = [s for n in (1, 2, 3) for s in itertools.combinations(NAMES, n)]
ROWS = range(len(PATTERNS))
WEIGHTS = {"x": 0.4, "w": 3.0, "y": 1.0}
LATENT_DIM = 2
STANDARD = (np.zeros(LATENT_DIM), np.ones(LATENT_DIM))


class Case:
    """Experts, decoders and noise at random; `q` and `decode` for TensorFlow, the rest for NumPy.

    Moments are pairs of a mean and a variance.
    """

    def __init__(self, rng):
        shape = (len(PATTERNS), LATENT_DIM)
        self.moments = {
            m: (rng.normal(size=shape), rng.uniform(0.2, 1.5, shape)) for m in (*NAMES, "joint")
        }
        self.above = {m: (rng.normal(size=shape), rng.uniform(0.2, 1.5, shape)) for m in "qp"}
        self.noise = {m: rng.normal(size=shape) for m in (*NAMES, "S", "T")}
        self.maps = {
            m: rng.normal(size=(LATENT_DIM, n)) for m, n in zip(NAMES, (4, 3, 2), strict=True)
        }
        self.beta = rng.uniform(0.2, 2.0, len(PATTERNS))
        has = {m: np.array([m in pattern for pattern in PATTERNS]) for m in NAMES}
        data = {
            "x": rng.normal(size=(len(PATTERNS), 4)),
            "w": np.eye(3)[rng.integers(0, 3, len(PATTERNS))],
            "y": rng.integers(0, 2, (len(PATTERNS), 2)).astype(float),
        }
        self.data = {m: np.where(has[m][:, None], x, np.nan) for m, x in data.items()}
        self.masks = {m: tf.constant(x) for m, x in has.items()}
        self.rows = [self.masks[m] for m in NAMES]
        self.options = {
            "kl_weight": tf.constant(self.beta, tf.float32),
            "likelihood_weights": WEIGHTS,
            "masks": self.masks,
        }

    # For TensorFlow.

    @property
    def tensors(self):
        return {m: tf.constant(x, tf.float32) for m, x in self.data.items()}

    @property
    def experts(self):
        return {m: gaussian(self.moments[m]) for m in NAMES}

    def z(self, q, noise):
        return q.mean() + q.stddev() * tf.constant(self.noise[noise], tf.float32)

    def decode(self, z, names=NAMES):
        parameters = {m: tf.matmul(z, tf.constant(self.maps[m], tf.float32)) for m in names}
        p = {
            "x": lambda a: tfd.Independent(tfd.Normal(a, 1.0), 1),
            "w": lambda a: tfd.OneHotCategorical(a, dtype=tf.float32),
            "y": lambda a: tfd.Independent(tfd.Bernoulli(a, dtype=tf.float32), 1),
        }
        return {m: p[m](a) for m, a in parameters.items()}

    def alone(self):
        return {m: self.decode(self.z(q, m), [m])[m] for m, q in self.experts.items()}

    # For NumPy, of one example.

    def expert(self, m, row):
        mean, variance = self.moments[m]
        return mean[row], variance[row]

    def drawn(self, moments, noise, row):
        mean, variance = moments
        return mean + np.sqrt(variance) * self.noise[noise][row]

    def log_p(self, m, z, row):
        a, x = z @ self.maps[m], self.data[m][row]
        if m == "x":
            return -0.5 * np.sum((x - a) ** 2 + np.log(2 * np.pi))
        if m == "w":
            return a @ x - np.log(np.exp(a).sum())
        return np.sum(x * a - np.log1p(np.exp(a)))

    def weighted(self, names, z, row):
        return sum(WEIGHTS[m] * self.log_p(m, z, row) for m in names)


@pytest.fixture
def case(rng):
    return Case(rng)


def gaussian(moments):
    mean, variance = (np.asarray(x, "f") for x in moments)
    return tfd.MultivariateNormalDiag(mean, np.sqrt(variance))


def kl(q, p=STANDARD):
    ratio, shift = q[1] / p[1], (q[0] - p[0]) ** 2 / p[1]
    return 0.5 * np.sum(ratio - 1 - np.log(ratio) + shift)


def product(experts, of_prior):
    precision = of_prior + sum(1 / v for _, v in experts)
    return sum(mean / v for mean, v in experts) / precision, 1 / precision


def log_density(z, q):
    return -0.5 * np.sum((z - q[0]) ** 2 / q[1] + np.log(2 * np.pi * q[1]))


def assert_equal(bound, twin, **terms):
    """Compares values, and terms, with those of a function from the place and S of an example."""
    for name, of in {"value": twin, **terms}.items():
        found = bound.value if name == "value" else bound.terms[name]
        expected = [of(row, PATTERNS[row]) for row in ROWS]
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5, err_msg=name)
    assert np.isfinite(bound.value).all()


def _product(case, convention):
    return product_of_experts(list(case.experts.values()), case.rows, convention)


def test_mvae(case):
    """With a random subset beside all and each: x and w, of those examples that have three."""

    def elbo(names, noise, row):
        q = product([case.expert(m, row) for m in names], 1)
        return case.weighted(names, case.drawn(q, noise, row), row) - case.beta[row] * kl(q)

    def one(names, rows, noise):
        experts = [case.experts[m] for m in names]
        q = product_of_experts(experts, [rows[m] for m in names], "prior_expert")
        return SubsetPass(q, case.decode(case.z(q, noise), names), rows)

    whole = tf.constant([len(pattern) == 3 for pattern in PATTERNS])
    subset = {"x": whole, "w": whole, "y": tf.zeros_like(whole)}
    passes = {"": one(NAMES, case.masks, "S")}
    passes |= {m: one([m], {m: case.masks[m]}, m) for m in NAMES}
    others = [one(NAMES, subset, "T")]
    bound = mvae_bound(case.tensors, passes, others, standard_normal(LATENT_DIM), **case.options)

    def twin(row, s):
        total = elbo(s, "S", row) + sum(elbo([m], m, row) for m in s)
        return total + (elbo(("x", "w"), "T", row) if len(s) == 3 else 0)

    def kl_w(row, s):
        return kl(product([case.expert("w", row)], 1)) if "w" in s else 0

    def of_subset(row, s):
        return elbo(("x", "w"), "T", row) if len(s) == 3 else 0

    assert_equal(bound, twin, kl_prior_of_w=kl_w, elbo_of_subset_1=of_subset)


@pytest.mark.parametrize("alpha", [0.0, 5 / 6])
def test_mvtcae(case, alpha):
    q = _product(case, "none")
    p_x_z = case.decode(case.z(q, "S"))
    prior = standard_normal(LATENT_DIM)
    value = mvtcae_objective(case.tensors, q, case.experts, prior, p_x_z, alpha, **case.options)

    def twin(row, s):
        q = product([case.expert(m, row) for m in s], 0)
        divergences = (1 - alpha) * kl(q)
        divergences += alpha / 3 * sum(kl(q, case.expert(m, row)) for m in s)
        log_p = case.weighted(s, case.drawn(q, "S", row), row)
        return (3 - alpha) / 3 * log_p - case.beta[row] * divergences

    def kl_x(row, s):
        q = product([case.expert(m, row) for m in s], 0)
        return kl(q, case.expert("x", row)) if "x" in s else 0

    assert_equal(value, twin, kl_x=kl_x)


def test_crmvae(case):
    q = _product(case, "none")
    value = crmvae_objective(
        case.tensors,
        q,
        case.experts,
        standard_normal(LATENT_DIM),
        case.decode(case.z(q, "S")),
        case.alone(),
        **case.options,
    )

    def twin(row, s):
        q = product([case.expert(m, row) for m in s], 0)
        total = case.weighted(s, case.drawn(q, "S", row), row)
        total += sum(case.weighted([m], case.drawn(case.expert(m, row), m, row), row) for m in s)
        divergences = kl(q) + sum(kl(q, case.expert(m, row)) for m in s)
        return (total - case.beta[row] * divergences) / 4

    assert_equal(value, twin)


def test_mopoe(case):
    """Each example draws the last of its subsets, all that it has."""
    number = np.array([2 ** len(pattern) - 1 for pattern in PATTERNS])
    q_z_s, shares = [], []
    for subset in PATTERNS:
        experts = [case.experts[m] for m in subset]
        convention = "full_only" if len(subset) == 3 else "none"
        q_z_s.append(product_of_experts(experts, convention=convention))
        inside = np.array([set(subset) <= set(pattern) for pattern in PATTERNS])
        shares.append(tf.constant(inside / number, tf.float32))
    z = tf.stack([case.z(q_z_s[row], "S")[row] for row in ROWS])
    prior = standard_normal(LATENT_DIM)
    bound = mopoe_bound(case.tensors, q_z_s, shares, prior, case.decode(z), **case.options)

    def of(subset, row):
        return product([case.expert(m, row) for m in subset], int(len(subset) == 3))

    def divergence(row, s):
        inside = [t for n in range(1, len(s) + 1) for t in itertools.combinations(s, n)]
        return np.mean([kl(of(t, row)) for t in inside])

    def twin(row, s):
        z = case.drawn(of(s, row), "S", row)
        return case.weighted(s, z, row) - case.beta[row] * divergence(row, s)

    assert_equal(bound, twin, kl_prior=divergence)


def test_mmjsd(case):
    """Each example draws the first modality that it has."""
    sizes = np.array([len(pattern) for pattern in PATTERNS])
    shares = {
        m: tf.constant(np.where(case.masks[m], 1 / (1 + sizes), 0), tf.float32) for m in NAMES
    }
    f = geometric_mean(list(case.experts.values()), list(shares.values()))
    z = tf.stack([case.z(case.experts[PATTERNS[row][0]], "S")[row] for row in ROWS])
    value = mmjsd_objective(
        case.tensors,
        case.experts,
        shares,
        standard_normal(LATENT_DIM),
        f,
        case.decode(z),
        **case.options,
    )

    def mean(row, s):
        """The geometric mean, from densities: log f is quadratic."""
        members = [STANDARD, *(case.expert(m, row) for m in s)]
        slope = sum(mean / v for mean, v in members) / len(members)
        precision = sum(1 / v for _, v in members) / len(members)
        return slope / precision, 1 / precision

    def twin(row, s):
        members, f = [STANDARD, *(case.expert(m, row) for m in s)], mean(row, s)
        z = case.drawn(case.expert(s[0], row), "S", row)
        divergence = np.mean([kl(q, f) for q in members])
        return case.weighted(s, z, row) - case.beta[row] * divergence

    assert_equal(value, twin, kl_prior=lambda row, s: kl(STANDARD, mean(row, s)))


@pytest.mark.parametrize("estimated", [False, True])
def test_mmvm(case, estimated):
    z = {m: case.z(q, m) for m, q in case.experts.items()}
    value = mmvm_objective(
        case.tensors, case.experts, case.alone(), z if estimated else None, **case.options
    )

    def divergence(m, row, s):
        q = case.expert(m, row)
        if not estimated:
            return np.mean([kl(q, case.expert(j, row)) for j in s])
        z = case.drawn(q, m, row)
        return log_density(z, q) - np.log(
            np.mean([np.exp(log_density(z, case.expert(j, row))) for j in s])
        )

    def twin(row, s):
        of_each = (case.weighted([m], case.drawn(case.expert(m, row), m, row), row) for m in s)
        return sum(of_each) - case.beta[row] * sum(divergence(m, row, s) for m in s)

    assert_equal(value, twin, kl_y=lambda row, s: divergence("y", row, s) if "y" in s else 0)


def test_helvae(case):
    q = hoelder_pool(list(case.experts.values()), case.rows)
    p_x_z = case.decode(case.z(q, "S"))
    bound = helvae_bound(case.tensors, q, standard_normal(LATENT_DIM), p_x_z, **case.options)

    def pool(row, s):
        """Moments of (sum_m sqrt(q_m))^2, from the products of all pairs of roots."""
        weights, means, variances = [], [], []
        for (m_i, v_i), (m_j, v_j) in itertools.product([case.expert(m, row) for m in s], repeat=2):
            # sqrt(q_i q_j) is S N(mean, variance), with half of each precision.
            precision = 0.5 / v_i + 0.5 / v_j
            mean = (0.5 * m_i / v_i + 0.5 * m_j / v_j) / precision
            at_mean = 0.5 * (log_density(mean, (m_i, v_i)) + log_density(mean, (m_j, v_j)))
            weights.append(np.exp(at_mean - log_density(mean, (mean, 1 / precision))))
            means.append(mean)
            variances.append(1 / precision)
        shares = np.array(weights)[:, None] / sum(weights)
        mean = (shares * means).sum(axis=0)
        second = (shares * (np.array(variances) + np.square(means))).sum(axis=0)
        return mean, second - mean**2

    def twin(row, s):
        q = pool(row, s)
        return case.weighted(s, case.drawn(q, "S", row), row) - case.beta[row] * kl(q)

    assert_equal(bound, twin)


def _complete():
    return tf.constant([len(pattern) == 3 for pattern in PATTERNS])


def test_telbo(case):
    joint = gaussian(case.moments["joint"])
    bound = telbo_bound(
        case.tensors,
        joint,
        case.experts,
        standard_normal(LATENT_DIM),
        case.decode(case.z(joint, "S")),
        case.alone(),
        _complete(),
        **case.options,
    )

    def twin(row, s):
        total = 0.0
        if len(s) == 3:
            q = case.expert("joint", row)
            total += case.weighted(s, case.drawn(q, "S", row), row) - case.beta[row] * kl(q)
        for m in s:
            q = case.expert(m, row)
            total += case.weighted([m], case.drawn(q, m, row), row) - case.beta[row] * kl(q)
        return total

    assert_equal(bound, twin, kl_prior_of_x=lambda row, s: kl(case.expert("x", row)) * ("x" in s))


def test_unimodal_reconstructions(case):
    joint = gaussian(case.moments["joint"])
    p_x_z = case.decode(case.z(joint, "S"))
    bound = jmvae_bound(case.tensors, joint, standard_normal(LATENT_DIM), p_x_z, **case.options)
    rest = {name: case.options[name] for name in ("likelihood_weights", "masks")}
    value = with_unimodal_reconstructions(bound, case.tensors, case.alone(), 0.3, **rest)

    def twin(row, s):
        q = case.expert("joint", row)
        total = case.weighted(s, case.drawn(q, "S", row), row) - case.beta[row] * kl(q)
        alone = (case.weighted([m], case.drawn(case.expert(m, row), m, row), row) for m in s)
        return total + 0.3 * sum(alone)

    assert_equal(value, twin)


def test_jmvae_h_kl(case):
    """Beta weighs the divergences of the layers, alpha that of the encoders."""
    q = [gaussian(case.moments["joint"]), gaussian(case.above["q"])]
    p = [gaussian(case.above["p"]), standard_normal(LATENT_DIM)]
    p_x_z, alpha = case.decode(case.z(q[0], "S")), 0.7
    bound = jmvae_h_kl_bound(
        case.tensors, q, case.experts, p, p_x_z, alpha, _complete(), **case.options
    )

    def twin(row, s):
        first = case.expert("joint", row)
        second, prior = (tuple(x[row] for x in case.above[m]) for m in "qp")
        total = case.weighted(s, case.drawn(first, "S", row), row)
        total -= case.beta[row] * (kl(first, prior) + kl(second))
        if len(s) == 3:
            total -= alpha * sum(kl(first, case.expert(m, row)) for m in s)
        return total

    def kl_w(row, s):
        return kl(case.expert("joint", row), case.expert("w", row)) if len(s) == 3 else 0

    assert_equal(bound, twin, kl_w=kl_w)

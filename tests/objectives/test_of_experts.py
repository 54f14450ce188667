"""Objectives of models without a joint encoder, and of those that grew from JMVAE-kl.

They are compared with closed forms at one value of z, with each other, and with themselves where
modalities are missing. An expectation is a mean over many z; tolerances are five standard errors.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.inference import geometric_mean, hoelder_pool, product_of_experts
from jmvae_tf.layers.distributions import standard_normal
from jmvae_tf.objectives.joint import telbo_bound, with_unimodal_reconstructions
from jmvae_tf.objectives.mixtures import helvae_bound, mmjsd_objective, mmvm_objective, mopoe_bound
from jmvae_tf.objectives.papers import jmvae_bound
from jmvae_tf.objectives.products import SubsetPass, crmvae_objective, mvae_bound, mvtcae_objective
from tests.helpers.three_looks import (
    DATA,
    NAMES,
    decode,
    events,
    expected_log_p,
    gaussian,
    kl,
    log_marginal,
    posterior,
)

N = 20_000
PRIOR = standard_normal(1)
SUBSETS = [s for n in (1, 2, 3) for s in itertools.combinations(NAMES, n)]
# Experts that are no posteriors.
Q = {"x": (0.5, 0.6), "w": (0.2, 0.9), "y": (0.9, 0.3)}


def _experts(of, names=NAMES):
    return {m: gaussian(*of[m], N) for m in names}


def _exact(names=NAMES):
    return {m: posterior([m]) for m in names}


def _pass(q, names, rng, rows=None):
    """A z of q for each example, decoded."""
    return SubsetPass(q, decode(q.sample(seed=rng.integers(0, 2**31, 2)), names), rows or {})


def _decoded(q, names, rng):
    return _pass(q, names, rng).p_x_z


def _product(of, names=NAMES, convention="none"):
    return product_of_experts(list(_experts(of, names).values()), convention=convention)


def _pair(q):
    return float(q.mean()[0, 0]), float(q.variance()[0, 0])


def _agrees(bound, expected):
    values = bound.value.numpy().astype(float)
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert values.mean() == pytest.approx(expected, abs=5 * error + 1e-5)
    assert error < 0.03  # Else the line above would pass for want of precision.


def _elbo(q, names=NAMES, beta=1.0):
    return sum(expected_log_p(m, q) for m in names) - beta * kl(q)


def test_the_closed_forms_are_right():
    assert posterior() == pytest.approx((0.590476, 0.190476), rel=1e-5)
    assert log_marginal() == pytest.approx(-4.020692, abs=1e-6)
    for names in SUBSETS:
        assert _elbo(posterior(names), names) == pytest.approx(log_marginal(names))


# MVAE.


def _mvae(passes, **options):
    first, *others = passes
    return mvae_bound(events(N), {"": first}, others, PRIOR, **options)


def test_mvae_at_exact_posteriors_is_the_sum_of_log_likelihoods(rng):
    subsets = [NAMES, *[(m,) for m in NAMES], ("x", "y")]
    passes = [_pass(gaussian(*posterior(s), N), s, rng) for s in subsets]
    _agrees(_mvae(passes), sum(log_marginal(s) for s in subsets))


def test_mvae_is_the_sum_of_its_elbos(rng):
    products = [_pair(_product(Q, s, "prior_expert")) for s in (NAMES, *[(m,) for m in NAMES])]
    subsets = [NAMES, *[(m,) for m in NAMES]]
    passes = [_pass(gaussian(*q, N), s, rng) for q, s in zip(products, subsets, strict=True)]
    expected = sum(_elbo(q, s, 0.7) for q, s in zip(products, subsets, strict=True))
    _agrees(_mvae(passes, kl_weight=0.7), expected)


def test_mvae_of_one_modality_is_twice_its_elbo(rng):
    q = _pair(_product(Q, ["x"], "prior_expert"))
    _agrees(_mvae([_pass(gaussian(*q, N), ["x"], rng) for _ in range(2)]), 2 * _elbo(q, ["x"]))


def test_an_elbo_of_nothing_is_0(rng):
    none = dict.fromkeys(NAMES, tf.zeros(N, tf.bool))
    value = _mvae([_pass(gaussian(3.0, 0.1, N), NAMES, rng, none)]).value
    np.testing.assert_array_equal(value, 0.0)


# MVTCAE and CRMVAE.


def test_mvtcae_at_exact_posteriors(rng):
    """log p(X) - alpha/M sum_m log p(x_m)."""
    q, alpha = gaussian(*posterior(), N), 5 / 6
    bound = mvtcae_objective(events(N), q, _experts(_exact()), PRIOR, _decoded(q, NAMES, rng))
    _agrees(bound, log_marginal() - alpha / 3 * sum(log_marginal([m]) for m in NAMES))


def test_mvtcae_in_closed_form(rng):
    q, alpha, beta = _product(Q), 0.3, 2.5
    bound = mvtcae_objective(
        events(N), q, _experts(Q), PRIOR, _decoded(q, NAMES, rng), alpha, kl_weight=beta
    )
    pair = _pair(q)
    _agrees(
        bound,
        (3 - alpha) / 3 * sum(expected_log_p(m, pair) for m in NAMES)
        - beta * ((1 - alpha) * kl(pair) + alpha / 3 * sum(kl(pair, Q[m]) for m in NAMES)),
    )


def test_mvtcae_without_alpha_is_a_beta_vae_of_the_product(rng):
    q = _product(Q)
    p_x_z = _decoded(q, NAMES, rng)
    bound = mvtcae_objective(events(N), q, _experts(Q), PRIOR, p_x_z, 0.0, kl_weight=1.7)
    vae = jmvae_bound(events(N), q, PRIOR, p_x_z, kl_weight=1.7)
    np.testing.assert_allclose(bound.value, vae.value, rtol=1e-5)


@pytest.mark.parametrize("of", [Q, _exact()], ids=["experts", "posteriors"])
def test_crmvae_in_closed_form(rng, of):
    joint = posterior() if of is not Q else _pair(_product(Q))
    q, experts, beta = gaussian(*joint, N), _experts(of), 1.3
    alone = {m: _decoded(experts[m], [m], rng)[m] for m in NAMES}
    p_x_z = _decoded(q, NAMES, rng)
    bound = crmvae_objective(events(N), q, experts, PRIOR, p_x_z, alone, kl_weight=beta)
    _agrees(
        bound,
        (
            sum(expected_log_p(m, joint) + expected_log_p(m, of[m]) for m in NAMES)
            - beta * sum(kl(joint, of[m]) for m in NAMES)
            - beta * kl(joint)
        )
        / 4,
    )


# MoPoE, mmJSD, MMVM and HELVAE.


def _mopoe(of, rng, beta=1.0):
    pairs = [_pair(_product(of, s, "full_only" if len(s) == 3 else "none")) for s in SUBSETS]
    chosen = rng.integers(0, 7, N)
    mean, variance = (np.array(x, "f")[chosen] for x in zip(*pairs, strict=True))
    z = tf.constant(mean + np.sqrt(variance) * rng.normal(size=N).astype("f"))[:, tf.newaxis]
    q_z_s, shares = [gaussian(*pair, N) for pair in pairs], [tf.fill([N], 1 / 7)] * 7
    return pairs, mopoe_bound(events(N), q_z_s, shares, PRIOR, decode(z), kl_weight=beta)


def test_mopoe_in_closed_form(rng):
    pairs, bound = _mopoe(Q, rng, 0.6)
    _agrees(bound, np.mean([_elbo(pair, beta=0.6) for pair in pairs]))


def test_mopoe_stays_below_the_log_likelihood(rng):
    _, bound = _mopoe(_exact(), rng)
    assert np.mean(bound.value) < log_marginal() - 0.1


def test_mmjsd_in_closed_form(rng):
    experts, share, beta = _experts(Q), 1 / 4, 1.4
    f = geometric_mean(list(experts.values()), [tf.fill([N], share)] * 3)
    places = rng.integers(0, 3, N)
    mean, variance = (np.array(x, "f")[places] for x in zip(*Q.values(), strict=True))
    z = tf.constant(mean + np.sqrt(variance) * rng.normal(size=N).astype("f"))[:, tf.newaxis]
    shares = dict.fromkeys(NAMES, tf.fill([N], share))
    bound = mmjsd_objective(events(N), experts, shares, PRIOR, f, decode(z), kl_weight=beta)
    divergences = kl((0, 1), _pair(f)) + sum(kl(Q[m], _pair(f)) for m in NAMES)
    reconstructions = np.mean([sum(expected_log_p(m, q) for m in NAMES) for q in Q.values()])
    _agrees(bound, reconstructions - beta * share * divergences)


def _mmvm(of, rng, estimated=False):
    experts = _experts(of, of)
    z = {m: q.sample(seed=rng.integers(0, 2**31, 2)) for m, q in experts.items()}
    p_x_z = {m: decode(z[m])[m] for m in of}
    return mmvm_objective(
        events(N, list(of)), experts, p_x_z, z if estimated else None, kl_weight=0.8
    )


def test_mmvm_in_closed_form(rng):
    kls = sum(kl(Q[m], Q[j]) for m in NAMES for j in NAMES) / 3
    _agrees(_mmvm(Q, rng), sum(expected_log_p(m, Q[m]) for m in NAMES) - 0.8 * kls)


def test_mmvm_estimates_divergences_from_the_mixture(rng):
    terms = {name: x.numpy() for name, x in _mmvm(Q, rng, estimated=True).terms.items()}
    grid = np.linspace(-8, 8, 4001)
    density = {
        m: np.exp(-0.5 * (grid - q[0]) ** 2 / q[1]) / np.sqrt(2 * np.pi * q[1])
        for m, q in Q.items()
    }
    h = np.mean([*density.values()], axis=0)
    for m in NAMES:
        expected = np.trapezoid(density[m] * np.log(density[m] / h), grid)
        found = terms[f"kl_{m}"]
        assert found.mean() == pytest.approx(expected, abs=5 * found.std() / np.sqrt(N))
        assert found.max() <= np.log(3) + 1e-5


@pytest.mark.parametrize("estimated", [False, True])
def test_mmvm_of_one_modality_has_no_divergence(rng, estimated):
    bound = _mmvm({"x": Q["x"]}, rng, estimated)
    np.testing.assert_allclose(bound.terms["kl_x"], 0.0, atol=1e-6)


def test_helvae_of_equal_experts_is_their_elbo(rng):
    q = hoelder_pool([gaussian(*Q["x"], N)] * 3)
    _agrees(helvae_bound(events(N), q, PRIOR, _decoded(q, NAMES, rng)), _elbo(Q["x"]))


@pytest.mark.parametrize("of", [Q, _exact()], ids=["experts", "posteriors"])
def test_helvae_stays_below_the_log_likelihood(rng, of):
    q = hoelder_pool([gaussian(*of[m], N) for m in NAMES])
    value = helvae_bound(events(N), q, PRIOR, _decoded(q, NAMES, rng)).value.numpy()
    assert value.mean() + 5 * value.std() / np.sqrt(N) < log_marginal()


# Models with a joint encoder.


def test_telbo_at_exact_posteriors_is_the_sum_of_log_likelihoods(rng):
    q, experts = gaussian(*posterior(), N), _experts(_exact())
    alone = {m: _decoded(experts[m], [m], rng)[m] for m in NAMES}
    bound = telbo_bound(events(N), q, experts, PRIOR, _decoded(q, NAMES, rng), alone)
    _agrees(bound, log_marginal() + sum(log_marginal([m]) for m in NAMES))


def test_unimodal_reconstructions_are_added_with_their_weight(rng):
    q, experts, gamma = gaussian(*posterior(), N), _experts(Q), 0.4
    alone = {m: _decoded(experts[m], [m], rng)[m] for m in NAMES}
    joint = jmvae_bound(events(N), q, PRIOR, _decoded(q, NAMES, rng))
    bound = with_unimodal_reconstructions(joint, events(N), alone, gamma)
    _agrees(bound, log_marginal() + gamma * sum(expected_log_p(m, Q[m]) for m in NAMES))


def test_objectives_take_the_data_that_is_given():
    """The closed forms above would all agree if `events` and `DATA` were both wrong."""
    assert {m: float(x[0, 0]) for m, x in events(1).items()} == pytest.approx(DATA)

"""The product of encoders and iterative sampling."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import iterative_sampling, product_of_experts
from jmvae_tf.randomness import root_seed
from tests.linear_gaussian import LinearGaussian


def test_product_of_encoders_is_exact_for_orthogonal_loadings(rng):
    """Each of three modalities sees its own values of z, so that all posteriors are diagonal."""
    loadings = {
        "a": np.diag([1.5, 0.0, 0.0, 0.0])[:1],
        "b": np.diag([0.0, 0.7, -2.0, 0.0])[1:3],
        "c": np.diag([0.0, 0.0, 0.0, 1.1])[3:],
    }
    triple = LinearGaussian(
        loadings,
        {name: rng.normal(size=len(a)) for name, a in loadings.items()},
        {"a": 0.5, "b": 1.0, "c": 2.0},
    )
    x = triple.sample(rng)
    for names in (("a", "b"), ("b", "c"), ("a", "b", "c")):
        experts = []
        for name in names:
            mean, covariance = triple.posterior({name: x[name]})
            experts.append(
                tfd.MultivariateNormalDiag(
                    mean[None].astype("f"),
                    np.sqrt(np.diag(covariance))[np.newaxis].astype("f"),
                )
            )
        product = product_of_experts(experts)
        mean, covariance = triple.posterior({name: x[name] for name in names})
        np.testing.assert_allclose(product.mean()[0], mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(product.variance()[0], np.diag(covariance), rtol=1e-5)


def test_product_of_encoders_that_see_the_same_values_is_exact():
    """Three independent looks at one value of z: precisions add up, the prior's counts once."""
    looks = LinearGaussian(
        {"a": np.array([[1.0]]), "b": np.array([[2.0]]), "c": np.array([[-0.5]])},
        {"a": np.zeros(1), "b": np.zeros(1), "c": np.zeros(1)},
        {"a": 1.0, "b": 0.5, "c": 2.0},
    )
    x = {"a": np.array([0.3]), "b": np.array([1.0]), "c": np.array([-2.0])}
    experts = [
        tfd.MultivariateNormalDiag(mean[None].astype("f"), np.sqrt(covariance).astype("f"))
        for mean, covariance in (looks.posterior({name: x[name]}) for name in x)
    ]
    mean, covariance = looks.posterior(x)
    product = product_of_experts(experts)
    np.testing.assert_allclose(product.mean()[0], mean, rtol=1e-5)
    np.testing.assert_allclose(product.variance()[0], covariance[0], rtol=1e-5)


def test_an_expert_wider_than_the_prior_is_left_out():
    narrow = tfd.MultivariateNormalDiag([[1.0, 1.0]], [[0.5, 0.5]])
    wide = tfd.MultivariateNormalDiag([[3.0, 3.0]], [[2.0, 0.25]])
    product = product_of_experts([narrow, wide])
    np.testing.assert_allclose(product.mean()[0], [1.0, (1 / 0.25 + 3 / 0.0625) / 19], rtol=1e-5)
    np.testing.assert_allclose(product.variance()[0], [0.25, 1 / 19], rtol=1e-5)


def test_iterative_sampling_reaches_the_conditional_of_a_linear_gaussian_pair():
    """With the exact posterior and likelihood the chain's z tends to p(z|w), whatever its start.

    z ~ N(0, 1), x = z + e, w = z + f, unit variances: q(z|x,w) = N((x + w) / 3, 1 / 3) and
    p(z|w) = N(w / 2, 1 / 2).
    """
    w, chains = 1.6, 20_000

    def encode(x):
        return tfd.MultivariateNormalDiag(
            (x["x"] + x["w"]) / 3, tf.fill(x["x"].shape, float(np.sqrt(1 / 3)))
        )

    def decode(z):
        return {name: tfd.MultivariateNormalDiag(z, tf.ones_like(z)) for name in ("x", "w")}

    def z_after(num_rounds):
        initial = {"x": tf.fill((chains, 1), 8.0), "w": tf.fill((chains, 1), w)}
        q = iterative_sampling(initial, ["x"], encode, decode, num_rounds, root_seed(3))
        return q.sample(seed=root_seed(4)).numpy()

    # One round encodes the start itself: z ~ N((8 + 1.6) / 3, 1 / 3), nothing fed back.
    tolerance = 5 * np.sqrt(1 / 2 / chains)
    assert abs(z_after(1).mean() - 3.2) < tolerance
    # The mean of z contracts by 1 / 3 a round: after two rounds (E[x] + w) / 3 with E[x] = 3.2.
    assert abs(z_after(2).mean() - (3.2 + w) / 3) < tolerance
    settled = z_after(15)
    assert abs(settled.mean() - w / 2) < tolerance
    # The variance of a sample variance of Gaussians is 2 sigma^4 / (n - 1).
    assert abs(settled.var(ddof=1) - 0.5) < 5 * np.sqrt(2 * 0.25 / chains)

"""The product of encoders, iterative sampling and importance weights."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import iterative_sampling, product_of_experts
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.linear_gaussian import LinearGaussian
from tests.helpers.small_models import (
    ITERATIVE,
    PAPERS,
    all_but_first,
    examples,
    known_to,
    set_variances,
    small_model,
    swept,
)


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


# z ~ N(0, 1), x = z + e, w = z + f, unit variances: q(z|x,w) = N((x + w) / 3, 1 / 3) and
# p(z|w) = N(w / 2, 1 / 2).
W, CHAINS = 1.6, 20_000


def _z_of_chains(num_rounds, feed_back):
    """The z that follow from chains which start at x = 8, with the exact posterior."""

    def sample_z(x, seed):
        mean = (x["x"] + x["w"]) / 3
        return tfd.MultivariateNormalDiag(mean, tf.fill(mean.shape, float(np.sqrt(1 / 3)))).sample(
            seed=seed
        )

    def decode(z):
        return {name: tfd.MultivariateNormalDiag(z, tf.ones_like(z)) for name in ("x", "w")}

    initial = {"x": tf.fill((CHAINS, 1), 8.0), "w": tf.fill((CHAINS, 1), W)}
    complemented = iterative_sampling(
        initial, ["x"], sample_z, decode, num_rounds, root_seed(3), feed_back
    )
    np.testing.assert_array_equal(complemented["w"], initial["w"])
    return sample_z(complemented, root_seed(4)).numpy()


@pytest.mark.slow
@pytest.mark.parametrize(("feed_back", "variance"), [("samples", 1 / 2), ("means", 3 / 8)])
def test_iterative_sampling_of_a_linear_gaussian_pair(feed_back, variance):
    """Fed back samples, z tends to p(z|w) whatever its start; fed back means, to its mean only.

    Of the variance v of z, v / 9 comes back through the means, and 1 / 9 with the noise of
    samples: v = v / 9 + 1 / 3 or v = (v + 1) / 9 + 1 / 3.
    """
    # One round encodes the start itself: z ~ N((8 + 1.6) / 3, 1 / 3), nothing fed back.
    tolerance = 5 * np.sqrt(1 / 2 / CHAINS)
    assert abs(_z_of_chains(1, feed_back).mean() - 3.2) < tolerance
    # The mean of z contracts by 1 / 3 a round: after two rounds (E[x] + w) / 3 with E[x] = 3.2.
    assert abs(_z_of_chains(2, feed_back).mean() - (3.2 + W) / 3) < tolerance
    settled = _z_of_chains(15, feed_back)
    assert abs(settled.mean() - W / 2) < tolerance
    # The variance of a sample variance of Gaussians is 2 sigma^4 / (n - 1).
    assert abs(settled.var(ddof=1) - variance) < 5 * np.sqrt(2 * variance**2 / CHAINS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ITERATIVE)
def test_what_is_missing_starts_from_zeros_or_noise(name, two_modalities):
    data = examples(two_modalities, 6)
    label = {"label": data["label"]}
    zeros = small_model(name, two_modalities, missing="zeros", num_rounds=1)
    blank = {**label, "image": tf.zeros((6, 4, 4, 1))}
    q, z = zeros.posterior_and_samples(label, 4, seed=2)
    np.testing.assert_array_equal(zeros.posterior(label).mean(), zeros.encode(blank).mean())
    # Nothing is drawn, so that all samples are of one distribution.
    assert (q.batch_shape, z.shape) == ((6,), (4, 6, 3))

    noisy = small_model(name, two_modalities, missing="noise", num_rounds=1)
    q, z = noisy.posterior_and_samples(label, 4, seed=2)
    assert (q.batch_shape, z.shape) == ((4, 6), (4, 6, 3))
    assert np.all(np.std(q.mean(), axis=0).max(axis=1) > 1e-3)
    np.testing.assert_array_equal(noisy.posterior_and_samples(label, 4, seed=2)[1], z)
    assert not np.allclose(noisy.posterior_and_samples(label, 4, seed=3)[1], z)
    # Importance samples share chains; any number of them can be had.
    draws = noisy.importance_samples(label, 13, seed=2)
    assert draws.z.shape == (13, 6, 3)
    assert draws.log_p_z.shape == draws.log_q_z.shape == (13, 6)
    # Of a label nothing is drawn: a missing one is 1 / 3 everywhere.
    image = {"image": data["image"]}
    np.testing.assert_allclose(
        noisy.posterior(image).mean(),
        noisy.encode({**image, "label": tf.fill((6, 3), 1 / 3)}).mean(),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("name", ITERATIVE)
def test_what_is_fed_back_goes_through_the_decoder(name, two_modalities):
    """Two rounds of means, with an encoder that has next to no variance, are two calls."""
    model = small_model(name, two_modalities, missing="zeros", num_rounds=2, feed_back="means")
    set_variances(model, 1e-9)  # With its floor, a standard deviation of 0.001.
    label = {"label": examples(two_modalities, 6)["label"]}
    blank = {**label, "image": tf.zeros((6, 4, 4, 1))}
    z = model.encode(blank).mean()
    if name == "jmvae_h":
        z = model.layer_priors[0](z).mean()
    image = model.decode(z)["image"].mean()
    twice = model.encode({**label, "image": image}).mean()
    np.testing.assert_allclose(model.posterior(label).mean(), twice, atol=0.01)
    assert np.abs(twice - model.encode(blank).mean()).max() > 0.1


@pytest.mark.parametrize("name", ITERATIVE)
def test_inference_is_chosen_anew_within_its_range(name, two_modalities):
    model = small_model(name, two_modalities, missing="zeros", num_rounds=3, feed_back="means")
    for arguments, received in (
        (("ones", 1, "samples"), "missing='ones'"),
        (("noise", 0, "samples"), "num_rounds=0"),
        (("noise", 1, "modes"), "feed_back='modes'"),
    ):
        with pytest.raises(ValueError, match=f"Received: {received}"):
            model.set_inference(*arguments)
        # A refusal changes nothing.
        assert (model.missing, model.num_rounds, model.feed_back) == ("zeros", 3, "means")
    model.set_inference("noise", 40, "samples")
    assert (model.missing, model.num_rounds, model.feed_back) == ("noise", 40, "samples")


def _exact(name, model, given):
    """What a model of linear networks makes of its modalities, for one example of conditions."""

    def affine(function, size):
        """A and b of x -> A x + b."""
        rows = np.float64(function(tf.concat([tf.zeros((1, size)), tf.eye(size)], axis=0)))
        return (rows[1:] - rows[0]).T, rows[0]

    def decode(target):
        repeated = {w: tf.repeat(value, 4, axis=0) for w, value in given.items()}
        return affine(lambda z: model.decode(z, [target], repeated)[target].mean(), 3)

    parts = {target: decode(target) for target in model.targets}
    # z = L e + c of independent e ~ N(0, I).
    from_normal, c = np.eye(3), np.zeros(3)
    if "num_layers" in PLAIN_MODELS[name].networks:
        from_above, c = affine(lambda z: model.layer_priors[0](z).mean(), 3)
        from_normal = np.concatenate([np.sqrt(VARIANCE) * np.eye(3), from_above], axis=1)
    if name == "cmma":
        from_normal, c = np.sqrt(VARIANCE) * np.eye(3), np.float64(model.prior(given).mean()[0])
    return LinearGaussian(
        {target: a @ from_normal for target, (a, _) in parts.items()},
        {target: a @ c + b for target, (a, b) in parts.items()},
        {target: model.modalities[target].likelihood.variance for target in parts},
    )


VARIANCE = 1.5


@pytest.mark.parametrize("proposal", ["multiple", "single"])
@pytest.mark.parametrize(
    "name", swept((x for x, row in PLAIN_MODELS.items() if row.has_prior), [*PAPERS, "mvae"])
)
def test_importance_weights_average_to_the_exact_likelihood(name, proposal):
    """log p(x), log p(x,w) or log p(x|w) of linear-Gaussian models, whose encoders are at random.

    So the draws, their log q(z), their log p(z) and the decoder belong together in every model.
    """
    gaussians = {
        "x": Modality("x", (3,), Gaussian(0.5)),
        "w": Modality("w", (2,), Gaussian(0.8)),
    }
    options = {"num_rounds": 3} if name in ITERATIVE else {}
    if "posterior" in PLAIN_MODELS[name].networks:
        options["posterior"] = "gaussian"  # And so is the prior, of the scale 1.
    model = small_model(name, gaussians, "D4", **options)
    for variable in model.trainable_variables:
        variable.assign(0.6 * variable)  # Brings encoders nearer to posteriors.
    # Proposals that are products with the prior would be too narrow.
    set_variances(model, 4 * VARIANCE if name in ("mvae", "mopoe") else VARIANCE)
    data = known_to(model, examples(gaussians, 2))
    given = data if proposal == "multiple" else all_but_first(model, data)
    draws = model.importance_samples(given, 20_000, seed=3)
    assert draws.z.shape == (20_000, 2, 3)
    assert draws.log_p_z.shape == draws.log_q_z.shape == (20_000, 2)
    log_p = [p.log_prob(data[target]) for target, p in model.decode(draws.z, given=data).items()]
    log_weights = np.float64(sum(log_p) + draws.log_p_z - draws.log_q_z)
    for example in range(2):
        x = {n: np.float64(value[example]) for n, value in data.items()}
        exact = _exact(name, model, {w: data[w][example : example + 1] for w in model.conditions})
        log_likelihood = exact.log_marginal({target: x[target] for target in model.targets})
        # Draws that share a chain are not independent: they stand 2,000 apart.
        weights = np.exp(log_weights[:, example] - log_likelihood).reshape(10, 2_000).mean(axis=0)
        standard_error = weights.std(ddof=1) / np.sqrt(2_000)
        assert abs(weights.mean() - 1) < 5 * standard_error
        assert standard_error < 0.03  # Else the line above would pass for want of precision.

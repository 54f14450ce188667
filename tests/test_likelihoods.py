"""Log-probabilities of what is observed, against NumPy; what likelihoods say of themselves."""

import re

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from jmvae_tf.layers.distributions import LikelihoodHead
from jmvae_tf.likelihoods import (
    Bernoulli,
    Categorical,
    CategoricalSequence,
    Gaussian,
    Laplace,
    LearnedGaussian,
    NegativeBinomial,
    Poisson,
    observed_log_prob,
)
from jmvae_tf.runtime.randomness import root_seed, sample, split

BATCH, SHAPE = 5, (3, 2)


def _bernoulli(x, a):
    return x * -np.log1p(np.exp(-a)) + (1 - x) * -np.log1p(np.exp(a))


def _gaussian(x, a):
    return -0.5 * ((x - a) ** 2 / 0.7 + np.log(2 * np.pi * 0.7))


CASES = [(Bernoulli(), _bernoulli), (Gaussian(0.7), _gaussian)]


@pytest.fixture
def parameters(rng):
    return tf.constant(rng.normal(size=(BATCH, *SHAPE)), tf.float32)


def _events(rng, likelihood):
    values = (
        rng.integers(0, 2, (BATCH, *SHAPE))
        if likelihood.is_binarised
        else rng.normal(size=(BATCH, *SHAPE))
    )
    return np.float32(values)


@pytest.mark.parametrize(("likelihood", "log_p"), CASES)
@pytest.mark.parametrize("by_value", [True, False])
def test_only_observed_values_count(rng, parameters, likelihood, log_p, by_value):
    x = _events(rng, likelihood)
    mask = rng.integers(0, 2, (BATCH, *SHAPE) if by_value else BATCH).astype(bool)
    by_event = mask if by_value else np.broadcast_to(mask[:, None, None], x.shape)
    expected = np.where(by_event, log_p(np.float64(x), parameters.numpy()), 0).sum(axis=(1, 2))
    unknown = tf.constant(np.where(by_event, x, np.nan))

    with tf.GradientTape() as tape:
        tape.watch(parameters)
        p = likelihood.distribution(parameters, 2)
        found = likelihood.log_prob(p, unknown, tf.constant(mask))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    gradient = tape.gradient(found, parameters).numpy()
    # Gradients of x log s(a) + (1 - x) log s(-a) and of -(x - a)^2 / 2v.
    a = parameters.numpy()
    slope = x - 1 / (1 + np.exp(-a)) if likelihood.is_binarised else (x - a) / 0.7
    np.testing.assert_allclose(gradient, np.where(by_event, slope, 0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("anything", [np.nan, np.inf, -3.0, 255.0])
def test_unobserved_values_change_nothing(rng, parameters, anything):
    likelihood = Bernoulli()
    x, mask = _events(rng, likelihood), rng.integers(0, 2, (BATCH, *SHAPE)).astype(bool)
    p = likelihood.distribution(parameters, 2)
    expected = observed_log_prob(p, tf.constant(x), tf.constant(mask))
    found = observed_log_prob(p, tf.constant(np.where(mask, x, np.float32(anything))), mask)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("likelihood", "log_p"), CASES)
def test_all_observed_is_the_log_probability(rng, parameters, likelihood, log_p):
    x = tf.constant(_events(rng, likelihood))
    p = likelihood.distribution(parameters, 2)
    for shape in ((BATCH, *SHAPE), (BATCH,)):
        np.testing.assert_array_equal(
            observed_log_prob(p, x, tf.ones(shape, tf.bool)), p.log_prob(x)
        )
    np.testing.assert_array_equal(observed_log_prob(p, x), p.log_prob(x))


def test_a_mask_of_examples_holds_for_all_samples_of_their_distributions(rng):
    """Distributions of batch shape [samples, batch], events [1, batch, ...]."""
    likelihood = Gaussian()
    p = likelihood.distribution(tf.constant(rng.normal(size=(4, BATCH, *SHAPE)), tf.float32), 2)
    x = _events(rng, likelihood)[None]
    mask = np.array([[True, False, True, True, False]])
    x[:, ~mask[0]] = np.nan
    found = observed_log_prob(p, tf.constant(x), tf.constant(mask)).numpy()
    assert found.shape == (4, BATCH)
    assert np.all(found[:, ~mask[0]] == 0)
    np.testing.assert_allclose(found[:, mask[0]], p.log_prob(x).numpy()[:, mask[0]], rtol=1e-6)


def test_classes_are_observed_together(rng):
    likelihood = Categorical()
    logits = rng.normal(size=(BATCH, 3)).astype("f")
    p = likelihood.distribution(tf.constant(logits), 1)
    x = np.eye(3, dtype="f")[[0, 1, 2, 0, 1]]
    x[1] = np.nan
    mask = tf.constant([True, False, True, True, False])
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = [log_p[0, 0], 0, log_p[2, 2], log_p[3, 0], 0]
    np.testing.assert_allclose(likelihood.log_prob(p, tf.constant(x), mask), expected, rtol=1e-5)
    with pytest.raises(ValueError, match=r"observed together.*Received: \(5, 3\)"):
        observed_log_prob(p, tf.constant(x), tf.ones((BATCH, 3), tf.bool))


def test_a_mask_of_another_rank_is_refused(parameters):
    p = Gaussian().distribution(parameters, 2)
    with pytest.raises(ValueError, match=r"that of the batch. Received: \(5, 3\)"):
        observed_log_prob(p, parameters, tf.ones((BATCH, 3), tf.bool))


def test_likelihoods_say_what_their_values_are():
    kinds = {
        type(x).__name__: (x.is_discrete, x.is_binarised, x.is_real)
        for x in (
            Bernoulli(),
            Categorical(),
            CategoricalSequence(),
            Gaussian(),
            LearnedGaussian(),
            Laplace(),
            Poisson(),
            NegativeBinomial(),
        )
    }
    assert kinds == {
        "Bernoulli": (True, True, False),
        "Categorical": (True, False, False),
        "CategoricalSequence": (True, False, False),
        "Gaussian": (False, False, True),
        "LearnedGaussian": (False, False, True),
        "Laplace": (False, False, True),
        "Poisson": (True, False, False),
        "NegativeBinomial": (True, False, False),
    }


def _softplus(a):
    return np.logaddexp(0, a)


def _variance(a, floor=1e-4):
    return floor + _softplus(10 * a + np.log(np.e - 1))


def _learned_gaussian(x, a):
    return scipy.stats.norm.logpdf(x, a[..., 0], np.sqrt(_variance(a[..., 1])))


def _negative_binomial(x, a):
    mean, r = np.exp(a[..., 0]), _softplus(a[..., 1]) + 1e-3
    return scipy.stats.nbinom.logpmf(x, r, r / (r + mean))


OF_SCIPY = [
    (Laplace(0.75), lambda x, a: scipy.stats.laplace.logpdf(x, a, 0.75)),
    (LearnedGaussian(), _learned_gaussian),
    (
        LearnedGaussian("one", 0.5),
        lambda x, a: scipy.stats.norm.logpdf(x, a[..., 0], np.sqrt(_variance(a[..., 1], 0.5))),
    ),
    (Poisson(), lambda x, a: scipy.stats.poisson.logpmf(x, np.exp(a))),
    (NegativeBinomial(), _negative_binomial),
]
BY_NAME = {"ids": lambda x: type(x).__name__}


def _parameters_of(rng, likelihood):
    number = likelihood.parameters_per_value
    return rng.normal(size=(BATCH, *SHAPE, *([number] if number > 1 else [])))


def _values_of(rng, likelihood):
    values = (
        rng.poisson(3, (BATCH, *SHAPE))
        if likelihood.is_discrete
        else rng.normal(size=(BATCH, *SHAPE))
    )
    return np.float32(values)


@pytest.mark.parametrize(("likelihood", "log_p"), OF_SCIPY, **BY_NAME)
def test_log_probabilities_are_those_of_scipy_whatever_is_missing(rng, likelihood, log_p):
    a, x = _parameters_of(rng, likelihood), _values_of(rng, likelihood)
    mask = rng.integers(0, 2, x.shape).astype(bool)
    parameters = tf.constant(a, tf.float32)
    p = likelihood.distribution(parameters, len(SHAPE))
    assert p.mean().shape == p.sample(seed=root_seed(1)).shape == x.shape
    exact = log_p(np.float64(x), a)
    found = likelihood.log_prob(p, x)
    np.testing.assert_allclose(found, exact.sum(axis=(1, 2)), rtol=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        p = likelihood.distribution(parameters, len(SHAPE))
        observed = likelihood.log_prob(p, tf.constant(np.where(mask, x, np.nan)), mask)
    np.testing.assert_allclose(observed, np.where(mask, exact, 0).sum(axis=(1, 2)), rtol=1e-5)
    gradient = tape.gradient(observed, parameters).numpy()
    step = 1e-6
    for k in range(likelihood.parameters_per_value):
        moved = np.zeros(a.shape[3:])
        moved[(k,) if moved.ndim else ()] = step
        slope = (log_p(np.float64(x), a + moved) - log_p(np.float64(x), a - moved)) / (2 * step)
        np.testing.assert_allclose(
            gradient[(..., k) if moved.ndim else ...],
            np.where(mask, slope, 0),
            rtol=1e-3,
            atol=1e-4,
        )
    assert likelihood.from_config(likelihood.get_config()) == likelihood


@pytest.mark.parametrize(
    "likelihood", [Laplace(), LearnedGaussian(), Poisson(), NegativeBinomial()], **BY_NAME
)
def test_values_and_gradients_are_finite_at_extremes(likelihood):
    extremes = np.float32([-1e6, -90, -20, 0, 20, 90, 1e6])
    number = likelihood.parameters_per_value
    a = np.stack(np.meshgrid(*[extremes] * number), axis=-1).reshape(-1, number)
    parameters = tf.constant(a[:, 0] if number == 1 else a)[:, tf.newaxis]
    for x in (0.0, 3.0, 1e6) if likelihood.is_discrete else (-1e6, 0.0, 1e6):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            p = likelihood.distribution(parameters, 1)
            log_p = likelihood.log_prob(p, tf.fill((len(a), 1), x))
        assert np.isfinite(log_p).all(), x
        assert np.isfinite(tape.gradient(log_p, parameters)).all(), x
        assert np.isfinite(p.mean()).all()


def test_a_rate_grows_linearly_where_it_is_huge():
    means = Poisson().distribution(tf.constant([[19.999], [20.0], [20.001], [30.0]]), 1).mean()
    expected = np.exp(20) * np.array([0.999, 1, 1.001, 11])
    np.testing.assert_allclose(means[:, 0], expected, rtol=1e-5)


def test_a_negative_binomial_s_variance_and_limit(rng):
    a = tf.constant(np.float32([[[1.5, 0.7]]]))
    p = NegativeBinomial().distribution(a, 1)
    m, r = np.exp(1.5), _softplus(0.7) + 1e-3
    np.testing.assert_allclose(p.mean(), [[m]], rtol=1e-5)
    np.testing.assert_allclose(p.variance(), [[m + m**2 / r]], rtol=1e-5)
    x = np.float32(rng.poisson(m, (50, 1)))
    nearly = NegativeBinomial().distribution(tf.constant(np.float32([[[1.5, 1e6]]])), 1)
    poisson = Poisson().distribution(tf.constant(np.float32([[1.5]])), 1)
    np.testing.assert_allclose(nearly.log_prob(x), poisson.log_prob(x), atol=1e-3)


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial()], **BY_NAME)
def test_counts_are_whole_numbers(likelihood):
    counts = np.array([[0.0, 2.0], [1.5, np.nan]])
    assert likelihood.fault_of(counts[:1]) is None
    fault = likelihood.fault_of(counts)
    assert fault == "must be counts, whole numbers from 0. Received: 1.5, example 1 of a batch"
    assert likelihood.fault_of(counts, np.array([True, False])) is None
    assert likelihood.fault_of(counts, np.array([[True, True], [False, False]])) is None
    noise = likelihood.noise(tf.constant([20_000, 1]), root_seed(0)).numpy()
    assert likelihood.fault_of(noise) is None
    for k in range(4):
        share = 2.0 ** -(k + 1)
        error = np.sqrt(share * (1 - share) / len(noise))
        assert abs(np.mean(noise == k) - share) < 5 * error


# Learned variances.


@pytest.mark.parametrize("shape", [(3,), (4, 6, 2)])
@pytest.mark.parametrize("variances", ["one", "each"])
def test_a_learned_variance_is_a_weight_of_the_head(rng, shape, variances):
    head = LikelihoodHead(LearnedGaussian(variances, floor=0.25), shape)
    features = tf.constant(rng.normal(size=(5, 2, 3, 4) if len(shape) == 3 else (5, 4)), tf.float32)
    p = head(features)
    assert p.event_shape == shape
    np.testing.assert_allclose(p.variance(), np.full((5, *shape), 1.25), rtol=1e-5)
    assert head.shared.shape == (() if variances == "one" else shape)
    same = LikelihoodHead(Gaussian(), shape)
    same(features)
    same.parameters.set_weights(head.parameters.get_weights())
    np.testing.assert_array_equal(p.mean(), same(features).mean())
    head.shared.assign(np.full(head.shared.shape, -100.0))
    np.testing.assert_allclose(head(features).variance(), np.full((5, *shape), 0.25), rtol=1e-5)
    config = head.get_config()
    assert type(head).from_config(config).likelihood == head.likelihood


def test_a_head_gives_all_parameters_of_each_value(rng):
    for shape, features in (((3,), (5, 4)), ((4, 6, 2), (5, 2, 3, 4))):
        head = LikelihoodHead(NegativeBinomial(), shape)
        p = head(tf.constant(rng.normal(size=features), tf.float32))
        assert (p.batch_shape, p.event_shape) == ((5,), shape)
        assert head.shared is None
        kernel, biases = head.parameters.get_weights()
        head.parameters.set_weights([np.zeros_like(kernel), np.tile([1.5, 0.7], len(biases) // 2)])
        p = head(tf.zeros(features))
        m, r = np.exp(1.5), _softplus(0.7) + 1e-3
        np.testing.assert_allclose(p.mean(), np.full((5, *shape), m), rtol=1e-5)
        np.testing.assert_allclose(p.variance(), np.full((5, *shape), m + m**2 / r), rtol=1e-5)


def test_learned_variances_become_those_of_the_errors(rng):
    """The exact optimum for each value: the mean squared error."""
    head = LikelihoodHead(LearnedGaussian(), (3,))
    sigma = np.array([0.05, 1.0, 1.5])
    x = tf.constant(rng.normal(size=(500, 3)) * sigma, tf.float32)
    features = tf.zeros((500, 1))
    head(features)
    optimizer = keras.optimizers.Adam(0.002)
    optimizer.build([head.shared])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(head(features).log_prob(x))
        optimizer.apply([tape.gradient(loss, head.shared.value)], [head.shared])

    for _ in range(800):
        step()
    np.testing.assert_allclose(
        head(features).variance()[0], np.mean(np.square(x), axis=0), rtol=0.02
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LearnedGaussian(floor=0.0), "A floor must be positive and finite"),
        (lambda: LearnedGaussian("both"), "'one' variance of all values, or one for 'each'"),
        (lambda: Laplace(-1.0), "A scale must be positive and finite. Received: scale=-1.0"),
        (lambda: CategoricalSequence().distribution(tf.zeros((2, 3)), 1), "must have two axes"),
    ],
)
def test_settings_that_make_no_likelihood_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Texts.

LENGTH, SYMBOLS = 3, 4


def _texts():
    """All texts of up to three places, with an end mark from their end on."""
    ends = SYMBOLS - 1
    texts = np.stack(np.meshgrid(*[range(SYMBOLS)] * LENGTH), axis=-1).reshape(-1, LENGTH)
    ended = np.maximum.accumulate(texts == ends, axis=1)
    return np.eye(SYMBOLS, dtype="f")[np.unique(np.where(ended, ends, texts), axis=0)]


@pytest.fixture
def text_logits(rng):
    return np.float32(rng.normal(size=(LENGTH, SYMBOLS)) * 2)


def test_texts_of_all_lengths_have_probabilities_that_sum_to_1(text_logits):
    texts = _texts()
    assert len(texts) == 27 + 9 + 3 + 1
    p = CategoricalSequence().distribution(tf.constant(text_logits), 2)
    probabilities = np.exp(p.log_prob(texts))
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-5)
    np.testing.assert_allclose(p.mean(), np.tensordot(probabilities, texts, 1), atol=1e-6)
    exact = np.exp(np.float64(text_logits))
    exact /= exact.sum(axis=1, keepdims=True)
    ab_end = next(i for i, x in enumerate(texts) if list(x.argmax(1)) == [0, 3, 3])
    np.testing.assert_allclose(probabilities[ab_end], exact[0, 0] * exact[1, 3], rtol=1e-5)


def test_samples_are_texts_with_their_frequencies(text_logits):
    likelihood = CategoricalSequence()
    p = likelihood.distribution(tf.constant(np.stack([text_logits, -text_logits])), 2)
    drawn = p.sample(4000, seed=root_seed(3)).numpy()
    assert drawn.shape == (4000, 2, LENGTH, SYMBOLS)
    assert likelihood.fault_of(drawn.reshape(-1, LENGTH, SYMBOLS)) is None
    mean = p.mean().numpy()
    error = np.sqrt(mean * (1 - mean) / 4000) + 1e-3
    assert np.all(np.abs(drawn.mean(axis=0) - mean) < 5 * error)
    by_example = sample(p, tf.stack(split(root_seed(0), 2)))
    assert by_example.shape == (2, LENGTH, SYMBOLS)


def test_places_after_the_end_mark_count_nothing(text_logits):
    logits = tf.constant(text_logits)
    likelihood = CategoricalSequence()
    text = _texts()[None, 0]
    text[0, 1:] = np.eye(SYMBOLS)[-1]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_p = likelihood.log_prob(likelihood.distribution(logits, 2), text)
    gradient = tape.gradient(log_p, logits).numpy()
    assert np.all(gradient[:2] != 0)
    assert np.all(gradient[2] == 0)


@pytest.mark.parametrize("size", [1e2, 1e6])
def test_gradients_of_texts_are_finite_at_extremes(rng, size):
    logits = tf.constant(rng.choice([-size, size], (50, 9, SYMBOLS)), tf.float32)
    likelihood = CategoricalSequence()
    text = likelihood.distribution(logits, 2).sample(seed=root_seed(0))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        p = likelihood.distribution(logits, 2)
        log_p, mean = likelihood.log_prob(p, text), p.mean()
    for value in (log_p, mean, tape.gradient(log_p, logits), tape.gradient(mean, logits)):
        assert np.isfinite(value).all()


def test_a_text_is_missing_as_a_whole(text_logits):
    likelihood = CategoricalSequence()
    p = likelihood.distribution(tf.constant(np.stack([text_logits] * 2)), 2)
    text = _texts()[[4, 5]]
    expected = p.log_prob(text).numpy()
    text[1] = np.nan
    found = likelihood.log_prob(p, tf.constant(text), tf.constant([True, False]))
    np.testing.assert_array_equal(found, [expected[0], 0])
    with pytest.raises(ValueError, match="observed together"):
        likelihood.log_prob(p, tf.constant(text), tf.ones(text.shape, tf.bool))
    np.testing.assert_array_equal(
        likelihood.noise(tf.constant([2, LENGTH, SYMBOLS]), root_seed(0)),
        np.full((2, LENGTH, SYMBOLS), 0.25),
    )


@pytest.mark.parametrize(
    ("places", "received"),
    [
        ([0, 3, 1], "symbols after the end mark at place 1, example 1"),
        ([3, 0, 3], "symbols after the end mark at place 0, example 1"),
        ([0, None, 3], r"\[0, 0, 0, 0\] at place 1, example 1"),
    ],
)
def test_a_text_that_goes_on_after_its_end_is_refused(places, received):
    one_hot = np.vstack([np.eye(SYMBOLS), np.zeros(SYMBOLS)])
    texts = np.stack([_texts()[0], one_hot[[-1 if x is None else x for x in places]]])
    likelihood = CategoricalSequence()
    assert re.search(received, likelihood.fault_of(texts))
    assert likelihood.fault_of(texts, np.array([True, False])) is None
    assert likelihood.fault_of(texts[:1]) is None

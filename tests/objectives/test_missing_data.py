"""Weights per example and masks of the objectives: closed forms, and missing data as weight 0."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf import objectives
from jmvae_tf.layers.distributions import standard_normal

BATCH, LATENT_DIM = 6, 2


class Case:
    """Data x (an image, Bernoulli), w (a label) and y (numbers, Gaussian), and all distributions.

    Decoders' parameters are variables, so that gradients can be taken.
    """

    def __init__(self, rng):
        def normal(*shape):
            return tf.Variable(rng.normal(size=shape).astype("f"))

        self.data = {
            "x": np.float32(rng.integers(0, 2, (BATCH, 2, 2, 1))),
            "w": np.eye(3, dtype="f")[rng.integers(0, 3, BATCH)],
            "y": np.float32(rng.normal(size=(BATCH, 4))),
        }
        self.parameters = {name: normal(*x.shape) for name, x in self.data.items()}
        self.means = [normal(BATCH, LATENT_DIM) for _ in range(4)]
        self.variables = [*self.parameters.values(), *self.means]

    def q(self, place):
        scale = tf.fill((BATCH, LATENT_DIM), 0.5 + 0.1 * place)
        return tfd.MultivariateNormalDiag(self.means[place], scale)

    def p_x_z(self, names):
        p = {
            "x": tfd.Independent(tfd.Bernoulli(self.parameters["x"], dtype=tf.float32), 3),
            "w": tfd.OneHotCategorical(self.parameters["w"], dtype=tf.float32),
            "y": tfd.Independent(tfd.Normal(self.parameters["y"], 1.0), 1),
        }
        return {name: p[name] for name in names}

    def bound(self, objective, names=("x", "w", "y"), data=None, **options):
        data = {**self.data, **(data or {})}
        p_z, p_x_z = standard_normal(LATENT_DIM), self.p_x_z(names)
        q = self.q(0)
        if objective == "jmvae_h_bound":
            return objectives.jmvae_h_bound(
                data, [q, self.q(1)], [self.q(2), p_z], p_x_z, **options
            )
        if objective == "jmvae_kl_bound":
            q_z_x = {name: self.q(place + 1) for place, name in enumerate(names)}
            return objectives.jmvae_kl_bound(data, q, q_z_x, p_z, p_x_z, **options)
        p_z = self.q(3) if objective == "cmma_bound" else p_z
        return getattr(objectives, objective)(data, q, p_z, p_x_z, **options)


@pytest.fixture
def case(rng):
    return Case(rng)


ALL = (
    "vae_bound",
    "jmvae_bound",
    "jmvae_h_bound",
    "jmvae_kl_bound",
    "cvae_bound",
    "cmma_bound",
)


@pytest.mark.parametrize("objective", ALL)
def test_the_bound_is_its_weighted_terms(case, rng, objective):
    beta, alpha = rng.uniform(0.1, 2, (2, BATCH)).astype("f")
    a = {name: rng.uniform(0.1, 2, BATCH).astype("f") for name in ("x", "y")}
    options = {"kl_weight": tf.constant(beta), "likelihood_weights": a}
    if objective == "jmvae_kl_bound":
        options["alpha"] = tf.constant(alpha)
    value, terms, _ = case.bound(objective, **options)
    weights = {"log_p_x": a["x"], "log_p_w": 1.0, "log_p_y": a["y"]}
    weights |= {"kl_prior": -beta, "kl_z1": -beta, "kl_z2": -beta}
    weights |= dict.fromkeys(("kl_x", "kl_w", "kl_y"), -alpha)
    expected = sum(weights[name] * np.float64(term) for name, term in terms.items())
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("objective", ALL)
def test_a_weight_per_example_is_each_examples_scalar(case, rng, objective):
    names = ["kl_weight", *(["alpha"] if objective == "jmvae_kl_bound" else [])]
    weights = {name: rng.uniform(0, 2, BATCH).astype("f") for name in names}
    weight_x = rng.uniform(0, 2, BATCH).astype("f")
    together = case.bound(
        objective,
        likelihood_weights={"x": tf.constant(weight_x)},
        **{name: tf.constant(weight) for name, weight in weights.items()},
    )
    for row in range(BATCH):
        alone = case.bound(
            objective,
            likelihood_weights={"x": float(weight_x[row])},
            **{name: tf.constant(weight[row]) for name, weight in weights.items()},
        )
        np.testing.assert_allclose(together.value[row], alone.value[row], rtol=1e-6)


@pytest.mark.parametrize("objective", ALL)
@pytest.mark.parametrize("how", ["weights", "masks"])
def test_a_missing_modality_leaves_the_objective_without_it(case, objective, how):
    """Weight 0 or a mask, with NaN in the data: the value and the gradients are those without."""
    lost = {"y": np.full_like(case.data["y"], np.nan)}
    without = {"weights": tf.zeros(BATCH), "masks": tf.zeros(BATCH, tf.bool)}[how]
    argument = {"weights": "likelihood_weights", "masks": "masks"}[how]
    options = {"alpha": tf.zeros(BATCH)} if objective == "jmvae_kl_bound" else {}
    with tf.GradientTape(persistent=True) as tape:
        bound = case.bound(objective, data=lost, **{argument: {"y": without}}, **options)
        small = case.bound(objective, ("x", "w"), **options)
    np.testing.assert_allclose(bound.value, small.value, rtol=1e-6)
    np.testing.assert_array_equal(bound.terms["log_p_y"], tf.zeros(BATCH))
    zero = tf.UnconnectedGradients.ZERO
    for found, expected in zip(
        tape.gradient(bound.value, case.variables, unconnected_gradients=zero),
        tape.gradient(small.value, case.variables, unconnected_gradients=zero),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("objective", ALL)
def test_examples_may_lack_different_modalities(case, objective):
    """Each row is what a batch with that row's modalities alone has; NaN stands for the others."""
    observed = {
        "x": np.array([1, 1, 0, 0, 1, 0], bool),
        "w": np.array([1, 0, 1, 0, 1, 1], bool),
        "y": np.array([1, 1, 1, 1, 0, 0], bool),
    }
    data = {
        name: np.where(mask.reshape(-1, *[1] * (case.data[name].ndim - 1)), case.data[name], np.nan)
        for name, mask in observed.items()
    }
    options = {"alpha": 0.0} if objective == "jmvae_kl_bound" else {}
    masks = {name: tf.constant(mask) for name, mask in observed.items()}
    with tf.GradientTape() as tape:
        bound = case.bound(objective, data=data, masks=masks, **options)
    for row in range(BATCH):
        names = [name for name, mask in observed.items() if mask[row]]
        alone = case.bound(objective, names, **options)
        np.testing.assert_allclose(bound.value[row], alone.value[row], rtol=1e-5)
    gradients = tape.gradient(
        bound.value, case.variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_jmvae_kl_of_examples_that_lack_modalities(case):
    """Eq. 4 of those that are complete, Eq. 2 of what the others have, by the same weights."""
    complete = np.array([1, 0, 1, 0, 1, 1], bool)
    data = {"w": np.where(complete[:, None], case.data["w"], np.float32(np.nan))}
    options = {"kl_weight": 0.3, "likelihood_weights": {"x": 2.0, "w": 5.0}}
    masked = {"data": data, "masks": {"w": tf.constant(complete)}}
    q_z_x = {name: case.q(place) for place, name in enumerate(("x", "w", "y"), start=1)}
    value, terms, _ = objectives.jmvae_kl_bound_of_observed(
        {**case.data, **data},
        case.q(0),
        q_z_x,
        standard_normal(LATENT_DIM),
        case.p_x_z(("x", "w", "y")),
        tf.constant(complete),
        masked["masks"],
        alpha=0.7,
        **options,
    )
    whole = case.bound("jmvae_kl_bound", alpha=0.7, **options)
    part = case.bound("jmvae_bound", **masked, **options)
    np.testing.assert_allclose(value, np.where(complete, whole.value, part.value), rtol=1e-5)
    assert terms.keys() == whole.terms.keys()
    for name, term in terms.items():
        other = part.terms.get(name, np.zeros(BATCH))
        np.testing.assert_allclose(term, np.where(complete, whole.terms[name], other), rtol=1e-5)


def test_masks_and_weights_together(case, rng):
    mask = rng.integers(0, 2, (BATCH, 4)).astype(bool)
    weight = np.array([1, 0, 2, 0.5, 0, 3], "f")
    data = {"y": np.where(mask & (weight != 0)[:, None], case.data["y"], np.float32(np.nan))}
    bound = case.bound(
        "jmvae_bound", data=data, masks={"y": mask}, likelihood_weights={"y": tf.constant(weight)}
    )
    squares = (np.float64(case.data["y"]) - case.parameters["y"].numpy()) ** 2
    log_p = np.where(mask, -0.5 * (squares + np.log(2 * np.pi)), 0).sum(axis=1)
    np.testing.assert_allclose(bound.terms["log_p_y"], log_p * (weight != 0), rtol=1e-5)
    rest = case.bound("jmvae_bound", ("x", "w"))
    np.testing.assert_allclose(bound.value, rest.value + weight * log_p, rtol=1e-5)


def test_a_divergence_of_weight_0_need_not_be_finite(case):
    case.means[1].assign(tf.fill((BATCH, LATENT_DIM), np.nan))
    alpha = tf.constant([0.0] * BATCH)
    value = case.bound("jmvae_kl_bound", alpha=alpha).value
    np.testing.assert_array_equal(value, case.bound("jmvae_bound").value)
    assert np.isnan(case.bound("jmvae_kl_bound", alpha=1.0).value).all()


@pytest.mark.parametrize(
    ("weight", "received"),
    [
        (np.ones((BATCH, 1), "f"), r"float32 of the shape \[6, 1\]"),
        (np.ones(1, "f"), r"float32 of the shape \[1\]"),
        (np.ones(BATCH, int), r"int64 of the shape \[6\]"),
        (np.array([1, 1, 1, 1, 1, np.nan], "f"), "NaN or infinite ones"),
        (float("nan"), "nan"),
        ([1.0] * BATCH, r"\[1.0, "),
        (None, "None"),
    ],
)
def test_what_is_no_weight_is_refused(case, weight, received):
    """A weight of the shape [batch, 1] would make a bound of the shape [batch, batch]."""
    rule = rf"floats of the shape \[batch\]. Received: {received}"
    for options in ({"kl_weight": weight}, {"likelihood_weights": {"x": weight}}):
        with pytest.raises(ValueError, match=rule):
            case.bound("jmvae_bound", **options)
    with pytest.raises(ValueError, match=rule):
        case.bound("jmvae_kl_bound", alpha=weight)


@pytest.mark.parametrize(
    ("name", "mask", "rule"),
    [
        ("x", np.ones(BATCH, "f"), "A mask is bool, .* Received: float32"),
        ("x", np.ones(BATCH, int), "A mask is bool, .* Received: int64"),
        ("y", np.ones((BATCH, 1), bool), r"that of the batch. Received: \(6, 1\) for \(6, 4\)"),
        ("y", np.ones(4, bool), r"that of the batch. Received: \(4,\) for \(6, 4\)"),
        ("w", np.ones(1, bool), r"that of the batch. Received: \(1,\) for \(6, 3\)"),
    ],
)
@pytest.mark.parametrize("weights", [None, {"x": np.ones(BATCH, "f")}])
def test_what_is_no_mask_is_refused(case, name, mask, rule, weights):
    with pytest.raises(ValueError, match=rule):
        case.bound("jmvae_bound", masks={name: mask}, likelihood_weights=weights)


def test_a_number_of_any_library_is_a_weight(case):
    expected = case.bound("jmvae_bound", kl_weight=0.5).value
    for weight in (np.float64(0.5), np.float32(0.5), tf.constant(0.5)):
        np.testing.assert_array_equal(case.bound("jmvae_bound", kl_weight=weight).value, expected)


@pytest.mark.parametrize("argument", ["likelihood_weights", "masks"])
def test_a_misspelt_modality_is_refused(case, argument):
    with pytest.raises(ValueError, match=rf"{argument} must name .* Received: \['X'\]"):
        case.bound("jmvae_bound", **{argument: {"X": np.ones(BATCH, bool)}})

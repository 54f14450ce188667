"""Real models of linear-Gaussian data, with exactly known likelihoods and posteriors.

The bodies of all networks are "F", so only the linear layers of their heads remain. Encoders are
deliberately wrong: they have the exact posterior's mean, shifted, and an isotropic covariance that
is larger, in the Loewner order, than the posterior's given any of the targets. So the weights
p(x,z) / q(z) are bounded, and their variance is finite.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from jmvae_tf.layers.conditional import ConditionalDistribution
from jmvae_tf.layers.distributions import VARIANCE_FLOOR
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.registry import PLAIN_MODELS
from tests.helpers.linear_gaussian import Chain, LinearGaussian

Arrays = Mapping[str, np.ndarray]

SIZES = {"x": 4, "w": 3}
LATENT_DIM = 2
SHIFT = np.array([0.3, -0.2])
"""The error of the encoders' means."""

WIDTH = 1.2
"""The encoders' variance over the largest eigenvalue of a posterior's covariance."""


class System(Protocol):
    """Exact quantities of the data, for one example."""

    def log_marginal(self, x: Arrays) -> float: ...

    def posterior(self, x: Arrays) -> tuple[np.ndarray, np.ndarray]: ...


@dataclasses.dataclass(frozen=True)
class OneWay:
    """x given w: z ~ N(C w, v I), x = A z + B w + b + e.

    Attributes:
      given_z: A, b and the variance of e, of x alone.
      from_w: B, [size of x, size of w]; not 0 in a CVAE.
      prior_gain: C, [latent_dim, size of w]; not 0 in CMMA.
      prior_variance: v.
    """

    given_z: LinearGaussian
    from_w: np.ndarray
    prior_gain: np.ndarray
    prior_variance: float

    def _of_standard_normal(self, x: Arrays) -> tuple[LinearGaussian, Arrays]:
        """Returns x without w's contribution, as a function of u = (z - C w) / sqrt(v)."""
        a = self.given_z.loadings["x"]
        system = dataclasses.replace(self.given_z, loadings={"x": np.sqrt(self.prior_variance) * a})
        return system, {"x": x["x"] - (self.from_w + a @ self.prior_gain) @ x["w"]}

    def sample(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        x = {"x": np.zeros(SIZES["x"]), "w": rng.normal(size=SIZES["w"])}
        system, without_w = self._of_standard_normal(x)
        return {**x, "x": system.sample(rng)["x"] - without_w["x"]}

    def log_marginal(self, x: Arrays) -> float:
        """Computes log p(x|w)."""
        system, without_w = self._of_standard_normal(x)
        return system.log_marginal(without_w)

    def posterior(self, x: Arrays) -> tuple[np.ndarray, np.ndarray]:
        """Computes mean and covariance of p(z|x,w)."""
        system, without_w = self._of_standard_normal(x)
        mean, covariance = system.posterior(without_w)
        mean = self.prior_gain @ x["w"] + np.sqrt(self.prior_variance) * mean
        return mean, self.prior_variance * covariance


class Known(NamedTuple):
    """Exact values for each of n examples.

    Attributes:
      log_p: [n], nats.
      kl: KL(q || posterior), [n]: how far a single sample's estimate is too low in expectation.
      relative_variance: variance of the ratio of a weight p(x,z) / q(z) to its mean p(x), [n].
    """

    log_p: np.ndarray
    kl: np.ndarray
    relative_variance: np.ndarray


class Encoder(NamedTuple):
    """N(sum_i gain_i x_i + offset, variance I).

    Attributes:
      gains: modality name to [latent_dim, size].
      offset: [latent_dim].
      variance: the variance of each value.
    """

    gains: dict[str, np.ndarray]
    offset: np.ndarray
    variance: float

    def mean(self, x: Arrays) -> np.ndarray:
        """Computes the means of n examples, [n, latent_dim]; a missing modality is 0."""
        return self.offset + sum(x[name] @ self.gains[name].T for name in x if name in self.gains)

    def write_to(self, encoder: ConditionalDistribution) -> None:
        """Sets the weights of a model's encoder."""
        gains = np.concatenate(list(self.gains.values()), axis=1)
        set_linear(encoder.head.mean, gains, self.offset)
        set_linear(
            encoder.head.variance,
            np.zeros_like(gains),
            np.full(len(gains), np.log(np.expm1(self.variance - VARIANCE_FLOOR))),
        )


@dataclasses.dataclass(frozen=True)
class LinearModel:
    """A model with its exactly known quantities.

    Attributes:
      model: the model.
      system: the data that it models, exactly with its decoders and priors.
      encoders: modality names to q(z|.) given these; for JMVAE-h q(z_1|.).
      above: for JMVAE-h, the encoder from the mean of z_1 to q(z_2|.).
    """

    model: MultimodalVAE
    system: System
    encoders: dict[tuple[str, ...], Encoder]
    above: Encoder | None = None

    def sample(self, num: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Samples examples from the model itself, [num, size] each."""
        drawn = [self.system.sample(rng) for _ in range(num)]
        return {name: np.stack([x[name] for x in drawn]) for name in drawn[0]}

    def encode(self, x: Arrays) -> tuple[np.ndarray, float]:
        """Returns q's mean, [n, all latent values], and variance given n examples' modalities."""
        encoder = self.encoders.get(tuple(x)) or self.encoders[tuple(self.model.modalities)]
        mean = encoder.mean(x)
        if self.above is None:
            return mean, encoder.variance
        return np.concatenate([mean, self.above.mean({"z": mean})], axis=1), encoder.variance

    def known(self, x: Arrays, names: Sequence[str], proposal: Sequence[str]) -> Known:
        """Computes exact values for estimates of some modalities' log p with q given others."""
        mean_q, variance_q = self.encode({name: x[name] for name in proposal})
        cov_q = variance_q * np.eye(mean_q.shape[1])
        log_p, mean = [], []
        for number in range(len(mean_q)):
            one = {name: x[name][number] for name in (*names, *self.model.conditions)}
            log_p.append(self.system.log_marginal(one))
            mean_p, cov_p = self.system.posterior(one)  # All examples have the same covariance.
            mean.append(mean_p)
        difference = mean_q - np.array(mean)
        return Known(
            np.array(log_p),
            gaussian_kls(difference, cov_q, cov_p),
            relative_variances(difference, cov_p, cov_q),
        )


def gaussian_kls(difference: np.ndarray, cov_q: np.ndarray, cov_p: np.ndarray) -> np.ndarray:
    """Computes KL(q || p) of Gaussians for each difference of their means, [n, size]."""
    precision = np.linalg.inv(cov_p)
    log_det = np.linalg.slogdet(cov_p)[1] - np.linalg.slogdet(cov_q)[1]
    quadratic = np.einsum("ni,ij,nj->n", difference, precision, difference)
    return 0.5 * (np.trace(precision @ cov_q) - len(cov_q) + log_det + quadratic)


def relative_variances(difference: np.ndarray, cov_p: np.ndarray, cov_q: np.ndarray) -> np.ndarray:
    """Computes int p(z)^2 / q(z) dz - 1 of Gaussians for differences of their means, [n, size].

    p^2 / q is the exponential of a quadratic form: with P and R the precisions and p's mean at 0,
    exp(-1/2 (z' (2 P - R) z + 2 z' R d - d' R d)), whose integral needs 2 P > R.
    """
    p, r = np.linalg.inv(cov_p), np.linalg.inv(cov_q)
    curvature = 2 * p - r
    assert np.linalg.eigvalsh(curvature).min() > 0, "the weights have no variance"
    log_factor = 0.5 * (
        np.linalg.slogdet(cov_q)[1]
        - 2 * np.linalg.slogdet(cov_p)[1]
        - np.linalg.slogdet(curvature)[1]
    )
    form = r + r @ np.linalg.solve(curvature, r)
    return np.expm1(log_factor + 0.5 * np.einsum("ni,ij,nj->n", difference, form, difference))


def set_linear(layer: tf.Module, matrix: np.ndarray, offset: np.ndarray) -> None:
    """Sets a dense layer to x -> matrix x + offset."""
    layer.set_weights([np.asarray(matrix.T, "f"), np.asarray(offset, "f")])


def _encoder(system: System, given: Mapping[str, int], targets: Sequence[Sequence[str]]) -> Encoder:
    """Makes an encoder with the exact posterior's linear mean of z_1, shifted, and more variance.

    Args:
      system: the data.
      given: modality name to size, for the encoder's inputs.
      targets: the sets of modalities that the encoder is a proposal for.
    """
    zeros = {name: np.zeros(size) for name, size in given.items()}
    offset = system.posterior(zeros)[0][:LATENT_DIM]

    def column(name: str, unit: np.ndarray) -> np.ndarray:
        return system.posterior({**zeros, name: unit})[0][:LATENT_DIM] - offset

    gains = {
        name: np.stack([column(name, unit) for unit in np.eye(size)], axis=1)
        for name, size in given.items()
    }
    blank = {name: np.zeros(size) for name, size in SIZES.items()}
    widest = max(
        np.linalg.eigvalsh(system.posterior({name: blank[name] for name in target})[1]).max()
        for target in targets
    )
    return Encoder(gains, offset + SHIFT, WIDTH * widest)


def linear_model(kind: str, rng: np.random.Generator, **options: object) -> LinearModel:
    """Makes a model with random decoders and priors, and encoders that are wrong by `SHIFT`."""
    pair = LinearGaussian(
        {name: 0.8 * rng.normal(size=(size, LATENT_DIM)) for name, size in SIZES.items()},
        {name: 0.3 * rng.normal(size=size) for name, size in SIZES.items()},
        {"x": 0.5, "w": 0.8},
    )
    one_way = kind in ("cvae", "cmma")
    names = ["x"] if kind == "vae" else list(SIZES)
    targets = ["x"] if one_way else names
    decoders = dict.fromkeys(targets, "F")
    modalities = {
        name: Modality(name, (SIZES[name],), Gaussian(pair.variances[name])) for name in names
    }
    if kind == "vae":
        options["encoders"] = decoders
    else:
        options["joint_encoder"] = "(F, F)"
    if kind == "jmvae_kl":
        options["encoders"] = decoders
    if kind == "jmvae_h":
        options |= {"layer_encoder": "F", "layer_prior": "F"}
    if one_way:
        options["target"] = "x"
    if kind == "cmma":
        options["encoders"] = {"w": "F"}
    model = PLAIN_MODELS[kind].model_class()(
        modalities, latent_dim=LATENT_DIM, decoders=decoders, **options
    )
    for name in targets:
        parameters = model.decoders[name].head.parameters
        loadings = pair.loadings[name]
        if kind == "cvae":
            from_w = 0.5 * rng.normal(size=(SIZES["x"], SIZES["w"]))
            loadings = np.concatenate([loadings, from_w], axis=1)
        set_linear(parameters, loadings, pair.offsets[name])

    system: System = pair
    above = None
    if kind == "jmvae_h":
        system = Chain(pair, (0.6 * rng.normal(size=(LATENT_DIM, LATENT_DIM)),))
        Encoder({"z": system.maps[0]}, np.zeros(LATENT_DIM), 0.25).write_to(model.layer_priors[0])
    elif one_way:
        of_x = LinearGaussian(*({"x": part["x"]} for part in dataclasses.astuple(pair)))
        prior_gain, variance = np.zeros((LATENT_DIM, SIZES["w"])), 1.0
        if kind == "cmma":
            prior_gain, variance = 0.7 * rng.normal(size=prior_gain.shape), 0.6
            from_w = np.zeros((SIZES["x"], SIZES["w"]))
            prior = Encoder({"w": prior_gain}, np.zeros(LATENT_DIM), variance)
            prior.write_to(model.prior_encoder)
        system = OneWay(of_x, from_w, prior_gain, variance)

    together = [tuple(names)]
    wanted = together if one_way else [*((name,) for name in targets), *together]
    given = together
    if kind == "jmvae_kl":
        given = wanted
    encoders = {
        those: _encoder(system, {name: SIZES[name] for name in those}, wanted) for those in given
    }
    for those, encoder in encoders.items():
        is_joint = len(those) > 1
        encoder.write_to(model.joint_encoder if is_joint else model.encoders[those[0]])
    if kind == "jmvae_h":
        # z_2 depends on the data only through z_1: E[z_2|x,w] = E[z_2 z_1'] E[z_1 z_1']^-1
        # E[z_1|x,w].
        second_moments = system.layers @ system.layers.T
        z_1, z_2 = slice(0, LATENT_DIM), slice(LATENT_DIM, None)
        regression = second_moments[z_2, z_1] @ np.linalg.inv(second_moments[z_1, z_1])
        above = Encoder({"z": regression}, SHIFT, encoders[together[0]].variance)
        above.write_to(model.layer_encoders[0])
    return LinearModel(model, system, encoders, above)


def tensors(x: Arrays) -> dict[str, tf.Tensor]:
    """Converts arrays to the input of a model."""
    return {name: tf.constant(value, tf.float32) for name, value in x.items()}


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Computes a mean and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


SMALL = 0.05
"""Below this relative variance of a mean of weights, its logarithm is nearly Gaussian."""


def assert_converged(errors: np.ndarray, relative_variance: np.ndarray, k: int) -> None:
    """Checks that errors of log (1/k) sum of weights are as large as expected for k samples.

    A weight's variance divided by its squared mean is v. For the mean of k weights it is v / k, and
    by the delta method so is the variance of its logarithm. Since log(1 + e) >= e - e^2 down to e =
    -0.68, the logarithm is too low by at most v / k: if v / k < 0.05, lower e are 3 standard
    deviations away.

    Args:
      errors: errors of independent examples, [n].
      relative_variance: v, [n].
      k: the number of samples.
    """
    variance = relative_variance / k
    usable = variance < SMALL
    assert usable.mean() > 0.8
    variance, errors = variance[usable], errors[usable]
    standard_error = np.sqrt(variance.mean() / len(errors))
    assert -variance.mean() - 5 * standard_error < errors.mean() < 5 * standard_error
    # The square of a Gaussian has the variance 2 sigma^4. If any samples were the same, the mean
    # square would be larger.
    spread = np.sqrt(2 * (variance**2).mean() / len(errors))
    assert (errors**2).mean() < variance.mean() + 5 * spread

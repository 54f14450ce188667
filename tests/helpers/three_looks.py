"""Three modalities that each look at one value of z, for which everything is known exactly.

z ~ N(0, 1), x_m = a_m z + e_m, var e_m = r_m. Given all of `DATA`, the posterior's mean is .590476
and its variance .190476, and log p(DATA) is -4.020692.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

LOADINGS = {"x": 1.0, "w": -0.5, "y": 2.0}
VARIANCES = {"x": 0.5, "w": 1.0, "y": 2.0}
DATA = {"x": 0.7, "w": -1.0, "y": 1.2}
NAMES = tuple(DATA)


def events(batch: int, names: Sequence[str] = NAMES) -> dict[str, tf.Tensor]:
    """Repeats the data, [batch, 1] each."""
    return {name: tf.fill((batch, 1), DATA[name]) for name in names}


def decode(z: tf.Tensor, names: Sequence[str] = NAMES) -> dict[str, tfd.Distribution]:
    """Returns p(x_m|z) for z [..., 1]."""
    return {
        name: tfd.Independent(tfd.Normal(LOADINGS[name] * z, VARIANCES[name] ** 0.5), 1)
        for name in names
    }


def posterior(names: Sequence[str] = NAMES) -> tuple[float, float]:
    """Returns mean and variance of p(z|x_S)."""
    precision = 1 + sum(LOADINGS[m] ** 2 / VARIANCES[m] for m in names)
    weighted = sum(LOADINGS[m] * DATA[m] / VARIANCES[m] for m in names)
    return weighted / precision, 1 / precision


def log_marginal(names: Sequence[str] = NAMES) -> float:
    """Computes log p(x_S)."""
    a = np.array([LOADINGS[m] for m in names])
    x = np.array([DATA[m] for m in names])
    covariance = np.outer(a, a) + np.diag([VARIANCES[m] for m in names])
    log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
    return float(-0.5 * (log_det + x @ np.linalg.solve(covariance, x)))


def gaussian(mean: float, variance: float, batch: int = 1) -> tfd.MultivariateNormalDiag:
    """Makes N(mean, variance) for each example of a batch."""
    return tfd.MultivariateNormalDiag(
        tf.fill((batch, 1), np.float32(mean)), tf.fill((batch, 1), np.float32(np.sqrt(variance)))
    )


def kl(q: tuple[float, float], p: tuple[float, float] = (0.0, 1.0)) -> float:
    """Computes KL(q || p) of two pairs of mean and variance."""
    (mean_q, variance_q), (mean_p, variance_p) = q, p
    ratio = variance_q / variance_p
    return 0.5 * (ratio - 1 - np.log(ratio) + (mean_q - mean_p) ** 2 / variance_p)


def expected_log_p(name: str, q: tuple[float, float]) -> float:
    """Computes E_q [log p(x_m|z)]."""
    mean, variance = q
    a, r, x = LOADINGS[name], VARIANCES[name], DATA[name]
    return -0.5 * (np.log(2 * np.pi * r) + ((x - a * mean) ** 2 + a**2 * variance) / r)

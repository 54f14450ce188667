"""Linear-Gaussian modalities, for which likelihoods and posteriors are known exactly.

z ~ N(0, I), x_i = A_i z + b_i + e, e ~ N(0, variance_i I).
"""

import dataclasses

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd


@dataclasses.dataclass(frozen=True)
class LinearGaussian:
    """Modalities that share z.

    Attributes:
      loadings: name to A_i, [size_i, latent_dim].
      offsets: name to b_i, [size_i].
      variances: name to the variance of the noise.
    """

    loadings: dict[str, np.ndarray]
    offsets: dict[str, np.ndarray]
    variances: dict[str, float]

    @property
    def latent_dim(self) -> int:
        return next(iter(self.loadings.values())).shape[1]

    def sample(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        z = rng.normal(size=self.latent_dim)
        return {
            name: a @ z
            + self.offsets[name]
            + np.sqrt(self.variances[name]) * rng.normal(size=len(a))
            for name, a in self.loadings.items()
        }

    def log_marginal(self, x: dict[str, np.ndarray]) -> float:
        """Computes log p of all modalities in x jointly, which is a Gaussian."""
        a = np.concatenate([self.loadings[name] for name in x])
        noise = np.concatenate([np.full(len(x[n]), self.variances[n]) for n in x])
        difference = np.concatenate([x[name] - self.offsets[name] for name in x])
        covariance = a @ a.T + np.diag(noise)
        _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
        return float(-0.5 * (log_det + difference @ np.linalg.solve(covariance, difference)))

    def posterior(self, x: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Computes mean and covariance of p(z|x) for any of the modalities."""
        precision = np.eye(self.latent_dim)
        weighted = np.zeros(self.latent_dim)
        for name, value in x.items():
            a = self.loadings[name]
            precision += a.T @ a / self.variances[name]
            weighted += a.T @ (value - self.offsets[name]) / self.variances[name]
        covariance = np.linalg.inv(precision)
        return covariance @ weighted, covariance

    def decode(self, z: tf.Tensor) -> dict[str, tfd.Distribution]:
        """Returns p(x_i|z) for z [samples, latent_dim]."""
        return {
            name: tfd.MultivariateNormalDiag(
                tf.linalg.matvec(tf.constant(a, tf.float32), z)
                + self.offsets[name].astype(np.float32),
                tf.fill([len(a)], float(np.sqrt(self.variances[name]))),
            )
            for name, a in self.loadings.items()
        }


def random_pair(rng: np.random.Generator) -> LinearGaussian:
    """Makes two modalities of 5 and 3 values with a latent variable of 2 values."""
    return LinearGaussian(
        {"x": rng.normal(size=(5, 2)), "w": rng.normal(size=(3, 2))},
        {"x": rng.normal(size=5), "w": rng.normal(size=3)},
        {"x": 0.5, "w": 0.8},
    )


@dataclasses.dataclass(frozen=True)
class Chain:
    """A hierarchy: z_L ~ N(0, I), z_l = B_l z_l+1 + e_l, e_l ~ N(0, I / 4), and x, w given z_1.

    Attributes:
      pair: the modalities given z_1.
      maps: B_1 ... B_L-1, [latent_dim, latent_dim] each.
    """

    pair: LinearGaussian
    maps: tuple[np.ndarray, ...]

    def prior_of(self, layer: int, above: tf.Tensor) -> tfd.Distribution:
        """Returns p(z_l|z_l+1) for z_l+1 [samples, latent_dim], with l counted from 0."""
        mean = tf.linalg.matvec(tf.constant(self.maps[layer], tf.float32), above)
        return tfd.MultivariateNormalDiag(mean, 0.5 * tf.ones_like(mean))

    @property
    def layers(self) -> np.ndarray:
        """Returns the matrix from independent N(0, 1) values to the stacked z_1 ... z_L."""
        size, count = self.pair.latent_dim, len(self.maps) + 1
        matrix = np.eye(size * count)
        for layer in reversed(range(count - 1)):
            rows = slice(size * layer, size * (layer + 1))
            matrix[rows] = 0.5 * matrix[rows]
            matrix[rows] += self.maps[layer] @ matrix[size * (layer + 1) : size * (layer + 2)]
        return matrix

    @property
    def flat(self) -> LinearGaussian:
        """Returns the same modalities as functions of those independent values."""
        of_z_1 = self.layers[: self.pair.latent_dim]
        loadings = {name: a @ of_z_1 for name, a in self.pair.loadings.items()}
        return dataclasses.replace(self.pair, loadings=loadings)

    def sample(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return self.flat.sample(rng)

    def log_marginal(self, x: dict[str, np.ndarray]) -> float:
        return self.flat.log_marginal(x)

    def posterior(self, x: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Computes mean and covariance of the stacked z_1 ... z_L given x."""
        mean, covariance = self.flat.posterior(x)
        return self.layers @ mean, self.layers @ covariance @ self.layers.T


def random_chain(rng: np.random.Generator, num_layers: int) -> Chain:
    """Makes a `random_pair` with further layers above."""
    maps = tuple(rng.normal(size=(2, 2)) for _ in range(num_layers - 1))
    return Chain(random_pair(rng), maps)


def gaussian(mean: np.ndarray, covariance: np.ndarray) -> tfd.Distribution:
    """Makes N(mean, covariance) as a distribution without a batch."""
    return tfd.MultivariateNormalTriL(
        mean.astype(np.float32), np.linalg.cholesky(covariance).astype(np.float32)
    )


def gaussian_kl(
    mean_q: np.ndarray, cov_q: np.ndarray, mean_p: np.ndarray, cov_p: np.ndarray
) -> float:
    """Computes KL(q || p) of two Gaussians in closed form with NumPy."""
    solve = np.linalg.solve(cov_p, cov_q)
    difference = mean_p - mean_q
    log_det = np.linalg.slogdet(cov_p)[1] - np.linalg.slogdet(cov_q)[1]
    quadratic = difference @ np.linalg.solve(cov_p, difference)
    return float(0.5 * (np.trace(solve) + quadratic - len(mean_q) + log_det))

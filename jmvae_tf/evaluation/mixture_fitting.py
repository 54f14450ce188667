"""Fits a mixture of Gaussians to where a model puts its training data."""

import warnings
from collections.abc import Iterable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from jmvae_tf.evaluation.observed import having, with_masks_for_nan
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.base import MultimodalVAE, Tensors
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.runtime.json_values import MOST_NUMBERS
from jmvae_tf.runtime.randomness import fold, root_seed

MOST_FITTED_TO = 20_000
"""Training examples that a mixture is fitted to; more take long and change little."""

NUM_GAUSSIANS = 10

_MOST_ITERATIONS = 200


def fit_latent_mixture(
    model: MultimodalVAE | Adversarial,
    batches: Iterable[Tensors],
    num_components: int = NUM_GAUSSIANS,
    seed: int = 0,
    checkpoint: str = "",
) -> LatentMixture:
    """Fits a mixture with full covariances to z ~ q(z|x), one sample of each training example.

    It takes only the examples that have every modality: what z is like when something is missing is
    not what a sample of everything is like. For models of several layers z is what decoders take,
    z_1; see `LatentMixture`.

    Args:
      model: a trained model without conditions.
      batches: dictionaries as `fit` takes them, of training examples in any order. Only the first
        `MOST_FITTED_TO` are used.
      num_components: the number of Gaussians.
      seed: the same seed gives the same mixture.
      checkpoint: the name of the model's weights.

    Raises:
      ValueError: if the model has conditions, `num_components` is below 1, the mixture would be too
        large for its file, or there are fewer examples of every modality than covariances need: one
        more for each Gaussian than z has values.
    """
    model = without_adversary(model)
    size, number = model.latent_dim, 0
    if model.conditions:
        raise ValueError(
            "A mixture stands in for the prior of a model that needs nothing given. Received: one "
            f"that needs {' and '.join(model.conditions)}"
        )
    if not 1 <= num_components <= MOST_NUMBERS // size**2:
        raise ValueError(
            "A mixture has at least one Gaussian, and covariances of at most "
            f"{MOST_NUMBERS} values together. Received: {num_components=} and {size} latent values"
        )
    samples = [np.zeros((0, size))]
    for place, batch in enumerate(batches):
        examples = having(with_masks_for_nan(batch, model.modalities), model.modalities)
        examples = {key: x[: MOST_FITTED_TO - number] for key, x in examples.items()}
        taken = len(next(iter(examples.values())))
        if taken:
            [z] = model.sample_posterior(examples, 1, fold(root_seed(seed), place)).numpy()
            samples.append(z.astype(np.float64))
        number += taken
        if number >= MOST_FITTED_TO:
            break
    if number < num_components * (size + 1):
        raise ValueError(
            f"A mixture of {num_components} Gaussians of {size} values needs "
            f"{num_components * (size + 1)} training examples that have every modality. "
            f"Received: {number}"
        )
    fitted = GaussianMixture(num_components, max_iter=_MOST_ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        # A mixture that could still improve a little is as good a sampler.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(np.concatenate(samples))
    return LatentMixture(
        fitted.weights_.astype(np.float32),
        fitted.means_.astype(np.float32),
        np.linalg.cholesky(fitted.covariances_).astype(np.float32),
        number,
        checkpoint,
    )

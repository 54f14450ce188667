"""How much of the latent space a model uses."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed

ACTIVE_VARIANCE = 0.01
"""A latent value is active if the variance of its posterior mean over examples exceeds this."""


def layer_means(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    given: Sequence[str],
    seed: int = 0,
    batch_size: int | None = None,
) -> dict[str, np.ndarray]:
    """The posterior means of all latent variables, given some modalities of each example.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      given: the modalities that are known.
      seed: for models whose inference of missing modalities draws samples.
      batch_size: how many examples are encoded at once; by their size if None.

    Returns:
      Name of the latent variable ("z", or "z1" ... "zL") to float32 [examples, size].
    """

    @tf.function(reduce_retracing=True)
    def means(batch: dict[str, tf.Tensor], seed_pair: tf.Tensor) -> dict[str, tf.Tensor]:
        return model.layer_means(batch, seed_pair)

    def score(
        batch: dict[str, tf.Tensor], index: int, step: Callable[[], None]
    ) -> dict[str, tf.Tensor]:
        scores = means(batch, fold(root_seed(seed), index))
        step()
        return scores

    batch_size = batch_size or min(1000, rows_at_once(model, given))
    return map_batches(examples, given, batch_size, f"z given {', '.join(given)}", score)


def active_units(means: np.ndarray) -> int:
    """How many latent values depend on the data (Burda et al. 2015, section 5.1).

    Args:
      means: posterior means, [examples, size].
    """
    return int((means.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE).sum())

"""The objective on test data, term by term."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed


def bound_terms(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    seed: int = 0,
    batch_size: int | None = None,
) -> dict[str, np.ndarray]:
    """The model's bound and its terms at one z an example, every divergence at full weight.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      seed: the same seed gives the same figures.
      batch_size: how many examples are scored at once; by their size if None.

    Returns:
      "bound" and the terms by their names in `objectives`, float32 [examples] each, nats.
    """

    @tf.function(reduce_retracing=True)
    def terms(batch: dict[str, tf.Tensor], seed_pair: tf.Tensor) -> dict[str, tf.Tensor]:
        bound = model.bound(model.standardise(batch), seed_pair)
        return {"bound": bound.value, **bound.terms}

    def score(
        batch: dict[str, tf.Tensor], index: int, step: Callable[[], None]
    ) -> dict[str, tf.Tensor]:
        scores = terms(batch, fold(root_seed(seed), index))
        step()
        return scores

    names = list(model.modalities)
    batch_size = batch_size or min(1000, rows_at_once(model, names))
    return map_batches(examples, names, batch_size, "terms of the bound", score)

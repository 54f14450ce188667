"""How far generated means are from true values."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed


def mean_squared_errors(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    target: str,
    given: Sequence[str],
    seed: int = 0,
) -> np.ndarray:
    """The squared error of the mean of p(target|z) at the mean of q(z|given), averaged over values.

    In the units of the likelihood: where the modality is standardised, 1 is what the training
    set's mean image scores on the training set.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], in the data's units.
      target: the modality whose values are compared.
      given: the modalities that are known; with the target among them, its reconstruction.
      seed: for models whose inference of missing modalities draws samples.

    Returns:
      float32, [examples].
    """

    @tf.function(reduce_retracing=True)
    def errors(batch: dict[str, tf.Tensor], seed_pair: tf.Tensor) -> tf.Tensor:
        known = {name: batch[name] for name in given}
        z = model.posterior_mean(known, seed_pair)
        mean = model.decode(z, [target], known)[target].mean()
        x = model.standardise({target: batch[target]})[target]
        return tf.reduce_mean(tf.square(mean - x), axis=list(range(1, x.shape.rank)))

    def score(
        batch: dict[str, tf.Tensor], index: int, step: Callable[[], None]
    ) -> dict[str, tf.Tensor]:
        scores = errors(batch, fold(root_seed(seed), index))
        step()
        return {target: scores}

    names = list(dict.fromkeys([target, *given]))
    size = min(1000, rows_at_once(model, names))
    description = f"squared error of {target}, z given {', '.join(given)}"
    return map_batches(examples, names, size, description, score)[target]

"""Test bounds on conditional log-likelihoods."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.randomness import fold, root_seed


def conditional_log_likelihoods(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    target: str,
    given: Sequence[str],
    num_samples: int = 10,
    seed: int = 0,
    batch_size: int = 250,
) -> np.ndarray:
    """(1/N) sum_i log p(target|z_i), z_i ~ q(z|given): Eq. 5 of the 2018 paper.

    A lower bound on the logarithm of int q(z|given) p(target|z) dz, in expectation. How z is drawn
    where modalities are missing is the model's own way: JMVAE runs one chain of iterative sampling
    for each of the N samples.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      target: the modality whose values are scored.
      given: the modalities that are known.
      num_samples: N.
      seed: the same seed gives the same figures.
      batch_size: how many examples are scored at once; `num_samples` times as many are in memory.

    Returns:
      float32, [examples], nats.
    """

    @tf.function(reduce_retracing=True)
    def score(batch: dict[str, tf.Tensor], seed_pair: tf.Tensor) -> tf.Tensor:
        known = {name: batch[name] for name in given}
        z = model.sample_posterior(known, num_samples, seed_pair)
        p = model.decode(z, [target])[target]
        x = tf.broadcast_to(batch[target], tf.concat([[num_samples], tf.shape(batch[target])], 0))
        return tf.reduce_mean(p.log_prob(x), axis=0)

    names = [target, *given]
    batches = tf.data.Dataset.from_tensor_slices({name: examples[name] for name in names})
    scores = [
        score(batch, fold(root_seed(seed), index)).numpy()
        for index, batch in enumerate(
            tqdm(
                batches.batch(batch_size),
                desc=f"log p({target}|{','.join(given)})",
                leave=False,
                disable=None,
            )
        )
    ]
    return np.concatenate(scores)

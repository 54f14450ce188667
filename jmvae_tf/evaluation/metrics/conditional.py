"""Test bounds on conditional log-likelihoods without importance weights."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import BATCH, map_batches, rows_at_once
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed


class ConditionalScores(NamedTuple):
    """Two scores of the same samples.

    Attributes:
      mean_log: (1/N) sum_i log p(target|z_i), float32 [examples], nats: Eq. 5 of the 2018 paper,
        and Eq. 6 for JMVAE-h.
      log_mean: log (1/N) sum_i p(target|z_i), the same: never less, and nearer to
        log int q(z|given) p(target|z) dz, which both fall short of in expectation.
    """

    mean_log: np.ndarray
    log_mean: np.ndarray


def conditional_log_likelihoods(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    target: str,
    given: Sequence[str],
    num_samples: int = 10,
    seed: int = 0,
) -> ConditionalScores:
    """Scores a modality at z drawn from the posterior given others.

    How z is drawn where modalities are missing is the model's own way: JMVAE runs one chain of
    iterative sampling for each of the N samples, and JMVAE-h draws N of z_L and N of z_1 below
    each. Likelihood weights are left out: p is a density, of standardised values where the modality
    is standardised. As Eq. 5 and 6 are linear in log p, the 2018 paper's weighted scores of faces
    are these times the weight.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      target: the modality whose values are scored.
      given: the modalities that are known; with the target among them, its reconstruction.
      num_samples: N.
      seed: the same seed gives the same figures.
    """

    @tf.function(reduce_retracing=True)
    def score_batch(batch: dict[str, tf.Tensor], seed_pair: tf.Tensor) -> dict[str, tf.Tensor]:
        known = {name: batch[name] for name in given}
        z = model.conditional_samples(known, num_samples, seed_pair)
        p = model.decode(z, [target], known)[target]
        log_p = p.log_prob(model.standardise({target: batch[target]})[target][tf.newaxis])
        return {
            "mean_log": tf.reduce_mean(log_p, axis=0),
            "log_mean": tf.reduce_logsumexp(log_p, axis=0)
            - tf.math.log(tf.cast(tf.shape(z)[0], tf.float32)),
        }

    # N of Eq. 5, N x N of Eq. 6.
    samples_an_example = num_samples**2 if model.conditional_equation == 6 else num_samples

    def score(
        batch: dict[str, tf.Tensor], index: int, step: Callable[[], None]
    ) -> dict[str, tf.Tensor]:
        scores = score_batch(batch, fold(root_seed(seed), index))
        step()
        return scores

    scores = map_batches(
        examples,
        list(dict.fromkeys([target, *given])),
        max(1, min(BATCH, rows_at_once(model, [target]) // samples_an_example)),
        f"log p({target}|z), z given {', '.join(given)}",
        score,
    )
    return ConditionalScores(**scores)

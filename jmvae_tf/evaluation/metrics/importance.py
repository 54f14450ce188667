"""Importance-weighted estimates of log-likelihoods (2016 paper, appendix B; Burda et al. 2015)."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import BATCH, chunks, map_batches, rows_at_once
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed

MANY_VALUES = 4096
"""Of an event, so many that each sample is expensive to decode."""


def usual_num_samples(model: MultimodalVAE) -> int:
    """The 2016 paper's k: 1000 on MNIST, 10 on CelebA, whose images are expensive to decode."""
    largest = max(math.prod(model.modalities[name].event_shape) for name in model.targets)
    return 10 if largest > MANY_VALUES else 1000


def importance_weighted_log_likelihoods(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    proposal: Sequence[str],
    num_samples: int = 1000,
    seed: int = 0,
) -> dict[tuple[str, ...], np.ndarray]:
    """Estimates log p(x) as log (1/k) sum_i p(x|z_i) p(z_i) / q(z_i), z_i ~ q(z|proposal).

    For every modality that the model generates, and for all of them together, from the same
    samples. In expectation no estimate exceeds the truth, and each grows with k. p and q are each
    model's own: CVAE has p(x|z,w) p(z), CMMA p(x|z) p(z|w), so that theirs is log p(x|w); JMVAE-h
    has p(z_1|z_2) p(z_2) and q(z_1) q(z_2). Likelihood weights are left out: these are densities,
    of standardised values where a modality is standardised.
    Where a model complements missing modalities, ten samples at a time share a chain.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      proposal: the modalities that q is given: all ("multiple") or one of them ("single").
      num_samples: k.
      seed: the same seed gives the same figures.

    Returns:
      Names of modalities to float32 [examples], nats: the estimate of their log-likelihood
      together, in a one-way model given the others.
    """
    targets = model.targets
    sums = [(name,) for name in targets] + ([targets] if len(targets) > 1 else [])
    names = list(model.modalities)

    @tf.function(reduce_retracing=True)
    def log_sums(
        batch: dict[str, tf.Tensor], seed_pair: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        z, log_p_z, log_q_z = model.importance_samples(
            {name: batch[name] for name in proposal}, size, seed_pair
        )
        x = model.standardise(batch)
        p_x_z = model.decode(z, targets, {name: batch[name] for name in model.conditions})
        log_p_x = {
            name: model.modalities[name].likelihood.log_prob(p, x[name][tf.newaxis])
            for name, p in p_x_z.items()
        }
        return {
            _key(together): tf.reduce_logsumexp(
                # TensorFlow may reorder a chain of additions anew whenever it is traced.
                tf.reduce_sum([*(log_p_x[name] for name in together), log_p_z, -log_q_z], axis=0),
                axis=0,
            )
            for together in sums
        }

    rows = rows_at_once(model, targets)
    scores = _log_mean(log_sums, examples, names, num_samples, seed, rows, f"q given {proposal}")
    return {together: scores[_key(together)] for together in sums}


def prior_log_likelihoods(
    model: MultimodalVAE,
    examples: Mapping[str, tf.Tensor],
    name: str,
    num_samples: int = 5000,
    seed: int = 0,
) -> np.ndarray:
    """Estimates log p(w) as log (1/N_w) sum_i p(w|z_i), z_i ~ p(z), as the 2016 paper does.

    In expectation it falls short of log p(w). The samples are drawn anew for every 100 examples,
    which share them.

    Args:
      model: a trained model without conditions.
      examples: modality name to [examples, *event_shape].
      name: the modality.
      num_samples: N_w.
      seed: the same seed gives the same figures.

    Returns:
      float32, [examples], nats.
    """

    @tf.function(reduce_retracing=True)
    def log_sums(
        batch: dict[str, tf.Tensor], seed_pair: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        z = model.sample_posterior(None, size, seed_pair)[:, tf.newaxis]
        log_p = model.decode(z, [name])[name].log_prob(model.standardise(batch)[name][tf.newaxis])
        return {name: tf.reduce_logsumexp(log_p, axis=0)}

    rows = rows_at_once(model, [name])
    description = f"prior samples of {name}"
    return _log_mean(log_sums, examples, [name], num_samples, seed, rows, description)[name]


def _key(names: Sequence[str]) -> str:
    return ",".join(names)


def _log_mean(
    log_sums: Callable[..., Mapping[str, tf.Tensor]],
    examples: Mapping[str, tf.Tensor],
    names: Sequence[str],
    num_samples: int,
    seed: int,
    rows: int,
    description: str,
) -> dict[str, np.ndarray]:
    """The logarithm of a mean over samples, its sum computed in parts of `rows` at most."""
    batch_size = min(BATCH, rows)
    size = rows // batch_size

    def score(
        batch: dict[str, tf.Tensor], index: int, step: Callable[[], None]
    ) -> dict[str, np.ndarray]:
        totals: dict[str, np.ndarray] = {}
        for place, part in enumerate(chunks(num_samples, size)):
            for name, value in log_sums(batch, fold(root_seed(seed), index, place), part).items():
                log_sum = value.numpy().astype(np.float64)
                totals[name] = np.logaddexp(totals.get(name, -np.inf), log_sum)
            step()
        return {name: total - math.log(num_samples) for name, total in totals.items()}

    steps = -(-num_samples // size)
    return map_batches(examples, names, batch_size, description, score, steps)

"""Whether generated numbers depend on each other as real ones do."""

import math
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.number_scores import correlations
from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.evaluation.subject import MAX_GENERATED, Subject
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import root_seed, sample, split

NUM_RESAMPLED = 100
"""Bootstrap samples for the standard error."""


def numbers_of_prior(
    model: MultimodalVAE, name: str, num_samples: int = MAX_GENERATED, seed: int = 0
) -> np.ndarray:
    """Draws numbers: x ~ p(x|z) with z ~ p(z), float32 [num_samples, columns], in data units.

    Args:
      model: a trained model without conditions.
      name: the modality of numbers.
      num_samples: the number of draws.
      seed: the same seed gives the same draws.
    """
    seed_z, seed_x = split(root_seed(seed), 2)
    z = model.sample_posterior(None, num_samples, seed_z)
    drawn = sample(model.decode(z, [name])[name], seed_x)
    return np.asarray(model.unstandardise(name, tf.convert_to_tensor(drawn)))


def difference_of_correlations(
    generated: np.ndarray, real: np.ndarray, seen: np.ndarray, seed: int = 0
) -> Estimate | None:
    """Averages the absolute difference of correlations over pairs of columns.

    Args:
      generated: [samples, columns].
      real: [examples, columns]; unobserved values may be anything.
      seen: which real values are observed, bool, [examples, columns].
      seed: seed of the resampling.

    Returns:
      The mean over the pairs that vary in both, with its standard error over examples and samples
      by resampling both; None if there is no such pair.
    """
    rng = np.random.default_rng(seed)
    pairs = np.triu_indices(real.shape[1], 1)

    def differences(generated: np.ndarray, real: np.ndarray, seen: np.ndarray) -> np.ndarray:
        return np.abs(correlations(generated)[pairs] - correlations(real, seen)[pairs])

    found = differences(generated, real, seen)
    if np.isnan(found).all():
        return None
    means = []
    for _ in range(NUM_RESAMPLED):
        a = rng.integers(0, len(generated), len(generated))
        b = rng.integers(0, len(real), len(real))
        resampled = differences(generated[a], real[b], seen[b])
        if not np.isnan(resampled).all():  # Of few examples, some samples do not vary.
            means.append(np.nanmean(resampled))
    error = float(np.std(means, ddof=1)) if len(means) > 1 else math.nan
    return Estimate(float(np.nanmean(found)), error)


@metric("numbers of samples", place=1)
def correlations_of_numbers(subject: Subject) -> Iterator[Line]:
    """Yields the difference of correlations of numbers drawn from the prior and of test numbers."""
    model = subject.model
    if model.conditions or not model.has_prior:
        return
    for name in subject.of_kind("numbers"):
        if model.modalities[name].event_shape[0] < 2:
            continue
        examples = {key: x[:MAX_GENERATED] for key, x in subject.having("grey", name).items()}
        number = len(examples[name])
        if number < 3:
            continue
        generated = numbers_of_prior(model, name, seed=subject.protocol.seed)
        value = difference_of_correlations(
            generated, np.asarray(examples[name]), observed_values(examples, name)
        )
        if value is not None:
            yield Metric(
                f"{name}_correlation_difference",
                f"correlations of {name} drawn from the prior, mean difference from real ones",
                value,
                None if number == len(subject.data.grey[name]) else number,
            )

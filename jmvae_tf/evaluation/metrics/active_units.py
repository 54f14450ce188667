"""The number of latent values that depend on the data."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject, proposals
from jmvae_tf.models.base import MultimodalVAE, Tensors

ACTIVE_VARIANCE = 0.01
"""A latent value is active if the variance of its posterior mean over examples exceeds this."""


def layer_means(
    model: MultimodalVAE,
    examples: Tensors,
    given: Sequence[str],
    seed: int = 0,
    batch_size: int | None = None,
) -> dict[str, np.ndarray]:
    """Computes the posterior means of all latent variables, given some modalities.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      given: the modalities that are known.
      seed: seed for models that infer missing modalities by sampling.
      batch_size: the number of examples to encode at once; None chooses it by their size.

    Returns:
      Name of the latent variable ("z", or "z1" ... "zL") to float32 [examples, size].
    """

    @tf.function(autograph=False, reduce_retracing=True)
    def means(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        return model.layer_means(batch, batch_seed)

    size = batch_size or min(1000, rows_at_once(model, given))
    return map_batches(means, examples, given, size, f"z given {', '.join(given)}", seed)


def active_units(means: np.ndarray) -> int:
    """Counts the latent values that depend on the data (Burda et al. 2015, section 5.1).

    Args:
      means: posterior means, [examples, size].
    """
    return int((means.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE).sum())


@metric("latent space", place=1)
def active_units_by_encoder(subject: Subject) -> Iterator[Metric | str]:
    """Yields the active units of each latent variable, per set of given modalities."""
    model = subject.model
    for how, given in proposals(model).items():
        if len(given) < len(model.modalities) and model.samples_to_infer:
            continue  # The means would vary with the chains, not only with the data.
        test = subject.having("test", *given)
        if len(test[given[0]]) < 2:
            yield "active units are left out: they need at least two test examples"
            continue
        for layer, means in layer_means(model, test, given, subject.protocol.seed).items():
            yield Metric(
                f"active_units_{layer}_{how}",
                f"{layer} given {', '.join(given)}, of {means.shape[1]}",
                active_units(means),
                subject.number_having(*given),
            )

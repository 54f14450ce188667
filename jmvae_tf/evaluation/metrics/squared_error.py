"""The mean squared error of generated and reconstructed means."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once, traced
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import with_masks
from jmvae_tf.evaluation.subject import Reconstruction, Subject
from jmvae_tf.modalities import observed_key
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors


def mean_squared_errors(
    model: MultimodalVAE, examples: Tensors, target: str, given: Sequence[str], seed: int = 0
) -> np.ndarray:
    """Computes the squared error of p(target|z)'s mean at the mean of q(z|given), per value.

    It is the mean over the observed values, in the units of the likelihood. For a standardised
    modality, the training set's mean image scores 1 on the training set.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], in the data's units, with masks of
        single values.
      target: the modality whose values are compared.
      given: the known modalities; with the target among them, its reconstruction is scored.
      seed: seed for models that infer missing modalities by sampling.

    Returns:
      float32, [examples].
    """

    @traced(len(examples[target]))
    def errors(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        known = with_masks(batch, given)
        z = model.posterior_mean(known, batch_seed)
        mean = model.decode(z, [target], known)[target].mean()
        x = model.standardise(with_masks(batch, [target]))[target]
        mask = batch.get(observed_key(target))
        if mask is not None:
            return {target: _mean_of_observed(tf.square(tf.where(mask, mean - x, 0.0)), mask)}
        return {target: tf.reduce_mean(tf.square(mean - x), axis=list(range(1, x.shape.rank)))}

    names = list(dict.fromkeys([target, *given]))
    size = min(1000, rows_at_once(model, names))
    description = f"squared error of {target}, z given {', '.join(given)}"
    return map_batches(errors, examples, names, size, description, seed)[target]


def _mean_of_observed(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    axes = list(range(1, values.shape.rank))
    return tf.reduce_sum(values, axes) / tf.reduce_sum(tf.cast(mask, tf.float32), axes)


@metric("squared error", place=1)
def squared_error(subject: Subject, case: Direction | Reconstruction) -> Iterator[Metric]:
    """Yields the squared error of a modality with a density."""
    modality = subject.model.modalities[case.target]
    if modality.likelihood.is_discrete:
        return
    units = "standardised units" if modality.standardised else "the data's units"
    given = ", ".join(case.given)
    arrow = (
        f"reconstruction of {case.target} given {given}"
        if isinstance(case, Reconstruction)
        else f"{given} → {case.target}"
    )
    errors = mean_squared_errors(
        subject.model,
        subject.having("test", *case.given, case.target),
        case.target,
        case.given,
        subject.protocol.seed,
    )
    yield Metric(
        f"{case.name}_mse",
        f"{arrow}, {units}",
        estimate(errors),
        subject.number_having(*case.given, case.target),
    )

"""Retrieval: whether an example's own target is found among those of others."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once, traced
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics.conditional import log_p_of_observed
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import observed_values, with_masks
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors

MOST_CANDIDATES = 1000
"""Targets to choose from, at most."""

MOST_SCORED = 2**30
"""Values to score in all, candidates x candidates x values: half a minute on one processor."""

PLACES = (1, 10)
"""The ranks that count as found."""

_FEWEST = 20
"""Candidates below which finding one says nothing."""


def shares_found(
    model: MultimodalVAE, examples: Tensors, target: str, given: Sequence[str], seed: int = 0
) -> dict[int, np.ndarray]:
    """Computes how likely each example's own target is among the first of all, by log p(target|z).

    z is the mean of q(z|given). The candidates are the targets of all examples. Where several are
    equally likely, each order of them counts the same.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape].
      target: the modality that is looked for.
      given: the known modalities.
      seed: seed for models that infer missing modalities by sampling.

    Returns:
      Each of `PLACES` to float [examples], 0 to 1.
    """
    candidates = with_masks(examples, [target])
    number = len(examples[target])

    @traced(number)
    def score(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        known = with_masks(batch, given)
        z = model.posterior_mean(known, batch_seed)
        p = model.decode(z[tf.newaxis], [target], known)[target]
        # Every candidate under the distribution of each example: [batch, candidates].
        log_p = log_p_of_observed(model, target, p[0, :, tf.newaxis], candidates)
        own = tf.gather(log_p, tf.cast(batch["place"], tf.int32), axis=1, batch_dims=1)
        own = own[:, tf.newaxis]
        return {
            "likelier": tf.reduce_sum(tf.cast(log_p > own, tf.int32), axis=1),
            "equal": tf.reduce_sum(tf.cast(log_p == own, tf.int32), axis=1),
        }

    size = max(1, rows_at_once(model, [target]) // number)
    placed = {**with_masks(examples, given), "place": tf.range(number)}
    description = f"recall of {target}, given {', '.join(given)}"
    counts = map_batches(score, placed, [*given, "place"], size, description, seed)
    return {
        k: np.clip((k - counts["likelier"]) / np.maximum(counts["equal"], 1), 0.0, 1.0)
        for k in PLACES
    }


@metric(
    "retrieval", place=1, target_kinds=("image", "attributes", "numbers", "text", "array", "vector")
)
def recall(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields how often an example's own target is among the likeliest of all candidates."""
    given, target = direction
    if all(subject.kind(name) == "label" for name in given):
        return  # Examples of a class are the same to it.
    examples = subject.having("grey", *given, target)
    seen = observed_values(examples, target)
    whole = np.flatnonzero(seen.reshape(len(seen), -1).all(axis=1))
    size = math.prod(seen.shape[1:])
    chosen = whole[: min(MOST_CANDIDATES, math.isqrt(MOST_SCORED // size))]
    if len(chosen) < _FEWEST:
        return
    candidates = {key: tf.gather(x, chosen) for key, x in examples.items()}
    found = shares_found(subject.model, candidates, target, given, subject.protocol.seed)
    for k, values in found.items():
        yield Metric(
            f"{direction.name}_recall_at_{k}",
            f"own {target} among the {k} likeliest of {len(chosen)}, given {', '.join(given)}"
            if k > 1
            else f"own {target} the likeliest of {len(chosen)}, given {', '.join(given)}",
            estimate(values),
            None if len(chosen) == len(subject.data.grey[target]) else len(chosen),
        )

"""Says before an evaluation what it measures and how long its longest part takes."""

import math
import time

from jmvae_tf.evaluation.batches import BATCH, rows_at_once
from jmvae_tf.evaluation.metrics.importance import importance_weighted_log_likelihoods
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.evaluation.subject import proposals
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.progress import time_in_words

_LONG = 300_000_000
"""Decoded values from which the estimate is worth the seconds that it takes."""

_STEPS = 4


def announcement(model: MultimodalVAE, data: EvaluationData, protocol: Protocol) -> list[str]:
    """Returns lines that say what is measured, and how long importance weights take if long.

    Args:
      model: a trained model.
      data: the examples to evaluate it with.
      protocol: the numbers of samples.
    """
    number, k = len(data.test[model.targets[0]]), protocol.num_importance_samples
    what = f"{model.objective_name}, likelihoods, and how good what it generates is"
    lines = [f"measuring {number:,} test examples: {what}"]
    if not (k and model.has_prior):
        return lines
    decoded = number * k * len(proposals(model))
    values = sum(math.prod(model.modalities[name].event_shape) for name in model.targets)
    if decoded * values < _LONG:
        return lines
    seconds = decoded * _seconds_of_a_sample(model, data, protocol.seed)
    return [
        *lines,
        f"the log-likelihoods with k = {k} samples take about {time_in_words(seconds)} of it; "
        "--num_importance_samples and --num_examples make it shorter",
    ]


def _seconds_of_a_sample(model: MultimodalVAE, data: EvaluationData, seed: int) -> float:
    """Returns the seconds that a sample of an example takes on this machine."""
    names = list(model.modalities)
    at_once = max(1, rows_at_once(model, model.targets) // BATCH)
    few = {name: x[:BATCH] for name, x in data.test.items()}
    given = next(iter(proposals(model).values()))

    def seconds_of(steps: int) -> float:
        start = time.monotonic()
        importance_weighted_log_likelihoods(model, few, given, steps * at_once, seed)
        return time.monotonic() - start

    seconds_of(1)  # What only the first call does.
    once, several = seconds_of(1), seconds_of(1 + _STEPS)
    number = len(few[names[0]])
    return max(several - once, 0.0) / (_STEPS * at_once * number)

"""How often true numbers are within the intervals that a model predicts."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation import by_value, number_scores
from jmvae_tf.evaluation.batches import map_batches, rows_at_once, traced
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.observed import observed_values, with_masks
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors
from jmvae_tf.runtime.randomness import sample, split

NUM_DRAWS = 199
"""Draws of each value. A true value that is one more draw is equally likely to have any of 200
ranks among them, so that the ranks 11 to 190 are exactly the middle 90 %."""

MAX_EXAMPLES = 1000
"""Test examples to draw for, from the first: the standard error of 90 % is 1 %."""

INTERVALS = (50, 90)
"""The shares that the intervals should hold, in per cent."""


def within_intervals(
    model: MultimodalVAE, examples: Tensors, target: str, given: Sequence[str], seed: int = 0
) -> dict[int, np.ndarray]:
    """Checks whether true values are within central intervals of p(target|given).

    A draw is x ~ p(target|z) with z ~ q(z|given). The ends of an interval are draws, between which
    there are as many draws as its share says.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], in the data's units.
      target: the modality whose values are checked.
      given: the known modalities.
      seed: the same seed gives the same draws.

    Returns:
      Each of `INTERVALS` to bool [examples, *event_shape].
    """

    @traced(len(examples[target]))
    def check(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        known = with_masks(batch, given)
        seed_z, seed_x = split(batch_seed, 2)
        z = model.sample_posterior(known, NUM_DRAWS, seed_z)
        draws = tf.sort(sample(model.decode(z, [target], known)[target], seed_x), axis=0)
        x = model.standardise(with_masks(batch, [target]))[target]
        found = {}
        for share in INTERVALS:
            outside = (NUM_DRAWS + 1) * (100 - share) // 200
            low, high = draws[outside - 1], draws[NUM_DRAWS - outside]
            found[str(share)] = (low <= x) & (x <= high)
        return found

    size = max(1, rows_at_once(model, [target]) // NUM_DRAWS)
    names = list(dict.fromkeys([target, *given]))
    description = f"intervals of {target}, given {', '.join(given)}"
    found = map_batches(check, examples, names, size, description, seed)
    return {share: found[str(share)] for share in INTERVALS}


@metric("numbers", place=2)
def intervals_of_numbers(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the shares of true values within the model's 50 and 90 % intervals."""
    given, target = direction
    columns = names_or_numbers(subject.model.modalities[target])
    available = subject.having("grey", *given, target)
    examples = {key: x[:MAX_EXAMPLES] for key, x in available.items()}
    seen = observed_values(examples, target)
    within = within_intervals(subject.model, examples, target, given, subject.protocol.seed)
    total = len(subject.data.grey[target])
    number = len(seen) if len(seen) < total else None
    scores = {
        share: number_scores.shares(inside, seen, columns) for share, inside in within.items()
    }
    for share, score in scores.items():
        yield from by_value.mean_line(
            f"{direction.name}_within_{share}",
            f"share within the model's {share} % intervals, mean over columns",
            score,
            number,
        )
    yield from by_value.rows(
        columns,
        {
            f"{direction.name}_within_{share}": (f"in {share} %", score)
            for share, score in scores.items()
        },
        by_value.observed_numbers(columns, seen, total),
    )

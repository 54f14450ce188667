"""Conditional coherence by how many modalities are given: whether the others show the class."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once, traced
from jmvae_tf.evaluation.class_judges import (
    class_judges,
    class_labels,
    class_metric_name,
)
from jmvae_tf.evaluation.classes import absent_classes, left_out
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_classifier import Classifier
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import rows_having, with_masks
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.export_format.signature_names import MOST_WITH_ALL_SUBSETS
from jmvae_tf.models.base import MultimodalVAE, Tensors

NUM_JUDGED = 1000
"""Test examples, from the first, to generate from: enough for two digits."""


def given_sets(names: Sequence[str]) -> dict[int, list[tuple[str, ...]]]:
    """Lists the sets of modalities that are given, by their number.

    Of up to four modalities these are all subsets but the whole. Of more, they are the neighbours
    on a circle: as many sets of each number as there are modalities, with each in as many of them.

    Args:
      names: the names of the modalities, in the model's order, which those of a set keep.
    """
    total = len(names)
    if total <= MOST_WITH_ALL_SUBSETS:
        return {size: list(itertools.combinations(names, size)) for size in range(1, total)}
    return {
        size: [
            tuple(name for place, name in enumerate(names) if (place - start) % total < size)
            for start in range(total)
        ]
        for size in range(1, total)
    }


def conditional_coherence(
    model: MultimodalVAE,
    judges: Mapping[str, Classifier],
    examples: Tensors,
    label: str,
    given: Sequence[Sequence[str]],
    seed: int = 0,
) -> np.ma.MaskedArray:
    """Checks whether judges find the class of an example in what is generated from a part of it.

    What is generated are means of p(x|z), one z ~ q(z|given) for each example and set, the same for
    all modalities that are not given.

    Args:
      model: a trained model without conditions.
      judges: name of each modality that tells the class to its judge.
      examples: modality name to [examples, *event_shape], with masks of what is missing.
      label: the name of the label, one-hot, whose class they should show.
      given: the sets of modalities to give, one after the other.
      seed: the same seed gives the same samples.

    Returns:
      For each example the share of all that was generated from it that shows its class, [examples].
      Hidden are those that lack the label or all sets.
    """
    true = np.argmax(examples[label], axis=1)
    right, number = np.zeros(len(true)), np.zeros(len(true))
    for names in given:
        targets = [name for name in judges if name not in names]
        there = rows_having(examples, [*names, label])
        rows = np.arange(len(true)) if there is None else np.flatnonzero(there)
        if not (targets and len(rows)):
            continue
        known = {key: tf.gather(x, rows) for key, x in with_masks(examples, names).items()}
        for target, events in _generated(model, targets, known, names, seed).items():
            right[rows] += judges[target](events) == true[rows]
            number[rows] += 1
    return np.ma.masked_array(right / np.maximum(number, 1), number == 0)


@metric("classes", place=1)
def conditional_coherence_by_number(subject: Subject) -> Iterator[Metric | str]:
    """Yields the coherence with one, two and more modalities given, and the judges' accuracies."""
    model, seed = subject.model, subject.protocol.seed
    few = {key: x[:NUM_JUDGED] for key, x in subject.data.grey.items()}
    for label in class_labels(subject):
        judges = subject.once(class_judges, label)
        if len(judges) < 2:
            continue
        absent = absent_classes(np.asarray(subject.having("training", label)[label]))
        yield from left_out(
            model.modalities[label], absent, "a training example", "conditional coherence"
        )
        # No judge reads these; where there is no label, any number may stand.
        kept = np.flatnonzero(~np.isin(np.argmax(few[label], axis=1), absent))
        known = {key: tf.gather(x, kept) for key, x in few.items()} if absent else few
        for size, given in given_sets(list(model.modalities)).items():
            right = conditional_coherence(model, judges, known, label, given, seed)
            if right.count():
                yield Metric(
                    class_metric_name(subject, label, f"conditional_coherence_{size}_given"),
                    f"share of generated modalities that show the true {label}, {size} given",
                    estimate(right),
                    _number_of_some(right, subject),
                )
        yield from _accuracies(subject, label, judges)


def _accuracies(subject: Subject, label: str, judges: Mapping[str, Classifier]) -> Iterator[Metric]:
    for name, judge in judges.items():
        real = {key: x[:NUM_JUDGED] for key, x in subject.having("grey", name, label).items()}
        if name != label and len(real[label]):
            right = judge(np.asarray(real[name])) == np.argmax(real[label], axis=1)
            yield Metric(
                class_metric_name(subject, label, f"class_judge_accuracy_{name}"),
                f"  the judge of {label} on real test {name}",
                estimate(right),
                _number_of_some(right, subject),
            )


def _number_of_some(values: np.ndarray, subject: Subject) -> int | None:
    """Counts values, which a masked array may hide; None if all test examples have one."""
    number = int(np.ma.count(values))
    return None if number == len(next(iter(subject.data.grey.values()))) else number


def _generated(
    model: MultimodalVAE,
    targets: Sequence[str],
    known: Tensors,
    given: Sequence[str],
    seed: int,
) -> dict[str, np.ndarray]:
    """Generates several modalities from the same z, one per example."""

    @traced(len(known[given[0]]))
    def means(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        [z] = tf.unstack(model.sample_posterior(batch, 1, batch_seed), 1)
        return {target: model.decoded_mean(target, z) for target in targets}

    size = min(1000, rows_at_once(model, [*targets, *given]))
    return map_batches(means, known, given, size, f"all given {', '.join(given)}", seed)

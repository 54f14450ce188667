"""Coherence: whether a judge finds the given label or attributes in what is generated.

The judge is fitted only to real examples: a classifier for labels, the discriminants of `judges`
for attributes.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import tensorflow as tf
from sklearn.neighbors import KNeighborsClassifier

from jmvae_tf.evaluation import attribute_shares, by_value
from jmvae_tf.evaluation.batches import images_of_classes, images_of_each
from jmvae_tf.evaluation.classes import absent_classes, left_out, metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_classifier import Classifier, fit_network
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.judges import fit_judge
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.evaluation.subject import Subject, first_having, sampled_images
from jmvae_tf.models.base import Direction, MultimodalVAE

_NEIGHBOURS = 3

MOST_JUDGES = 60_000
"""Training images that the classifier compares with, from the first: as many as MNIST has."""

LEAST_FOR_NETWORK = 5000
"""Coloured training images from which a network is trained."""

_COLOURS = 3

_COMPARED = 4096  # Values of an image to compare; larger ones are shrunk to this side.
_SHRUNK = 32

_AT_ONCE = 100  # Images to classify at once.


def fit_classifier(
    events: tf.Tensor,
    labels: tf.Tensor,
    unit: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> Classifier:
    """Fits a classifier to real images or texts.

    Texts and images of one channel are read as those of their nearest neighbours. In coloured
    images the nearest ones are those of the same background. So these are read by a network, or by
    their edges and colours if there are too few to train one, see `judges`.

    Args:
      events: float32, [examples, *event_shape], in the modality's range.
      labels: one-hot, [examples, classes].
      unit: maps images from the modality's range to [0, 1].
    """
    chosen, classes = _shrunk(events[:MOST_JUDGES]), np.argmax(labels[:MOST_JUDGES], axis=1)
    if not (chosen.ndim == 4 and chosen.shape[-1] == _COLOURS):
        neighbours = KNeighborsClassifier(n_neighbors=min(_NEIGHBOURS, len(chosen)))
        neighbours.fit(_flat(chosen), classes)
        return lambda events: neighbours.predict(_flat(_shrunk(events)))
    if len(chosen) >= LEAST_FOR_NETWORK:
        network = fit_network(chosen, classes)
        return lambda events: network(_shrunk(events))
    judge = fit_judge(unit(np.asarray(events)), np.asarray(labels) > 0)
    # Those of a class that no example has are 0, which is above those that an image rather lacks.
    known = np.unique(classes)
    return lambda events: known[np.argmax(judge.scores(unit(events))[:, known], axis=1)]


def classifier_of(subject: Subject, name: str, label: str) -> Classifier | None:
    """Fits a classifier of a label to training images or texts; None if none has both."""
    training = subject.having("training", name, label)
    if not len(training[label]):
        return None
    is_image = subject.kind(name) == "image"
    unit = to_unit_range(subject.model, subject.data, name) if is_image else np.asarray
    return fit_classifier(training[name], training[label], unit)


def classifier_accuracy(classifier: Classifier, events: tf.Tensor, labels: tf.Tensor) -> np.ndarray:
    """Checks whether the classifier is correct for each event; float [examples]."""
    return (classifier(events) == np.argmax(labels, axis=1)).astype(float)


def label_coherence(
    model: MultimodalVAE,
    classifier: Classifier,
    label: str,
    target: str,
    num_per_label: int = 100,
    seed: int = 0,
    classes: Sequence[int] | None = None,
) -> np.ndarray:
    """Checks whether a classifier finds the given label in what is generated from it.

    What is generated are means of p(x|z), z ~ q(z|label).

    Args:
      model: a trained model.
      classifier: a classifier of real examples of the target.
      label: the name of the given modality, one-hot.
      target: the name of the generated modality, an image or a text.
      num_per_label: the number of examples per label.
      seed: the same seed gives the same examples.
      classes: the labels to generate from, at least one; None for all. The classifier never
        predicts a label that it was not fitted to.

    Returns:
      0 or 1 for each example, float [num_per_label * classes].
    """
    of_classes = images_of_classes(model, label, target, classes, num_per_label, seed)
    together = -(-_AT_ONCE // num_per_label)  # Classes, since the classifier is slow to start.
    right = []
    while part := list(itertools.islice(of_classes, together)):
        asked = np.repeat([number for number, _ in part], num_per_label)
        drawn = np.concatenate([drawn for _, drawn in part])
        right.append((classifier(drawn) == asked).astype(float))
    return np.concatenate(right)


@metric("labels", place=1, given_kinds=("label",), target_kinds=("image", "text"))
def coherence_with_label(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the coherence of images or texts with the label that they are generated from."""
    (label,), target = direction
    seed, real = subject.protocol.seed, subject.having("grey", target, label)
    judge = subject.once(classifier_of, target, label)
    if judge is None:
        yield f"coherence is left out of {target} by {label}: no training example has both"
        return
    labels = subject.having("training", target, label)[label]
    absent = absent_classes(labels)
    known = sorted(set(range(labels.shape[1])) - set(absent))
    number = images_of_each(len(known))
    coherent = label_coherence(subject.model, judge, label, target, number, seed, known)
    yield Metric(
        metric_name(subject, direction, "label_coherence"),
        f"share of generated {target} that the asked-for {label} is read off",
        estimate(coherent),
    )
    yield Metric(
        metric_name(subject, direction, "classifier_accuracy"),
        f"  the same classifier on real test {target}",
        estimate(classifier_accuracy(judge, real[target], real[label])),
        subject.number_having(target, label),
    )
    yield from left_out(subject.model.modalities[label], absent, "a training example", "coherence")


@metric("images by attributes", place=1)
def coherence_with_attributes(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the coherence with each attribute, and the judge's accuracy on real images."""
    (given,), image = direction
    modality = subject.model.modalities[given]
    attributes, threshold = modality.value_names, modality.threshold
    unit = to_unit_range(subject.model, subject.data, image)
    images = subject.once(sampled_images, direction)
    condition = first_having(subject, [given])
    asked, asked_seen = np.asarray(condition[given]) > threshold, observed_values(condition, given)
    real, training = (subject.having(part, image, given) for part in ("grey", "training"))
    if not len(training[given]):
        yield f"coherence is left out of {image} by {given}: no training example has both"
        return
    judge = fit_judge(
        unit(training[image]),
        np.asarray(training[given]) > threshold,
        seen=observed_values(training, given),
    )
    has, seen = np.asarray(real[given]) > threshold, observed_values(real, given)
    right = judge.read(unit(real[image])) == has
    shown = judge.read(unit(images)) == asked
    coherence = attribute_shares.balanced_accuracies(shown, asked, attributes, asked_seen)
    balanced = attribute_shares.balanced_accuracies(right, has, attributes, seen)
    accuracy = attribute_shares.accuracies(right, attributes, seen)
    name = direction.name
    yield from by_value.mean_line(
        f"{name}_coherence",
        f"asked-for {given} read off them, balanced accuracy, mean",
        coherence,
    )
    yield from by_value.lowest_line(f"{name}_coherence", coherence)
    yield from by_value.mean_line(
        f"{name}_judge_balanced_accuracy",
        f"  the same judge on real test {image}, balanced accuracy, mean",
        balanced,
    )
    yield from by_value.lowest_line(f"{name}_judge_balanced_accuracy", balanced)
    yield from by_value.mean_line(
        f"{name}_judge_accuracy", "  the same, share that is right, mean", accuracy
    )
    yield attribute_shares.left_out_line(name, given, asked, asked_seen)
    yield from by_value.rows(
        attributes,
        {
            f"{name}_coherence": ("coherence", coherence),
            f"{name}_judge_balanced_accuracy": ("judge balanced", balanced),
            f"{name}_judge_accuracy": ("judge accuracy", accuracy),
        },
    )


def _shrunk(events: tf.Tensor) -> np.ndarray:
    """Shrinks events if they are large, since neighbours stay the same."""
    if math.prod(events.shape[1:]) <= _COMPARED:
        return np.asarray(events)
    size = (min(_SHRUNK, events.shape[2]), min(_SHRUNK, events.shape[1]))
    return np.stack([cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in np.asarray(events)])


def _flat(events: np.ndarray) -> np.ndarray:
    return np.reshape(events, (len(events), -1))

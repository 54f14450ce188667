"""Coherence: whether a judge finds the given label or attributes in generated images.

The judge is fitted only to real images: a nearest-neighbour classifier for labels, the
discriminants of `judges` for attributes.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import tensorflow as tf
from sklearn.base import ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from jmvae_tf.evaluation import attribute_shares, by_value
from jmvae_tf.evaluation.batches import images_of_classes, images_of_each
from jmvae_tf.evaluation.classes import absent_classes, left_out, metric_name
from jmvae_tf.evaluation.estimate import estimate
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

_COMPARED = 4096  # Values of an image to compare; larger ones are shrunk to this side.
_SHRUNK = 32

_AT_ONCE = 100  # Images to classify at once.


def fit_classifier(images: tf.Tensor, labels: tf.Tensor) -> ClassifierMixin:
    """Fits a classifier to real images.

    Args:
      images: float32, [examples, *event_shape], grey or colour, in the modality's range.
      labels: one-hot, [examples, classes].
    """
    images, labels = images[:MOST_JUDGES], labels[:MOST_JUDGES]
    classifier = KNeighborsClassifier(n_neighbors=min(_NEIGHBOURS, len(images)))
    return classifier.fit(_flat(images), np.argmax(labels, axis=1))


def classifier_accuracy(
    classifier: ClassifierMixin, images: tf.Tensor, labels: tf.Tensor
) -> np.ndarray:
    """Checks whether the classifier is correct for each image; float [examples]."""
    return (predicted_classes(classifier, images) == np.argmax(labels, axis=1)).astype(float)


def predicted_classes(classifier: ClassifierMixin, events: tf.Tensor) -> np.ndarray:
    """Returns the numbers of the classes of events, [examples, *event_shape]; [examples]."""
    return classifier.predict(_flat(events))


def label_coherence(
    model: MultimodalVAE,
    classifier: ClassifierMixin,
    label: str,
    image: str,
    num_per_label: int = 100,
    seed: int = 0,
    classes: Sequence[int] | None = None,
) -> np.ndarray:
    """Checks whether a classifier finds the given label in images generated from it.

    Images are means of p(x|z), z ~ q(z|label).

    Args:
      model: a trained model.
      classifier: a classifier of real images.
      label: the name of the given modality, one-hot.
      image: the name of the generated modality.
      num_per_label: the number of images per label.
      seed: the same seed gives the same images.
      classes: the labels to generate from, at least one; None for all. The classifier never
        predicts a label that it was not fitted to.

    Returns:
      0 or 1 for each image, float [num_per_label * classes].
    """
    of_classes = images_of_classes(model, label, image, classes, num_per_label, seed)
    together = -(-_AT_ONCE // num_per_label)  # Classes, since the classifier is slow to start.
    right = []
    while part := list(itertools.islice(of_classes, together)):
        asked = np.repeat([number for number, _ in part], num_per_label)
        images = np.concatenate([_flat(images) for _, images in part])
        right.append((classifier.predict(images) == asked).astype(float))
    return np.concatenate(right)


@metric("labels", place=1, given_kinds=("label",), target_kinds=("image",))
def coherence_with_label(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the coherence of images with the label that they are generated from."""
    (label,), image = direction
    seed, real = subject.protocol.seed, subject.having("grey", image, label)
    training = subject.having("training", image, label)
    if not len(training[label]):
        yield f"coherence is left out of {image} by {label}: no training example has both"
        return
    judge = fit_classifier(training[image], training[label])
    absent = absent_classes(training[label])
    known = sorted(set(range(training[label].shape[1])) - set(absent))
    number = images_of_each(len(known))
    coherent = label_coherence(subject.model, judge, label, image, number, seed, known)
    yield Metric(
        metric_name(subject, direction, "label_coherence"),
        f"share of generated {image} that the asked-for {label} is read off",
        estimate(coherent),
    )
    yield Metric(
        metric_name(subject, direction, "classifier_accuracy"),
        f"  the same classifier on real test {image}",
        estimate(classifier_accuracy(judge, real[image], real[label])),
        subject.number_having(image, label),
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


def _flat(images: tf.Tensor) -> np.ndarray:
    """Returns images as rows, shrunk if they are large, since neighbours stay the same."""
    if math.prod(images.shape[1:]) > _COMPARED:
        size = (min(_SHRUNK, images.shape[2]), min(_SHRUNK, images.shape[1]))
        images = np.stack(
            [cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in np.asarray(images)]
        )
    return np.reshape(images, (len(images), -1))

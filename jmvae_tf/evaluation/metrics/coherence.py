"""Coherence: whether a judge finds the given label or attributes in generated images.

The judge is fitted only to real images: a nearest-neighbour classifier for labels, the
discriminants of `judges` for attributes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
from sklearn.base import ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from jmvae_tf.evaluation import attribute_shares
from jmvae_tf.evaluation.batches import images_of_classes
from jmvae_tf.evaluation.classes import absent_classes, left_out, metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.judges import fit_judge
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject, sampled_images
from jmvae_tf.models.base import Direction, MultimodalVAE

_NEIGHBOURS = 3


def fit_classifier(images: tf.Tensor, labels: tf.Tensor) -> ClassifierMixin:
    """Fits a classifier to real images.

    Args:
      images: float32, [examples, *event_shape], grey or colour, in the modality's range.
      labels: one-hot, [examples, classes].
    """
    classifier = KNeighborsClassifier(n_neighbors=min(_NEIGHBOURS, len(images)))
    return classifier.fit(_flat(images), np.argmax(labels, axis=1))


def classifier_accuracy(
    classifier: ClassifierMixin, images: tf.Tensor, labels: tf.Tensor
) -> np.ndarray:
    """Checks whether the classifier is correct for each image; float [examples]."""
    return (classifier.predict(_flat(images)) == np.argmax(labels, axis=1)).astype(float)


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
    return np.concatenate(
        [
            (classifier.predict(_flat(images)) == number).astype(float)
            for number, images in images_of_classes(
                model, label, image, classes, num_per_label, seed
            )
        ]
    )


@metric("labels", place=1, given_kinds=("label",), target_kinds=("image",))
def coherence_with_label(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the coherence of images with the label that they are generated from."""
    (label,), image = direction
    data, seed = subject.data, subject.protocol.seed
    judge = fit_classifier(data.training[image], data.training[label])
    absent = absent_classes(data.training[label])
    known = [x for x in range(data.training[label].shape[1]) if x not in absent]
    coherent = label_coherence(subject.model, judge, label, image, seed=seed, classes=known)
    yield Metric(
        metric_name(subject, direction, "label_coherence"),
        f"share of generated {image}s that the asked-for {label} is read off",
        estimate(coherent),
    )
    yield Metric(
        metric_name(subject, direction, "classifier_accuracy"),
        f"  the same classifier on real test {image}s",
        estimate(classifier_accuracy(judge, data.grey[image], data.grey[label])),
    )
    yield from left_out(subject.model.modalities[label], absent, "a training example", "coherence")


@metric("images by attributes", place=1)
def coherence_with_attributes(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the coherence with each attribute, and the judge's accuracy on real images."""
    (given,), image = direction
    data, modality = subject.data, subject.model.modalities[given]
    attributes, threshold = modality.value_names, modality.threshold
    unit = to_unit_range(subject.model, data, image)
    images = subject.once(sampled_images, direction)
    has = np.asarray(data.grey[given]) > threshold
    asked = has[: len(images)]
    judge = fit_judge(unit(data.training[image]), np.asarray(data.training[given]) > threshold)
    right = judge.read(unit(data.grey[image])) == has
    shown = judge.read(unit(images)) == asked
    coherence = attribute_shares.balanced_accuracies(shown, asked, attributes)
    balanced = attribute_shares.balanced_accuracies(right, has, attributes)
    accuracy = attribute_shares.accuracies(right, attributes)
    name = direction.name
    yield from attribute_shares.mean_line(
        f"{name}_coherence",
        f"asked-for {given} read off them, balanced accuracy, mean",
        coherence,
    )
    yield from attribute_shares.worst_line(f"{name}_coherence", coherence)
    yield from attribute_shares.mean_line(
        f"{name}_judge_balanced_accuracy",
        f"  the same judge on real test {image}s, balanced accuracy, mean",
        balanced,
    )
    yield from attribute_shares.worst_line(f"{name}_judge_balanced_accuracy", balanced)
    yield from attribute_shares.mean_line(
        f"{name}_judge_accuracy", "  the same, share that is right, mean", accuracy
    )
    yield attribute_shares.left_out_line(name, given, asked)
    yield from attribute_shares.rows(
        attributes,
        {
            f"{name}_coherence": ("coherence", coherence),
            f"{name}_judge_balanced_accuracy": ("judge balanced", balanced),
            f"{name}_judge_accuracy": ("judge accuracy", accuracy),
        },
    )


def _flat(images: tf.Tensor) -> np.ndarray:
    return np.reshape(images, (len(images), -1))

"""Coherence: whether what is generated is what was asked for.

Of labels; `accuracy` does the same for attributes, with the judge of `judges`.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from sklearn.base import ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from jmvae_tf.evaluation.batches import generated, images_of_classes, rows_at_once
from jmvae_tf.models.base import MultimodalVAE

_NEIGHBOURS = 3


def fit_classifier(images: tf.Tensor, labels: tf.Tensor) -> ClassifierMixin:
    """A classifier of real images: the judge, which has never seen a generated one.

    Args:
      images: float32, [examples, *event_shape], grey or colour, in the modality's range.
      labels: one-hot, [examples, classes].
    """
    classifier = KNeighborsClassifier(n_neighbors=min(_NEIGHBOURS, len(images)))
    return classifier.fit(_flat(images), np.argmax(labels, axis=1))


def classifier_accuracy(
    classifier: ClassifierMixin, images: tf.Tensor, labels: tf.Tensor
) -> np.ndarray:
    """Whether the classifier is right for each of the images; float [examples]."""
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
    """Whether the asked-for label can be read off images generated from it.

    Images are means of p(x|z), z ~ q(z|label).

    Args:
      model: a trained model.
      classifier: of real images.
      label: the name of the given modality, one-hot.
      image: the name of the generated modality.
      num_per_label: images for each label.
      seed: the same seed gives the same images.
      classes: the labels asked for, at least one; None for all. One that the classifier was not
        fitted to can never be read off.

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


def generated_label_accuracy(
    model: MultimodalVAE,
    images: tf.Tensor,
    labels: tf.Tensor,
    image: str,
    label: str,
    seed: int = 0,
) -> np.ndarray:
    """Whether the likeliest label at the mean of q(z|image) is the true one.

    Args:
      model: a trained model.
      images: [examples, *event_shape].
      labels: one-hot, [examples, classes].
      image: the name of the given modality.
      label: the name of the generated one.
      seed: for models whose inference of missing modalities draws samples.

    Returns:
      0 or 1 for each example, float [examples].
    """
    if len(images) <= rows_at_once(model, [image, label]):
        found = model.generate(label, {image: images}, seed=seed)
    else:
        found = generated(model, label, {image: images}, seed)
    return (np.argmax(found, axis=1) == np.argmax(labels, axis=1)).astype(float)


def _flat(images: tf.Tensor) -> np.ndarray:
    return np.reshape(images, (len(images), -1))

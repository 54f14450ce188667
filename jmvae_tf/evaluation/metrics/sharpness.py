"""Sharpness: the amount of fine detail in an image."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import cv2
import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Reconstruction, Subject, first_having, sampled_images
from jmvae_tf.models.base import Direction


def sharpness(images: tf.Tensor) -> np.ndarray:
    """Computes the variance of each image's Laplacian.

    Blur lowers it and noise raises it. Generated images should be close to real ones; higher is not
    better.

    Args:
      images: grey or colour values in [0, 1], [images, height, width, 1 or 3].

    Returns:
      float [images], for grey levels from 0 to 255.
    """
    levels = 255 * np.asarray(images, np.float32)
    return np.array(
        [np.var(cv2.Laplacian(_grey(image), cv2.CV_32F), dtype=np.float64) for image in levels]
    )


@metric("sharpness", place=1)
def sharpness_of_images(subject: Subject) -> Iterator[Metric]:
    """Yields the sharpness of real, sampled and reconstructed images."""
    for image in (name for name in subject.of_kind("image") if name in subject.model.targets):
        unit = to_unit_range(subject.model, subject.data, image)
        if subject.number_having(image) == 0:
            continue
        real = unit(first_having(subject, [image])[image])
        yield Metric(f"{image}_sharpness_real", f"real {image}", estimate(sharpness(real)))
        for direction in _having_examples(subject, subject.directions, image):
            images = subject.once(sampled_images, direction)
            yield Metric(
                f"{image}_sharpness_{direction.name}",
                f"{image} at z drawn given {', '.join(direction.given)}",
                estimate(sharpness(unit(images))),
            )
        for case in _having_examples(subject, subject.reconstructions, image):
            known = first_having(subject, case.given)
            images = generated(subject.model, image, known, subject.protocol.seed)
            yield Metric(
                f"{image}_sharpness_reconstruction_{case.how}",
                f"{image} at the mean of z given {', '.join(case.given)}",
                estimate(sharpness(unit(images))),
            )


_Case = TypeVar("_Case", Direction, Reconstruction)


def _having_examples(subject: Subject, cases: Sequence[_Case], image: str) -> list[_Case]:
    """Selects the cases of an image for which test examples have what is given."""
    return [
        each for each in cases if each.target == image and subject.number_having(*each.given) != 0
    ]


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[-1] == 3 else image[..., 0]

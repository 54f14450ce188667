"""Sharpness: the amount of fine detail in an image."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import cv2
import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.estimate import estimate, ratio_of_means
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
    return np.array([np.var(each, dtype=np.float64) for each in _laplacians(images)])


def detail_where_empty(images: tf.Tensor, empty: np.ndarray) -> np.ndarray:
    """Computes the variance of each image's Laplacian where there is nothing to see.

    There texture and noise, by which `sharpness` rises too, do not count as detail of the content.

    Args:
      images: grey or colour values in [0, 1], [images, height, width, 1 or 3].
      empty: the places where real images show nothing but their background, bool, [height, width].

    Returns:
      float [images], for grey levels from 0 to 255: the mean over the connected regions of `empty`
      of the variance within each, so that regions may differ in their colour.
    """
    number, regions = cv2.connectedComponents(empty.astype(np.uint8))
    return np.array(
        [
            np.mean(
                [np.var(each[regions == region], dtype=np.float64) for region in range(1, number)]
            )
            for each in _laplacians(images)
        ]
    )


@metric("sharpness", place=1)
def sharpness_of_images(subject: Subject) -> Iterator[Metric]:
    """Yields the sharpness of real, sampled and reconstructed images.

    Beside it are, of sampled ones, its ratio to that of real ones, and the detail in places that
    are known to be empty.
    """
    for image in (name for name in subject.of_kind("image") if name in subject.model.targets):
        if subject.number_having(image) == 0:
            continue
        unit = to_unit_range(subject.model, subject.data, image)
        real = unit(first_having(subject, [image])[image])
        of_real = sharpness(real)
        yield Metric(f"{image}_sharpness_real", f"real {image}", estimate(of_real))
        yield from _where_empty(subject, image, "real", real)
        for direction in _having_examples(subject, subject.directions, image):
            images = unit(subject.once(sampled_images, direction))
            of_images = sharpness(images)
            yield Metric(
                f"{image}_sharpness_{direction.name}",
                f"{image} at z drawn given {', '.join(direction.given)}",
                estimate(of_images),
            )
            if of_images.mean() > 0 and of_real.mean() > 0:
                yield Metric(
                    f"{image}_sharpness_{direction.name}_over_real",
                    f"  the same over that of real {image}",
                    ratio_of_means(of_images, of_real),
                )
            yield from _where_empty(subject, image, direction.name, images)
        for case in _having_examples(subject, subject.reconstructions, image):
            known = first_having(subject, case.given)
            images = unit(generated(subject.model, image, known, subject.protocol.seed))
            yield Metric(
                f"{image}_sharpness_reconstruction_{case.how}",
                f"{image} at the mean of z given {', '.join(case.given)}",
                estimate(sharpness(images)),
            )
            yield from _where_empty(subject, image, f"reconstruction_{case.how}", images)


def _where_empty(subject: Subject, image: str, of: str, images: np.ndarray) -> Iterator[Metric]:
    """Yields the detail in empty places, if images of this size have known ones."""
    empty = subject.data.empty
    if empty is not None and empty.shape == images.shape[1:3]:
        yield Metric(
            f"{image}_sharpness_{of}_where_empty",
            f"  the same where real {image} shows nothing but its background",
            estimate(detail_where_empty(images, empty)),
        )


_Case = TypeVar("_Case", Direction, Reconstruction)


def _having_examples(subject: Subject, cases: Sequence[_Case], image: str) -> list[_Case]:
    """Selects the cases of an image for which test examples have what is given."""
    return [
        each for each in cases if each.target == image and subject.number_having(*each.given) != 0
    ]


def _laplacians(images: tf.Tensor) -> Iterator[np.ndarray]:
    """Yields the Laplacian of each image, float32 [height, width], for grey levels up to 255."""
    for image in 255 * np.asarray(images, np.float32):
        yield cv2.Laplacian(_grey(image), cv2.CV_32F)


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[-1] == 3 else image[..., 0]

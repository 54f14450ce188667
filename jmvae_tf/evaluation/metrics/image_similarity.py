"""How similar generated and reconstructed images are to the true ones."""

from collections.abc import Iterator

import numpy as np

from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.image_scores import peak_signal_to_noise_ratios, structural_similarities
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import MAX_GENERATED, Reconstruction, Subject, predictions
from jmvae_tf.models.base import Direction


def average_image(subject: Subject, image: str) -> np.ndarray:
    """Computes the mean of the training images, in [0, 1]."""
    unit = to_unit_range(subject.model, subject.data, image)
    training = subject.having("training", image)[image]
    return unit(np.asarray(training).mean(axis=0, dtype=np.float64))


@metric("image similarity", place=1)
def similarity_of_images(subject: Subject, case: Direction | Reconstruction) -> Iterator[Line]:
    """Yields the peak signal-to-noise ratio and the structural similarity.

    Beside them are those of the mean training image.
    """
    image, given = case.target, ", ".join(case.given)
    unit = to_unit_range(subject.model, subject.data, image)
    examples, means = subject.once(predictions, case)
    true, found = (unit(x[:MAX_GENERATED]) for x in (examples[image], means))
    how = "reconstructed" if isinstance(case, Reconstruction) else "generated"
    source = f"{image} {how} from {given}"
    yield from _both(subject, image, case.name, source, found, true)


@metric("image similarity", place=2)
def similarity_of_the_mean(subject: Subject, case: Direction | Reconstruction) -> Iterator[Line]:
    """Yields the same of the mean training image, once per image."""
    image = case.target
    if case != next(x for x in _measured(subject) if x.target == image):
        return
    unit = to_unit_range(subject.model, subject.data, image)
    available = subject.having("grey", image)[image]
    true = unit(np.asarray(available[:MAX_GENERATED]))
    usual = np.broadcast_to(average_image(subject, image), true.shape)
    source = f"  the mean training {image} beside"
    yield from _both(subject, image, f"{image}_mean", source, usual, true)


def _both(
    subject: Subject, image: str, name: str, source: str, found: np.ndarray, true: np.ndarray
) -> Iterator[Metric]:
    """Yields both similarities of images to the true ones of some test examples."""
    number = None if len(true) == len(subject.data.grey[image]) else len(true)
    yield Metric(
        f"{name}_psnr",
        f"{source}: peak signal-to-noise ratio, dB",
        estimate(peak_signal_to_noise_ratios(found, true)),
        number,
    )
    yield Metric(
        f"{name}_ssim",
        f"{source}: structural similarity, at most 1",
        estimate(structural_similarities(found, true)),
        number,
    )


def _measured(subject: Subject) -> Iterator[Direction | Reconstruction]:
    """Yields the directions and reconstructions that some test examples have everything of."""
    cases: list[Direction | Reconstruction] = [*subject.directions, *subject.reconstructions]
    for case in cases:
        if subject.number_having(*case.given, case.target) != 0:
            yield case

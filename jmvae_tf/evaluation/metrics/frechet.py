"""Fréchet distance: whether the features of generated images are distributed like real ones'.

The features are those of the judge of attributes (`judges`): the colours and edges of an image,
part by part. So it is no FID, whose features are those of an Inception network. It rises where
generated images are too alike or show what real ones do not. Texture and noise in even places raise
it much, since gradients are normalised; blur, for which there is `sharpness`, raises it little.
"""

from collections.abc import Callable, Iterator

import numpy as np
from sklearn.utils.extmath import randomized_svd

from jmvae_tf.evaluation import observed
from jmvae_tf.evaluation.classes import metric_name
from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.judges import judged_features
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import MAX_GENERATED, Subject, sampled_images
from jmvae_tf.models.base import Direction

NUM_COMPONENTS = 64
"""Principal components of the features that are compared."""

LEAST_IMAGES = 2 * NUM_COMPONENTS
"""Images of each side from which the distance is computed: fewer have no covariance to speak of.

Fewer components would give a number that cannot be compared with that of other runs.
"""

MOST_FITTED = 2000
"""Training images, from the first, to which the components are fitted."""

_CHANNELS = (1, 3)

NUM_BLOCKS = 20
"""Parts of the images, each left out once for the standard error."""


def principal_components(features: np.ndarray, number: int) -> np.ndarray:
    """Finds the directions in which features vary most, by a randomised decomposition.

    Args:
      features: [examples, features], at least `number` of both.
      number: the number of directions.

    Returns:
      Orthonormal columns, [features, number], those of the largest variance first.
    """
    centred = features - features.mean(axis=0)
    _, _, directions = randomized_svd(centred, number, random_state=0)
    return directions.T


def squared_frechet_distance(values: np.ndarray, others: np.ndarray) -> float:
    """Computes d² = |m₁ - m₂|² + tr(C₁ + C₂ - 2 (C₁ C₂)^½) of two samples.

    This is the squared Wasserstein distance of normal distributions with their means m and
    covariances C (Dowson and Landau 1982). With finite samples it is above 0 between samples of one
    distribution too, the more the fewer they are, so compare only distances of as many examples.

    Args:
      values: [examples, values], at least two.
      others: the same of other examples, as many.
    """
    first, second = (np.cov(x, rowvar=False).reshape(2 * x.shape[1:]) for x in (values, others))
    shift = np.square(values.mean(axis=0) - others.mean(axis=0)).sum()
    # C₁ C₂ has the eigenvalues of R₁ C₂ R₁ with R₁² = C₁, so that the trace of its root is the sum
    # of the singular values of R₁ R₂.
    root_of_product = np.linalg.norm(_root(first) @ _root(second), "nuc")
    return float(shift + np.trace(first) + np.trace(second) - 2 * root_of_product)


def estimated_distance(values: np.ndarray, others: np.ndarray) -> Estimate:
    """Computes `squared_frechet_distance` with its standard error.

    The error is the jackknife's: one in `NUM_BLOCKS` examples of both samples is left out at a
    time, the same of both, since they may be pairs.

    Args:
      values: [examples, values], at least `NUM_BLOCKS` + 2.
      others: the same of other examples, as many.
    """
    block = np.arange(len(values)) % NUM_BLOCKS
    without = [
        squared_frechet_distance(values[block != left_out], others[block != left_out])
        for left_out in range(NUM_BLOCKS)
    ]
    error = np.sqrt((NUM_BLOCKS - 1) * np.var(without))
    return Estimate(squared_frechet_distance(values, others), float(error))


@metric("images by attributes", place=3, target_kinds=("image",))
def frechet_distance(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the distance of images generated from attributes to real ones, and its floor.

    The floor is the distance of real test images to as many real training images. These are the
    last ones, since the components fit the first ones better than new images.
    """
    yield from _distances(subject, direction, lambda name: f"{direction.name}_{name}")


@metric("labels", place=3, given_kinds=("label",), target_kinds=("image",))
def frechet_distance_by_label(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the distance of images generated from a label to real ones, and its floor."""
    yield from _distances(subject, direction, lambda name: metric_name(subject, direction, name))


def _distances(
    subject: Subject, direction: Direction, named: Callable[[str], str]
) -> Iterator[Line]:
    image = direction.target
    if subject.model.modalities[image].event_shape[-1] not in _CHANNELS:
        yield f"the Fréchet distance is left out of {image}: its features are of grey or RGB images"
        return
    unit = to_unit_range(subject.model, subject.data, image)
    known = observed.having(subject.data.grey, direction.given, [image])
    there = observed.rows_having(known, [image])
    chosen = slice(None) if there is None else there[:MAX_GENERATED]
    test = np.asarray(known[image][:MAX_GENERATED])[chosen]
    training = subject.having("training", image)[image]
    number = min(len(test), len(training))
    if number < LEAST_IMAGES:
        yield (
            f"the Fréchet distance is left out of {image} by {', '.join(direction.given)}: it "
            f"needs {LEAST_IMAGES} test and training examples, and there are {number}"
        )
        return
    fitted = judged_features(unit(training[:MOST_FITTED]))
    components = principal_components(fitted, NUM_COMPONENTS)
    images = subject.once(sampled_images, direction)[chosen]
    of_images, of_test, of_training = (
        judged_features(unit(x)) @ components
        for x in (images[:number], test[:number], training[-number:])
    )
    some = None if number == len(subject.data.grey[image]) else number
    yield Metric(
        named("frechet_distance"),
        f"squared Fréchet distance to real test {image}, in {NUM_COMPONENTS} principal components "
        "of the judge's features",
        estimated_distance(of_images, of_test),
        some,
    )
    yield Metric(
        named("frechet_distance_real"),
        f"  the same of as many real training {image}, the floor",
        estimated_distance(of_training, of_test),
        some,
    )


def _root(covariance: np.ndarray) -> np.ndarray:
    """Returns the symmetric square root of a covariance; rounding may give it eigenvalues < 0."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T

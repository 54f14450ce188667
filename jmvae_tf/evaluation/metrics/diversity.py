"""Diversity: whether images generated for one condition differ as much as real ones."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import tensorflow as tf
from sklearn.metrics import pairwise_distances

from jmvae_tf.evaluation.batches import generated, images_of_classes, images_of_each
from jmvae_tf.evaluation.classes import left_out, metric_name
from jmvae_tf.evaluation.estimate import Estimate, estimate
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.evaluation.protocol import Redraw
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import Direction, MultimodalVAE

NUM_REDRAWN = 50
"""Vectors of attributes for which images are redrawn."""

MAX_REAL = 500
"""Real images of a condition to compare with each other: enough for three digits."""

MAX_COUNTED = 2000
"""Examples used to choose the attributes that divide them most evenly."""

MAX_COMBINED = 40
"""Most attributes of which all combinations of three are tried: as many as CelebA has."""


def label_diversity(
    model: MultimodalVAE,
    images: tf.Tensor,
    labels: tf.Tensor,
    label: str,
    image: str,
    num_per_label: int = 100,
    seed: int = 0,
    classes: Sequence[int] | None = None,
) -> Estimate:
    """Computes the mean distance between images of one label, generated over real.

    Distances are Euclidean, between means of p(image|z) at z ~ q(z|label), so that pixel noise does
    not count. 1 means as diverse as real images, 0 means one image per label.

    Args:
      model: a trained model.
      images: real images in the modality's range, grey or colour, [examples, *event_shape].
      labels: the images' labels, one-hot, [examples, classes].
      label: the name of the given modality, one-hot.
      image: the name of the generated modality.
      num_per_label: the number of generated images per label.
      seed: the same seed gives the same images.
      classes: a subset of `comparable_classes`, at least one; None for all classes.

    Returns:
      The mean over classes, with its standard error over generated images; real images count as
      fixed. A mean over pairs of images varies like the mean of one independent value per image,
      where each value is twice the image's mean distance to the others.
    """
    real, class_of = np.asarray(images), np.argmax(labels, axis=1)
    return _of_conditions(
        (fake, real[class_of == number][:MAX_REAL])
        for number, fake in images_of_classes(model, label, image, classes, num_per_label, seed)
    )


def comparable_classes(images: np.ndarray, labels: np.ndarray) -> list[int]:
    """Lists the classes with at least two different real images, in order.

    Args:
      images: [examples, *event_shape].
      labels: the images' labels, one-hot, [examples, classes].
    """
    class_of = np.argmax(labels, axis=1)
    return [
        number
        for number in range(labels.shape[1])
        if _differ(images[class_of == number][:MAX_REAL])
    ]


def _differ(events: np.ndarray) -> bool:
    """Tells whether any two events differ."""
    return bool((events != events[:1]).any())


def redraw_diversity(
    model: MultimodalVAE,
    vectors: np.ndarray,
    redraw: Redraw,
    attributes: str,
    image: str,
    num_per_vector: int = 20,
    seed: int = 0,
) -> Estimate | None:
    """Computes the mean distance between images of one attribute vector, generated over redrawn.

    Distances are as for `label_diversity`.

    Args:
      model: a trained model.
      vectors: independent samples of attributes, -1 or 1, [vectors, attributes], at least one.
      redraw: draws real images with given attributes.
      attributes: the name of the given modality.
      image: the name of the generated modality.
      num_per_vector: the number of images per vector, both generated and redrawn.
      seed: the same seed gives the same images.

    Returns:
      The mean over vectors, with its standard error over them. Vectors whose redrawn images are all
      the same are left out; None if no vector is left.
    """
    shape = (num_per_vector, *vectors.shape)
    repeated = np.broadcast_to(vectors, shape).reshape(-1, vectors.shape[1])
    fake = generated(model, image, {attributes: tf.constant(repeated)}, seed, sampled=True)
    real = np.asarray(redraw(repeated, seed))
    ratios = [
        mean_distances(of_vector).mean() / mean_distances(real_of_vector).mean()
        for of_vector, real_of_vector in (
            (fake[number :: len(vectors)], real[number :: len(vectors)])
            for number in range(len(vectors))
        )
        if _differ(real_of_vector)
    ]
    return estimate(np.array(ratios)) if ratios else None


def cell_diversity(
    model: MultimodalVAE,
    images: np.ndarray,
    vectors: np.ndarray,
    signs: np.ndarray,
    attributes: str,
    image: str,
    num_per_cell: int = 100,
    seed: int = 0,
) -> Estimate | None:
    """Computes the mean distance between images of a cell of attributes, generated over real.

    A cell is the set of examples with the same signs of some attributes. Images are generated from
    the vectors of examples in the cell, so that all other attributes vary as in the real images.
    Distances are as for `label_diversity`.

    Args:
      model: a trained model.
      images: real images in the modality's range, grey or colour, [examples, *event_shape].
      vectors: their attributes, [examples, attributes].
      signs: the signs that define the cells, bool, [examples, some of the attributes]. A cell
        without two different images is left out.
      attributes: the name of the given modality.
      image: the name of the generated modality.
      num_per_cell: the most images to generate per cell; a cell with fewer examples gets fewer.
      seed: the same seed gives the same images.

    Returns:
      The mean over cells, with its standard error as for `label_diversity`; None if no cell is
      left.
    """
    cells = [np.flatnonzero((signs == cell).all(axis=1)) for cell in np.unique(signs, axis=0)]
    cells = [cell for cell in cells if _differ(images[cell[:MAX_REAL]])]
    if not cells:
        return None
    chosen = [cell[:num_per_cell] for cell in cells]
    given = {attributes: tf.constant(vectors[np.concatenate(chosen)])}
    fake = generated(model, image, given, seed, sampled=True)
    parts = np.split(fake, np.cumsum([len(cell) for cell in chosen])[:-1])
    return _of_conditions(
        (part, images[cell[:MAX_REAL]]) for part, cell in zip(parts, cells, strict=True)
    )


def most_even_columns(has: np.ndarray, number: int = 3) -> tuple[int, ...]:
    """Finds the attributes that divide examples most evenly, with the largest smallest cell.

    If there are more than `MAX_COMBINED` attributes, only those that about half of the examples
    have are considered.

    Args:
      has: whether each example has each attribute, bool, [examples, attributes].
      number: the number of attributes to find; all if there are no more.
    """
    has = has[:MAX_COUNTED]
    number = min(number, has.shape[1])
    evenness = np.abs(has.mean(axis=0) - 0.5)
    candidates = sorted(evenness.argsort(kind="stable")[:MAX_COMBINED].tolist())

    def smallest(columns: tuple[int, ...]) -> int:
        cells = has[:, columns] @ (2 ** np.arange(number))
        return int(np.bincount(cells, minlength=2**number).min())

    return max(itertools.combinations(candidates, number), key=smallest)


@metric("labels", place=2, given_kinds=("label",), target_kinds=("image",))
def diversity_by_label(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the diversity of images generated from one label."""
    (label,), image = direction
    training = subject.having("training", image, label)
    images, classes = np.asarray(training[image]), np.asarray(training[label])
    comparable = comparable_classes(images, classes)
    alike = sorted(set(range(classes.shape[1])) - set(comparable))
    if comparable:
        yield Metric(
            metric_name(subject, direction, "label_diversity"),
            f"distance between {image} and {image} of one {label}, generated over real",
            label_diversity(
                subject.model,
                images,
                classes,
                label,
                image,
                images_of_each(len(comparable)),
                subject.protocol.seed,
                comparable,
            ),
        )
    yield from left_out(
        subject.model.modalities[label],
        alike,
        f"two training examples of different {image}",
        "diversity",
    )


@metric("images by attributes", place=2)
def diversity_by_attributes(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the diversity for one condition, if real images of it differ."""
    (name,), image = direction
    redraw, seed = subject.data.redraw, subject.protocol.seed
    modality = subject.model.modalities[name]
    if redraw:
        vectors = np.asarray(subject.data.grey[name])[:NUM_REDRAWN]
        value = redraw_diversity(subject.model, vectors, redraw, name, image, seed=seed)
        condition = f"redraws of the same {name}"
    else:
        training = subject.having("training", image, name)
        whole = observed_values(training, name).all(axis=1)
        images, vectors = (np.asarray(training[x])[whole] for x in (image, name))
        has = vectors > modality.threshold
        columns = most_even_columns(has)
        signs = has[:, columns]
        value = cell_diversity(subject.model, images, vectors, signs, name, image, seed=seed)
        cells = ", ".join(modality.value_names[column] for column in columns)
        condition = f"real ones with the same {cells}"
    if value is not None:
        yield Metric(
            f"{direction.name}_diversity",
            f"distance between them, over that of {condition}",
            value,
        )


def _of_conditions(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Estimate:
    """Averages the ratio of distances, generated over real, over fixed conditions."""
    ratios = [mean_distances(fake) / mean_distances(real).mean() for fake, real in pairs]
    # Conditions are fixed, so only the spread within them counts.
    variance = sum(4 * x.var(ddof=1) / len(x) for x in ratios) / len(ratios) ** 2
    return Estimate(float(np.mean([x.mean() for x in ratios])), float(np.sqrt(variance)))


def mean_distances(events: np.ndarray) -> np.ndarray:
    """Computes the mean Euclidean distance of each event to all others, [events].

    Args:
      events: at least two events, [events, *event_shape].
    """
    distances = pairwise_distances(events.reshape(len(events), -1).astype(np.float64))
    return distances.sum(axis=1) / (len(events) - 1)

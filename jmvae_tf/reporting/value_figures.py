"""Draws numbers, labels and texts that a model predicts beside the true ones."""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation import label_scores, number_scores
from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.metrics.nearest_training_image import images_of_prior
from jmvae_tf.evaluation.metrics.number_correlations import numbers_of_prior
from jmvae_tf.evaluation.nearest import nearest
from jmvae_tf.evaluation.observed import having, observed_values, with_masks
from jmvae_tf.export_format.texts import texts_of_events
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.reporting.figure_names import capital, listed
from jmvae_tf.reporting.figures import confusions, image_grids, number_plots, shares, text_pairs
from jmvae_tf.reporting.figures.png_files import spaced
from jmvae_tf.reporting.given_values import given_in_words

ShownExamples = Mapping[str, tf.Tensor]

_MOST_PANELS = 12  # Columns to draw; of more, the worst.
_MOST_COLUMNS = 30  # Of correlations; of more, those that differ most.
_MOST_TEXTS = 12
_MOST_BARS = 40  # Attributes; of more, those that are least often right.
_NEAREST = 12
_COMPARED = 100  # Test images, to say how far from training images a new image is.


def draw_numbers(
    path: pathlib.Path,
    model: MultimodalVAE,
    direction: Direction,
    examples: ShownExamples,
    seed: int,
) -> None:
    """Draws each column's predicted numbers against the true ones, of many columns the worst.

    Args:
      path: path of the PNG file.
      model: a trained model.
      direction: a direction to numbers.
      examples: test examples that have its modalities, [examples, *event_shape].
      seed: seed of inference.
    """
    target = model.modalities[direction.target]
    names = names_or_numbers(target)
    true, seen = np.asarray(examples[target.name]), observed_values(examples, target.name)
    found = _predicted(model, direction, examples, seed)
    r2 = number_scores.coefficients_of_determination(true, found, seen, names)
    errors = number_scores.root_mean_squared_errors(true, found, seen, names)
    scores = {name: x.mean for name, x in r2.by_name.items()} if r2 else {}
    drawn = [place for place in range(len(names)) if seen[:, place].any()]
    if len(drawn) > _MOST_PANELS:
        drawn = sorted(drawn, key=lambda x: scores.get(names[x], np.inf))[:_MOST_PANELS]
    panels = []
    for place in drawn:
        name, there = names[place], seen[:, place]
        words = f"R² {scores[name]:.3f}, " if name in scores else ""
        panels.append(
            number_plots.Scatter(
                name,
                true[there, place],
                found[there, place],
                f"{words}RMSE {errors.by_name[name].mean:.3g}" if errors else words,
                name in target.log_values,
            )
        )
    some = f" (the worst {len(drawn)} of {len(names)})" if len(drawn) < len(names) else ""
    title = f"{_beginning(direction)}{some}"
    if panels:
        number_plots.predicted_by_true(path, panels, title)


def draw_confusion(
    path: pathlib.Path,
    model: MultimodalVAE,
    direction: Direction,
    examples: ShownExamples,
    seed: int,
) -> None:
    """Draws which classes are taken for which; see `draw_numbers` for the arguments."""
    names = names_or_numbers(model.modalities[direction.target])
    true = np.argmax(examples[direction.target], axis=1)
    found = _predicted(model, direction, examples, seed).argmax(axis=1)
    counts = label_scores.confusion(found, true, len(names))
    confusions.confusion_matrix(path, counts, names, _beginning(direction))


def draw_attribute_shares(
    path: pathlib.Path,
    model: MultimodalVAE,
    direction: Direction,
    examples: ShownExamples,
    seed: int,
) -> None:
    """Draws how often each attribute is predicted right; see `draw_numbers` for the arguments."""
    target = model.modalities[direction.target]
    seen = observed_values(examples, target.name)
    true = np.asarray(examples[target.name]) > target.threshold
    right = (_predicted(model, direction, examples, seed) > target.threshold) == true
    number = seen.sum(axis=0)
    share, has = (
        np.where(seen, x, False).sum(axis=0) / np.maximum(number, 1) for x in (right, true)
    )
    drawn = np.flatnonzero(number)
    if not len(drawn):
        return
    mean, some = 100 * share[drawn].mean(), ""
    if len(drawn) > _MOST_BARS:
        some = f" (the worst {_MOST_BARS} of {len(drawn)})"
        drawn = np.sort(drawn[np.argsort(share[drawn], kind="stable")[:_MOST_BARS]])
    names = names_or_numbers(target)
    shares.share_bars(
        path,
        [spaced(names[int(place)]) for place in drawn],
        share[drawn],
        np.maximum(has, 1 - has)[drawn],
        f"{_beginning(direction)}: how often each is right{some}",
        f"{len(true)} test examples; mean over all attributes {mean:.1f} %",
    )


def draw_texts(
    path: pathlib.Path,
    model: MultimodalVAE,
    direction: Direction,
    examples: ShownExamples,
    seed: int,
) -> None:
    """Draws texts generated at means and at samples of z below true ones; see `draw_numbers`.

    A text may have its words at several places. At the mean of z, it can be a mixture of them.
    """
    few = {key: x[:_MOST_TEXTS] for key, x in examples.items()}
    symbols = model.modalities[direction.target].value_names
    average, sample = (
        texts_of_events(_predicted(model, direction, few, seed, sampled), symbols)
        for sampled in (False, True)
    )
    text_pairs.texts_side_by_side(
        path,
        given_in_words(model.modalities, direction.given, _as_arrays(few)),
        texts_of_events(np.asarray(few[direction.target]), symbols),
        average,
        sample,
        _beginning(direction),
    )


def draw_correlations(
    path: pathlib.Path, model: MultimodalVAE, name: str, examples: ShownExamples, seed: int
) -> None:
    """Draws correlations of test numbers, of numbers drawn from the prior, and their difference.

    Args:
      path: path of the PNG file.
      model: a trained model without conditions.
      name: the modality of numbers.
      examples: test examples, [examples, columns], of which some may lack values.
      seed: seed of the samples.
    """
    there = having(examples, [name])
    names = names_or_numbers(model.modalities[name])
    real = number_scores.correlations(np.asarray(there[name]), observed_values(there, name))
    drawn = number_scores.correlations(numbers_of_prior(model, name, seed=seed))
    difference = drawn - real
    places = np.arange(len(names))
    if len(names) > _MOST_COLUMNS:
        largest = np.nan_to_num(np.abs(difference)).sum(axis=1)
        places = np.sort(np.argsort(-largest, kind="stable")[:_MOST_COLUMNS])
    square = np.ix_(places, places)
    panels = {"test examples": real, "drawn from the prior": drawn, "difference": difference}
    some = f" (the {len(places)} that differ most)" if len(places) < len(names) else ""
    number_plots.correlation_matrices(
        path,
        {title: values[square] for title, values in panels.items()},
        [names[int(place)] for place in places],
        f"Correlations of {name}{some}",
    )


def draw_nearest(
    path: pathlib.Path,
    model: MultimodalVAE,
    image: str,
    training: np.ndarray,
    test: np.ndarray,
    seed: int,
) -> None:
    """Draws samples of the prior and the nearest training image of each, to show copies.

    Args:
      path: path of the PNG file.
      model: a trained model without conditions.
      image: the modality.
      training: real images, [examples, *event_shape], at least one.
      test: others, of the same shape, whose distances those of samples are divided by.
      seed: seed of the samples.
    """
    samples = images_of_prior(model, image, _NEAREST, seed)
    places, distances = nearest(samples, training)
    usual = nearest(test[:_COMPARED], training)[1].mean() if len(test) else 0.0
    note = "nearest in pixels (Euclidean distance)"
    if usual > 0:
        note += (
            "; above each sample: its distance, divided by the mean distance of a test image to "
            "its own nearest. Near 0 it is a copy"
        )
    image_grids.image_grid(
        path,
        np.stack([samples, np.asarray(training)[places]]),
        f"New or copied? {capital(image)} drawn from the prior, above the nearest of training",
        [f"{x / usual:.2f}" for x in distances] if usual > 0 else [],
        ["sample", "nearest"],
        value_range=model.modalities[image].support,
        note=note,
    )


def _predicted(
    model: MultimodalVAE,
    direction: Direction,
    examples: ShownExamples,
    seed: int,
    sampled: bool = False,
) -> np.ndarray:
    known = with_masks(examples, direction.given)
    return generated(model, direction.target, known, seed, sampled)


def _as_arrays(examples: ShownExamples) -> dict[str, np.ndarray]:
    return {key: np.asarray(x) for key, x in examples.items()}


def _beginning(direction: Direction) -> str:
    target = capital(direction.target)
    return f"{target} predicted from test {listed(direction.given)}"

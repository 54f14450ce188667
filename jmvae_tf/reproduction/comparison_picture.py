"""The picture of a comparison: quality against coherence, and coherence by what is given."""

import pathlib
from collections.abc import Mapping, Sequence

from jmvae_tf.reporting.figures.comparisons import Measured, Panel, compared_models
from jmvae_tf.reproduction.comparison_table import (
    ASKED_FOR,
    FRECHET_DISTANCE,
    JOINT_COHERENCE,
    LOG_P,
    MeasureColumn,
    MeasuredModel,
    coherence_key,
)


def draw_comparison(
    path: pathlib.Path,
    columns: Mapping[str, Sequence[MeasureColumn]],
    models: Sequence[MeasuredModel],
    title: str,
) -> bool:
    """Draws the picture, with standard errors over test examples.

    Args:
      path: path of the PNG file.
      columns: those of the table that have numbers.
      models: the models with their measures.
      title: title of the figure.

    Returns:
      Whether there is anything to draw.
    """
    by_key = {column.key: column for of_part in columns.values() for column in of_part}
    panels = [x for x in (_quality(by_key, models), _by_number(by_key, models)) if x]
    if panels:
        compared_models(path, panels, title, "Bars are standard errors over test examples.")
    return bool(panels)


def _quality(columns: Mapping[str, MeasureColumn], models: Sequence[MeasuredModel]) -> Panel | None:
    """Shows the Fréchet distance, or else log p(x), against the coherence with one given."""
    coherences = {
        coherence_key(1): "coherence, one modality given",
        ASKED_FOR: "coherence with what was asked for",
    }
    qualities = {
        FRECHET_DISTANCE: "Fréchet distance of images (up is better)",
        LOG_P: "log p of all modalities, nats",
    }
    x = next((key for key in coherences if key in columns), None)
    y = next((key for key in qualities if key in columns), None)
    if x is None or y is None:
        return None
    points = {
        model.name: [(across, up)]
        for model in models
        if (across := _measured(columns[x], model)) and (up := _measured(columns[y], model))
    }
    return Panel(points, coherences[x], qualities[y], y == FRECHET_DISTANCE) if points else None


def _by_number(
    columns: Mapping[str, MeasureColumn], models: Sequence[MeasuredModel]
) -> Panel | None:
    """Shows the coherence by the number of modalities that are given."""
    keys = [JOINT_COHERENCE]
    while coherence_key(len(keys)) in columns:
        keys.append(coherence_key(len(keys)))
    points = {
        model.name: [
            (Measured(number, 0.0), value)
            for number, key in enumerate(keys)
            if key in columns and (value := _measured(columns[key], model))
        ]
        for model in models
    }
    points = {name: of_model for name, of_model in points.items() if of_model}
    label = "modalities given"
    if JOINT_COHERENCE in columns:
        label += " (0: samples from the prior)"
    return Panel(points, label, "coherence") if points else None


def _measured(column: MeasureColumn, model: MeasuredModel) -> Measured | None:
    value = model.value(column.metrics)
    return None if value is None else Measured(*value.estimate)

"""The figures of images generated from attributes, and of attributes generated from images."""

from collections.abc import Mapping

import numpy as np

from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.judges import fit_judge
from jmvae_tf.evaluation.metrics import diversity
from jmvae_tf.evaluation.metrics.accuracy import Accuracies, accuracies, balanced_accuracies
from jmvae_tf.evaluation.metrics_table import Metric, Row, Section
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol, Tensors, names_of_kind
from jmvae_tf.evaluation.sections.images import Samples
from jmvae_tf.models.base import MultimodalVAE

NUM_REDRAWN = 50
"""Vectors of attributes of which images are drawn anew, for diversity."""


def attributes(
    model: MultimodalVAE, examples: EvaluationData, protocol: Protocol, samples: Samples
) -> list[Section]:
    """Accuracy, coherence and diversity, by attribute and over all.

    Args:
      model: a trained model.
      examples: of all its modalities.
      protocol: how many samples are drawn.
      samples: images at z ~ q(z|attributes), of the first test examples.
    """
    directions = [direction.name for direction in model.directions]
    pairs = [
        (x, w) for x in names_of_kind(model, "image") for w in names_of_kind(model, "attributes")
    ]
    sections = []
    for image, given in pairs:
        if not all(_are_parted(model, given, part) for part in (examples.grey, examples.training)):
            threshold = model.modalities[given].threshold
            note = (
                f"accuracy, coherence and diversity are left out of {given}: values above "
                f"{threshold:g} mean yes and below it no, and some are {threshold:g}; another "
                "value_range of the modality moves its middle"
            )
            sections.append(Section(f"{image.capitalize()}s and {given}", [], notes=[note]))
            continue
        if f"{image}_to_{given}" in directions:
            sections.append(_attributes_of_images(model, examples, protocol, image, given))
        if (given, image) in samples:
            sections.append(
                _images_by_attributes(
                    model, examples, protocol, image, given, samples[given, image]
                )
            )
    return sections


def _are_parted(model: MultimodalVAE, name: str, examples: Tensors) -> bool:
    """Whether every value means yes or no."""
    return bool((np.asarray(examples[name]) != model.modalities[name].threshold).all())


def _attributes_of_images(
    model: MultimodalVAE, examples: EvaluationData, protocol: Protocol, image: str, name: str
) -> Section:
    modality = model.modalities[name]
    names, threshold = modality.value_names, modality.threshold
    has = np.asarray(examples.grey[name]) > threshold
    found = generated(model, name, {image: examples.grey[image]}, protocol.seed) > threshold
    usual = np.mean(np.asarray(examples.training[name]) > threshold, axis=0) > 0.5
    right = found == has
    direction = f"{image}_to_{name}"
    scores = {
        "accuracy": ("accuracy", accuracies(right, names)),
        "majority_accuracy": (
            "majority",
            accuracies(np.broadcast_to(usual, has.shape) == has, names),
        ),
        "balanced_accuracy": ("balanced", balanced_accuracies(right, has, names)),
    }
    return Section(
        f"Signs of {name} generated from test {image}s",
        [
            *_mean(direction, scores, "accuracy", "share that is right, mean"),
            *_mean(
                direction,
                scores,
                "majority_accuracy",
                "  of the training set's majority signs",
            ),
            *_mean(direction, scores, "balanced_accuracy", "balanced accuracy, mean"),
            *_worst(direction, scores, "balanced_accuracy"),
            _left_out(direction, name, has),
        ],
        _rows(direction, scores, names),
    )


def _images_by_attributes(
    model: MultimodalVAE,
    examples: EvaluationData,
    protocol: Protocol,
    image: str,
    name: str,
    images: np.ndarray,
) -> Section:
    modality = model.modalities[name]
    names, threshold = modality.value_names, modality.threshold
    unit = to_unit_range(model, examples, image)
    has = np.asarray(examples.grey[name]) > threshold
    asked = has[: len(images)]
    judge = fit_judge(
        unit(examples.training[image]), np.asarray(examples.training[name]) > threshold
    )
    right = judge.read(unit(examples.grey[image])) == has
    direction = f"{name}_to_{image}"
    scores = {
        "coherence": (
            "coherence",
            balanced_accuracies(judge.read(unit(images)) == asked, asked, names),
        ),
        "judge_balanced_accuracy": ("judge balanced", balanced_accuracies(right, has, names)),
        "judge_accuracy": ("judge accuracy", accuracies(right, names)),
    }
    return Section(
        f"{image.capitalize()}s generated from test {name}",
        [
            *_mean(
                direction,
                scores,
                "coherence",
                f"asked-for {name} read off them, balanced accuracy, mean",
            ),
            *_worst(direction, scores, "coherence"),
            *_mean(
                direction,
                scores,
                "judge_balanced_accuracy",
                f"  the same judge on real test {image}s, balanced accuracy, mean",
            ),
            *_worst(direction, scores, "judge_balanced_accuracy"),
            *_mean(direction, scores, "judge_accuracy", "  the same, share that is right, mean"),
            _left_out(direction, name, asked),
            *_diversity(model, examples, protocol, image, name),
        ],
        _rows(direction, scores, names),
    )


def _diversity(
    model: MultimodalVAE, examples: EvaluationData, protocol: Protocol, image: str, name: str
) -> list[Metric]:
    """The diversity, if there are real images that differ for any one condition."""
    modality = model.modalities[name]
    if examples.redraw:
        vectors = np.asarray(examples.grey[name])[:NUM_REDRAWN]
        value = diversity.redraw_diversity(
            model, vectors, examples.redraw, name, image, seed=protocol.seed
        )
        condition = f"redraws of the same {name}"
    else:
        vectors = np.asarray(examples.training[name])
        has = vectors > modality.threshold
        columns = diversity.most_even_columns(has)
        value = diversity.cell_diversity(
            model,
            np.asarray(examples.training[image]),
            vectors,
            has[:, columns],
            name,
            image,
            seed=protocol.seed,
        )
        cells = ", ".join(modality.value_names[column] for column in columns)
        condition = f"real ones with the same {cells}"
    if value is None:
        return []
    return [
        Metric(
            f"{name}_to_{image}_diversity",
            f"distance between them, over that of {condition}",
            value,
        )
    ]


# What the figures of a section share: name of a figure to its column's head and its values.
_Scores = Mapping[str, tuple[str, Accuracies | None]]


def _mean(direction: str, scores: _Scores, figure: str, description: str) -> list[Metric]:
    """The mean over attributes, if there is one."""
    values = scores[figure][1]
    return [Metric(f"{direction}_{figure}", description, values.mean)] if values else []


def _worst(direction: str, scores: _Scores, figure: str) -> list[Metric]:
    """The attribute with the smallest share."""
    values = scores[figure][1]
    if not values:
        return []
    worst = values.worst
    description = f"  the worst: {worst}"
    return [Metric(f"{direction}_{figure}_worst", description, values.by_attribute[worst])]


def _left_out(direction: str, name: str, has: np.ndarray) -> Metric:
    """How many attributes no balanced accuracy tells of."""
    varies = has.any(axis=0) & ~has.all(axis=0)
    return Metric(
        f"{direction}_left_out",
        f"{name} without a balanced accuracy: the same in all examples",
        int((~varies).sum()),
    )


def _rows(direction: str, scores: _Scores, names: tuple[str, ...]) -> list[Row]:
    return [
        Row(
            name,
            [
                Metric(f"{direction}_{figure}_{name}", head, values.by_attribute[name])
                for figure, (head, values) in scores.items()
                if values and name in values.by_attribute
            ],
        )
        for name in names
    ]

"""The figures of images generated from labels, and of labels generated from images."""

from collections.abc import Collection, Mapping

import numpy as np

from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import coherence, diversity
from jmvae_tf.evaluation.metrics_table import Metric, Section
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol, names_of_kind
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE

MOST_CLASSES = 100
"""Of a label whose images are generated class by class and compared, 100 of each."""

_NAMED = 5
"""Classes that a note names."""

_FIGURES = ("label_coherence", "classifier_accuracy", "label_diversity", "generated_label_accuracy")
"""Their names in a model of one image and one label."""


def labels(model: MultimodalVAE, examples: EvaluationData, protocol: Protocol) -> Section:
    """Coherence, diversity and accuracy; what cannot be measured is named in a note.

    In a model of several images or labels the names of figures begin with those of the modalities.
    """
    directions = [direction.name for direction in model.directions]
    pairs = [(x, y) for x in names_of_kind(model, "image") for y in names_of_kind(model, "label")]
    metrics: list[Metric] = []
    notes: list[str] = []
    for image, label in pairs:
        if not all(_has_one_class(part[label]) for part in (examples.grey, examples.training)):
            notes.append(
                f"coherence, diversity and accuracy are left out of {label}: they are of labels of "
                "one class, and some examples have several, or none"
            )
            continue
        names = {
            figure: figure if len(pairs) == 1 else f"{image}_{label}_{figure}"
            for figure in _FIGURES
        }
        if f"{label}_to_{image}" in directions:
            found = _images_by_label(model, examples, protocol, image, label, names)
            metrics += found.metrics
            notes += found.notes
        if f"{image}_to_{label}" in directions:
            right = coherence.generated_label_accuracy(
                model, examples.grey[image], examples.grey[label], image, label, protocol.seed
            )
            metrics.append(
                Metric(
                    names["generated_label_accuracy"],
                    f"share of {label}s generated from grey test {image}s that are right",
                    estimate(right),
                )
            )
            absent = _absent(examples.grey[label])
            notes += _left_out(model.modalities[label], absent, "a test example", "accuracy")
    return Section("What is generated", metrics, notes=list(dict.fromkeys(notes)))


def _images_by_label(
    model: MultimodalVAE,
    examples: EvaluationData,
    protocol: Protocol,
    image: str,
    label: str,
    names: Mapping[str, str],
) -> Section:
    modality, seed = model.modalities[label], protocol.seed
    images, classes = np.asarray(examples.training[image]), np.asarray(examples.training[label])
    [number] = modality.event_shape
    if number > MOST_CLASSES:
        note = (
            f"coherence and diversity of {image}s generated from {label} are left out: it has "
            f"{number} classes, and they are measured of at most {MOST_CLASSES}"
        )
        return Section("", [], notes=[note])
    absent = _absent(classes)
    known = [place for place in range(number) if place not in absent]
    comparable = diversity.comparable_classes(images, classes)
    alike = [place for place in range(number) if place not in comparable]
    judge = coherence.fit_classifier(images, classes)
    coherent = coherence.label_coherence(model, judge, label, image, seed=seed, classes=known)
    accurate = coherence.classifier_accuracy(judge, examples.grey[image], examples.grey[label])
    metrics = [
        Metric(
            names["label_coherence"],
            f"share of generated {image}s that the asked-for {label} is read off",
            estimate(coherent),
        ),
        Metric(
            names["classifier_accuracy"],
            f"  the same classifier on real test {image}s",
            estimate(accurate),
        ),
    ]
    if comparable:
        metrics.append(
            Metric(
                names["label_diversity"],
                f"distance between generated {image}s of a {label}, over that of real ones",
                diversity.label_diversity(
                    model, images, classes, label, image, seed=seed, classes=comparable
                ),
            )
        )
    return Section(
        "",
        metrics,
        notes=[
            *_left_out(modality, absent, "a training example", "coherence"),
            *_left_out(modality, alike, f"two training {image}s that differ", "diversity"),
        ],
    )


def _has_one_class(labels: np.ndarray) -> bool:
    """Whether each label has one likeliest class."""
    values = np.asarray(labels)
    return bool(((values == values.max(axis=1, keepdims=True)).sum(axis=1) == 1).all())


def _absent(one_hot: np.ndarray) -> list[int]:
    """The classes that no example has."""
    found = np.unique(np.argmax(one_hot, axis=1))
    return [place for place in range(one_hot.shape[1]) if place not in found]


def _left_out(modality: Modality, classes: Collection[int], lacks: str, figure: str) -> list[str]:
    """A sentence on the classes that a figure does not tell of; none if it tells of all."""
    if not classes:
        return []
    values = names_or_numbers(modality)
    named = [values[place] for place in classes]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return [
        f"{len(named)} of {len(values)} classes of {modality.name} without {lacks}, which "
        f"{figure} leaves out: {', '.join(named[:_NAMED])}{more}"
    ]

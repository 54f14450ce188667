"""Judges of classes: they read the class of a label off the other modalities, and off itself."""

from collections.abc import Callable, Mapping

import numpy as np

from jmvae_tf.evaluation.classes import have_one_class
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.judges import fit_judge
from jmvae_tf.evaluation.metrics.coherence import fit_classifier, predicted_classes
from jmvae_tf.evaluation.subject import Subject

MOST_COLOURED = 5000
"""Coloured training images, from the first, to which a judge is fitted."""

_COLOURS = 3

ClassJudge = Callable[[np.ndarray], np.ndarray]
"""Maps events, [examples, *event_shape], to the numbers of their classes, [examples]."""


def class_labels(subject: Subject) -> list[str]:
    """Lists the labels of one class each; none if z cannot be inferred from one modality."""
    if subject.model.conditions:
        return []
    return [
        label
        for label in subject.of_kind("label")
        if all(
            len(labels) and have_one_class(labels)
            for labels in (subject.having(part, label)[label] for part in ("grey", "training"))
        )
    ]


def class_judges(subject: Subject, label: str) -> Mapping[str, ClassJudge]:
    """Makes the judges of a label's class, fitted only to real training data.

    Labels are read as their likeliest class. Texts and images of one channel are read as those of
    their nearest neighbours, by the classifier of `coherence`. In coloured images the nearest ones
    are those of the same background, so these are read by their edges and colours, see `judges`.

    Args:
      subject: the model, with its data.
      label: the name of the label.

    Returns:
      Name of each modality that tells the class to its judge, in the model's order, the label's own
      too; without those of which no training example has both.
    """
    judges: dict[str, ClassJudge] = {}
    for name in subject.model.modalities:
        if name == label:
            judges[name] = _likeliest
        elif subject.kind(name) in ("image", "text"):
            training = subject.having("training", name, label)
            if len(training[label]):
                labels = np.asarray(training[label])
                judges[name] = _fitted(subject, name, np.asarray(training[name]), labels)
    return judges


def class_metric_name(subject: Subject, label: str, name: str) -> str:
    """Returns the full name of a metric of classes: its own, behind the label's if of several."""
    return name if len(subject.of_kind("label")) == 1 else f"{label}_{name}"


def _likeliest(probabilities: np.ndarray) -> np.ndarray:
    return np.argmax(probabilities, axis=1)


def _fitted(subject: Subject, name: str, events: np.ndarray, labels: np.ndarray) -> ClassJudge:
    if subject.kind(name) != "image" or events.shape[-1] != _COLOURS:
        classifier = fit_classifier(events, labels)
        return lambda events: predicted_classes(classifier, events)
    unit = to_unit_range(subject.model, subject.data, name)
    judge = fit_judge(unit(events[:MOST_COLOURED]), labels[:MOST_COLOURED] > 0)
    # Those of a class that no example has are 0, which is above those that an image rather lacks.
    known = np.flatnonzero(labels[:MOST_COLOURED].any(axis=0))
    return lambda events: known[_likeliest(judge.scores(unit(events))[:, known])]

"""Images and texts generated from labels, and labels generated from anything."""

from collections.abc import Iterator

from jmvae_tf.evaluation.batches import IMAGES_OF_CLASSES
from jmvae_tf.evaluation.classes import have_one_class
from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import Direction

MAX_CLASSES = IMAGES_OF_CLASSES // 2
"""Most classes of a label: with more, there are not two images of each to compare."""

_SHOW = ("image", "text")  # Kinds that a classifier reads a label off.


def labels_section(subject: Subject) -> Section:
    """Makes the section of coherence, diversity and accuracy, with notes on what is left out."""
    cases: list[Direction] = []
    notes: list[str] = []
    for label in subject.of_kind("label"):
        parts = (subject.having(part, label)[label] for part in ("grey", "training"))
        if not all(map(have_one_class, parts)):
            notes.append(
                f"coherence, diversity and accuracy are left out of {label}: they are of labels of "
                "one class, and some examples have several, or none"
            )
            continue
        for direction in _shown_from(subject, label):
            [number] = subject.model.modalities[label].event_shape
            if number <= MAX_CLASSES:
                cases.append(direction)
            else:
                notes.append(
                    f"coherence and diversity of {direction.target} generated from {label} are "
                    f"left out: it has {number} classes, and they are measured of at most "
                    f"{MAX_CLASSES}"
                )
        cases += [direction for direction in subject.directions if direction.target == label]
    section = gather.of_cases("labels", "What is generated", subject, cases)
    return section._replace(notes=list(dict.fromkeys([*notes, *section.notes])))


def _shown_from(subject: Subject, label: str) -> Iterator[Direction]:
    for direction in subject.directions:
        if direction.given == (label,) and subject.kind(direction.target) in _SHOW:
            yield direction

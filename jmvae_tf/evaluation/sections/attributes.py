"""Images generated from attributes, and attributes generated from anything."""

import numpy as np

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import EvaluatedPart, Subject
from jmvae_tf.models.base import Tensors

_JUDGED: tuple[EvaluatedPart, ...] = ("grey", "training")


def attributes_sections(subject: Subject) -> list[Section]:
    """Makes the sections of accuracy, coherence and diversity, per attribute and overall."""
    return [
        section for name in subject.of_kind("attributes") for section in _sections(subject, name)
    ]


def _sections(subject: Subject, name: str) -> list[Section]:
    to_attributes = [case for case in subject.directions if case.target == name]
    to_images = [
        case
        for case in subject.directions
        if case.given == (name,) and subject.kind(case.target) == "image"
    ]
    threshold = subject.model.modalities[name].threshold
    if not (to_attributes or to_images):
        return []
    if not all(_are_parted(subject.having(part, name), name, threshold) for part in _JUDGED):
        note = (
            f"accuracy, coherence and diversity are left out of {name}: values above "
            f"{threshold:g} mean yes and below it no, and some are {threshold:g}; another "
            "value_range of the modality moves its middle"
        )
        return [Section(f"Signs of {name}", [], notes=[note])]
    return [
        *(
            gather.of_cases(
                "signs of attributes",
                f"Signs of {name} generated from test {', '.join(case.given)}",
                subject,
                [case],
            )
            for case in to_attributes
        ),
        *(
            gather.of_cases(
                "images by attributes",
                f"{case.target.capitalize()} generated from test {name}",
                subject,
                [case],
            )
            for case in to_images
        ),
    ]


def _are_parted(examples: Tensors, name: str, threshold: float) -> bool:
    """Tells whether every value means yes or no."""
    values, seen = np.asarray(examples[name]), observed_values(examples, name)
    return bool((values[seen] != threshold).all())

"""The sections on generated images, independent of their content."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import Direction


def sharpness_section(subject: Subject) -> Section:
    """Makes the section of sharpness, with notes on directions that no other metric covers."""
    title = (
        "Sharpness, variance of the Laplacian: to be near that of real images, not merely higher"
    )
    section = gather.of_model("sharpness", title, subject)
    notes = [
        f"coherence and diversity of {direction.target} generated from "
        f"{', '.join(direction.given)} are left out: they are defined for images generated from "
        "one label or one set of attributes"
        for direction in subject.directions
        if subject.kind(direction.target) == "image" and not _has_condition(subject, direction)
    ]
    return section._replace(notes=[*section.notes, *notes])


def similarity_section(subject: Subject) -> Section:
    """Makes the section of similarities to the true images, generated and reconstructed."""
    cases: list[gather.Case] = [*subject.directions, *subject.reconstructions]
    title = "Similarity of images to the true ones, at the mean of q(z|given)"
    of_images = [case for case in cases if subject.kind(case.target) == "image"]
    section = gather.of_cases("image similarity", title, subject, of_images)
    samples = gather.of_model("image samples", title, subject)
    return section._replace(metrics=[*section.metrics, *samples.metrics])


def _has_condition(subject: Subject, direction: Direction) -> bool:
    return len(direction.given) == 1 and subject.kind(direction.given[0]) in ("label", "attributes")

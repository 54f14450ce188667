"""Retrieval of an example's own target."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject


def retrieval_section(subject: Subject) -> Section:
    """Makes the section of recall, in every direction that it is defined for."""
    title = "Retrieval: how often an example's own target is the likeliest of many"
    return gather.of_cases("retrieval", title, subject, subject.directions)

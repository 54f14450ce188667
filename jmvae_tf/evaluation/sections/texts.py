"""Texts generated from anything."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject


def texts_section(subject: Subject) -> Section:
    """Makes the section of texts' symbols, exact matches and edit distances."""
    cases = [each for each in subject.directions if subject.kind(each.target) == "text"]
    return gather.of_cases("texts", "Texts that are generated", subject, cases)

"""Classes that several modalities tell: whether they agree, and whether z tells them."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject


def classes_section(subject: Subject) -> Section:
    """Makes the section of coherence by what is given, of samples, and of a probe of z."""
    title = "Classes that generated modalities show, and that z tells"
    return gather.of_model("classes", title, subject)

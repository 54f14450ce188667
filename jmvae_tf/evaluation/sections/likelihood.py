"""The sections on predicting true values: objective, likelihoods and squared errors."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject


def objective_section(subject: Subject) -> Section:
    """Makes the section of the bound and its terms.

    Raises:
      UserError: if a term is not finite, or a log-probability of discrete values is above 0.
    """
    return gather.of_model("objective", "Objective, every divergence at full weight, nats", subject)


def generation_section(subject: Subject) -> Section:
    """Makes the section that scores true values when generated from other modalities."""
    title = "Generation scored by true values, nats"
    return gather.of_cases("generation", title, subject, subject.directions)


def reconstruction_section(subject: Subject) -> Section:
    """Makes the section that scores true values when the target itself is given."""
    number = subject.protocol.num_samples
    title = f"Reconstruction, mean of log p(x|z) over {number} samples, nats"
    return gather.of_cases("reconstruction", title, subject, subject.reconstructions)


def squared_error_section(subject: Subject) -> Section:
    """Makes the section of mean squared errors, generated and reconstructed."""
    title = "Mean squared error of a value, at the mean of q(z|given)"
    cases: list[gather.Case] = [*subject.directions, *subject.reconstructions]
    return gather.of_cases("squared error", title, subject, cases)

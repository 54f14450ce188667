"""Log-likelihoods with importance weights: marginal, joint and conditional."""

from jmvae_tf.evaluation.metrics.conditional import density
from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject


def importance_section(subject: Subject) -> Section:
    """Makes the section of modalities alone and together."""
    model = subject.model
    densities = ((name, density(model.modalities[name])) for name in model.targets)
    note = "".join(f"; {name}: {text}" for name, text in densities if text)
    k = subject.protocol.num_importance_samples
    title = f"Importance-weighted log-likelihoods, k = {k}, nats{note}"
    if not model.has_prior:
        return Section(title, [], [], ["log-likelihoods are left out: this model has no p(z)"])
    return gather.of_model("importance weights", title, subject)


def importance_sections(subject: Subject) -> list[Section]:
    """Makes the section of modalities alone and together, and two more for two modalities."""
    model, weighted = subject.model, importance_section(subject)
    if not model.has_prior or model.conditions or not model.directions:
        return [weighted]
    names = ", ".join(model.modalities)
    of_two = len(model.modalities) == 2
    if not of_two or subject.number_having(*model.modalities) == 0:
        left_out = (
            "log-likelihoods given other modalities by importance weights, and the variation of "
            "information, are left out: they are defined for examples of two modalities, and "
            + (f"no test example has both {names}" if of_two else f"the model has {names}")
        )
        return [weighted._replace(notes=[*weighted.notes, left_out])]
    return [
        weighted,
        gather.of_model(
            "conditional likelihood",
            "Conditional log-likelihoods, estimates and not bounds, nats",
            subject,
        ),
        gather.of_model(
            "variation of information",
            "Variation of information (2016 paper, appendix A), nats",
            subject,
        ),
    ]

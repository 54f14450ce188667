"""The figures that say how well true values are predicted."""

from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.metrics.objective import bound_terms
from jmvae_tf.evaluation.metrics.squared_error import mean_squared_errors
from jmvae_tf.evaluation.metrics_table import Metric, Section
from jmvae_tf.evaluation.protocol import Protocol, Tensors, proposals
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models import term_checks
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.errors import UserError


def objective(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    """The bound and its terms.

    Raises:
      UserError: if a term is not finite, or a log-probability of discrete values above 0.
    """
    terms = bound_terms(model, test, protocol.seed)
    _check(model, terms)
    weights = {f"log_p_{name}": weight for name, weight in model.likelihood_weights.items()}
    metrics = [
        Metric(
            name if name == "bound" else f"bound_{name}",
            name + (f", weighted by {weights[name]:g} in it" if weights.get(name, 1) != 1 else ""),
            estimate(values),
        )
        for name, values in terms.items()
    ]
    if len(model.modalities) == 2 and all(f"kl_{name}" in terms for name in model.modalities):
        # 2016 paper, appendix A: Eq. 4 at alpha = 1 and one D_KL(q(z|x,w) || p(z)) more.
        bound = sum(terms[f"kl_{name}"] - terms[f"log_p_{name}"] for name in model.modalities)
        metrics.append(
            Metric(
                "variation_of_information_bound",
                "upper bound of the variation of information (2016 paper, appendix A)",
                estimate(bound),
            )
        )
    return Section("Objective, every divergence at full weight, nats", metrics)


def _check(model: MultimodalVAE, terms: Mapping[str, np.ndarray]) -> None:
    # A sum shows the values that are not finite.
    worst = {
        name: float(values.max() if np.isfinite(values).all() else values.sum())
        for name, values in terms.items()
    }
    if bad := term_checks.impossible(worst, model.modalities):
        raise UserError(
            term_checks.RULE,
            f"{', '.join(bad.values())} at the worst of {len(terms['bound'])} test examples",
            "check the data and their range",
        )


def generation(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    """Eq. 5 or Eq. 6 in every direction, and log-mean-exp of the same samples."""
    equation = model.conditional_equation
    number = protocol.num_samples
    metrics = []
    for direction in model.directions:
        scores = conditional_log_likelihoods(
            model, test, direction.target, direction.given, number, protocol.seed
        )
        arrow = f"{', '.join(direction.given)} → {direction.target}"
        modality = model.modalities[direction.target]
        metrics.append(
            Metric(
                f"{direction.name}_log_likelihood",
                _with_density(f"{arrow}, Eq. {equation}, N = {number}", modality),
                estimate(scores.mean_log),
            )
        )
        if modality.likelihood_weight != 1:
            metrics.append(
                Metric(
                    f"{direction.name}_log_likelihood_weighted",
                    f"  the same times {modality.likelihood_weight:.4g}, its weight in the bound",
                    estimate(modality.likelihood_weight * scores.mean_log),
                )
            )
        metrics.append(
            Metric(
                f"{direction.name}_log_mean_exp",
                _with_density(f"{arrow}, log-mean-exp of the same samples", modality),
                estimate(scores.log_mean),
            )
        )
    return Section("Generation scored by true values, nats", metrics)


def reconstruction(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    """Eq. 5 or Eq. 6 where the target itself is given."""
    metrics = []
    for how, given in proposals(model).items():
        for target in model.targets:
            if target in given:
                modality = model.modalities[target]
                scores = conditional_log_likelihoods(
                    model, test, target, given, protocol.num_samples, protocol.seed
                )
                metrics.append(
                    Metric(
                        f"reconstruction_{target}_{how}",
                        _with_density(f"{target} given {', '.join(given)}", modality),
                        estimate(scores.mean_log),
                    )
                )
    return Section(
        f"Reconstruction, mean of log p(x|z) over {protocol.num_samples} samples, nats", metrics
    )


def squared_errors(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    """Mean squared errors of Gaussian modalities, generated and reconstructed."""
    metrics = []

    def measure(name: str, target: str, given: Sequence[str], arrow: str) -> None:
        modality = model.modalities[target]
        if isinstance(modality.likelihood, Gaussian):
            units = "standardised units" if modality.standardised else "the data's units"
            errors = mean_squared_errors(model, test, target, given, protocol.seed)
            metrics.append(Metric(f"{name}_mse", f"{arrow}, {units}", estimate(errors)))

    for direction in model.directions:
        arrow = f"{', '.join(direction.given)} → {direction.target}"
        measure(direction.name, direction.target, direction.given, arrow)
    for how, given in proposals(model).items():
        for target in (target for target in model.targets if target in given):
            arrow = f"reconstruction of {target} given {', '.join(given)}"
            measure(f"reconstruction_{target}_{how}", target, given, arrow)
    return Section("Mean squared error of a value, at the mean of q(z|given)", metrics)


def density_note(model: MultimodalVAE) -> str:
    """Such as "; image: N(μ, I)", of the Gaussian modalities; to be put behind a title."""
    densities = {name: density(model.modalities[name]) for name in model.targets}
    return "".join(f"; {name}: {text}" for name, text in densities.items() if text)


def density(modality: Modality) -> str:
    """Such as "N(μ, I) of standardised values"; nothing but for Gaussian modalities."""
    if not isinstance(modality.likelihood, Gaussian):
        return ""
    variance = modality.likelihood.variance
    scale = "" if variance == 1 else f"{variance:g} "
    return f"N(μ, {scale}I)" + (" of standardised values" if modality.standardised else "")


def _with_density(text: str, modality: Modality) -> str:
    return ", ".join(part for part in (text, density(modality)) if part)

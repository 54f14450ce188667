"""The figures that importance weights give."""

from collections.abc import Iterable, Mapping

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate, estimate, estimate_of_log_probability
from jmvae_tf.evaluation.metrics.importance import (
    importance_weighted_log_likelihoods,
    prior_log_likelihoods,
)
from jmvae_tf.evaluation.metrics_table import Metric, Section
from jmvae_tf.evaluation.protocol import Protocol, Tensors, proposals
from jmvae_tf.evaluation.sections.likelihood import density_note
from jmvae_tf.models.base import MultimodalVAE


def importance_weighted(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> list[Section]:
    """Log-likelihoods of modalities alone, together and given each other."""
    k = protocol.num_importance_samples
    log_p = {
        how: importance_weighted_log_likelihoods(model, test, given, k, protocol.seed)
        for how, given in proposals(model).items()
    }
    title = f"Importance-weighted log-likelihoods, k = {k}, nats{density_note(model)}"
    if model.conditions:
        [target], given = model.targets, model.conditions
        return [
            Section(
                title,
                [
                    Metric(
                        f"log_p_{target}_given_{'_'.join(given)}_multiple",
                        f"log p({target}|{', '.join(given)}), multiple",
                        _estimate(model, [target], log_p["multiple"][(target,)]),
                    )
                ],
            )
        ]
    metrics = []
    for how, estimates in log_p.items():
        for names, values in estimates.items():
            together = len(names) > 1
            if together or how in ("multiple", f"single_{names[0]}"):
                what = "joint" if together else names[0]
                metrics.append(
                    Metric(
                        f"log_p_{what}_{how}",
                        f"log p({', '.join(names)}), {how.replace('_', ', q given ')}",
                        _estimate(model, names, values),
                    )
                )
    if not model.directions:
        return [Section(title, metrics)]
    sections = [Section(title, metrics)]
    if len(model.modalities) == 2:
        sections += _conditional(model, test, protocol, log_p)
    return sections


def _estimate(model: MultimodalVAE, names: Iterable[str], values: np.ndarray) -> Estimate:
    """The mean of estimates of log p of some modalities; `TooFewSamples` if it cannot be."""
    discrete = all(model.modalities[name].likelihood.is_discrete for name in names)
    return estimate_of_log_probability(values) if discrete else estimate(values)


def _negative(found: Estimate) -> Estimate:
    return found._replace(mean=-found.mean)


def _conditional(
    model: MultimodalVAE,
    test: Tensors,
    protocol: Protocol,
    log_p: Mapping[str, Mapping[tuple[str, ...], np.ndarray]],
) -> list[Section]:
    """For two modalities: log p(x|w) = log p(x,w) - log p(w), and the variation of information.

    As log p(w) is too low itself, these are no bounds: they converge as k and N_w both grow.
    """
    both = tuple(model.modalities)
    conditionals = {}
    metrics = []
    for (given,), target in model.directions:
        # No draw from the prior looks like a given image: what N_w of them say of log p(image) is
        # hundreds of nats too low, so there q(z|image) takes the prior's place. Not q(z|x,w): its
        # draws leave out what the image could be with other labels. So it may be of any vector.
        by_prior = model.modalities[given].kind in ("label", "attributes")
        if by_prior:
            prior = prior_log_likelihoods(
                model, test, given, protocol.num_prior_samples, protocol.seed
            )
            metrics.append(
                Metric(
                    f"log_p_{given}_prior",
                    f"log p({given}), N_w = {protocol.num_prior_samples} samples of the prior",
                    _estimate(model, [given], prior),
                )
            )
        for how in ("multiple", f"single_{given}"):
            log_p_given = prior if by_prior else log_p[f"single_{given}"][(given,)]
            kind = how.split("_")[0]
            conditionals[kind, target] = log_p[how][both] - log_p_given
            metrics.append(
                Metric(
                    f"log_p_{target}_given_{given}_{kind}",
                    f"log p({target}|{given}), {kind}"
                    + ("" if by_prior else f", log p({given}) by q given {given}"),
                    _estimate(model, [target], conditionals[kind, target]),
                )
            )
    information = [
        Metric(
            f"variation_of_information_{kind}",
            f"-log p({both[0]}|{both[1]}) - log p({both[1]}|{both[0]}), {kind}",
            # Its sign is that of two log-probabilities turned around.
            _negative(_estimate(model, both, sum(conditionals[kind, name] for name in both))),
        )
        for kind in ("multiple", "single")
    ]
    return [
        Section("Conditional log-likelihoods, estimates and no bounds, nats", metrics),
        Section("Variation of information (2016 paper, appendix A), nats", information),
    ]

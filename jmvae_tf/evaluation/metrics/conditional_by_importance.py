"""Log-likelihoods of one of two modalities given the other, with importance weights."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics.importance import (
    estimate_of_log_p,
    hidden_where_missing,
    prior_log_likelihoods,
    weighted_by_proposal,
)
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject


class ConditionalByImportance(NamedTuple):
    """log p(target|given) = log p(target, given) - log p(given) of the test examples.

    Since log p(given) is itself estimated too low, these are not bounds. They converge as k and N_w
    both grow.

    Attributes:
      prior: log p(given) with samples of the prior, [examples]; None if importance weights estimate
        it.
      multiple: estimates with q given both modalities, [examples].
      single: estimates with q given only the given modality, [examples].
    """

    prior: np.ndarray | None
    multiple: np.ndarray
    single: np.ndarray


def conditionals(subject: Subject) -> dict[str, ConditionalByImportance]:
    """Computes the estimates of a model of two modalities, by target."""
    model, protocol = subject.model, subject.protocol
    log_p, both = subject.once(weighted_by_proposal), tuple(model.modalities)
    found = {}
    for (given,), target in model.directions:
        # No sample from the prior looks like a given image, so an estimate of log p(image) with N_w
        # of them is hundreds of nats too low. Therefore q(z|image) replaces the prior. q(z|x,w)
        # would not do: its samples exclude what the image could be with other labels. The same may
        # hold for any vector.
        prior = None
        if subject.kind(given) in ("label", "attributes"):
            prior = hidden_where_missing(
                prior_log_likelihoods(
                    model, subject.data.test, given, protocol.num_prior_samples, protocol.seed
                ),
                subject.data.test,
                [given],
            )
        single = f"single_{given}"
        log_p_given = log_p[single][(given,)] if prior is None else prior
        found[target] = ConditionalByImportance(
            prior, log_p["multiple"][both] - log_p_given, log_p[single][both] - log_p_given
        )
    return found


@metric("conditional likelihood", place=1)
def conditional_by_importance(subject: Subject) -> Iterator[Metric]:
    """Yields both proposals' estimates of each modality given the other."""
    model = subject.model
    found = subject.once(conditionals)
    for (given,), target in model.directions:
        prior, *by_proposal = found[target]
        if prior is not None:
            yield Metric(
                f"log_p_{given}_prior",
                f"log p({given}), N_w = {subject.protocol.num_prior_samples} samples of the prior",
                estimate_of_log_p(model, [given], prior),
                subject.number_having(given),
            )
        by = f", log p({given}) by q given {given}" if prior is None else ""
        for how, values in zip(("multiple", "single"), by_proposal, strict=True):
            yield Metric(
                f"log_p_{target}_given_{given}_{how}",
                f"log p({target}|{given}), {how}{by}",
                estimate_of_log_p(model, [target], values),
                subject.number_having(target, given),
            )

"""Log-likelihoods of one of two modalities given the other, by importance weights."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics.importance import (
    estimate_of_log_p,
    prior_log_likelihoods,
    weighted_by_proposal,
)
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject


class ConditionalByImportance(NamedTuple):
    """log p(target|given) = log p(target, given) - log p(given) of the test examples.

    As log p(given) is too low itself, these are no bounds: they converge as k and N_w both grow.

    Attributes:
      prior: log p(given) by samples of the prior, [examples]; None where importance weights
        estimate it.
      multiple: by q given both modalities, [examples].
      single: by q given the one that is given, [examples].
    """

    prior: np.ndarray | None
    multiple: np.ndarray
    single: np.ndarray


def conditionals(subject: Subject) -> dict[str, ConditionalByImportance]:
    """The estimates of a model of two modalities, by target."""
    model, protocol = subject.model, subject.protocol
    log_p, both = subject.once(weighted_by_proposal), tuple(model.modalities)
    found = {}
    for (given,), target in model.directions:
        # No draw from the prior looks like a given image: what N_w of them say of log p(image) is
        # hundreds of nats too low, so there q(z|image) takes the prior's place. Not q(z|x,w): its
        # draws leave out what the image could be with other labels. So it may be of any vector.
        prior = None
        if subject.kind(given) in ("label", "attributes"):
            prior = prior_log_likelihoods(
                model, subject.data.test, given, protocol.num_prior_samples, protocol.seed
            )
        single = f"single_{given}"
        log_p_given = log_p[single][(given,)] if prior is None else prior
        found[target] = ConditionalByImportance(
            prior, log_p["multiple"][both] - log_p_given, log_p[single][both] - log_p_given
        )
    return found


@metric("conditional likelihood", place=1)
def conditional_by_importance(subject: Subject) -> Iterator[Metric]:
    """Both proposals' estimates of each modality given the other."""
    model = subject.model
    found = subject.once(conditionals)
    for (given,), target in model.directions:
        prior, *by_proposal = found[target]
        if prior is not None:
            yield Metric(
                f"log_p_{given}_prior",
                f"log p({given}), N_w = {subject.protocol.num_prior_samples} samples of the prior",
                estimate_of_log_p(model, [given], prior),
            )
        by = f", log p({given}) by q given {given}" if prior is None else ""
        for how, values in zip(("multiple", "single"), by_proposal, strict=True):
            yield Metric(
                f"log_p_{target}_given_{given}_{how}",
                f"log p({target}|{given}), {how}{by}",
                estimate_of_log_p(model, [target], values),
            )

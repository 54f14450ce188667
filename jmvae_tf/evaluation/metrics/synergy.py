"""Synergy: how much likelier modalities are together than each alone."""

from collections.abc import Iterator

import numpy as np

from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics.importance import weighted_by_proposal
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject


@metric("importance weights", place=2)
def synergy(subject: Subject) -> Iterator[Metric]:
    """Yields the mean of log p(x_1 ... x_M) - sum_m log p(x_m) over examples that have all.

    Its true mean is the total correlation of the model's modalities, at least 0 of data from the
    model: what they tell about each other. Each estimate uses its own proposal, q given all or one.
    """
    model, targets = subject.model, subject.model.targets
    if model.conditions or len(targets) < 2:
        return
    log_p = subject.once(weighted_by_proposal)
    ways = ["multiple", *(f"single_{name}" for name in targets)]
    if not all(how in log_p for how in ways):
        return
    alone = sum(log_p[f"single_{name}"][(name,)] for name in targets)
    values = log_p["multiple"][targets] - alone
    if np.ma.count(values):
        yield Metric(
            "synergy",
            f"log p({', '.join(targets)}) less that of each alone: synergy",
            estimate(values),
            subject.number_having(*targets),
        )

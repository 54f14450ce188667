"""The objective on test data, term by term."""

from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import map_batches, rows_at_once
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import with_masks
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models import term_checks
from jmvae_tf.models.base import MultimodalVAE, Tensors
from jmvae_tf.runtime.errors import UserError


def bound_terms(
    model: MultimodalVAE, examples: Tensors, seed: int = 0, batch_size: int | None = None
) -> dict[str, np.ndarray]:
    """Computes the objective and its terms with one z per example, all divergences at full weight.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], with masks of what is missing.
      seed: the same seed gives the same values.
      batch_size: the number of examples to score at once; None chooses it by their size.

    Returns:
      The objective by its name, and the terms by theirs in `objectives`, float32 [examples] each,
      nats.
    """

    @tf.function(autograph=False, reduce_retracing=True)
    def terms(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        bound = model.bound(model.standardise(batch), batch_seed)
        return {model.objective_name: bound.value, **bound.terms}

    names = list(model.modalities)
    size = batch_size or min(1000, rows_at_once(model, names))
    return map_batches(terms, examples, names, size, "terms of the objective", seed)


def terms_on_test_data(subject: Subject) -> dict[str, np.ndarray]:
    """Computes and checks the objective and its terms on the test examples.

    Returns:
      Name to [examples]; a masked array if some examples lack what a term is of.

    Raises:
      UserError: if a term is not finite, or a log-probability of discrete values is above 0.
    """
    model, test = subject.model, subject.data.test
    terms = bound_terms(model, test, subject.protocol.seed)
    _check(model, terms)
    there = model.rows_of_terms(with_masks(test, model.modalities), terms)
    return {
        name: np.ma.masked_array(values, ~np.asarray(there[name])) if name in there else values
        for name, values in terms.items()
    }


@metric("objective", place=1)
def bound(subject: Subject) -> Iterator[Metric]:
    """Yields the objective and its terms, each of the examples that have it."""
    model = subject.model
    weights = {f"log_p_{name}": x for name, x in model.likelihood_weights.items()}
    whole = model.objective_name
    for name, values in subject.once(terms_on_test_data).items():
        weighted = f", weighted by {weights[name]:g} in it" if weights.get(name, 1) != 1 else ""
        key = name if name == whole else f"{whole}_{name}"
        some = int(values.count()) if isinstance(values, np.ma.MaskedArray) else None
        if some == 0:
            continue
        yield Metric(key, name + weighted, estimate(values), some)


def _check(model: MultimodalVAE, terms: Mapping[str, np.ndarray]) -> None:
    # A sum reveals values that are not finite.
    worst = {
        name: float(values.max() if np.isfinite(values).all() else values.sum())
        for name, values in terms.items()
    }
    if bad := term_checks.impossible(worst, model.modalities):
        number = len(next(iter(terms.values())))
        raise UserError(
            term_checks.RULE,
            f"{', '.join(bad.values())} at the worst of {number} test examples",
            "check the data and their range",
        )

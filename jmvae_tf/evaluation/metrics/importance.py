"""Importance-weighted estimates of log-likelihoods (2016 paper, appendix B; Burda et al. 2015)."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import BATCH, chunks, map_batches, rows_at_once
from jmvae_tf.evaluation.estimate import Estimate, estimate, estimate_of_log_probability
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics.conditional import log_p_of_observed
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import having, rows_having, with_masks
from jmvae_tf.evaluation.subject import Subject, proposals
from jmvae_tf.modalities import observed_key
from jmvae_tf.models.base import MultimodalVAE, Tensors
from jmvae_tf.runtime.randomness import fold

MANY_VALUES = 4096
"""Events with more values than this are expensive to decode."""


def usual_num_samples(model: MultimodalVAE) -> int:
    """Returns the 2016 paper's k: 1000 on MNIST, 10 on CelebA, where decoding is expensive."""
    largest = max(math.prod(model.modalities[name].event_shape) for name in model.targets)
    return 10 if largest > MANY_VALUES else 1000


def importance_weighted_log_likelihoods(
    model: MultimodalVAE,
    examples: Tensors,
    proposal: Sequence[str],
    num_samples: int = 1000,
    seed: int = 0,
) -> dict[tuple[str, ...], np.ndarray]:
    """Estimates log p(x) as log (1/k) sum_i p(x|z_i) p(z_i) / q(z_i), z_i ~ q(z|proposal).

    The same samples are used for every modality that the model generates and for all of them
    together. In expectation no estimate exceeds the true value, and each grows with k. p and q
    depend on the model: CVAE has p(x|z,w) p(z) and CMMA p(x|z) p(z|w), so they estimate log p(x|w);
    JMVAE-h has p(z_1|z_2) p(z_2) and q(z_1) q(z_2). Likelihood weights are left out: these are
    densities, of standardised values if a modality is standardised. If a model fills in missing
    modalities, ten samples share a chain.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], with masks of what is missing, which is
        not scored.
      proposal: the modalities that q is given: all ("multiple") or one of them ("single").
      num_samples: k.
      seed: the same seed gives the same values.

    Returns:
      Names of modalities to their estimated joint log-likelihood, float32 [examples], nats; in a
      one-way model it is conditional on the others.

    Raises:
      ValueError: if the model has no p(z).
    """
    _check_prior(model)
    targets = model.targets
    sums = [(name,) for name in targets] + ([targets] if len(targets) > 1 else [])
    names = list(model.modalities)

    @tf.function(autograph=False, reduce_retracing=True)
    def log_sums(
        batch: dict[str, tf.Tensor], seed_pair: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        z, log_p_z, log_q_z = model.importance_samples(with_masks(batch, proposal), size, seed_pair)
        x = model.standardise(batch)
        p_x_z = model.decode(z, targets, with_masks(batch, model.conditions))
        log_p_x = {
            name: model.modalities[name].likelihood.log_prob(
                p, x[name][tf.newaxis], _mask_of(batch, name)
            )
            for name, p in p_x_z.items()
        }
        return {
            _key(together): tf.reduce_logsumexp(
                # TensorFlow may reorder a chain of additions each time it traces it.
                tf.reduce_sum([*(log_p_x[name] for name in together), log_p_z, -log_q_z], axis=0),
                axis=0,
            )
            for together in sums
        }

    rows = rows_at_once(model, targets)
    description = f"log-likelihoods, z given {', '.join(proposal)}"
    scores = _log_mean(log_sums, examples, names, num_samples, seed, rows, description)
    return {together: scores[_key(together)] for together in sums}


def prior_log_likelihoods(
    model: MultimodalVAE,
    examples: Tensors,
    name: str,
    num_samples: int = 5000,
    seed: int = 0,
) -> np.ndarray:
    """Estimates log p(w) as log (1/N_w) sum_i p(w|z_i), z_i ~ p(z), as the 2016 paper does.

    In expectation it is below log p(w). Every 100 examples share their samples.

    Args:
      model: a trained model without conditions.
      examples: modality name to [examples, *event_shape].
      name: the modality.
      num_samples: N_w.
      seed: the same seed gives the same values.

    Returns:
      float32, [examples], nats.

    Raises:
      ValueError: if the model has no p(z).
    """
    _check_prior(model)

    @tf.function(autograph=False, reduce_retracing=True)
    def log_sums(
        batch: dict[str, tf.Tensor], seed_pair: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        z = model.sample_posterior(None, size, seed_pair)[:, tf.newaxis]
        log_p = log_p_of_observed(model, name, model.decode(z, [name])[name], batch)
        return {name: tf.reduce_logsumexp(log_p, axis=0)}

    rows = rows_at_once(model, [name])
    description = f"prior samples of {name}"
    return _log_mean(log_sums, examples, [name], num_samples, seed, rows, description)[name]


def _check_prior(model: MultimodalVAE) -> None:
    if not model.has_prior:
        raise ValueError(f"log p(x) needs a p(z). Received: {type(model).__name__}, which has none")


def _mask_of(batch: Tensors, name: str) -> tf.Tensor | None:
    mask = batch.get(observed_key(name))
    return None if mask is None else mask[tf.newaxis]


def _key(names: Sequence[str]) -> str:
    return ",".join(names)


def _log_mean(
    log_sums: Callable[..., Mapping[str, tf.Tensor]],
    examples: Tensors,
    names: Sequence[str],
    num_samples: int,
    seed: int,
    rows: int,
    description: str,
) -> dict[str, np.ndarray]:
    """Computes the logarithm of a mean over samples, in parts of at most `rows`."""
    batch_size = min(BATCH, rows)
    sizes = list(chunks(num_samples, rows // batch_size))

    def log_mean(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, np.ndarray]:
        totals: dict[str, np.ndarray] = {}
        for place, size in enumerate(sizes):
            for name, value in log_sums(batch, fold(batch_seed, place), size).items():
                log_sum = value.numpy().astype(np.float64)
                totals[name] = np.logaddexp(totals.get(name, -np.inf), log_sum)
        return {name: total - math.log(num_samples) for name, total in totals.items()}

    return map_batches(log_mean, examples, names, batch_size, description, seed)


def weighted_by_proposal(subject: Subject) -> dict[str, dict[tuple[str, ...], np.ndarray]]:
    """Computes the estimates of the test examples, by the names of `proposals`.

    Returns:
      Name of each proposal that is drawn from to names of modalities to [examples]; a masked array
      if anything can be missing, which hides the examples that lack a modality of either.
    """
    model, test, protocol = subject.model, subject.data.test, subject.protocol
    found = {}
    for how, given in proposals(model).items():
        if subject.proposed is not None and how not in subject.proposed:
            continue
        scored = rows_having(test, given)
        if scored is not None and not scored.any():
            continue
        log_p = importance_weighted_log_likelihoods(
            model,
            having(test, given, model.modalities),
            given,
            protocol.num_importance_samples,
            protocol.seed,
        )
        found[how] = {
            names: hidden_where_missing(_among_all(values, scored), test, {*names, *given})
            for names, values in log_p.items()
        }
    return found


def hidden_where_missing(values: np.ndarray, examples: Tensors, names: Iterable[str]) -> np.ndarray:
    """Hides the values of the examples that lack one of some modalities, in a masked array."""
    there = rows_having(examples, names)
    return values if there is None else np.ma.masked_array(values, ~there)


def _among_all(values: np.ndarray, scored: np.ndarray | None) -> np.ndarray:
    """Puts the values of the scored examples among all, with zeros for the others."""
    if scored is None:
        return values
    placed = np.zeros(len(scored), values.dtype)
    placed[scored] = values
    return placed


def estimate_of_log_p(model: MultimodalVAE, names: Iterable[str], values: np.ndarray) -> Estimate:
    """Averages estimates of log p of some modalities; `TooFewSamples` if it is impossible."""
    discrete = all(model.modalities[name].likelihood.is_discrete for name in names)
    return estimate_of_log_probability(values) if discrete else estimate(values)


@metric("importance weights", place=1)
def importance_weighted(subject: Subject) -> Iterator[Metric]:
    """Yields each modality alone and all together, or a one-way model's target given the others."""
    model = subject.model
    log_p = subject.once(weighted_by_proposal)
    if model.conditions:
        [target], given = model.targets, model.conditions
        yield Metric(
            f"log_p_{target}_given_{'_'.join(given)}_multiple",
            f"log p({target}|{', '.join(given)}), multiple",
            estimate_of_log_p(model, [target], log_p["multiple"][(target,)]),
            subject.number_having(target, *given),
        )
        return
    of_proposal = proposals(model)
    for how, estimates in log_p.items():
        for names, values in estimates.items():
            number = subject.number_having(*names, *of_proposal[how])
            if number == 0:
                continue
            together = len(names) > 1
            if together or how in ("multiple", f"single_{names[0]}"):
                yield Metric(
                    f"log_p_{'joint' if together else names[0]}_{how}",
                    f"log p({', '.join(names)}), {how.replace('_', ', q given ', 1)}",
                    estimate_of_log_p(model, names, values),
                    number,
                )

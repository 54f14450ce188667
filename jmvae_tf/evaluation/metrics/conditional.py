"""Log-likelihoods of a modality given others or itself, without importance weights."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.evaluation.batches import BATCH, map_batches, rows_at_once, traced
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import with_masks
from jmvae_tf.evaluation.subject import Reconstruction, Subject
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors


class ConditionalScores(NamedTuple):
    """Two scores of the same samples.

    Attributes:
      mean_log: (1/N) sum_i log p(target|z_i), float32 [examples], nats: Eq. 5 of the 2018 paper,
        and Eq. 6 for JMVAE-h.
      log_mean: log (1/N) sum_i p(target|z_i), of the same shape. It is never less than `mean_log`
        and closer to log int q(z|given) p(target|z) dz. In expectation both are below that.
    """

    mean_log: np.ndarray
    log_mean: np.ndarray


def conditional_log_likelihoods(
    model: MultimodalVAE,
    examples: Tensors,
    target: str,
    given: Sequence[str],
    num_samples: int = 10,
    seed: int = 0,
) -> ConditionalScores:
    """Scores a modality with samples of z from the posterior given others.

    If modalities are missing, each model samples z in its own way: JMVAE runs one chain of
    iterative sampling per sample, and JMVAE-h samples N z_L and N z_1 for each of them. Likelihood
    weights are left out: p is a density, of standardised values if the modality is standardised.
    Since Eq. 5 and 6 are linear in log p, the 2018 paper's weighted scores of faces equal these
    times the weight.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], with masks of single values; only
        observed values of the target are scored.
      target: the modality whose values are scored.
      given: the known modalities; with the target among them, its reconstruction is scored.
      num_samples: N.
      seed: the same seed gives the same values.
    """
    return _log_likelihoods(model, examples, [target], given, num_samples, seed)[target]


def _log_likelihoods(
    model: MultimodalVAE,
    examples: Tensors,
    targets: Sequence[str],
    given: Sequence[str],
    num_samples: int,
    seed: int,
) -> dict[str, ConditionalScores]:
    """Scores several modalities with the same samples of z; see `conditional_log_likelihoods`."""

    @traced(len(examples[targets[0]]))
    def score(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        known = with_masks(batch, given)
        z = model.conditional_samples(known, num_samples, batch_seed)
        log_number = tf.math.log(tf.cast(tf.shape(z)[0], tf.float32))
        scores = {}
        for target in targets:  # One after the other, since all at once need more memory.
            p_x_z = model.decode(z, [target], known)[target]
            log_p = log_p_of_observed(model, target, p_x_z, batch)
            mean_log = tf.reduce_mean(log_p, axis=0)
            log_mean = tf.reduce_logsumexp(log_p, axis=0) - log_number
            scores[target] = tf.stack([mean_log, log_mean], axis=1)
        return scores

    names = list(dict.fromkeys([*targets, *given]))
    size = min(_examples_at_once(model, target, num_samples) for target in targets)
    description = f"log p({', '.join(targets)}|z), z given {', '.join(given)}"
    scores = map_batches(score, examples, names, size, description, seed)
    return {target: ConditionalScores(*scores[target].T) for target in targets}


def _examples_at_once(model: MultimodalVAE, target: str, num_samples: int) -> int:
    # N of Eq. 5, N x N of Eq. 6.
    samples_per_example = num_samples**2 if model.conditional_equation == 6 else num_samples
    return max(1, min(BATCH, rows_at_once(model, [target]) // samples_per_example))


def log_p_of_observed(
    model: MultimodalVAE, name: str, p: tfd.Distribution, batch: Tensors
) -> tf.Tensor:
    """Scores the observed values of a modality in a batch.

    Args:
      model: a trained model.
      name: the modality.
      p: distributions over its events, of batch shape [samples, batch].
      batch: the modality, [batch, *event_shape], in the data's units, and its mask if it has one.

    Returns:
      Nats, [samples, batch]; 0 where nothing is observed.
    """
    event = model.standardise(with_masks(batch, [name]))[name][tf.newaxis]
    mask = batch.get(observed_key(name))
    if mask is None:
        return p.log_prob(event)
    return model.modalities[name].likelihood.log_prob(p, event, mask[tf.newaxis])


@metric("generation", place=1)
def generation_log_likelihood(subject: Subject, direction: Direction) -> Iterator[Metric]:
    """Yields Eq. 5 or Eq. 6, and log-mean-exp of the same samples."""
    equation, number = subject.model.conditional_equation, subject.protocol.num_samples
    modality = subject.model.modalities[direction.target]
    number_of_examples = subject.number_having(*direction.given, direction.target)
    scores = _scores(subject, direction)
    arrow = f"{', '.join(direction.given)} → {direction.target}"
    yield Metric(
        f"{direction.name}_log_likelihood",
        _with_density(f"{arrow}, Eq. {equation}, N = {number}", modality),
        estimate(scores.mean_log),
        number_of_examples,
    )
    weight = modality.likelihood_weight
    if weight != 1:
        yield Metric(
            f"{direction.name}_log_likelihood_weighted",
            f"  the same times {weight:.4g}, its weight in the {subject.model.objective_name}",
            estimate(weight * scores.mean_log),
            number_of_examples,
        )
    yield Metric(
        f"{direction.name}_log_mean_exp",
        _with_density(f"{arrow}, log-mean-exp of the same samples", modality),
        estimate(scores.log_mean),
        number_of_examples,
    )


@metric("reconstruction", place=1)
def reconstruction_log_likelihood(subject: Subject, case: Reconstruction) -> Iterator[Metric]:
    """Yields Eq. 5 or Eq. 6 if the target itself is given."""
    text = f"{case.target} given {', '.join(case.given)}"
    yield Metric(
        case.name,
        _with_density(text, subject.model.modalities[case.target]),
        estimate(_scores(subject, case).mean_log),
        subject.number_having(*case.given),
    )


def _scores(subject: Subject, case: Direction | Reconstruction) -> ConditionalScores:
    """Returns the scores of a case, computed with all that share its samples of z.

    These have what is given in common, the examples, and how many of them are scored at once, on
    which the samples depend.
    """
    cases: list[Direction | Reconstruction] = [*subject.directions, *subject.reconstructions]
    targets = dict.fromkeys(x.target for x in cases if x.given == case.given)
    number, model = subject.protocol.num_samples, subject.model
    size = _examples_at_once(model, case.target, number)
    alike = tuple(x for x in targets if _examples_at_once(model, x, number) == size)
    if any(subject.number_having(*case.given, x) is not None for x in alike):
        alike = (case.target,)
    return subject.once(_scores_of, alike, case.given)[case.target]


def _scores_of(
    subject: Subject, targets: tuple[str, ...], given: tuple[str, ...]
) -> dict[str, ConditionalScores]:
    examples, protocol = subject.having("test", *given, *targets), subject.protocol
    return _log_likelihoods(
        subject.model, examples, targets, given, protocol.num_samples, protocol.seed
    )


def density(modality: Modality) -> str:
    """Returns a modality's density, e.g. "N(μ, I) of standardised values", or ""."""
    text = modality.likelihood.density
    return f"{text} of standardised values" if modality.standardised else text


def _with_density(text: str, modality: Modality) -> str:
    return ", ".join(part for part in (text, density(modality)) if part)

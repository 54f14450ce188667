"""Sums up a training in at most five sentences: what it predicts, what not, what to do next."""

from collections.abc import Iterator, Mapping, Sequence

from jmvae_tf.evaluation.estimate import estimate_in
from jmvae_tf.modalities import Modality
from jmvae_tf.reporting.skills import Metrics, Skill, skills

_WELL = 0.5
"""The share of the baseline's errors from which a target counts as predicted well."""

_ERRORS = 2.0
"""Standard errors that a skill must be above 0."""

_MOST_NAMED = 3
"""Targets in a sentence."""

_RISING = 0.9
"""The last tenth of the epochs; a bound that is best there may still rise."""

_COPIES = 0.5
"""The ratio of distances to training images below which samples count as copies."""

_FEW = 1000
"""Training examples, below which more would help most."""


def verdict(
    metrics: Metrics,
    modalities: Mapping[str, Modality],
    history: Sequence[Mapping[str, float]],
    num_training: int | None,
    conditions: tuple[str, ...] = (),
    decay_epochs: int = 0,
    has_ended: bool = False,
) -> list[str]:
    """Returns one sentence each on what is predicted well, what is not, samples and next steps.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      history: the rows of history.csv.
      num_training: the number of training examples; None if it is not known.
      conditions: the modalities that are always given and never generated.
      decay_epochs: the epochs in which the learning rate decays; 0 if it is constant.
      has_ended: whether patience has ended the training.
    """
    best: dict[str, Skill] = {}
    for skill in skills(metrics, modalities, conditions):
        best.setdefault(skill.direction.target, skill)
    well = [x for x in best.values() if x.share >= _WELL and x.share > _ERRORS * x.error]
    some = [x for x in best.values() if x not in well and x.share > _ERRORS * x.error]
    none = [x for x in best.values() if x not in well and x not in some]
    lines = [
        _sentence("Predicts well", well),
        _sentence("Predicts in part", some),
        _sentence("Does not predict, no better than its baseline", none),
        " ".join(_on_samples(metrics, modalities)),
    ]
    next_step = (
        _unused_latents(metrics)
        or _longer_or_shorter(history, decay_epochs, has_ended)
        or _on_data(metrics, modalities, num_training, best, none)
    )
    return [line for line in [*lines, f"Next: {next_step}."] if line]


def _sentence(beginning: str, found: Sequence[Skill]) -> str:
    if not found:
        return ""
    more = len(found) - _MOST_NAMED
    named = "; ".join(
        f"{x.direction.target} from {' and '.join(x.direction.given)} ({x.words})"
        for x in found[:_MOST_NAMED]
    )
    return f"{beginning}: {named}{f'; and {more} more' if more > 0 else ''}."


def _on_samples(metrics: Metrics, modalities: Mapping[str, Modality]) -> Iterator[str]:
    """Yields sentences on intervals, on samples that are copies, and on gaps."""
    for name, modality in modalities.items():
        inside = [
            value.mean
            for key in metrics
            if key.endswith(f"_to_{name}_within_90") and (value := estimate_in(metrics, key))
        ]
        if modality.kind == "numbers" and inside:
            low = min(inside)
            judged = "about right" if low > 0.85 else "too narrow: do not rely on them"
            yield f"The 90% intervals of {name} hold {low:.0%} of the true values, {judged}."
        ratio = estimate_in(metrics, f"{name}_distance_to_training")
        if ratio and ratio.mean < _COPIES:
            yield f"Samples of {name} are close to training examples: it may have learned by heart."
    protocol = metrics.get("protocol")
    number = protocol.get("num_examples") if isinstance(protocol, Mapping) else None
    gaps = [
        f"{name} in {observed}"
        for name in modalities
        if isinstance(observed := metrics.get(f"{name}_observed"), int) and observed != number
    ]
    if gaps and number:
        yield f"Of {number} test examples, not all have all: {', '.join(gaps)}."


def _unused_latents(metrics: Metrics) -> str:
    """Returns the next step if a latent variable is not used; an empty string otherwise."""
    unused = [
        key.removeprefix("active_units_").removesuffix("_multiple")
        for key, value in metrics.items()
        if key.startswith("active_units_") and key.endswith("_multiple") and value == 0
    ]
    if not unused:
        return ""
    return (
        f"the latent variable {unused[0]} is not used at all, so let the divergence set in later "
        "(--warmup_epochs) or weigh the modalities more (--likelihood_weights)"
    )


def _longer_or_shorter(
    history: Sequence[Mapping[str, float]], decay_epochs: int, has_ended: bool
) -> str:
    """Returns the next step if the training was too short or too long; an empty string otherwise.

    A training that patience has ended was not too short. Where the image's decoder was trained
    alone against a discriminator, the bound does not tell.
    """
    if any("train_generator_loss" in row and "train_bound" not in row for row in history):
        return ""
    bounds = [(row["epoch"], row["validation_bound"]) for row in history if _has_bound(row)]
    if len(bounds) > 1:
        top, last = max(bounds, key=lambda x: x[1])[0], bounds[-1][0]
        if top >= _RISING * last and not has_ended:
            # A rate that has decayed stays low, so more epochs of this run would change little.
            again = "--run=another" if 0 < decay_epochs <= last else "--resume"
            return (
                f"the validation bound was still rising after {last:.0f} epochs, so train longer: "
                f"{again} --epochs={2 * last:.0f}"
            )
        if top <= last / 2:
            stop = "" if has_ended else "stop earlier (--patience) or "
            return (
                f"the validation bound was best after {top:.0f} of {last:.0f} epochs and fell "
                f"since, so {stop}get more examples"
            )
    return ""


def _on_data(
    metrics: Metrics,
    modalities: Mapping[str, Modality],
    num_training: int | None,
    best: Mapping[str, Skill],
    none: Sequence[Skill],
) -> str:
    """Returns the next step if the training itself was well."""
    for name, modality in modalities.items():
        if modality.kind == "label" and name in best and _is_unbalanced(metrics, best[name]):
            return f"rare classes of {name} are predicted worse, so try --balance={name}"
    if none:
        names = ", ".join(x.direction.target for x in none[:_MOST_NAMED])
        return (
            f"look whether the data tell {names} at all; if they do, weigh it more "
            f"(--likelihood_weights={none[0].direction.target}=…) or train longer"
        )
    if num_training is not None and num_training < _FEW:
        return f"more than {num_training} training examples would help most"
    return "compare a run with another --seed, and bin/evaluate for log-likelihoods"


def _has_bound(row: Mapping[str, float]) -> bool:
    return "validation_bound" in row and "epoch" in row


def _is_unbalanced(metrics: Metrics, skill: Skill) -> bool:
    """Tells whether balanced accuracy is far below plain accuracy, beyond chance."""
    for key in metrics:
        if not key.endswith("generated_label_accuracy"):
            continue
        beginning = key.removesuffix("generated_label_accuracy")
        if beginning not in ("", f"{'_'.join((*skill.direction.given, skill.direction.target))}_"):
            continue
        plain = estimate_in(metrics, key)
        balanced = estimate_in(metrics, f"{beginning}balanced_accuracy")
        if plain and balanced:
            return plain.mean - balanced.mean > 0.05 + _ERRORS * balanced.standard_error
    return False

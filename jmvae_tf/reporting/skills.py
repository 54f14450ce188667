"""How much better than its baseline a model predicts each modality, read off its metrics.

The baselines are the largest class, the majority's sign, the mean of numbers and of images, and the
most frequent symbol of each place of texts.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jmvae_tf.evaluation.estimate import Estimate, estimate_in
from jmvae_tf.evaluation.label_names import label_metric_name
from jmvae_tf.export_format import signature_names
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction

Metrics = Mapping[str, Any]
"""The content of metrics.json."""

ERRORS = 2.0
"""Standard errors by which two numbers must differ, so that chance does not explain it."""

_BELIEVED = 0.5
"""The share of a guess's errors from which a classifier of texts is believed.

A text need not tell the label that it was written for.
"""


class Skill(NamedTuple):
    """How well a target is predicted from other modalities, or shows what it was drawn from.

    Attributes:
      direction: what is predicted, from what.
      share: the share of the baseline's errors that the model avoids: 1 is perfect, 0 no better.
      error: the standard error of the share.
      words: the metric and its baseline in words.
    """

    direction: Direction
    share: float
    error: float
    words: str

    @property
    def is_a_guess(self) -> bool:
        """Whether it is no better than the baseline, beyond chance."""
        return self.share <= ERRORS * self.error


def skills(
    metrics: Metrics, modalities: Mapping[str, Modality], conditions: tuple[str, ...] = ()
) -> list[Skill]:
    """Lists the skill of each direction that has a metric with a baseline, the best first.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      conditions: those that are always given and never generated.
    """
    found: list[Skill] = []
    for given, target in signature_names.directions_of(list(modalities), conditions):
        direction = Direction(given, target)
        measure = _BY_KIND.get(modalities[target].kind)
        if measure:
            found += measure(metrics, modalities, direction)
    return sorted(found, key=lambda skill: -skill.share)


def coherences(
    metrics: Metrics, modalities: Mapping[str, Modality], conditions: tuple[str, ...] = ()
) -> list[Skill]:
    """Lists how often images show the label or the attributes that they are drawn from.

    A classifier of real images judges. The baseline is a guess, the best that of real images.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      conditions: those that are always given and never generated.
    """
    found: list[Skill] = []
    for given, target in signature_names.directions_of(list(modalities), conditions):
        if modalities[target].kind == "image":
            found += _shown(metrics, modalities, Direction(given, target))
    return sorted(found, key=lambda skill: -skill.share)


def _shown(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction, least: float = 0.0
) -> Iterator[Skill]:
    """Compares how often a label or attributes are read off what was drawn from them with a guess.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      direction: what is drawn, from what.
      least: the least share of a guess's errors that the judge avoids on real examples, above
        which it is believed.
    """
    kinds = {name: x.kind for name, x in modalities.items()}
    source, *others = direction.given
    if others or kinds[source] not in ("label", "attributes"):
        return
    if kinds[source] == "label":
        [number] = modalities[source].event_shape
        names = (
            label_metric_name(kinds, direction, "label_coherence"),
            label_metric_name(kinds, direction, "classifier_accuracy"),
        )
        guess, words = 1 / number, f"{{:.1%}} show the {source} asked for"
    else:
        names = (
            f"{direction.name}_coherence",
            f"{direction.name}_judge_balanced_accuracy",
        )
        guess, words = 0.5, f"{{:.1%}} of {source} asked for show, a guess 50%"
    value, real = (estimate_in(metrics, name) for name in names)
    if value and real and real.mean > guess + least * (1 - guess):
        best = real.mean - guess
        text = f"{words.format(value.mean)}, in real ones {real.mean:.1%}"
        share, error = (value.mean - guess) / best, _known_error(value) / best
        yield Skill(direction, share, error, text)


def _of_label(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction
) -> Iterator[Skill]:
    kinds = {name: x.kind for name, x in modalities.items()}
    yield from _beside(
        metrics,
        direction,
        label_metric_name(kinds, direction, "generated_label_accuracy"),
        label_metric_name(kinds, direction, "majority_accuracy"),
        "{:.1%} right, always guessing the commonest {:.1%}",
    )


def _of_attributes(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction
) -> Iterator[Skill]:
    balanced = estimate_in(metrics, f"{direction.name}_balanced_accuracy")
    if balanced:
        words = f"{balanced.mean:.1%} right, a guess 50%"
        yield _skill(direction, balanced, 0.5, words)


def _of_numbers(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction
) -> Iterator[Skill]:
    r2 = estimate_in(metrics, f"{direction.name}_r2")
    worst = estimate_in(metrics, f"{direction.name}_r2_worst")
    if r2 and worst:
        several = modalities[direction.target].event_shape[0] > 1
        beside = f", the worst column {worst.mean:.2f}" if several else ""
        yield _skill(direction, r2, 0.0, f"R² {r2.mean:.2f}{beside}, the mean alone 0")


def _of_text(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction
) -> Iterator[Skill]:
    yield from _beside(
        metrics,
        direction,
        f"{direction.name}_symbol_accuracy",
        f"{direction.name}_usual_symbol_accuracy",
        "{:.1%} of symbols right, always guessing the commonest {:.1%}",
    )
    yield from _shown(metrics, modalities, direction, _BELIEVED)


def _of_image(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction
) -> Iterator[Skill]:
    ratio = estimate_in(metrics, f"{direction.name}_psnr")
    usual = estimate_in(metrics, f"{direction.target}_mean_psnr")
    if ratio and usual:
        words = f"{ratio.mean:.1f} dB, the mean {direction.target} alone {usual.mean:.1f} dB"
        # The share of the squared error that is avoided, at the mean of its logarithm.
        # Metrics of a stranger may be of any size.
        left = 10 ** min((usual.mean - ratio.mean) / 10, 100.0)
        error = left * math.log(10) / 10 * _known_error(ratio)
        yield Skill(direction, 1 - left, error, words)


_BY_KIND: Mapping[str, Callable[..., Iterator[Skill]]] = {
    "label": _of_label,
    "attributes": _of_attributes,
    "numbers": _of_numbers,
    "text": _of_text,
    "image": _of_image,
}


def _beside(
    metrics: Metrics, direction: Direction, name: str, name_of_baseline: str, words: str
) -> Iterator[Skill]:
    """Compares a share with that of a baseline, if both are known; words have places for both."""
    value, baseline = estimate_in(metrics, name), estimate_in(metrics, name_of_baseline)
    if value and baseline:
        yield _skill(direction, value, baseline.mean, words.format(value.mean, baseline.mean))


def _skill(direction: Direction, value: Estimate, baseline: float, words: str) -> Skill:
    left = max(1 - baseline, 1e-9)
    return Skill(direction, (value.mean - baseline) / left, _known_error(value) / left, words)


def _known_error(value: Estimate) -> float:
    """Returns the standard error; 0 for a single example, of which it is unknown."""
    return 0.0 if math.isnan(value.standard_error) else value.standard_error

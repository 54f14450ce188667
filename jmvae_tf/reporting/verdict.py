"""Sums up a training in at most five lines: what it reads and draws, and how well."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from jmvae_tf.evaluation.estimate import estimate_in
from jmvae_tf.evaluation.label_names import label_metric_name
from jmvae_tf.evaluation.protocol import protocol_entry
from jmvae_tf.modalities import Modality
from jmvae_tf.reporting.next_step import NextStep, Training, next_step
from jmvae_tf.reporting.skills import Metrics, Skill, coherences, skills

_WELL = 0.7
"""The share of the baseline's errors from which a target counts as predicted well."""

_MOST_LINES = 3
"""Of targets."""

_COPIES = 0.5
"""The ratio of distances to training images below which samples count as copies."""


class InWords(NamedTuple):
    """A trained model in words.

    Attributes:
      lines: at most five, the last one the verdict.
      step: what to do next.
    """

    lines: list[str]
    step: NextStep


def verdict(
    metrics: Metrics,
    modalities: Mapping[str, Modality],
    training: Training,
    conditions: tuple[str, ...] = (),
) -> InWords:
    """Returns a line on each target, one on samples, a verdict, and the next step.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      training: how it was trained.
      conditions: the modalities that are always given and never generated.
    """
    best = _best_of_targets(metrics, modalities, conditions)
    step = next_step(metrics, modalities, training, best)
    lines = [
        *_on_targets(best, modalities),
        " ".join(_on_samples(metrics, modalities, best)),
        _verdict(best),
    ]
    return InWords([line for line in lines if line], step)


def _best_of_targets(
    metrics: Metrics, modalities: Mapping[str, Modality], conditions: tuple[str, ...]
) -> list[Skill]:
    """Returns the best skill of each target, the best first.

    Images are judged by whether they show what was asked for, if that was measured.
    """
    best: dict[str, Skill] = {}
    for found in (coherences, skills):
        for skill in found(metrics, modalities, conditions):
            best.setdefault(skill.direction.target, skill)
    return sorted(best.values(), key=lambda skill: -skill.share)


def _on_targets(best: Sequence[Skill], modalities: Mapping[str, Modality]) -> Iterator[str]:
    """Yields a line each on the best targets and on the worst."""
    left_out = len(best) - _MOST_LINES
    shown = best if left_out <= 0 else [*best[: _MOST_LINES - 1], best[-1]]
    for place, skill in enumerate(shown, 1):
        (given, target), words = skill.direction, skill.words
        verb = "Predicts"
        if modalities[target].kind == "image":
            verb = "Draws"
        elif any(modalities[name].kind == "image" for name in given):
            verb = "Reads"
        elif modalities[target].kind == "text":
            verb = "Writes"
        line = f"{verb} {target} from {' and '.join(given)}: {words}."
        is_worst = left_out > 0 and place == len(shown)
        yield f"Worst of {len(best)}: {line[0].lower()}{line[1:]}" if is_worst else line


def _on_samples(
    metrics: Metrics, modalities: Mapping[str, Modality], best: Sequence[Skill]
) -> Iterator[str]:
    """Yields sentences on variety, on intervals, on samples that are copies, and on gaps."""
    yield from _on_variety(metrics, modalities, best)
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
    number = protocol_entry(metrics, "num_examples")
    gaps = [
        f"{name} in {observed}"
        for name in modalities
        if isinstance(observed := metrics.get(f"{name}_observed"), int) and observed != number
    ]
    if gaps and number:
        yield f"Of {number} test examples, not all have all: {', '.join(gaps)}."


def _on_variety(
    metrics: Metrics, modalities: Mapping[str, Modality], best: Sequence[Skill]
) -> Iterator[str]:
    kinds = {name: x.kind for name, x in modalities.items()}
    for direction in (
        skill.direction for skill in best if kinds[skill.direction.target] == "image"
    ):
        image, [source, *_] = direction.target, direction.given
        name = f"{direction.name}_diversity"
        if kinds[source] == "label":
            name = label_metric_name(kinds, direction, "label_diversity")
        variety = estimate_in(metrics, name)
        sharpness = estimate_in(metrics, f"{image}_sharpness_{direction.name}_over_real")
        parts = [
            f"differ {variety.mean:.0%} as much as real ones" if variety else "",
            f"are {sharpness.mean:.0%} as sharp" if sharpness else "",
        ]
        if any(parts):
            yield f"Samples of {image} for the same {source} {' and '.join(filter(None, parts))}."


def _verdict(best: Sequence[Skill]) -> str:
    """Returns the verdict; an empty string if nothing was measured beside a baseline."""
    in_part, not_at_all = [], []
    for skill in best:
        if skill.is_a_guess:
            not_at_all.append(skill.direction.target)
        elif skill.share < _WELL:
            in_part.append(skill.direction.target)
    if not best:
        return ""
    if not in_part and not not_at_all:
        return "Verdict: good; it does well what it was trained for."
    word = "fair"
    if not_at_all:
        word = "poor" if len(not_at_all) == len(best) else "mixed"
    reasons = [
        f"{', '.join(in_part)} only in part" if in_part else "",
        f"{', '.join(not_at_all)} no better than a guess" if not_at_all else "",
    ]
    return f"Verdict: {word}; {', '.join(filter(None, reasons))}."

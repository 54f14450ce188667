"""Says what would make a trained model better, from its metrics and its history."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jmvae_tf.evaluation.estimate import estimate_in
from jmvae_tf.modalities import Modality
from jmvae_tf.reporting.skills import Metrics, Skill

_ERRORS = 2.0
"""Standard errors that a skill must be above 0."""

_MOST_NAMED = 3
"""Targets in a sentence."""

_RISING = 0.9
"""The last tenth of the epochs; a bound that is best there may still rise."""

_FEW = 1000
"""Training examples, below which more would help most."""


class NextStep(NamedTuple):
    """What to do next.

    Attributes:
      text: a sentence without its full stop.
      flags: those of bin/train that do it; empty if none do.
    """

    text: str
    flags: tuple[str, ...] = ()

    @property
    def with_flags(self) -> str:
        """The text, and the flags behind it."""
        return ": ".join(filter(None, [self.text, " ".join(self.flags)]))

    @property
    def resumes(self) -> bool:
        """Whether the flags continue the run; otherwise they are for another one."""
        return "--resume" in self.flags


def next_step(
    metrics: Metrics,
    modalities: Mapping[str, Modality],
    history: Sequence[Mapping[str, float]],
    num_training: int | None,
    best: Sequence[Skill],
    decay_epochs: int = 0,
    has_ended: bool = False,
) -> NextStep:
    """Returns what helps most.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      history: the rows of history.csv.
      num_training: the number of training examples; None if it is not known.
      best: the best skill of each target.
      decay_epochs: the epochs in which the learning rate decays; 0 if it is constant.
      has_ended: whether patience has ended the training.
    """
    return (
        _unused_latents(metrics)
        or _longer_or_shorter(history, decay_epochs, has_ended)
        or _on_data(metrics, modalities, num_training, best)
    )


def _unused_latents(metrics: Metrics) -> NextStep | None:
    """Returns the next step if a latent variable is not used."""
    unused = [
        key.removeprefix("active_units_").removesuffix("_multiple")
        for key, value in metrics.items()
        if key.startswith("active_units_") and key.endswith("_multiple") and value == 0
    ]
    if not unused:
        return None
    return NextStep(
        f"the latent variable {unused[0]} is not used at all, so let the divergence set in later "
        "(--warmup_epochs) or weigh the modalities more (--likelihood_weights)"
    )


def _longer_or_shorter(
    history: Sequence[Mapping[str, float]], decay_epochs: int, has_ended: bool
) -> NextStep | None:
    """Returns the next step if the training was too short or too long.

    A training that patience has ended was not too short. Where the image's decoder was trained
    alone against a discriminator, the bound does not tell.
    """
    if any("train_generator_loss" in row and "train_bound" not in row for row in history):
        return None
    bounds = [(row["epoch"], row["validation_bound"]) for row in history if _has_bound(row)]
    if len(bounds) > 1:
        top, last = max(bounds, key=lambda x: x[1])[0], bounds[-1][0]
        if top >= _RISING * last and not has_ended:
            # A rate that has decayed stays low, so more epochs of this run would change little.
            has_decayed = 0 < decay_epochs <= last
            longer = f"--epochs={2 * last:.0f}"
            return NextStep(
                f"the validation bound was still rising after {last:.0f} epochs, so train longer",
                (longer, f"--decay_epochs={2 * decay_epochs:.0f}")
                if has_decayed
                else ("--resume", longer),
            )
        if top <= last / 2:
            text = (
                f"the validation bound was best after {top:.0f} of {last:.0f} epochs and fell since"
            )
            if has_ended:
                return NextStep(f"{text}, so get more examples")
            patience = max(2, round(last / 10))
            return NextStep(
                f"{text}, so get more examples or stop earlier", (f"--patience={patience}",)
            )
    return None


def _on_data(
    metrics: Metrics,
    modalities: Mapping[str, Modality],
    num_training: int | None,
    best: Sequence[Skill],
) -> NextStep:
    """Returns the next step if the training itself was well."""
    none = [x for x in best if x.share <= _ERRORS * x.error]
    of_target = {x.direction.target: x for x in best}
    for name, modality in modalities.items():
        if modality.kind != "label" or name not in of_target:
            continue
        if _is_unbalanced(metrics, of_target[name]):
            text = f"rare classes of {name} are predicted worse, so show them more often"
            return NextStep(text, (f"--balance={name}",))
    if none:
        names = ", ".join(x.direction.target for x in none[:_MOST_NAMED])
        return NextStep(
            f"look whether the data tell {names} at all; if they do, weigh it more "
            f"(--likelihood_weights={none[0].direction.target}=…) or train longer"
        )
    if num_training is not None and num_training < _FEW:
        return NextStep(f"more than {num_training} training examples would help most")
    return NextStep("see what chance does, with a run of another seed", ("--seed=1",))


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

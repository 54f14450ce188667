"""Says what would make a trained model better, from its metrics and its history."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jmvae_tf.evaluation.estimate import estimate_in
from jmvae_tf.evaluation.label_names import label_metric_name
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction
from jmvae_tf.models.objective_names import BOUND, name_in, value_in
from jmvae_tf.reporting.skills import ERRORS, Metrics, Skill
from jmvae_tf.settings import Settings
from jmvae_tf.training import patience

_MOST_NAMED = 3
"""Targets in a sentence."""

_RISING = 0.9
"""The last tenth of the epochs; a bound that is best there may still rise."""

_FALLING = 2
"""Least evaluations after the best one, without which a bound may be lower by chance."""

_FEW = 1000
"""Training examples, below which more would help most."""


class Training(NamedTuple):
    """How a model was trained.

    Attributes:
      history: the rows of history.csv.
      num_examples: the number of training examples; None if it is not known.
      warmup_epochs: the epochs in which the divergence has less than its full weight.
      decay_epochs: the epochs in which the learning rate decays; 0 if it is constant.
      has_ended: whether patience has ended it.
    """

    history: Sequence[Mapping[str, float]]
    num_examples: int | None
    warmup_epochs: int = 0
    decay_epochs: int = 0
    has_ended: bool = False


def training_of(
    settings: Settings, history: Sequence[Mapping[str, float]], num_examples: int | None
) -> Training:
    """Returns how a run was trained; see `Training` for the arguments."""
    return Training(
        history,
        num_examples,
        settings.warmup_epochs,
        settings.decay_epochs,
        patience.ends(settings, history),
    )


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
    training: Training,
    best: Sequence[Skill],
) -> NextStep:
    """Returns what helps most.

    Args:
      metrics: the content of metrics.json.
      modalities: the model's modalities.
      training: how it was trained.
      best: the best skill of each target.
    """
    return (
        _unused_latents(metrics)
        or _longer_or_shorter(training)
        or _on_data(metrics, modalities, training.num_examples, best)
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


def _longer_or_shorter(training: Training) -> NextStep | None:
    """Returns the next step if the training was too short or too long.

    A training that patience has ended was not too short. The bound does not tell before the end of
    the warm-up, nor where the image's decoder was trained alone against a discriminator.
    """
    history, warmup = training.history, training.warmup_epochs
    if any("train_generator_loss" in row and not name_in(row, "train_") for row in history):
        return None
    last = max((row["epoch"] for row in history if "epoch" in row), default=0)
    values = [(row.get("epoch", 0), value_in(row, "validation_")) for row in history]
    all_bounds = [(epoch, x) for epoch, x in values if x is not None]
    bounds = [(epoch, x) for epoch, x in all_bounds if epoch > warmup]
    # Epochs may be more than evaluations, so that few after the warm-up may have a bound.
    hardly_longer = last < 2 * warmup and all_bounds and len(bounds) < 2
    if 0 < last <= warmup or hardly_longer:
        text = (
            f"the warm-up lasts until epoch {warmup}, training ended at {last:.0f}, so train longer"
        )
        return _longer(text, 2 * warmup, training)
    if len(bounds) < 2:
        return None
    name = next(filter(None, (name_in(x, "validation_") for x in history)), BOUND)
    top, last = max(bounds, key=lambda x: x[1])[0], bounds[-1][0]
    if top >= _RISING * last and not training.has_ended:
        text = f"the validation {name} was still rising after {last:.0f} epochs, so train longer"
        return _longer(text, 2 * last, training)
    if top > last / 2 or sum(epoch > top for epoch, _ in bounds) < _FALLING:
        return None
    text = f"the validation {name} was best after {top:.0f} of {last:.0f} epochs and fell since"
    if training.has_ended:
        return NextStep(f"{text}, so get more examples")
    epochs = max(2, round(last / 10))
    return NextStep(f"{text}, so get more examples or stop earlier", (f"--patience={epochs}",))


def _longer(text: str, epochs: float, training: Training) -> NextStep:
    """Returns a step with the flags of a longer training."""
    # A rate that has decayed stays low, so more epochs of this run would change little.
    has_decayed = 0 < training.decay_epochs <= len(training.history)
    decay = f"--decay_epochs={2 * training.decay_epochs}"
    longer = f"--epochs={epochs:.0f}"
    return NextStep(text, (longer, decay) if has_decayed else ("--resume", longer))


def _on_data(
    metrics: Metrics,
    modalities: Mapping[str, Modality],
    num_training: int | None,
    best: Sequence[Skill],
) -> NextStep:
    """Returns the next step if the training itself was well."""
    none = [x for x in best if x.is_a_guess]
    of_target = {x.direction.target: x for x in best}
    for name, modality in modalities.items():
        if modality.kind != "label" or name not in of_target:
            continue
        if _is_unbalanced(metrics, modalities, of_target[name].direction):
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


def _is_unbalanced(
    metrics: Metrics, modalities: Mapping[str, Modality], direction: Direction
) -> bool:
    """Tells whether balanced accuracy is far below plain accuracy, beyond chance."""
    kinds = {name: x.kind for name, x in modalities.items()}
    plain, balanced = (
        estimate_in(metrics, label_metric_name(kinds, direction, name))
        for name in ("generated_label_accuracy", "balanced_accuracy")
    )
    if not plain or not balanced:
        return False
    return plain.mean - balanced.mean > 0.05 + ERRORS * balanced.standard_error

"""The model that is measured, and the ways in which it generates and reconstructs."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.models.base import Direction, MultimodalVAE

MAX_GENERATED = 2000
"""Test examples of which images are generated, from the first: enough for two digits."""

_Value = TypeVar("_Value")


class Reconstruction(NamedTuple):
    """A modality from itself, perhaps with others.

    Attributes:
      how: the name of the proposal, as `proposals` has it.
      given: the names of the modalities that are known, the target among them.
      target: the name of the modality that is reconstructed.
    """

    how: str
    given: tuple[str, ...]
    target: str

    @property
    def name(self) -> str:
        """Such as "reconstruction_image_single_image"; metrics are named by it."""
        return f"reconstruction_{self.target}_{self.how}"


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """A model with all that its metrics depend on.

    Attributes:
      model: a trained model.
      data: examples of all its modalities.
      protocol: how many samples are drawn.
    """

    model: MultimodalVAE
    data: EvaluationData
    protocol: Protocol
    _kept: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The ways in which the model generates one modality from others."""
        return self.model.directions

    @property
    def reconstructions(self) -> list[Reconstruction]:
        """The ways in which the model reconstructs a modality."""
        return [
            Reconstruction(how, given, target)
            for how, given in proposals(self.model).items()
            for target in self.model.targets
            if target in given
        ]

    def kind(self, name: str) -> str:
        """The kind of a modality."""
        return self.model.modalities[name].kind

    def of_kind(self, kind: str) -> list[str]:
        """The names of the modalities of a kind."""
        return [name for name in self.model.modalities if self.kind(name) == kind]

    def once(self, compute: Callable[..., _Value], *arguments: Any) -> _Value:
        """`compute(self, *arguments)`, computed once for all metrics that need it."""
        key = (compute, *arguments)
        if key not in self._kept:
            self._kept[key] = compute(self, *arguments)
        return self._kept[key]


def proposals(model: MultimodalVAE) -> dict[str, tuple[str, ...]]:
    """The modalities that the proposal q of importance weights is given, by the 2016 paper's names.

    All modalities ("multiple"), and each that can be given alone ("single_<modality>").
    """
    names = tuple(model.modalities)
    singles = {} if model.conditions else {f"single_{name}": (name,) for name in names}
    return ({"multiple": names} if len(names) > 1 else {}) | singles


def sampled_images(subject: Subject, direction: Direction) -> np.ndarray:
    """Means of p(target|z), one z ~ q(z|given) for each of the first test examples.

    Returns:
      float32, [examples, *event_shape], `MAX_GENERATED` examples at most.
    """
    known = {name: subject.data.grey[name][:MAX_GENERATED] for name in direction.given}
    seed = subject.protocol.seed
    return generated(subject.model, direction.target, known, seed, sampled=True)

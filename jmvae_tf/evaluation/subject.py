"""The evaluated model, with its directions and reconstructions."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.models.base import Direction, MultimodalVAE

MAX_GENERATED = 2000
"""Number of test examples, from the first, to generate images for: enough for two digits."""

_Value = TypeVar("_Value")


class Reconstruction(NamedTuple):
    """A modality generated from itself, perhaps with others.

    Attributes:
      how: the name of the proposal in `proposals`.
      given: the names of the known modalities, including the target.
      target: the name of the modality that is reconstructed.
    """

    how: str
    given: tuple[str, ...]
    target: str

    @property
    def name(self) -> str:
        """The name used in metrics, for example "reconstruction_image_single_image"."""
        return f"reconstruction_{self.target}_{self.how}"


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """A model with everything that its metrics depend on.

    Attributes:
      model: a trained model.
      data: examples of all its modalities.
      protocol: the numbers of samples.
    """

    model: MultimodalVAE
    data: EvaluationData
    protocol: Protocol
    _kept: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions in which the model generates one modality from others."""
        return self.model.directions

    @property
    def reconstructions(self) -> list[Reconstruction]:
        """Lists the ways in which the model reconstructs a modality."""
        return [
            Reconstruction(how, given, target)
            for how, given in proposals(self.model).items()
            for target in self.model.targets
            if target in given
        ]

    def kind(self, name: str) -> str:
        """Returns the kind of a modality."""
        return self.model.modalities[name].kind

    def of_kind(self, kind: str) -> list[str]:
        """Lists the names of the modalities of a kind."""
        return [name for name in self.model.modalities if self.kind(name) == kind]

    def once(self, compute: Callable[..., _Value], *arguments: Any) -> _Value:
        """Returns `compute(self, *arguments)`, computed once for all metrics that need it."""
        key = (compute, *arguments)
        if key not in self._kept:
            self._kept[key] = compute(self, *arguments)
        return self._kept[key]


def proposals(model: MultimodalVAE) -> dict[str, tuple[str, ...]]:
    """Maps the 2016 paper's names of proposals q to the modalities that q is given.

    These are all modalities ("multiple"), and each that can be given alone ("single_<modality>").
    """
    names = tuple(model.modalities)
    singles = {} if model.conditions else {f"single_{name}": (name,) for name in names}
    return ({"multiple": names} if len(names) > 1 else {}) | singles


def sampled_images(subject: Subject, direction: Direction) -> np.ndarray:
    """Generates means of p(target|z), with one z ~ q(z|given) per test example.

    Returns:
      float32, [examples, *event_shape], for at most the first `MAX_GENERATED` examples.
    """
    known = {name: subject.data.grey[name][:MAX_GENERATED] for name in direction.given}
    seed = subject.protocol.seed
    return generated(subject.model, direction.target, known, seed, sampled=True)

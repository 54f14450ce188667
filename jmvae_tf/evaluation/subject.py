"""The evaluated model, with its directions and reconstructions."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation import observed
from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.export_format import signature_names
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.models.latent_mixture import LatentMixture

MOST_WITHOUT_LIMIT = 128
"""Values of an event up to which every test example is predicted, not only `MAX_GENERATED`."""

MAX_GENERATED = 2000
"""Number of test examples, from the first, to generate images for: enough for two digits."""

EvaluatedPart = Literal["test", "grey", "training"]
"""Fields of `EvaluationData`."""

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
      mixture: the mixture in its latent space, to sample from beside the prior; None without one.
      proposed: the names in `proposals` of the q(z) that importance samples come from; None for
        all. Others are not drawn from, and no metric has them.
    """

    model: MultimodalVAE
    data: EvaluationData
    protocol: Protocol
    mixture: LatentMixture | None = None
    proposed: Sequence[str] | None = None
    _kept: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions in which an export of the model generates one modality from others."""
        names = signature_names.directions_of(list(self.model.modalities), self.model.conditions)
        return tuple(itertools.starmap(Direction, names))

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

    def having(self, part: EvaluatedPart, *names: str) -> dict[str, tf.Tensor]:
        """Returns the examples of a part that have something of each of some modalities.

        Returns:
          These modalities, [examples, *event_shape], with the masks of those that may lack single
          values. All examples if nothing can be missing.
        """
        return observed.having(getattr(self.data, part), names)

    def number_having(self, *names: str) -> int | None:
        """Counts the test examples that `having` returns; None if nothing can be missing."""
        rows = observed.rows_having(self.data.grey, names)
        return None if rows is None else int(rows.sum())

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
    """Generates means of p(target|z), with one z ~ q(z|given) per test example that has them.

    Returns:
      float32, [examples, *event_shape], for at most the first `MAX_GENERATED` examples.
    """
    known = first_having(subject, direction.given)
    seed = subject.protocol.seed
    return generated(subject.model, direction.target, known, seed, sampled=True)


def first_having(subject: Subject, names: Sequence[str]) -> dict[str, tf.Tensor]:
    """Returns the first `MAX_GENERATED` test examples that have these modalities, not binarised."""
    return {key: x[:MAX_GENERATED] for key, x in subject.having("grey", *names).items()}


class Predictions(NamedTuple):
    """What a model predicts of test examples, beside what is true.

    Attributes:
      examples: the given modalities and the target, [examples, *event_shape], not binarised, with
        masks of single values.
      means: means of p(target|z) at the mean of q(z|given), float32 [examples, *event_shape].
    """

    examples: dict[str, tf.Tensor]
    means: np.ndarray


def predictions(subject: Subject, case: Direction | Reconstruction) -> Predictions:
    """Predicts a modality of the test examples that have it and what it is predicted from.

    Only the first `MAX_GENERATED` of them if an event has more than `MOST_WITHOUT_LIMIT` values.
    """
    names = dict.fromkeys([*case.given, case.target])
    shape = subject.model.modalities[case.target].event_shape
    examples = (
        first_having(subject, tuple(names))
        if math.prod(shape) > MOST_WITHOUT_LIMIT
        else subject.having("grey", *names)
    )
    known = observed.with_masks(examples, case.given)
    means = generated(subject.model, case.target, known, subject.protocol.seed)
    return Predictions(examples, means)


def number_predicted(subject: Subject, case: Direction | Reconstruction) -> int | None:
    """Counts the test examples of `predictions`; None if they are all."""
    number = len(subject.once(predictions, case).means)
    return None if number == len(next(iter(subject.data.grey.values()))) else number

"""What figures of merit depend on besides a model."""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf

from jmvae_tf.evaluation.metrics.diversity import Redraw
from jmvae_tf.models.base import MultimodalVAE

Tensors = Mapping[str, tf.Tensor]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """How many samples are drawn.

    Attributes:
      num_samples: N of Eq. 5 and Eq. 6 (2018 paper: 10).
      num_importance_samples: k (2016 paper: 1000 on MNIST, 10 on CelebA); 0 leaves these estimates
        out.
      num_prior_samples: N_w (2016 paper: 5000 on MNIST).
      seed: of all draws.
    """

    num_samples: int = 10
    num_importance_samples: int = 1000
    num_prior_samples: int = 5000
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class EvaluationData:
    """What a model is measured on; each by modality name, [examples, *event_shape].

    All are in the data's units.

    Attributes:
      test: as likelihoods are scored: Bernoulli modalities drawn from their grey values.
      grey: the same examples, grey.
      training: real examples that generated ones are judged by and compared with, grey.
      redraw: where images can be drawn anew: from attributes, -1 or 1, [images, attributes], and a
        seed to a real image of each, float32 [images, *event_shape].
    """

    test: Tensors
    grey: Tensors
    training: Tensors
    redraw: Redraw | None = None


def proposals(model: MultimodalVAE) -> dict[str, tuple[str, ...]]:
    """What the proposals of importance weights are given, by their names in the 2016 paper.

    All modalities ("multiple"), and each that can be given alone ("single_<modality>").
    """
    names = tuple(model.modalities)
    singles = {} if model.conditions else {f"single_{name}": (name,) for name in names}
    return ({"multiple": names} if len(names) > 1 else {}) | singles


def names_of_kind(model: MultimodalVAE, kind: str) -> list[str]:
    """The names of the modalities of a kind: "image", "label", "attributes" or "vector"."""
    return [name for name, modality in model.modalities.items() if modality.kind == kind]

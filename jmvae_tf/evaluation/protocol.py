"""The inputs of metrics besides the model: examples and numbers of samples."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jmvae_tf.models.base import Tensors

Redraw = Callable[[np.ndarray, int], np.ndarray]
"""Maps attributes, -1 or 1, [images, attributes], and a seed to a real image for each row."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """The numbers of samples.

    Attributes:
      num_samples: N of Eq. 5 and Eq. 6 (2018 paper: 10).
      num_importance_samples: k (2016 paper: 1000 on MNIST, 10 on CelebA); 0 leaves these estimates
        out.
      num_prior_samples: N_w (2016 paper: 5000 on MNIST).
      seed: seed of all samples.
    """

    num_samples: int = 10
    num_importance_samples: int = 1000
    num_prior_samples: int = 5000
    seed: int = 0


def protocol_entry(metrics: Mapping[str, Any], name: str) -> Any:
    """Reads an entry of the protocol in a metrics.json, unchecked; None if it has none."""
    protocol = metrics.get("protocol")
    return protocol.get(name) if isinstance(protocol, Mapping) else None


@dataclasses.dataclass(frozen=True)
class EvaluationData:
    """The examples for evaluating a model, by modality name, [examples, *event_shape] each.

    All are in the data's units. Masks say what is missing, as in `observed`.

    Attributes:
      test: test examples to score likelihoods with; Bernoulli modalities are binarised.
      grey: the same examples, not binarised.
      training: real examples to judge generated ones by and to compare them with, not binarised.
      redraw: maps attributes, -1 or 1, [images, attributes], and a seed to a real image for each
        row, float32 [images, *event_shape]; None if the data set cannot redraw images.
      empty: the places where real images show nothing but their background, bool, [height, width];
        None if the data set knows none.
    """

    test: Tensors
    grey: Tensors
    training: Tensors
    redraw: Redraw | None = None
    empty: np.ndarray | None = None

"""What metrics depend on besides the model: the examples, and how many samples are drawn."""

import dataclasses
from collections.abc import Callable

import numpy as np

from jmvae_tf.models.base import Tensors

Redraw = Callable[[np.ndarray, int], np.ndarray]
"""From attributes, -1 or 1, [images, attributes], and a seed to a real image of each row."""


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
    """The examples that a model is measured on; each by modality name, [examples, *event_shape].

    All are in the data's units.

    Attributes:
      test: as likelihoods are scored: Bernoulli modalities drawn from their grey values.
      grey: the same examples, grey.
      training: real examples that generated ones are judged by and compared with, grey.
      redraw: where the data set can draw images again: maps attributes, -1 or 1,
        [images, attributes], and a seed to a real image of each, float32 [images, *event_shape].
    """

    test: Tensors
    grey: Tensors
    training: Tensors
    redraw: Redraw | None = None

"""How large a reproduction is: the papers' own setting, or what two cores do in hours."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scale:
    """The size of everything that costs time.

    Numbers of examples are of the first of the test set; None stands for all of them.

    Attributes:
      name: what the program's flag calls it.
      overrides: the settings of training that differ from the presets, which are the papers'.
      overrides_by_model: model to more of them.
      num_generation_examples: scored by Eq. 5 and Eq. 6; the judge reads as many real images.
      num_likelihood_examples: whose likelihoods are estimated with importance weights.
      num_chain_examples: scored by Eq. 5 and Eq. 6 after every number of rounds in Figure 5.
      num_points: in each scatter plot of Figure 3.
      num_samples: N of Eq. 5, N x N of Eq. 6 (2018 paper, "Evaluation method": 10).
      num_importance_samples: k (2016 paper: 1000 on MNIST).
      num_prior_samples: N_w (2016 paper: 5000 on MNIST).
      num_rounds: how many rounds of iterative sampling Figures 4 and 5 go to (2018 paper: 10).
    """

    name: str
    overrides: Mapping[str, Any]
    overrides_by_model: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    num_generation_examples: int | None = None
    num_likelihood_examples: int | None = None
    num_chain_examples: int | None = None
    num_points: int | None = None
    num_samples: int = 10
    num_importance_samples: int = 1000
    num_prior_samples: int = 5000
    num_rounds: int = 10


QUICK = Scale(
    name="quick",
    overrides={"epochs": 20, "warmup_epochs": 4},
    # In a warm-up of 4 epochs z_2 learns next to nothing of the label: image -> label -2.6 nats
    # rather than -1.2.
    overrides_by_model={"jmvae_h": {"warmup_epochs": 16}},
    num_likelihood_examples=1000,
    num_chain_examples=1000,
    num_points=5000,
)

PAPER = Scale(name="paper", overrides={}, num_points=5000)

SCALES: Mapping[str, Scale] = {scale.name: scale for scale in (QUICK, PAPER)}

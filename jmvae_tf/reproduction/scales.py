"""Sizes of a reproduction: the papers' own, or what two cores compute in hours."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scale:
    """The size of everything that costs time.

    Numbers of examples count from the first of the test set; None stands for all of them.

    Attributes:
      name: its name on the command line.
      overrides: the settings of training that differ from the presets, which are the papers'.
      overrides_by_model: maps a model to more of them.
      num_generation_examples: scored by Eq. 5 and Eq. 6; the judge reads as many real images.
      num_likelihood_examples: whose likelihoods are estimated with importance weights.
      num_chain_examples: scored by Eq. 5 and Eq. 6 after every number of rounds in Figure 5.
      num_points: in each scatter plot of Figure 3, and of each condition in those of Figure 7.
      num_samples: N of Eq. 5, N x N of Eq. 6 (2018 paper, "Evaluation method": 10).
      num_importance_samples: k (2016 paper: 1000 on MNIST, 10 on CelebA).
      num_prior_samples: N_w (2016 paper: 5000 on MNIST, 10 on CelebA).
      num_rounds: how many rounds of iterative sampling Figures 4, 5 and 6 go to (2018 paper: 10 on
        MNIST, 40 on CelebA).
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

PAPER_FACES = dataclasses.replace(
    PAPER, num_points=300, num_importance_samples=10, num_prior_samples=10, num_rounds=40
)

# Presets of toyfaces are for two cores. JMVAE's chains of 40 rounds take most of the time.
QUICK_TOYFACES = dataclasses.replace(
    PAPER_FACES, name="quick", num_generation_examples=500, num_likelihood_examples=500
)

# The official partition, as 24,000 of the images have it: 20,000 to train on. So few of them are
# learned in hours only at a higher rate, and by heart unless they are mirrored.
QUICK_CELEBA = dataclasses.replace(
    QUICK_TOYFACES,
    overrides={
        "split": "official",
        "flips": True,
        "epochs": 12,
        "warmup_epochs": 2,
        "learning_rate": 5e-4,
    },
)

# A quarter of the papers' 2,000 epochs, with their whole warm-up: a run takes two cores under two
# hours.
LONG = dataclasses.replace(
    PAPER,
    name="long",
    overrides={"epochs": 500, "warmup_epochs": 200, "checkpoint_every": 10},
)

LONG_CELEBA = dataclasses.replace(
    QUICK_CELEBA,
    name="long",
    overrides={**QUICK_CELEBA.overrides, "epochs": 24, "warmup_epochs": 6},
)

LONG_TOYFACES = dataclasses.replace(PAPER_FACES, name="long")

SCALES: Mapping[str, Mapping[str, Scale]] = {
    "quick": {"mnist": QUICK, "celeba": QUICK_CELEBA, "toyfaces": QUICK_TOYFACES},
    "long": {"mnist": LONG, "celeba": LONG_CELEBA, "toyfaces": LONG_TOYFACES},
    "paper": {"mnist": PAPER, "celeba": PAPER_FACES, "toyfaces": PAPER_FACES},
}
"""Name to data set to scale."""

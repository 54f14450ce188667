"""Sizes of a reproduction: the papers', or what two cores compute in hours or days.

And that of a comparison of models.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scale:
    """The size of everything that takes time.

    Numbers of examples count from the start of the test set; None means all.

    Attributes:
      name: its name on the command line.
      overrides: training settings that differ from the presets, which are the papers'.
      overrides_by_model: model to further such settings.
      num_generation_examples: examples scored with Eq. 5 and Eq. 6; the judge reads as many real
        images.
      num_likelihood_examples: examples whose likelihoods are estimated with importance weights.
      num_chain_examples: examples scored with Eq. 5 and Eq. 6 after every number of rounds in
        Figure 5.
      num_points: points in each scatter plot of Figure 3, and per condition in Figure 7.
      num_samples: N of Eq. 5, N x N of Eq. 6 (2018 paper, "Evaluation method": 10).
      num_importance_samples: k (2016 paper: 1000 on MNIST, 10 on CelebA).
      num_prior_samples: N_w (2016 paper: 5000 on MNIST, 10 on CelebA).
      num_rounds: the most rounds of iterative sampling in Figures 4, 5 and 6 (2018 paper: 10 on
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

    @property
    def duration(self) -> str:
        """How long everything takes on two cores, in words."""
        return {"quick": "hours", "long": "days"}.get(self.name, "days or weeks")


QUICK = Scale(
    name="quick",
    overrides={"epochs": 20, "warmup_epochs": 4},
    # With a warm-up of 4 epochs, z_2 learns almost nothing about the label: image -> label is -2.6
    # nats instead of -1.2.
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
    PAPER_FACES,
    name="quick",
    num_generation_examples=500,
    num_likelihood_examples=500,
)

# The official partition of 24,000 of the images, with 20,000 for training. With so few images,
# training within hours needs a higher learning rate, and mirroring against overfitting.
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

# A quarter of the papers' 2,000 epochs, with their full warm-up: a run takes less than two hours on
# two cores.
LONG = dataclasses.replace(
    PAPER,
    name="long",
    overrides={
        "epochs": 500,
        "warmup_epochs": 200,
        "checkpoint_every": 10,
        "evaluate_every": 10,
    },
)

LONG_CELEBA = dataclasses.replace(
    QUICK_CELEBA,
    name="long",
    overrides={**QUICK_CELEBA.overrides, "epochs": 24, "warmup_epochs": 6},
)

LONG_TOYFACES = dataclasses.replace(PAPER_FACES, name="long")

COMPARISON = Scale(
    name="comparison",
    overrides={},
    num_likelihood_examples=1000,
    num_importance_samples=100,
    num_prior_samples=1000,
)
"""How compared models are measured: on few enough examples for many models."""

SCALES: Mapping[str, Mapping[str, Scale]] = {
    "quick": {"mnist": QUICK, "celeba": QUICK_CELEBA, "toyfaces": QUICK_TOYFACES},
    "long": {"mnist": LONG, "celeba": LONG_CELEBA, "toyfaces": LONG_TOYFACES},
    "paper": {"mnist": PAPER, "celeba": PAPER_FACES, "toyfaces": PAPER_FACES},
}
"""Maps scale names and data sets to scales."""

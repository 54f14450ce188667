"""The runs that each table and figure needs. This module does not need TensorFlow."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from jmvae_tf.models.registry import MODELS, gan_of
from jmvae_tf.reproduction.scales import Scale
from jmvae_tf.settings import Settings, settings_of


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A run, described by its difference from its model's preset.

    Attributes:
      name: the name of the run's folder.
      model: one of `MODELS`.
      overrides: setting to value, for settings that differ from the preset.
    """

    name: str
    model: str
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def settings(self, data: str, scale: Scale, seed: int) -> Settings:
        """Returns all settings of the run.

        Args:
          data: the name of the data set.
          scale: its settings replace the preset's.
          seed: the seed of all randomness of the run.
        """
        by_model = scale.overrides_by_model.get(self.model, {})
        overrides = {**scale.overrides, **by_model, **self.overrides, "seed": seed}
        return settings_of(self.model, data, overrides)


VAE_RUN = Recipe("vae", "vae")
JMVAE_RUN = Recipe("jmvae", "jmvae")
JMVAE_KL_RUN = Recipe("jmvae_kl", "jmvae_kl")
JMVAE_H_RUN = Recipe("jmvae_h", "jmvae_h")

# One-way models, one run per modality that they generate.
_TARGETS = ("image", "label", "attributes")
CVAE_RUNS = {x: Recipe(f"cvae-{x}", "cvae", {"target": x}) for x in _TARGETS}
CMMA_RUNS = {x: Recipe(f"cmma-{x}", "cmma", {"target": x}) for x in _TARGETS}

# By alpha (2016 paper, Table 1); 1 is the 2018 paper's.
JMVAE_KL_RUNS_BY_ALPHA = {
    0.01: Recipe("jmvae_kl-alpha-0.01", "jmvae_kl", {"alpha": 0.01}),
    0.1: Recipe("jmvae_kl-alpha-0.1", "jmvae_kl", {"alpha": 0.1}),
    1.0: JMVAE_KL_RUN,
}

# Two latent values, to draw them as points (2018 paper, "Visualization of the joint
# representation").
TWO_LATENT_RUNS = {
    recipe.model: Recipe(f"{recipe.name}-latent-2", recipe.model, {"latent_dim": 2})
    for recipe in (JMVAE_RUN, JMVAE_KL_RUN, JMVAE_H_RUN)
}

# On CelebA all models are combined with GANs (2016 paper, "Evaluation method").
GAN_RUNS = {
    recipe.model: Recipe(
        recipe.name.replace(recipe.model, gan_of(MODELS[recipe.model]).name),
        gan_of(MODELS[recipe.model]).name,
        recipe.overrides,
    )
    for recipe in (VAE_RUN, CVAE_RUNS["image"], CMMA_RUNS["image"], JMVAE_KL_RUN)
}

TITLES = {"jmvae": "JMVAE", "jmvae_kl": "JMVAE-kl", "jmvae_h": "JMVAE-h"}
"""Maps each model to its name in the papers."""

TABLES: Mapping[str, tuple[Recipe, ...]] = {
    "2018-1-mnist": (
        *(JMVAE_RUN, JMVAE_KL_RUN, JMVAE_H_RUN),
        *(runs[target] for runs in (CVAE_RUNS, CMMA_RUNS) for target in ("image", "label")),
    ),
    "2018-1-celeba": (
        *(JMVAE_RUN, JMVAE_KL_RUN, JMVAE_H_RUN),
        *(runs[target] for runs in (CVAE_RUNS, CMMA_RUNS) for target in ("image", "attributes")),
    ),
    "2016-1": (
        VAE_RUN,
        CVAE_RUNS["image"],
        CMMA_RUNS["image"],
        JMVAE_RUN,
        *JMVAE_KL_RUNS_BY_ALPHA.values(),
    ),
    "2016-2": (VAE_RUN, CVAE_RUNS["image"], CMMA_RUNS["image"], JMVAE_KL_RUN, *GAN_RUNS.values()),
    "2016-3": (JMVAE_RUN, *JMVAE_KL_RUNS_BY_ALPHA.values()),
}
"""The runs of each table, by the program's name of the table."""

FIGURES: Mapping[str, tuple[Recipe, ...]] = {
    "3": tuple(TWO_LATENT_RUNS.values()),
    "4": (JMVAE_RUN, JMVAE_H_RUN, JMVAE_KL_RUN),
    "5": (JMVAE_RUN, JMVAE_H_RUN, JMVAE_KL_RUN),
    "6": (JMVAE_RUN, JMVAE_H_RUN, JMVAE_KL_RUN),
    # The paper's figure has only JMVAE-kl with a GAN; JMVAE is added for comparison.
    "7": (GAN_RUNS["jmvae_kl"], JMVAE_RUN),
    "8": (GAN_RUNS["jmvae_kl"],),
}
"""The runs of each figure of the 2018 paper."""

_FACES = ("celeba", "toyfaces")
DATA_CHOICES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("2018-1-mnist", "2016-1", "2016-3", "3", "4", "5"), ("mnist",)),
    **dict.fromkeys(("2018-1-celeba", "2016-2", "6", "7", "8"), _FACES),
}
"""The data sets that each table and figure supports, the paper's first."""

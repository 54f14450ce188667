"""The models that can be compared, and their settings. This module does not need TensorFlow."""

from collections.abc import Mapping, Sequence
from typing import Any

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.preset import USUAL_COUNTS, Counts
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.settings import Settings, settings_of

COMPARABLE = tuple(
    name for name, row in PLAIN_MODELS.items() if row.modalities == "target" or not row.has_target
)
"""The models of all modalities, and the VAE of one."""


def recipes_of(seeds: Mapping[str, Sequence[int]]) -> tuple[Recipe, ...]:
    """Returns a recipe for each model and seed: the first seed of all models comes first.

    Args:
      seeds: the seeds of each of `COMPARABLE` to train.
    """
    most = max(map(len, seeds.values()))
    return tuple(
        Recipe(f"{model}-seed-{of_model[turn]}", model, {"seed": of_model[turn]})
        for turn in range(most)
        for model, of_model in seeds.items()
        if turn < len(of_model)
    )


def settings_to_compare(
    recipe: Recipe,
    data: str,
    epochs: int | None,
    manifest: Manifest | None = None,
    counts: Counts = USUAL_COUNTS,
) -> Settings:
    """Returns the settings of a run: its model's preset, as long and warmed up as all others.

    The warm-up is the same share of the epochs as in the preset. No run ends early.

    Args:
      recipe: the model and its seed.
      data: the name of the data.
      epochs: the number of epochs; None for the preset's.
      manifest: what a user's own data are.
      counts: the numbers of their examples.

    Raises:
      UserError: if a model cannot be trained on the data, or a value is out of range.
    """
    usual = settings_of(recipe.model, data, {}, manifest, counts)
    chosen: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    warmup_epochs = round((epochs or usual.epochs) * usual.warmup_epochs / usual.epochs)
    overrides = {"patience": 0, **chosen, "warmup_epochs": warmup_epochs, **recipe.overrides}
    return settings_of(recipe.model, data, overrides, manifest, counts)

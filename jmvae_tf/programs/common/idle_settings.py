"""Refuses settings that a user gave and that would do nothing."""

from collections.abc import Collection

from jmvae_tf.models.adversaries import parts
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings


def check_used(settings: Settings, given: Collection[str]) -> None:
    """Checks that each setting that the user gave is used.

    Args:
      settings: the settings of a new run.
      given: the names of the settings that the user gave; presets may have more than are used.

    Raises:
      UserError: if one has no effect beside the others.
    """
    if "flipped_images" in given and not settings.flips:
        raise _idle(settings, "flipped_images", "says which images --flips mirrors", "flips")
    if "num_subsets" in given and len(settings.decoders) < 3:
        raise UserError(
            "--num_subsets counts random subsets of three or more modalities",
            f"--num_subsets={settings.num_subsets} with {' and '.join(settings.decoders)}",
            "leave it out",
        )
    of_one_sample = settings.num_samples == 1 and settings.mean_of_weights is None
    if "gradient" in given and of_one_sample and settings.gradient != "plain":
        raise _idle(settings, "gradient", "is one of several samples", "num_samples")
    if "feed_back" in given and settings.num_rounds == 1:
        rule = "says what later rounds start from"
        raise _idle(settings, "feed_back", rule, "num_rounds")
    for name in ("layer_encoder", "layer_prior"):
        if name in given and settings.num_layers == 1:
            raise _idle(settings, name, "is between two layers", "num_layers")
    if "anneal_alpha" in given and settings.anneal_alpha:
        for beside in ("warmup_epochs", "alpha"):
            if not getattr(settings, beside):
                rule = "lets the warm-up's weight multiply alpha"
                raise _idle(settings, "anneal_alpha", rule, beside)
    if settings.adversary is None:
        return
    adversary = parts.adversary_of(settings.adversary)
    if {"r1", "zero_centred"} <= adversary.parts:
        raise UserError(
            "zero_centred is r1 at real images, and the same at generated ones",
            f"--adversary={settings.adversary}",
            "leave r1 out",
        )
    if "penalty_weight" in given and not adversary.penalised:
        rule = "is the weight of the adversary's part r1 or zero_centred"
        raise _idle(settings, "penalty_weight", rule, "adversary", "r1")
    if "similarity_weight" in given and "similarity" not in adversary.parts:
        rule = "is the weight of the adversary's part similarity"
        raise _idle(settings, "similarity_weight", rule, "adversary", "similarity")
    if "decoder_learning_rate" in given and not settings.adversary_after:
        rule = "is used after --adversary_after epochs"
        raise _idle(settings, "decoder_learning_rate", rule, "adversary_after")


def _idle(settings: Settings, name: str, rule: str, beside: str, missing: str = "") -> UserError:
    """Returns the error of a setting that needs something of another one."""
    add = {
        "flips": "--flips",
        "adversary_after": "--adversary_after=EPOCHS",
        "num_samples": "--num_samples=K",
        "num_rounds": "--num_rounds=ROUNDS",
        "num_layers": "--num_layers=L",
        "warmup_epochs": "--warmup_epochs=EPOCHS",
        "alpha": "--alpha=WEIGHT",
    }.get(beside, f"--adversary={settings.adversary}+{missing}")
    return UserError(
        f"--{name} {rule}",
        f"--{name}={getattr(settings, name)} with --{beside}={getattr(settings, beside)}",
        f"add {add}, or leave --{name} out",
    )

"""Reads which models are compared, before TensorFlow is loaded."""

from collections.abc import Sequence

from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common.shared_flags import check_once
from jmvae_tf.reproduction.compared_models import COMPARABLE
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.runtime.rules import A_SEED


def read_models(models: Sequence[str], seeds: Sequence[str]) -> dict[str, list[int]]:
    """Returns the seeds of each model.

    Args:
      models: names, NAME:N for a model that is trained with the first N of the seeds only.
      seeds: whole numbers.

    Raises:
      UserError: if a name is unknown or stands for no model that can be compared, or a name or a
        seed comes twice or is none.
    """
    numbers = [_seed(text) for text in seeds]
    check_once("seeds", numbers)
    if not numbers or not models:
        flag = "seeds" if models else "models"
        raise UserError(f"--{flag} names at least one", f"--{flag}=", "leave it out, or add one")
    named = [text.partition(":") for text in models]
    check_once("models", [name for name, _, _ in named])
    return {name: numbers[: _number(name, of, text, len(numbers))] for name, of, text in named}


def _number(name: str, separator: str, text: str, available: int) -> int:
    """Returns how many seeds a model has."""
    if name in MODELS and name not in COMPARABLE:
        row = MODELS[name]
        why = "needs a discriminator" if row.is_gan else "generates one modality from the others"
        raise UserError(
            "All models of a comparison have the same networks, and generate all modalities",
            f"--models with {name}, which {why}",
            "leave it out",
        )
    check_choice("models", name, COMPARABLE)
    if not separator:
        return available
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= available):
        raise UserError(
            f"NAME:N of --models is a model with the first N of the {available} seeds",
            f"--models={name}:{text}",
            f"write a number from 1 to {available}, or add --seeds",
        )
    return int(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and A_SEED.holds(int(text[:19]))):
        raise UserError(f"A seed must be {A_SEED.text}", f"--seeds with {text}", "change it")
    return int(text)

"""Defines a flag for every setting of the presets."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from absl import flags

from jmvae_tf.models.registry import MODELS
from jmvae_tf.presets import preset_values
from jmvae_tf.programs.common import help_text
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings, setting_fields

_DEFINE: dict[Any, Callable[..., Any]] = {
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    bool: flags.DEFINE_bool,
    str: flags.DEFINE_string,
}


_GROUPS = {
    "Basic": ("epochs", "seed"),
    "Data": (
        *("split", "translated", "image_size", "crop", "flips", "flipped_images"),
        *("incomplete", "balance", "complete_share"),
    ),
    "Model": (
        *("target", "latent_dim", "joint_encoder", "encoders", "decoders", "discriminator"),
        *("posterior", "num_layers", "layer_encoder", "layer_prior"),
        *("missing", "num_rounds", "feed_back"),
    ),
    "Hardware": ("precision", "jit_compile", "steps_per_execution"),
}
"""The headings of --help and their settings; all others are of training."""
_LONGEST_PRESETS = 120
"""Characters; longer texts of presets are left out of --help."""


def define() -> None:
    """Defines the flags; a flag that is not given is None, which keeps the preset's value."""
    kinds = typing.get_type_hints(Settings)
    for field in setting_fields():
        define_flag = _DEFINE.get(_kind(kinds[field.name]), flags.DEFINE_list)
        text = f"{field.metadata['help']}{_presets(field)}"
        holder = define_flag(field.name, None, text)
        group = next((x for x, names in _GROUPS.items() if field.name in names), "Training")
        help_text.put_into_group(group, holder)


def _presets(field: dataclasses.Field) -> str:
    """Returns the values of a setting that presets have, in brackets behind a space, if short."""
    values = preset_values(field.name, field.default)
    texts = {where: _as_flag(value) for where, value in values.items() if value is not None}
    if not texts:
        return ""
    of_data = {value for where, value in texts.items() if where not in MODELS}
    shared = of_data if len(of_data) == 1 else set()
    named = [f"{where}: {x}" for where, x in texts.items() if where in MODELS or not shared]
    text = ", ".join([*shared, *named])
    return f" [{text}]" if len(text) <= _LONGEST_PRESETS else ""


def _as_flag(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={x}" for name, x in value.items())
    return str(round(value, 6) if isinstance(value, float) else value)


def given_settings() -> dict[str, Any]:
    """Returns setting to value for the flags that the user gave.

    Raises:
      UserError: if a list does not consist of MODALITY=VALUE, or a value has the wrong type.
    """
    kinds = typing.get_type_hints(Settings)
    values = {field.name: flags.FLAGS[field.name].value for field in setting_fields()}
    return {
        name: _as_mapping(name, value, typing.get_args(_kind(kinds[name]))[1])
        if isinstance(value, list)
        else value
        for name, value in values.items()
        if value is not None
    }


def _kind(hint: Any) -> Any:
    """Returns the type in a hint such as `float | None`, or the hint itself."""
    return typing.get_args(hint)[0] if isinstance(hint, types.UnionType) else hint


def _as_mapping(flag: str, items: list[str], kind: Callable[[str], Any]) -> dict[str, Any]:
    pairs = [item.partition("=") for item in items]
    try:
        if not all(name and value for name, _, value in pairs):
            raise ValueError
        return {name: kind(value) for name, _, value in pairs}
    except ValueError:
        what = "a number" if kind is float else "a notation such as D512R-D512R"
        raise UserError(
            f"--{flag} is a list of MODALITY=VALUE, the value {what}",
            f"--{flag}={','.join(items)}",
            f"see --help for {flag}",
        ) from None

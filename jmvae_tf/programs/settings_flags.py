"""A flag for every setting of the presets."""

import types
import typing
from collections.abc import Callable
from typing import Any

from absl import flags

from jmvae_tf.errors import UserError
from jmvae_tf.presets import Settings, setting_fields

_DEFINE: dict[Any, Callable[..., Any]] = {
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    bool: flags.DEFINE_bool,
    str: flags.DEFINE_string,
}


def define() -> None:
    """Defines the flags; unless given they are None, which leaves the preset's value."""
    kinds = typing.get_type_hints(Settings)
    for field in setting_fields():
        description = f"{field.metadata['help']} (preset)"
        kind = _kind(kinds[field.name])
        _DEFINE.get(kind, flags.DEFINE_list)(field.name, None, description)


def given() -> dict[str, Any]:
    """Setting to value for the flags that the user gave.

    Raises:
      UserError: if a list is not one of MODALITY=NOTATION.
    """
    values = {field.name: flags.FLAGS[field.name].value for field in setting_fields()}
    return {
        name: _as_mapping(name, value) if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None
    }


def _kind(hint: Any) -> Any:
    """The type in a hint such as `float | None`, or the hint itself."""
    return typing.get_args(hint)[0] if isinstance(hint, types.UnionType) else hint


def _as_mapping(flag: str, items: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in items]
    if not all(name and value for name, _, value in pairs):
        raise UserError(
            f"--{flag} is a list of MODALITY=NOTATION",
            f"--{flag}={','.join(items)}",
            f"write --{flag}=image=D512R-D512R,label=D512R",
        )
    return {name: value for name, _, value in pairs}

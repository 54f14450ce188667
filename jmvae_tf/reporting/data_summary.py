"""Counts the examples of a data set and what they lack, for metrics.json and model cards."""

from typing import Any

import tensorflow as tf

from jmvae_tf.data.data_set import PARTS, DataSet
from jmvae_tf.modalities import observed_key
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.observed import Observed
from jmvae_tf.runtime.errors import UserError


def summary_of(model: MultimodalVAE, data: DataSet) -> dict[str, Any]:
    """Returns the numbers of examples in JSON.

    Returns:
      "examples" maps each part to its number of examples. If anything may be missing, "observed"
      maps each modality to the numbers of examples that have something of it. If the bound leaves
      examples out, "left_out" maps each part to their number.
    """
    summary: dict[str, Any] = {"examples": {part: data.num_examples(part) for part in PARTS}}
    if any(data.masks(part) for part in PARTS):
        observed = {part: data.observed(part) for part in PARTS}
        summary["observed"] = {
            name: {
                part: int(rows[name].sum()) for part, rows in observed.items() if len(rows[name])
            }
            for name in data.modalities
        }
    left_out = numbers_left_out(model, data)
    return summary | ({"left_out": left_out} if any(left_out.values()) else {})


def numbers_left_out(model: MultimodalVAE, data: DataSet) -> dict[str, int]:
    """Counts the examples of each part that the bound leaves out, as they lack what it needs."""
    return {part: _number_left_out(model, data, part) for part in PARTS if data.num_examples(part)}


def _number_left_out(model: MultimodalVAE, data: DataSet, part: str) -> int:
    masks, observed = data.masks(part), data.observed(part)
    names = [name for name in model.modalities if observed_key(name) in masks]
    rows = {name: tf.constant(observed[name]) for name in names}
    counted = model.rows_of_term("bound", Observed({}, rows))
    return 0 if counted is None else int((~counted.numpy()).sum())


def note_on_left_out(model: MultimodalVAE, data: DataSet) -> str:
    """Returns a sentence on the examples that the bound leaves out; an empty string if none.

    Raises:
      UserError: if no example of the training or the test set is left.
    """
    left_out = numbers_left_out(model, data)
    needed = _needed(model)
    for part in ("train", "test"):
        if left_out.get(part) == (number := data.num_examples(part)):
            raise UserError(
                f"This model needs examples with {needed}",
                f"none among {number} for {part}",
                "choose another --target, or a --model that takes examples with gaps",
            )
    if not any(left_out.values()):
        return ""
    numbers = ", ".join(
        f"{number} of {data.num_examples(part)} for {part}" for part, number in left_out.items()
    )
    return f"rows without {needed}, which this model leaves out: {numbers}"


def _needed(model: MultimodalVAE) -> str:
    """Names the modalities of which an example needs each; without conditions there is one."""
    *others, last = model.modalities
    return f"{', '.join(others)} and {last}" if others else last

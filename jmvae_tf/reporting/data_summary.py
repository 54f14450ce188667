"""Counts the examples of a data set and what they lack, for metrics.json and model cards."""

from typing import Any

from jmvae_tf.data.data_set import PARTS, DataSet


def summary_of(data: DataSet) -> dict[str, Any]:
    """Returns the numbers of examples in JSON.

    Returns:
      "examples" maps each part to its number of examples. If anything may be missing, "observed"
      maps each modality to the numbers of examples that have something of it.
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
    return summary

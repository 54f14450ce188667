"""Finds the values of a metrics.json in what a program prints."""

import re
from typing import Any

from jmvae_tf.evaluation.estimate import Estimate, mean_as_text, value_from_json


def is_printed(metric: Any, printed: str) -> bool:
    """Tells whether a metric ends a line, or is a cell of a table."""
    value = value_from_json(metric)
    texts = [str(value)]
    if isinstance(value, Estimate):
        texts = [str(value), mean_as_text(value)]
        if "examples" in metric:
            texts[0] += f"  of {metric['examples']} examples"
    return any(re.search(rf"  {re.escape(text)}(  |$)", printed, re.MULTILINE) for text in texts)

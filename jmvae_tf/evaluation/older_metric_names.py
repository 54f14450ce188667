"""Maps names of metrics in files of earlier versions to the current names."""

import re
from collections.abc import Mapping
from typing import Any

# Until 0.3 a name contained the number of the equation: Eq. 5, or Eq. 6 for JMVAE-h.
_EQUATION = re.compile(r"_eq[56](?=(_weighted)?$)")


def with_current_names(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the same values under the current names.

    Args:
      metrics: name to value, from a metrics.json or a run's measures.
    """
    return {_EQUATION.sub("_log_likelihood", name): value for name, value in metrics.items()}

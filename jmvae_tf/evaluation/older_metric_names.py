"""Names of metrics in files that earlier versions wrote, mapped to today's."""

import re
from collections.abc import Mapping
from typing import Any

# Until 0.3 a name had the number of the equation: Eq. 5, or Eq. 6 of JMVAE-h.
_EQUATION = re.compile(r"_eq[56](?=(_weighted)?$)")


def with_current_names(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The same values under today's names.

    Args:
      metrics: name to value, as a metrics.json or a run's measures have them.
    """
    return {_EQUATION.sub("_log_likelihood", name): value for name, value in metrics.items()}

"""Which terms of an objective cannot be: they tell of broken data or of a broken model."""

import math
from collections.abc import Mapping

from jmvae_tf.modalities import Modality

_PARTS = ("val_", "test_")
_ROUNDING = 1e-5  # Of the log-probability of one value, nats; float32.

RULE = "Every term must be finite, and no log-probability of discrete values above 0"


def impossible(
    terms: Mapping[str, float], modalities: Mapping[str, Modality] | None = None
) -> dict[str, str]:
    """The terms that are not finite, and log-probabilities of discrete values above 0.

    The latter come of values that the likelihood does not know, such as levels up to 255 where it
    has 0 and 1. Densities may be above 1, and their logarithms above 0.

    Args:
      terms: name to value, nats; the names are those of `objectives`, perhaps with what Keras puts
        before those of other parts of the data.
      modalities: of the model; None if they are not known.

    Returns:
      Name of each such term to what is wrong with it.
    """
    highest = {
        f"{part}log_p_{name}": _ROUNDING * math.prod(modality.event_shape)
        for name, modality in (modalities or {}).items()
        if modality.likelihood.is_discrete
        for part in ("", *_PARTS)
    }
    found = {}
    for name, value in terms.items():
        if not math.isfinite(value):
            found[name] = f"{name} = {value}"
        elif value > highest.get(name, math.inf):
            found[name] = f"{name} = {value:.6g}, from values that its likelihood cannot have"
    return found

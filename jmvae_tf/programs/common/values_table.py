"""Tables of what was read of an example: a label's probabilities, attributes or other values."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.interface.described_modality import DescribedModality
    from jmvae_tf.modalities import Modality

    Shown = Modality | DescribedModality


def print_table(modality: "Shown", values: "np.ndarray") -> None:
    """Prints the values of one example by name; attributes from the surest yes to the surest no."""
    if modality.kind == "attributes":
        print(f"{modality.name}: {shown_attributes(modality, values)}")
        width = max(map(len, modality.value_names))
        for place in (-values).argsort(kind="stable"):
            verdict = "yes" if values[place] > modality.threshold else "no"
            print(f"  {modality.value_names[place]:<{width}} {values[place]:z7.3f}  {verdict}")
        return
    if modality.kind == "label":
        print(likeliest(modality, values[None]))
    else:
        print(f"{modality.name}:")
    for name, value in zip(names_of(modality), values.ravel(), strict=True):
        print(f"  {name:<12} {value:.4f}")


def shown_attributes(modality: "Shown", values: "np.ndarray") -> str:
    """The attributes that an example has, in their order."""
    names = zip(modality.value_names, values, strict=True)
    return ", ".join(name for name, value in names if value > modality.threshold) or "none"


def likeliest(modality: "Shown", values: "np.ndarray") -> str:
    """The class that each of several examples, [examples, classes], most likely is."""
    names = " ".join(names_of(modality)[index] for index in values.argmax(axis=-1))
    return f"{modality.name}: likeliest {names}"


def names_of(modality: "Shown") -> Sequence[str]:
    """The names of the values, in order; their numbers where they have none."""
    return modality.value_names or tuple(map(str, range(math.prod(modality.event_shape))))

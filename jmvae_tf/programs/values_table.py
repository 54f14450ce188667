"""Tables of what was read of an example: a label's probabilities, or attributes by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.described_modality import DescribedModality
    from jmvae_tf.modalities import Modality

    Shown = Modality | DescribedModality


def print_table(modality: "Shown", values: "np.ndarray") -> None:
    """Prints the values of one example by name; attributes from the surest yes to the surest no."""
    if modality.shown_as == "attributes":
        print(f"{modality.name}: {shown_attributes(modality, values)}")
        width = max(map(len, modality.value_names))
        for place in (-values).argsort(kind="stable"):
            verdict = "yes" if values[place] > 0 else "no"
            print(f"  {modality.value_names[place]:<{width}} {values[place]:z7.3f}  {verdict}")
        return
    print(likeliest(modality, values[None]))
    for name, value in zip(_names(modality), values, strict=True):
        print(f"  {name:<12} {value:.4f}")


def shown_attributes(modality: "Shown", values: "np.ndarray") -> str:
    """The attributes that an example has, in their order."""
    names = zip(modality.value_names, values, strict=True)
    return ", ".join(name for name, value in names if value > 0) or "none"


def likeliest(modality: "Shown", values: "np.ndarray") -> str:
    """The class that each of several examples, [examples, classes], is told to be."""
    names = " ".join(_names(modality)[index] for index in values.argmax(axis=-1))
    return f"{modality.name}: likeliest {names}"


def _names(modality: "Shown") -> Sequence[str]:
    return modality.value_names or tuple(map(str, range(modality.event_shape[0])))

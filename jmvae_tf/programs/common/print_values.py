"""Prints the values of examples: a label's probabilities, attributes or other values."""

from typing import TYPE_CHECKING

import numpy as np

from jmvae_tf.export_format.value_names import names_or_numbers

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Shown = Modality | DescribedModality


def print_table(modality: "Shown", values: np.ndarray) -> None:
    """Prints the values of one example by name; attributes from certain yes to certain no."""
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
    for name, value in zip(names_or_numbers(modality), values.ravel(), strict=True):
        print(f"  {name:<12} {value:.4f}")


def print_samples(modality: "Shown", samples: np.ndarray) -> None:
    """Prints the values of several examples, [examples, *event_shape], briefly."""
    if modality.kind == "attributes":
        print(f"{modality.name}:")
        for number, sample in enumerate(samples, 1):
            print(f"  {number:<3} {shown_attributes(modality, sample)}")
    elif modality.kind == "label":
        print(likeliest(modality, samples))
    else:
        for sample in samples:
            print_table(modality, sample)


def shown_attributes(modality: "Shown", values: np.ndarray) -> str:
    """Lists the attributes that an example has, in order."""
    names = zip(modality.value_names, values, strict=True)
    return ", ".join(name for name, value in names if value > modality.threshold) or "none"


def likeliest(modality: "Shown", values: np.ndarray) -> str:
    """Lists the likeliest class of each of several examples, [examples, classes]."""
    names = " ".join(names_or_numbers(modality)[index] for index in values.argmax(axis=-1))
    return f"{modality.name}: likeliest {names}"

"""Prints the values of examples by kind: probabilities, attributes, numbers, texts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from jmvae_tf.export_format.texts import texts_of_events
from jmvae_tf.export_format.value_names import names_or_numbers

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Shown = Modality | DescribedModality

_MOST_CLASSES, _LIKELIEST = 20, 10  # Of more classes, only the likeliest are listed.


def print_table(modality: "Shown", values: np.ndarray) -> None:
    """Prints the values of one example by name.

    Attributes have their probabilities, like those that `bin/complete` writes, the highest first.
    """
    if modality.kind == "attributes":
        print(f"{modality.name}: {shown_attributes(modality, values)}")
        width = max(map(len, modality.value_names))
        chances = modality.probability_of_yes(values)
        print(f"  {'':<{width}} probability of yes")
        for place in (-values).argsort(kind="stable"):
            verdict = "yes" if values[place] > modality.threshold else "no"
            print(f"  {modality.value_names[place]:<{width}} {chances[place]:.3f}  {verdict}")
        return
    if modality.kind == "text":
        print(f"{modality.name}: {shown_text(modality, values)}")
        return
    if modality.kind == "array":
        print(f"{modality.name}: {shown_array(values)}")
        return
    names = names_or_numbers(modality)
    if modality.kind == "label":
        print(likeliest(modality, values[None]))
        if len(names) > _MOST_CLASSES:
            _print_likeliest(names, values)
            return
    else:
        print(f"{modality.name}:")
    width = max(12, *map(len, names)) if modality.kind == "numbers" else 12
    for name, value in zip(names, values.ravel(), strict=True):
        # Columns of a table have units of their own; other values are about 1.
        shown = f"{value:.5g}" if modality.kind == "numbers" else f"{value:.4f}"
        print(f"  {name:<{width}} {shown}")


def _print_likeliest(names: Sequence[str], probabilities: np.ndarray) -> None:
    first, rest = np.split((-probabilities).argsort(kind="stable"), [_LIKELIEST])
    width = max(len(names[place]) for place in first)
    for place in first:
        print(f"  {names[place]:<{width}} {probabilities[place]:.4f}")
    print(f"  {len(rest)} other classes together {probabilities[rest].sum():.4f}")


def print_samples(modality: "Shown", samples: np.ndarray, heading: str = "") -> None:
    """Prints the values of several examples, [examples, *event_shape], briefly.

    Args:
      modality: what they are of.
      samples: the examples.
      heading: what to call them in their heading; empty: by the modality's name alone.
    """
    if modality.kind == "label":
        print(likeliest(modality, samples))
    elif modality.kind in _IN_A_LINE:
        print(f"{modality.name}{heading and f', {heading}'}:")
        for number, sample in enumerate(samples, 1):
            print(f"  {number:<3} {_IN_A_LINE[modality.kind](modality, sample)}")
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


def shown_numbers(modality: "Shown", values: np.ndarray) -> str:
    """Lists the values of an example by name, in the data's units."""
    names = zip(names_or_numbers(modality), values.ravel(), strict=True)
    return ", ".join(f"{name} {value:.5g}" for name, value in names)


def shown_text(modality: "Shown", values: np.ndarray) -> str:
    """Returns the likeliest text of an example, [length, symbols]."""
    [text] = texts_of_events(values[np.newaxis], modality.value_names)
    return text


def shown_array(values: np.ndarray) -> str:
    """Describes an example that has too many values to list."""
    size = "x".join(map(str, values.shape))
    return f"{size} values from {values.min():.5g} to {values.max():.5g}, mean {values.mean():.5g}"


_IN_A_LINE: dict[str, Callable[["Shown", np.ndarray], str]] = {
    "attributes": shown_attributes,
    "numbers": shown_numbers,
    "text": shown_text,
    "array": lambda _, values: shown_array(values),
}

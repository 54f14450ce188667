"""Texts as models take and give them: one-hot at each place, the end mark from their end on."""

from collections.abc import Sequence

import numpy as np

from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.runtime.errors import one_line


def places_of_texts(texts: Sequence[str], symbols: Sequence[str], length: int) -> np.ndarray:
    """Finds the number of the symbol at each place of texts.

    Args:
      texts: the texts, of at most `length` characters each.
      symbols: the modality's value names, single characters and at last the end mark.
      length: the number of places.

    Returns:
      Whole numbers of the smallest type that holds them, [texts, length].

    Raises:
      ValueError: if a text is too long, or has a character that is no symbol.
    """
    end = len(symbols) - 1
    number = {symbol: index for index, symbol in enumerate(symbols) if symbol != END_MARK}
    places = np.full((len(texts), length), end, np.min_scalar_type(end))
    for row, text in zip(places, texts, strict=True):
        if len(text) > length:
            raise ValueError(
                f"A text has at most {length} characters. "
                f"Received: {len(text)} in {one_line(repr(text))}"
            )
        unknown = sorted(set(text) - number.keys())
        if unknown:
            raise ValueError(
                f"A text has only characters among {''.join(number)!r}. "
                f"Received: {one_line(repr(''.join(unknown)))} in {one_line(repr(text))}"
            )
        row[: len(text)] = [number[character] for character in text]
    return places


def events_of_texts(texts: Sequence[str], symbols: Sequence[str], length: int) -> np.ndarray:
    """Makes the events of texts, float32 [texts, length, symbols]; as for `places_of_texts`."""
    return one_hot(places_of_texts(texts, symbols, length), len(symbols))


def texts_of_events(events: np.ndarray, symbols: Sequence[str]) -> list[str]:
    """Reads texts off events or means: the likeliest symbol of each place, up to the end mark.

    Args:
      events: one-hot or probabilities, [texts, length, symbols].
      symbols: see `places_of_texts`.
    """
    end = len(symbols) - 1
    return [
        "".join(symbols[symbol] for symbol in row[: np.argmax(np.append(row, end) == end)])
        for row in np.argmax(events, axis=-1)
    ]

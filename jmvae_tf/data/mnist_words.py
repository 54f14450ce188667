"""MNIST with a third modality: the word for the digit, somewhere in eight places.

Words are drawn when the data are loaded, which takes no time to speak of. MoPoE's authors have such
a modality beside MNIST and SVHN (Sutter et al. 2021, arXiv 2105.02470). Theirs is 71 symbols wide
and has blanks on both sides of a word. Here a word ends with the end mark of a text, which says as
much as blanks there. So a word can be given as it is, without blanks.
"""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.data import mnist
from jmvae_tf.data.data_set import PARTS, Arrays, DataSet
from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.likelihoods import CategoricalSequence
from jmvae_tf.modalities import Modality

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""The word for each label."""

NUM_PLACES = 8

_BLANK = " "

SYMBOLS = (_BLANK, *sorted(set("".join(WORDS))), END_MARK)
"""What can stand at a place: the blank first, the end mark last."""


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """Loads MNIST and draws a word for each digit, with a seed for each part.

    Args:
      data_dir: see `mnist.load`.
      split: see `mnist.load`.

    Raises:
      UserError: as `mnist.load`.
    """
    digits = mnist.load(data_dir, split)
    train, validation, test = (
        _with_words(getattr(digits, part), seed) for seed, part in enumerate(PARTS)
    )
    word = Modality(
        "word",
        (NUM_PLACES, len(SYMBOLS)),
        CategoricalSequence(),
        kind="text",
        value_names=SYMBOLS,
    )

    def prepare(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {
            **digits.prepare(stored),
            "word": tf.one_hot(tf.cast(stored["word"], tf.int32), len(SYMBOLS)),
        }

    return dataclasses.replace(
        digits,
        name="mnist_words",
        modalities={**digits.modalities, "word": word},
        train=train,
        validation=validation,
        test=test,
        prepare=prepare,
    )


def draw_words(labels: np.ndarray, seed: int) -> np.ndarray:
    """Draws where the words begin, uniformly among the places that leave room for them.

    Args:
      labels: integers from 0 to 9, [examples].
      seed: 0 or more.

    Returns:
      Indices into `SYMBOLS`, uint8 [examples, NUM_PLACES]: blanks, the word, and end marks.
    """
    lengths = np.array([*map(len, WORDS)])[labels]
    starts = np.random.default_rng(seed).integers(0, NUM_PLACES - lengths, endpoint=True)
    spelt = np.array([_symbols_of(word) for word in WORDS], np.uint8)[labels]
    places = np.arange(NUM_PLACES) - starts[:, np.newaxis]
    drawn = np.take_along_axis(spelt, np.maximum(places, 0), axis=1)
    return np.where(places < 0, np.uint8(SYMBOLS.index(_BLANK)), drawn)


def _with_words(stored: Arrays, seed: int) -> Arrays:
    """Adds words to a part of MNIST, which may be empty."""
    return {**stored, "word": draw_words(np.asarray(stored["label"]), seed)} if stored else {}


def _symbols_of(word: str) -> list[int]:
    """Returns a word in the first places."""
    written = [*word, *[END_MARK] * (NUM_PLACES - len(word))]
    return [SYMBOLS.index(symbol) for symbol in written]

"""MNIST with words: what words there are, where they stand, and that all else is MNIST's."""

import zlib

import numpy as np
import pytest

from jmvae_tf.data import mnist, mnist_words, registry

PAPER = {"split": "paper"}


def _texts(symbols):
    """Texts as they are written, without the end mark."""
    names = mnist_words.SYMBOLS[:-1]
    return ["".join(names[x] for x in row if x < len(names)) for row in symbols]


def test_the_digits_are_those_of_mnist_and_the_words_are_theirs(idx_dir, monkeypatch):
    monkeypatch.setattr(mnist, "NUM_TRAINED", 4)
    loaded = registry.load("mnist_words", idx_dir, PAPER)
    plain = registry.load("mnist", idx_dir, PAPER)
    assert loaded.name == "mnist_words"
    assert list(loaded.modalities) == ["image", "label", "word"]
    for part in ("train", "validation", "test"):
        of_part, of_mnist = getattr(loaded, part), getattr(plain, part)
        for name, array in of_mnist.items():
            np.testing.assert_array_equal(of_part[name], array)
        words = [text.lstrip() for text in _texts(of_part["word"])]
        assert words == [mnist_words.WORDS[label] for label in of_mnist["label"]]


def test_prepared_words_are_texts_that_a_model_can_learn(idx_dir):
    loaded = registry.load("mnist_words", idx_dir, {"split": "authors"})
    assert not loaded.validation
    prepared = loaded.prepare(loaded.train)
    assert prepared["word"].shape == (6, 8, len(mnist_words.SYMBOLS))
    for name, modality in loaded.modalities.items():
        modality.check_examples(np.round(prepared[name]))


def test_a_word_begins_anywhere_with_equal_chances():
    labels = np.repeat(np.arange(10), 2000)
    texts = np.reshape(_texts(mnist_words.draw_words(labels, 0)), (10, 2000))
    for word, drawn in zip(mnist_words.WORDS, texts, strict=True):
        places, counts = np.unique([text.index(word) for text in drawn], return_counts=True)
        assert places.tolist() == list(range(9 - len(word)))
        expected = 2000 / len(places)
        # Six standard deviations of a binomial count.
        assert np.abs(counts - expected).max() < 6 * np.sqrt(expected)


def test_words_are_the_same_each_time_and_differ_between_seeds():
    labels = np.repeat(np.arange(10, dtype=np.uint8), 5)
    first, again, other = (mnist_words.draw_words(labels, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert zlib.crc32(first.tobytes()) == 1672650562  # On every machine and with every version.


@pytest.mark.parametrize("name", ["mnist_words", "polydigits"])
def test_without_validation_digits_there_are_no_examples_of_them(idx_dir, name):
    """The first 50,000 digits train, and the small files have fewer."""
    options = PAPER | ({"translated": True} if name == "polydigits" else {})
    loaded = registry.load(name, idx_dir, options)
    assert [loaded.num_examples(part) for part in ("train", "validation", "test")] == [6, 0, 4]

"""Texts become one-hot places and back."""

import numpy as np
import pytest

from jmvae_tf.export_format.texts import events_of_texts, places_of_texts, texts_of_events
from jmvae_tf.likelihoods import CategoricalSequence

SYMBOLS = (*"abc é", "<end>")


def test_texts_come_back():
    texts = ["", "a", "cab é", "aaaaaa"]
    events = events_of_texts(texts, SYMBOLS, 6)
    assert events.shape == (4, 6, 6)
    assert events.dtype == np.float32
    assert CategoricalSequence().fault_of(events) is None
    assert texts_of_events(events, SYMBOLS) == texts
    assert texts_of_events(0.4 * events + 0.1, SYMBOLS) == texts
    places = places_of_texts(texts, SYMBOLS, 6)
    assert places.dtype == np.uint8
    np.testing.assert_array_equal(places[2], [2, 0, 1, 3, 4, 5])
    assert places_of_texts(["a"], [*map(chr, range(97, 500)), "<end>"], 1).dtype == np.uint16
    assert events_of_texts([], SYMBOLS, 6).shape == (0, 6, 6)


def test_texts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"at most 3 characters. Received: 4 in 'abca'"):
        places_of_texts(["abca"], SYMBOLS, 3)
    with pytest.raises(ValueError, match=r"among 'abc é'. Received: 'xz' in 'zax'"):
        places_of_texts(["a", "zax"], SYMBOLS, 3)

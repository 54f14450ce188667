"""Digits in five views: which digits they show, and how images are put together."""

import zlib

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import mnist, registry
from jmvae_tf.data.polydigits import VIEWS, loading, textures
from jmvae_tf.likelihoods import Laplace

BYTES = 98


def _options(translated=False, split="paper"):
    return {"split": split, "translated": translated}


def _ink(view):
    """The digits of stored images, bool [examples, 28, 28]."""
    return np.unpackbits(view[:, :BYTES], axis=1).reshape(-1, 28, 28).astype(bool)


def _sorted(ink, labels):
    """Digits with their labels, in an order of their own."""
    return sorted((int(label), digit.tobytes()) for label, digit in zip(labels, ink, strict=True))


@pytest.fixture
def digits(rng):
    """Images of noise, all different, and their labels."""
    return rng.integers(0, 256, (200, 28, 28, 1), np.uint8), rng.integers(0, 10, 200, np.uint8)


def test_every_view_shows_each_digit_of_its_part_once_beside_its_label(idx_dir, monkeypatch):
    monkeypatch.setattr(mnist, "NUM_TRAINED", 4)
    loaded = registry.load("polydigits", idx_dir, _options())
    plain = registry.load("mnist", idx_dir, {"split": "paper"})
    for part in ("train", "validation", "test"):
        views, of_mnist = getattr(loaded, part), getattr(plain, part)
        np.testing.assert_array_equal(views["label"], of_mnist["label"])
        expected = _sorted(of_mnist["image"][..., 0] >= 128, of_mnist["label"])
        for name in VIEWS:
            assert _sorted(_ink(views[name]), views["label"]) == expected


def test_views_show_different_digits_in_front_of_different_places(digits):
    ink = digits[0][..., 0] >= 128
    first, again, other = (loading.draw_view(ink, digits[1], (0, x)) for x in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    # Of a label there are about twenty digits, one of which may come twice.
    assert (first[:, :BYTES] != other[:, :BYTES]).any(axis=1).mean() > 0.8
    assert (first[:, BYTES:] != other[:, BYTES:]).any(axis=1).mean() > 0.9
    assert first[:, BYTES:].min() < 10
    assert 90 < first[:, BYTES:].max() <= textures.TEXTURE_SIDE - 28


@pytest.mark.parametrize(("side", "expected"), [(28, "7e3e8fff"), (21, "6f05b08f")])
def test_views_are_the_same_on_every_machine_and_with_every_version(side, expected):
    ink = np.arange(60 * side * side).reshape(60, side, side) * 7919 % 11 < 4
    drawn = loading.draw_view(ink, np.arange(60) % 10, (1, 2))
    assert f"{zlib.crc32(drawn.tobytes()):08x}" == expected


@pytest.mark.parametrize("name", VIEWS)
def test_where_the_digit_is_colours_are_complements(digits, name):
    stored = loading.draw_view(digits[0][..., 0] >= 128, digits[1], (0, 0))
    images = loading.image_of(name, tf.constant(stored)).numpy()
    texture = textures.draw_texture(name)
    for image, ink, (row, column) in zip(images, _ink(stored), stored[:, BYTES:], strict=True):
        behind = texture[row:, column:][:28, :28]
        expected = np.where(ink[..., np.newaxis], 255 - behind, behind)
        np.testing.assert_allclose(255 * image, expected, atol=1e-4)


def test_translated_digits_are_smaller_and_anywhere(idx_dir, monkeypatch):
    square = np.zeros((400, 28, 28, 1), np.uint8)
    square[:, 4:24, 8:20] = 255  # In the middle; three quarters of it are 15 rows of 9 pixels.
    labels = np.zeros(400, np.uint8)
    arrays = {f"{part}-{x}s": y for part in ("train", "test") for x, y in _pairs(square, labels)}
    monkeypatch.setattr(mnist, "read_idx_files", lambda folder: arrays)
    loaded = registry.load("polydigits", idx_dir, _options(translated=True))
    for name in VIEWS:
        ink = _ink(loaded.train[name])
        rows, columns = ink.any(axis=2), ink.any(axis=1)
        assert set(rows.sum(axis=1)) == {15}
        assert set(columns.sum(axis=1)) == {9}
        # The shrunk image is 21 wide, so that it begins at one of 8 places.
        assert set(rows.argmax(axis=1)) == set(range(3, 11))
        assert set(columns.argmax(axis=1)) == set(range(6, 14))


def _pairs(images, labels):
    return ("image", images), ("label", labels)


def test_a_model_can_learn_what_is_prepared(idx_dir):
    loaded = registry.load("polydigits", idx_dir, _options(split="authors"))
    assert not loaded.validation
    assert list(loaded.modalities) == [*VIEWS, "label"]
    prepared = loaded.prepare({name: tf.constant(x) for name, x in loaded.train.items()})
    for name, modality in loaded.modalities.items():
        assert prepared[name].shape == (6, *modality.event_shape)
        modality.check_examples(prepared[name].numpy())
    for name in VIEWS:
        assert loaded.modalities[name].kind == "image"
        assert loaded.modalities[name].likelihood == Laplace(0.75)

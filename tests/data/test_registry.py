"""The registry of data sets loads them by name, and checks what it loaded."""

import dataclasses
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import digits, mnist, registry
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import settings_of


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_unknown_split(name, tmp_path):
    with pytest.raises(UserError, match=r"received --split=halves;"):
        registry.load(name, tmp_path, {"split": "halves"})


@pytest.mark.parametrize(("name", "highest", "side"), [("digits", 16, 8), ("mnist", 255, 28)])
def test_prepared_batches(idx_dir, monkeypatch, name, highest, side):
    """Images become grey values in [0, 1] and labels one-hot, both float32."""
    monkeypatch.setattr(mnist, "NUM_TRAINED", 4)
    loaded = registry.load(name, idx_dir, {"split": "paper"})
    image = np.zeros((3, side, side, 1), np.uint8)
    image[1], image[2] = highest // 2, highest
    labels = tf.constant([0, 9, 3], tf.uint8)
    prepared = loaded.prepare({"image": tf.constant(image), "label": labels})
    assert {x.dtype for x in prepared.values()} == {tf.float32}
    np.testing.assert_array_equal(
        prepared["image"][:, 0, 0, 0], np.float32([0, highest // 2 / highest, 1])
    )
    np.testing.assert_array_equal(prepared["label"], np.eye(10, dtype=np.float32)[[0, 9, 3]])
    shapes = {name: modality.event_shape for name, modality in loaded.modalities.items()}
    assert {name: tuple(x.shape[1:]) for name, x in prepared.items()} == shapes


@pytest.mark.parametrize(("part", "fewest"), [("train", 1), ("test", 2)])
def test_a_division_that_leaves_too_little_is_refused(monkeypatch, tmp_path, part, fewest):
    whole = digits.load(tmp_path, "paper")

    def left(number):
        few = {name: array[:number] for name, array in getattr(whole, part).items()}
        changed = dataclasses.replace(whole, **{part: few if number else {}})
        monkeypatch.setattr(digits, "load", lambda data_dir, split: changed)
        return registry.load("digits", tmp_path, {"split": "paper"})

    for number in range(fewest):
        message = (
            rf"The {part} part of digits must have at least {fewest} .*; received {number} by "
        )
        with pytest.raises(UserError, match=message + "--split=paper"):
            left(number)
    assert left(fewest).num_examples(part) == fewest


@pytest.mark.parametrize("name", ["os", "../mnist", "data_set", "pipelines", "", "digits.os"])
def test_the_name_of_a_data_set_imports_nothing_else(tmp_path, name):
    with pytest.raises(ValueError, match="A data set is one of mnist, "):
        registry.load(name, tmp_path, {"split": "paper"})


def test_data_in_the_likeness_of_others_are_a_module_and_a_row(monkeypatch, tmp_path):
    module = types.ModuleType("inverted_digits")

    def load(data_dir, split):
        loaded = digits.load(data_dir, split)
        parts = {
            part: {**getattr(loaded, part), "image": 16 - getattr(loaded, part)["image"]}
            for part in ("train", "validation", "test")
        }
        return dataclasses.replace(loaded, name="inverted", **parts)

    module.load = load
    monkeypatch.setitem(sys.modules, "inverted_digits", module)
    row = registry.RegisteredDataSet("inverted_digits", preset="digits")
    monkeypatch.setitem(registry.DATA_SETS, "inverted", row)
    settings = settings_of("vae", "inverted", {})
    usual = settings_of("vae", "digits", {})
    assert settings == dataclasses.replace(usual, data="inverted")
    loaded = registry.load("inverted", tmp_path, settings.data_options)
    whole = registry.load("digits", tmp_path, usual.data_options)
    np.testing.assert_array_equal(loaded.test["image"], 16 - whole.test["image"])
    with pytest.raises(ValueError, match=r"The options of inverted are split. Received: crop"):
        registry.load("inverted", tmp_path, {"split": "paper", "crop": "face"})

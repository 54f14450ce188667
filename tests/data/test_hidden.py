"""Modalities that are hidden at random."""

import dataclasses
import pathlib

import numpy as np
import pytest

from jmvae_tf.data import digits
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.data.hidden import with_hidden
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality, observed_key


@pytest.fixture(scope="module")
def data():
    return digits.load(pathlib.Path(), "paper")


def test_each_modality_is_hidden_with_the_probability_and_something_stays(data):
    hidden = with_hidden(data, 0.5)
    for part in ("train", "validation"):
        image, label = hidden.observed(part).values()
        number = hidden.num_examples(part)
        assert (image | label).all()
        # Three eighths of either are hidden; four standard errors around it.
        for rows in (image, label):
            assert abs(1 - rows.mean() - 3 / 8) < 4 * np.sqrt(3 / 8 * 5 / 8 / number)
        assert abs((image & label).mean() - 1 / 4) < 4 * np.sqrt(3 / 16 / number)
    assert all(rows.all() for rows in hidden.observed("test").values())
    for name, values in data.values("train").items():
        assert hidden.values("train")[name] is values


def test_the_same_seed_hides_the_same_in_each_part_by_itself(data):
    first, again, other = (with_hidden(data, 0.3, seed) for seed in (1, 1, 2))
    for part in ("train", "validation"):
        for key, mask in first.masks(part).items():
            np.testing.assert_array_equal(again.masks(part)[key], mask)
            assert (other.masks(part)[key] != mask).any()
    train, validation = (
        first.masks(part)[observed_key("image")] for part in ("train", "validation")
    )
    assert (train[: len(validation)] != validation).any()


def test_what_is_missing_stays_missing(data):
    key = observed_key("label")
    gaps = {
        part: {**getattr(data, part), key: np.arange(data.num_examples(part)) % 2 == 0}
        for part in ("train", "validation", "test")
    }
    hidden = with_hidden(dataclasses.replace(data, **gaps), 0.5)
    for part, values in gaps.items():
        observed = hidden.observed(part)
        assert not (observed["label"] & ~values[key]).any()
        assert observed["image"][~values[key]].all(), "it is all that they have"
    np.testing.assert_array_equal(hidden.observed("test")["label"], gaps["test"][key])


def test_masks_of_single_values_stay_such():
    some = np.random.default_rng(0).random((100, 3)) < 0.9
    some[:, 0] = True
    key = observed_key("numbers")
    part = {"label": np.zeros(100, np.uint8), "numbers": np.ones((100, 3), np.float32), key: some}
    data = DataSet(
        "measured",
        {
            "label": digit_modalities(8)["label"],
            "numbers": Modality("numbers", (3,), Gaussian(), kind="numbers", partly_observed=True),
        },
        *(part, {}, part),
        prepare=dict,
    )
    mask = with_hidden(data, 0.5).masks("train")[key]
    rows = mask.any(axis=1)
    assert 0 < rows.mean() < 1
    np.testing.assert_array_equal(mask[rows], some[rows])


def test_nothing_is_hidden_with_a_share_of_0(data):
    hidden = with_hidden(data, 0.0)
    assert all(mask.all() for part in ("train", "test") for mask in hidden.masks(part).values())
    for share in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match=r"must be in \[0, 1\)"):
            with_hidden(data, share)


def test_without_a_validation_set(data):
    hidden = with_hidden(dataclasses.replace(data, validation={}), 0.5)
    assert hidden.num_examples("validation") == 0
    assert not hidden.masks("validation")

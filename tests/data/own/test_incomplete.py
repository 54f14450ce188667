"""Tests of leaving out incomplete rows, and of recognising data."""

import numpy as np
import pytest

from jmvae_tf.data.own.fingerprint import fingerprint_of
from jmvae_tf.data.own.incomplete import without_incomplete
from jmvae_tf.modalities import SAMPLE_WEIGHT, observed_key
from jmvae_tf.runtime.errors import UserError
from tests.helpers.tiny_runs import tiny_data


class OnDisk:
    """Rows that are read when they are asked for."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __len__(self):
        return len(self.array)

    def __getitem__(self, indices):
        return self.array[indices]


@pytest.fixture
def data(two_modalities):
    """Of 20, 5 and 7 examples; every third one lacks the label."""
    whole = tiny_data(two_modalities)
    for part in (whole.train, whole.validation, whole.test):
        part[observed_key("label")] = np.arange(len(part["label"])) % 3 > 0
        part[SAMPLE_WEIGHT] = np.arange(1.0, 1 + len(part["label"]))
    whole.train["image"] = OnDisk(whole.train["image"])
    return whole


def test_incomplete_rows_are_left_out_and_counted(data):
    complete, lost = without_incomplete(data)
    assert lost == {"train": 7, "validation": 2, "test": 3}
    assert [complete.num_examples(part) for part in lost] == [13, 3, 4]
    assert not any(complete.masks(part) for part in lost)
    kept = data.masks("train")[observed_key("label")]
    np.testing.assert_array_equal(complete.train["label"], data.train["label"][kept])
    np.testing.assert_array_equal(complete.weights("train")[SAMPLE_WEIGHT], np.arange(1, 21)[kept])
    some = np.array([2, 5])
    np.testing.assert_array_equal(
        complete.train["image"][some], data.train["image"].array[kept][some]
    )


def test_nothing_left_is_refused(data):
    data.train[observed_key("label")][:] = False
    with pytest.raises(UserError, match=r"leaves 0 of 20, with gaps of label in 20"):
        without_incomplete(data)


def test_other_values_gaps_or_numbers_are_other_data(data, two_modalities):
    first = fingerprint_of(data)
    assert len(first) == 16
    assert fingerprint_of(data) == first
    others = [tiny_data(two_modalities), tiny_data(two_modalities, num_train=19), data, data]
    found = {first, fingerprint_of(others[0]), fingerprint_of(others[1])}
    data.test[observed_key("label")][0] ^= True
    found.add(fingerprint_of(data))
    data.train["label"][3] = 1 - data.train["label"][3]
    found.add(fingerprint_of(data))
    assert len(found) == 5

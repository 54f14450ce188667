"""Counts of examples, of what they lack, and of those that a model leaves out."""

import dataclasses

import numpy as np
import pytest

from jmvae_tf.modalities import observed_key
from jmvae_tf.reporting.data_summary import note_on_left_out, summary_of
from jmvae_tf.runtime.errors import UserError
from tests.helpers.small_models import small_model
from tests.helpers.tiny_runs import tiny_data

LEFT_OUT = {"train": 5, "validation": 0, "test": 2}


@pytest.fixture
def data(two_modalities):
    """Twenty, five and seven examples, some without a label."""
    data = tiny_data(two_modalities)

    def with_gaps(part):
        number = data.num_examples(part)
        there = np.arange(number) < number - LEFT_OUT[part]
        return {**getattr(data, part), observed_key("label"): there}

    return dataclasses.replace(data, **{part: with_gaps(part) for part in LEFT_OUT})


@pytest.mark.parametrize("name", ["cvae", "cmma"])
def test_models_of_one_direction_leave_out_what_is_incomplete(data, name):
    model = small_model(name, data.modalities)
    summary = summary_of(model, data)
    assert summary["left_out"] == LEFT_OUT
    assert summary["observed"]["label"] == {"train": 15, "validation": 5, "test": 5}
    assert note_on_left_out(model, data) == (
        "rows without image and label, which this model leaves out: "
        "5 of 20 for train, 0 of 5 for validation, 2 of 7 for test"
    )


def test_a_vae_leaves_out_what_lacks_its_modality(data):
    label = small_model("vae", {"label": data.modalities["label"]})
    assert summary_of(label, data)["left_out"] == LEFT_OUT
    assert "rows without label, which" in note_on_left_out(label, data)
    image = small_model("vae", data.modalities)
    assert "left_out" not in summary_of(image, data)
    assert not note_on_left_out(image, data)


def test_other_models_leave_out_nothing(data):
    model = small_model("jmvae_kl", data.modalities)
    assert "left_out" not in summary_of(model, data)
    assert not note_on_left_out(model, data)


def test_a_part_of_which_nothing_is_left_is_refused(data):
    lacks = {**data.test, observed_key("label"): np.zeros(7, bool)}
    data = dataclasses.replace(data, test=lacks)
    rule = r"needs examples with image and label; received none among 7 for test; choose another"
    with pytest.raises(UserError, match=rule):
        note_on_left_out(small_model("cvae", data.modalities), data)

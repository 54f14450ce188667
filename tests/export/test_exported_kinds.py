"""Exports of numbers and counts: the data's units, and refusals."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export.inputs import ModalityInput
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.modalities_json import read_modalities
from jmvae_tf.likelihoods import Poisson
from jmvae_tf.modalities import Modality
from tests.helpers.small_models import MEASURES, small_model


@pytest.mark.slow
def test_an_export_takes_and_gives_the_data_s_units(tmp_path):
    model = small_model("vae", {"measures": MEASURES})
    model.statistics["measures"].set_statistics(np.array([5e6, np.log(2e-3)]), np.array([2.0, 3.0]))
    version = export_saved_model(model, tmp_path / "export")
    assert read_modalities(version)["measures"].log_values == ("g",)
    reconstruct = tf.saved_model.load(str(version)).signatures["reconstruct_measures"]
    measures = np.float32([[5e6 + 1, 1e-6], [5e6, 10.0]])
    expected = model.reconstruct({"measures": measures})["measures"]
    [answer] = reconstruct(measures=measures).values()
    np.testing.assert_allclose(answer, expected, rtol=1e-5)
    for wrong in ([[5e6, 0.0]], [[5e6, -1.0]]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="measures must hold g above 0"):
            reconstruct(measures=np.float32(wrong))


def test_counts_in_requests_begin_at_0():
    eggs = ModalityInput("eggs", Modality("eggs", (1,), Poisson(), kind="numbers"))
    counts = tf.constant([[0.0], [400.0]])
    np.testing.assert_array_equal(eggs.taken(counts), counts)
    for wrong in (-1.0, np.inf, np.nan):
        with pytest.raises(tf.errors.InvalidArgumentError, match="eggs must hold numbers from 0"):
            eggs.taken(tf.constant([[3.0], [wrong]]))

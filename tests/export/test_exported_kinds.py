"""Exports of numbers, texts and counts: units, letters and refusals."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.modalities_json import read_modalities
from jmvae_tf.export_format.texts import events_of_texts
from jmvae_tf.likelihoods import CategoricalSequence, LearnedGaussian, Poisson
from jmvae_tf.modalities import Modality
from tests.helpers.small_models import small_model

SYMBOLS = (*"ab", "<end>")
MODALITIES = {
    x.name: x
    for x in (
        Modality(
            "measures",
            (2,),
            LearnedGaussian(),
            kind="numbers",
            value_names=("mm", "g"),
            standardised=True,
            log_values=("g",),
        ),
        Modality("note", (3, 3), CategoricalSequence(), kind="text", value_names=SYMBOLS),
        Modality("eggs", (1,), Poisson(), kind="numbers", value_names=("eggs",)),
    )
}


def test_an_export_takes_and_gives_the_data_s_units(tmp_path):
    model = small_model("jmvae_kl", MODALITIES)
    model.statistics["measures"].set_statistics(np.array([5e6, np.log(2e-3)]), np.array([2.0, 3.0]))
    version = export_saved_model(model, tmp_path / "export")
    assert read_modalities(version)["measures"].log_values == ("g",)
    signatures = tf.saved_model.load(str(version)).signatures
    given = {
        "measures": np.float32([[5e6 + 1, 1e-6], [5e6, 10.0]]),
        "note": events_of_texts(["ab", ""], SYMBOLS, 3),
        "eggs": np.float32([[0], [400]]),
    }
    for source, target in (("measures", "note"), ("note", "measures"), ("eggs", "measures")):
        [answer] = signatures[f"{source}_to_{target}"](**{source: given[source]}).values()
        expected = model.generate(target, {source: given[source]})
        np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-6)
    for wrong in ([[5e6, 0.0]], [[5e6, -1.0]]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="measures must hold g above 0"):
            signatures["measures_to_note"](measures=np.float32(wrong))
    with pytest.raises(tf.errors.InvalidArgumentError, match="eggs must hold numbers from 0"):
        signatures["eggs_to_note"](eggs=np.float32([[-1.0]]))

"""What an export says of its modalities."""

import numpy as np

from jmvae_tf.export.modality_descriptions import described_modalities
from jmvae_tf.likelihoods import CategoricalSequence, Gaussian, LearnedGaussian, Poisson
from jmvae_tf.modalities import Modality
from tests.helpers.small_models import small_model

MEASURES = Modality(
    "measures",
    (3,),
    LearnedGaussian(),
    kind="numbers",
    value_names=("mm", "g", "age"),
    standardised=True,
    partly_observed=True,
    log_values=("g",),
)
NOTE = Modality("note", (2, 3), CategoricalSequence(), kind="text", value_names=("a", "b", "<end>"))
COUNTS = Modality("counts", (2,), Poisson(), kind="numbers")
PLAIN = Modality("plain", (2,), Gaussian(), kind="numbers")


def test_numbers_have_their_usual_ranges_in_the_data_s_units():
    modalities = {x.name: x for x in (MEASURES, NOTE, COUNTS, PLAIN)}
    model = small_model("jmvae_kl", modalities)
    mean, stddev = np.array([10.0, np.log(0.5), 3.0]), np.array([2.0, np.log(2), 1e-3])
    model.statistics["measures"].set_statistics(mean, stddev)
    described = described_modalities(model)
    measures = described["measures"]
    np.testing.assert_allclose(measures.means, [10, 0.5, 3], rtol=1e-6)
    np.testing.assert_allclose(measures.usual, [(6, 14), (0.125, 2), (2.998, 3.002)], rtol=1e-6)
    assert (measures.log_values, measures.partly_observed) == (("g",), True)
    assert described["note"].value_names == NOTE.value_names
    for name in ("note", "counts", "plain"):
        assert (described[name].means, described[name].usual) == (None, None)

"""Active latent units."""

import numpy as np
import pytest

from jmvae_tf.evaluation.metrics import active_units
from jmvae_tf.models.registry import PLAIN_MODELS
from tests.helpers.small_models import examples, known_to, small_model, swept


def test_active_units():
    rng = np.random.default_rng(0)
    constant, normal = np.full((500, 4), 3.0, "f"), rng.normal(size=(500, 4)).astype("f")
    assert active_units.active_units(constant) == 0
    assert active_units.active_units(normal) == 4
    # Burda et al. 2015: a variance above 0.01. That of these is 0.0121 and 0.0081.
    signs = np.tile([[1.0], [-1.0]], (250, 1)).astype("f")
    assert active_units.active_units(np.hstack([0.11 * signs, 0.09 * signs, constant])) == 1
    # A large mean must not hide a variance, nor its rounding pass for one.
    assert active_units.active_units(1000 + np.hstack([0.11 * signs, 0 * signs])) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layers"),
    [
        pytest.param(
            *name.values,
            ["z1", "z2"] if "num_layers" in PLAIN_MODELS[name.values[0]].networks else ["z"],
            marks=name.marks,
        )
        for name in swept(PLAIN_MODELS)
    ],
)
def test_means_of_every_layer(name, layers, two_modalities):
    model = small_model(name, two_modalities)
    data = known_to(model, examples(two_modalities, 7))
    means = active_units.layer_means(model, data, list(data), batch_size=3)
    assert list(means) == layers
    for layer, expected in model.layer_means(data).items():
        assert means[layer].shape == (7, 3)
        np.testing.assert_allclose(means[layer], expected, rtol=1e-5, atol=1e-6)

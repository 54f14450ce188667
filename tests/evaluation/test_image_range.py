"""Images of any range of values."""

import dataclasses

import numpy as np
import pytest

from jmvae_tf.evaluation.evaluate import EvaluationData
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.likelihoods import Gaussian
from tests.helpers.evaluation import image_of
from tests.helpers.small_models import small_model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value_range", "low", "high"),
    [((0, 255), 0, 255), ((-1, 1), -1, 1), (None, -7.0, 30.0), ((0, 1), 0, 1), (None, 0.2, 0.7)],
)
def test_images_of_any_range_are_measured_as_in_the_unit_range(value_range, low, high):
    image = dataclasses.replace(image_of(), likelihood=Gaussian(), value_range=value_range)
    model = small_model("vae", {"image": image})
    images = np.linspace(low, high, 64, dtype="f").reshape(4, 4, 4, 1)
    data = {"image": images}
    unit = to_unit_range(model, EvaluationData(data, data, data), "image")
    known = value_range is not None or low < 0
    expected = np.linspace(0, 1, 64) if known else images.ravel()
    np.testing.assert_allclose(np.ravel(unit(images)), expected, atol=1e-6)

"""Pixels and values of any range."""

import numpy as np
import pytest

from jmvae_tf.export_format.value_ranges import to_pixels, to_values


@pytest.mark.parametrize("support", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-3.0, -0.1)])
def test_pixels_and_values(support, rng):
    pixels = np.append(rng.uniform(0, 1, 98), [0, 1]).astype(np.float32)
    values = to_values(pixels, support)
    assert values.dtype == np.float32
    assert values[-2:].tolist() == np.float32(support).tolist()
    np.testing.assert_allclose(to_pixels(values, support), pixels, atol=1e-6)


def test_without_a_range_there_are_pixels_as_they_are():
    assert to_values(0.5, (-np.inf, np.inf)) == to_pixels(0.5, (0.0, np.inf)) == 0.5

"""A data set refuses examples that are not whole or not finite."""

import numpy as np
import pytest

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError


def vectors(**parts) -> DataSet:
    """A data set of two modalities of real vectors."""
    names = ("left", "right")
    return DataSet(
        name="vectors",
        modalities={name: Modality(name, (2,), Gaussian(1.0)) for name in names},
        prepare=dict,
        **{"train": {}, "validation": {}, "test": {}, **parts},
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_values_that_are_not_finite_are_refused(part, value):
    good = np.zeros((5, 2), np.float32)
    bad = good.copy()
    bad[3, 1] = bad[4] = value
    with pytest.raises(
        UserError, match=f"vectors must be finite.* in right of 2 {part} .*index 3;"
    ):
        vectors(**{part: {"left": good, "right": bad}})


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_unequal_counts_are_refused(part):
    with pytest.raises(UserError, match=f"received {{'left': 3, 'right': 2}} in its {part} part"):
        vectors(**{part: {"left": np.zeros((3, 2)), "right": np.zeros((2, 2))}})


def test_modality_without_values_is_refused():
    with pytest.raises(UserError, match="must have all modalities"):
        vectors(train={"left": np.zeros((3, 2))})


def test_sizes_of_the_parts():
    loaded = vectors(train={"left": np.zeros((3, 2)), "right": np.zeros((3, 2))})
    sizes = [loaded.num_examples(part) for part in ("train", "validation", "test")]
    assert sizes == [3, 0, 0]

"""A data set refuses examples that are neither whole nor masked, or not finite."""

import numpy as np
import pytest

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import SAMPLE_WEIGHT, Modality, observed_key
from jmvae_tf.runtime.errors import UserError


def vectors(**parts) -> DataSet:
    """A data set of two modalities of real vectors."""
    names = ("left", "right")
    return DataSet(
        name="vectors",
        modalities={
            name: Modality(name, (2,), Gaussian(1.0), partly_observed=True) for name in names
        },
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


LEFT, RIGHT = observed_key("left"), observed_key("right")


def masked(number=3, **beside) -> dict[str, np.ndarray]:
    """Values of 1 for both modalities, and what else a part may hold."""
    ones = np.ones((number, 2), np.float32)
    return {"left": ones, "right": ones.copy(), **beside}


def test_masks_tell_which_examples_have_which_modalities():
    mask = np.array([True, False, True])
    values = np.array([[True, False], [True, True], [False, False]])
    part = masked(**{LEFT: mask, RIGHT: values})
    data = vectors(train=part, test=part)
    assert data.num_examples("train") == 3
    assert set(data.values("train")) == {"left", "right"}
    np.testing.assert_equal(data.masks("test"), {LEFT: mask, RIGHT: values})
    np.testing.assert_equal(
        data.observed("train"), {"left": mask, "right": np.array([True, True, False])}
    )
    assert data.observed("validation")["left"].shape == (0,)


def test_without_masks_everything_is_observed():
    data = vectors(train=masked())
    np.testing.assert_equal(
        data.observed("train"), dict.fromkeys(("left", "right"), np.ones(3, bool))
    )
    assert not data.masks("train")
    assert not data.weights("train")


@pytest.mark.parametrize("by_value", [False, True])
def test_hidden_values_may_be_anything(by_value):
    mask = np.array([True, True, False])
    part = masked(**{LEFT: np.stack([mask, mask], 1) if by_value else mask})
    part["left"][2] = np.nan
    vectors(train=part)
    part["left"][1, 0] = np.inf
    with pytest.raises(UserError, match=r"must be finite.*in left of 1 train .* index 1;"):
        vectors(train=part)


@pytest.mark.parametrize(
    "mask", [np.ones(2, bool), np.ones(3, int), np.ones((3, 3), bool), [True] * 3, np.ones(())]
)
def test_masks_of_other_shapes_or_types_are_refused(mask):
    with pytest.raises(UserError, match=r"mask of left must be bool of shape \(3,\) or \(3, 2\)"):
        vectors(train=masked(**{LEFT: mask}))


def test_a_label_is_missing_as_a_whole():
    label = Modality("label", (2,), Categorical(), kind="label")
    part = {"label": np.zeros(3, np.uint8), "label/observed": np.ones((3, 2), bool)}
    with pytest.raises(UserError, match=r"bool of shape \(3,\); received bool of shape \(3, 2\)"):
        DataSet("labels", {"label": label}, part, {}, {}, dict)


def test_an_example_with_nothing_is_refused():
    half = np.array([True, False, False])
    with pytest.raises(UserError, match=r"one modality; received 2 train.* index 1;"):
        vectors(train=masked(**{LEFT: half, RIGHT: half}))


@pytest.mark.parametrize("key", [LEFT, SAMPLE_WEIGHT])
def test_parts_differ_in_masks_or_weights(key):
    part = masked(**{key: np.ones(3, bool if key == LEFT else np.float32)})
    with pytest.raises(UserError, match=f"same masks and weights.*{key}.*; \\[\\] in its test"):
        vectors(train=part, test=masked())


def test_weights_are_float32():
    data = vectors(train=masked(**{SAMPLE_WEIGHT: np.array([0, 1, 2])}))
    assert data.weights("train")[SAMPLE_WEIGHT].dtype == np.float32
    assert set(data.values("train")) == {"left", "right"}


@pytest.mark.parametrize(
    "weights", [[0, 0, 0], [1, -1, 1], [1, np.nan, 1], [1, 1], ["1", "1", "1"]]
)
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(UserError, match="weights of vectors must be one finite number per example"):
        vectors(train=masked(**{SAMPLE_WEIGHT: np.array(weights)}))

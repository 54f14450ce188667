"""What benchmarks measure by, where they have a measure of their own."""

import runpy

import numpy as np
import pytest

from jmvae_tf.data.toyfaces import loading, people
from jmvae_tf.data.toyfaces.variations import ATTRIBUTES
from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def edited_faces():
    return runpy.run_path(str(ROOT / "benchmarks" / "edited_faces.py"))


@pytest.fixture(scope="module")
def truth(edited_faces):
    """Sixteen faces, two for each attribute that is changed."""
    return edited_faces["true_edits"](people.sample_attributes(16, 5), 5)


def test_one_attribute_of_each_face_is_changed(edited_faces, truth):
    names = edited_faces["EDITED"]
    for index, (before, after) in enumerate(zip(truth.attributes, truth.changed, strict=True)):
        [column] = np.flatnonzero(before != after)
        assert ATTRIBUTES[column] == names[index % len(names)]
        assert before[column] == -after[column]
    drawn = loading.redraw(truth.changed, 5)
    np.testing.assert_array_equal(np.rint(255 * truth.edited), drawn)


def test_background_and_skin_are_where_they_are_known_to_be(truth):
    assert truth.background[:, loading.empty_corners()].all()
    assert not truth.background[:, 24:44, 24:40].any(), "the middle of the face"
    assert not (truth.background & truth.skin).any()
    assert 0.05 < truth.skin.mean() < 0.25 < truth.background.mean() < 0.75


def test_distances_are_those_of_each_part(edited_faces, truth):
    distances = edited_faces["distances"]
    perfect, untouched = distances(truth, truth.edited), distances(truth, truth.images)
    for part in ("background", "skin", "rest"):
        np.testing.assert_array_equal(np.nan_to_num(perfect[part]), 0)
        np.testing.assert_array_equal(np.nan_to_num(untouched[part]), 0)
    asked = (truth.images != truth.edited).any(axis=-1)
    expected = [
        255 * np.abs(image - edited)[there].mean()
        for image, edited, there in zip(truth.images, truth.edited, asked, strict=True)
    ]
    np.testing.assert_array_equal(perfect["asked for"], 0)
    np.testing.assert_allclose(untouched["asked for"], expected, rtol=1e-4)
    # Where pale skin is asked for, no skin is to be kept.
    pale = (
        truth.attributes[:, ATTRIBUTES.index("Pale_Skin")]
        != truth.changed[:, ATTRIBUTES.index("Pale_Skin")]
    )
    np.testing.assert_array_equal(np.isnan(perfect["skin"]), pale)

    darker = truth.edited - 10 / 255 * truth.skin[..., np.newaxis]
    found = distances(truth, darker)
    np.testing.assert_allclose(found["skin"][~pale], 10, rtol=1e-4)
    np.testing.assert_array_equal(found["background"], 0)

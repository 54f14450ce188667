"""The attributes of toy faces go together as in life."""

import numpy as np
import pytest

from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.data.toyfaces.loading import ATTRIBUTES

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


@pytest.fixture(scope="module")
def people():
    """Of each attribute, whether 3,000 people have it."""
    attributes = toyfaces.sample_attributes(3000, seed=7)
    assert attributes.dtype == np.int8
    assert set(np.unique(attributes)) == {-1, 1}
    return {name: attributes[:, index] > 0 for index, name in enumerate(ATTRIBUTES)}


def test_attributes_exclude_each_other_as_in_life(people):
    colours = sum(people[name].astype(int) for name in HAIR)
    assert colours.max() == 1
    assert (colours[~people["Bald"]] == 0).any(), "red hair has no attribute"
    beard = people["Goatee"] | people["Mustache"]
    assert not (beard & people["Wearing_Lipstick"]).any()
    for name in (*HAIR, "Bangs", "Wearing_Hat"):
        assert not (people["Bald"] & people[name]).any(), name


def test_attributes_go_together_as_in_life(people):
    for one, other, sign in (
        ("Goatee", "Mustache", 1),
        ("Smiling", "Mouth_Slightly_Open", 1),
        ("Wearing_Lipstick", "Wearing_Earrings", 1),
        ("Gray_Hair", "Eyeglasses", 1),
        ("Bald", "Wearing_Lipstick", -1),
    ):
        assert sign * np.corrcoef(people[one], people[other])[0, 1] > 0.05, (one, other)


def test_no_attribute_is_rare_or_on_most_faces(people):
    for name, has in people.items():
        assert 0.12 < has.mean() < 0.6, name

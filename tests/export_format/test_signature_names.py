"""Names of modalities keep the names of signatures apart."""

import pytest

from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL


def image(name):
    return Modality(name, (8, 8, 1), Gaussian(), kind="image")


def label(name):
    return Modality(name, (3,), Categorical(), kind="label")


@pytest.mark.parametrize(
    ("modalities", "name"),
    [
        ([image("image"), label("encoded_image")], "'encoded_image_to_encoded_image'"),
        ([image("x"), image("encoded_x"), label("y")], "'encoded_x_to_encoded_x'"),
        ([label("a"), label("b_to_c"), label("a_to_b"), label("c")], "'a_to_b_to_c'"),
        ([label("embed_x"), label("y"), label("x_to_y")], "'embed_x_to_y'"),
        ([image("x"), label("c"), image("x_by_c")], "'edit_x_by_c'"),
    ],
)
def test_names_that_would_give_two_signatures_one_name(modalities, name):
    with pytest.raises(ValueError, match=f"two signatures would be called {name}"):
        JMVAEKL({x.name: x for x in modalities}, 2)


def test_names_that_collide_in_one_direction_only():
    modalities = {x.name: x for x in (image("image"), label("encoded_image"))}
    CVAE(modalities, "encoded_image", 2)

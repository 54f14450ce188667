"""Names of modalities keep the names of signatures apart."""

import pytest

from jmvae_tf.export.completion_signatures import completion_signatures
from jmvae_tf.export.signatures import signatures_of
from jmvae_tf.export_format.signature_names import directions_of
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
        ([label("decode_x"), label("y"), label("x_to_y")], "'decode_x_to_y'"),
        ([label("a"), label("b"), label("a_b"), label("c")], "'a_b_to_c'"),
    ],
)
def test_names_that_would_give_two_signatures_one_name(modalities, name):
    with pytest.raises(ValueError, match=f"two signatures called {name}"):
        JMVAEKL({x.name: x for x in modalities}, 2)


def test_the_refusal_says_what_collides():
    modalities = {x.name: x for x in (label("a"), label("b"), label("a_b"), label("c"))}
    told = "'a_b_to_c': one generates c from a_b, and one generates c from a and b"
    with pytest.raises(ValueError, match=told):
        JMVAEKL(modalities, 2)


@pytest.mark.parametrize(
    ("modalities", "target"),
    [
        ([image("image"), label("encoded_image")], "encoded_image"),
        ([label("a"), label("b"), label("a_b"), label("c")], "c"),
        ([label("embed_x"), label("y"), label("x_to_y")], "y"),
        ([image("x"), label("c"), image("x_by_c")], "c"),
    ],
)
def test_models_of_one_direction_have_fewer_names_that_collide(modalities, target):
    model = CVAE({x.name: x for x in modalities}, target, 2)
    names = [x.name for x in (*signatures_of(model), *completion_signatures(model))]
    assert len(set(names)) == len(names)


def test_up_to_four_modalities_every_subset_is_given():
    assert directions_of(["a", "b"]) == [(("a",), "b"), (("b",), "a")]
    four = directions_of(["a", "b", "c", "d"])
    assert len(four) == len(set(four)) == 4 * 7
    assert [len(given) for given, _ in four] == [1] * 12 + [2] * 12 + [3] * 4
    assert (("b", "d"), "a") in four


def test_beyond_four_modalities_single_ones_and_all_others_are_given():
    names = ["a", "b", "c", "d", "e", "f"]
    six = directions_of(names)
    assert [len(given) for given, _ in six] == [1] * 30 + [5] * 6
    assert six[-1] == (("b", "c", "d", "e", "f"), "a")


def test_conditions_are_always_given():
    assert directions_of(["a", "b", "c"], ["a", "c"]) == [(("a", "c"), "b")]
    assert directions_of(["a"]) == []

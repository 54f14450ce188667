"""Edits follow Figure 8 of the 2018 paper, and columns of Figure 7(a) share their noise."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.modalities import Modality
from jmvae_tf.models import editing
from jmvae_tf.runtime.randomness import as_seed, split
from tests.helpers.small_models import examples, set_sequential_weights, small_faces, small_model

FACES = small_faces(4)
KEPT = np.full(3, np.nan, "f")


def model_of_faces(name, spread=0.5, **options):
    """A model whose images depend on their attributes, with statistics that are not 0 and 1.

    The pixels that it is adapted to lie at most `spread` from 0.5.
    """
    model = small_model(name, FACES, **options)
    set_sequential_weights(model)
    rng = np.random.default_rng(3)
    model.adapt(
        [
            {
                "image": rng.uniform(0.5 - spread, 0.5 + spread, (50, 4, 4, 3)).astype("f"),
                "attributes": rng.choice([-1.0, 1.0], (50, 3)),
            }
        ]
    )
    return model


@pytest.fixture
def photographs(rng):
    return tf.constant(rng.uniform(0, 1, (2, 4, 4, 3)), tf.float32)


def test_edit_adds_the_difference_of_averages(photographs):
    model = model_of_faces("jmvae_kl")
    wanted = np.array([np.nan, 2.0, np.nan], "f")
    edit = editing.edit(model, "image", photographs, "attributes", wanted)

    def average(attributes):
        """By the steps of Figure 8, in the data's units."""
        z = model.posterior({"attributes": attributes}).mean()
        mean = model.decode(z, ["image"])["image"].mean()
        return mean * model.statistics["image"].stddev + model.statistics["image"].mean

    values = model.generate("attributes", {"image": photographs}).numpy()
    changed = values.copy()
    changed[:, 1] = 2.0
    difference = average(changed) - average(values)
    np.testing.assert_allclose(edit.values, values, rtol=1e-5)
    np.testing.assert_allclose(edit.average, average(values), rtol=1e-5)
    np.testing.assert_allclose(edit.changed_average, average(changed), rtol=1e-5)
    np.testing.assert_allclose(
        edit.edited, np.clip(photographs + difference, 0, 1), rtol=1e-4, atol=1e-6
    )
    assert np.abs(difference).max() > 0.01, "what is wanted matters"


def test_averages_are_not_clipped_before_their_difference_is_taken(photographs):
    model = model_of_faces("jmvae_kl")
    bias = model.decoders["image"].head.trainable_variables[-1]
    bias.assign(tf.fill(bias.shape, 20.0))
    wanted = np.array([3.0, 3.0, 3.0], "f")
    edit = editing.edit(model, "image", photographs, "attributes", wanted)
    assert tf.reduce_min(edit.average) > 1
    assert np.abs(edit.edited - photographs).max() > 0.01
    assert tf.reduce_min(edit.edited) >= 0
    assert tf.reduce_max(edit.edited) <= 1


@pytest.mark.parametrize("name", ["jmvae_kl", pytest.param("jmvae", marks=pytest.mark.slow)])
def test_nothing_wanted_changes_nothing(photographs, name):
    edit = editing.edit(model_of_faces(name), "image", photographs, "attributes", KEPT, seed=5)
    np.testing.assert_array_equal(edit.edited, photographs)
    np.testing.assert_array_equal(edit.changed_average, edit.average)


def test_redraw_moves_the_latent_values_of_the_image(photographs):
    model = model_of_faces("jmvae_kl")
    wanted = np.array([np.nan, 2.0, np.nan], "f")
    redrawn = editing.redrawn(model, "image", photographs, "attributes", wanted)
    values = model.generate("attributes", {"image": photographs}).numpy()
    changed = values.copy()
    changed[:, 1] = 2.0
    z, before, after = (
        model.posterior(given).mean()
        for given in ({"image": photographs}, {"attributes": values}, {"attributes": changed})
    )
    mean = model.decode(z + after - before, ["image"])["image"].mean()
    statistics = model.statistics["image"]
    wanted_image = np.clip(mean * statistics.stddev + statistics.mean, 0, 1)
    np.testing.assert_allclose(redrawn, wanted_image, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", "jmvae_h"])
def test_without_a_change_redraw_reconstructs(name, photographs):
    model = model_of_faces(name)
    redrawn = editing.redrawn(model, "image", photographs, "attributes", KEPT, seed=5)
    _, seed = split(as_seed(5), 2)
    expected = model.reconstruct({"image": photographs}, seed)["image"]
    np.testing.assert_allclose(redrawn, expected, atol=1e-6)


def test_redraw_needs_both_directions(photographs):
    with pytest.raises(ValueError, match="a model of both directions, image_to_attributes and"):
        editing.redrawn(model_of_faces("cvae"), "image", photographs, "attributes", KEPT)


def test_edits_of_each_example(photographs):
    model = model_of_faces("jmvae_kl")
    wanted = np.array([[2, np.nan, np.nan], [np.nan, np.nan, -2]], "f")
    both = editing.edit(model, "image", photographs, "attributes", wanted)
    for index in range(2):
        alone = editing.edit(
            model, "image", photographs[index : index + 1], "attributes", wanted[index]
        )
        np.testing.assert_allclose(both.edited[index], alone.edited[0], rtol=1e-4, atol=1e-6)


def test_edit_of_another_pair_of_modalities():
    modalities = {
        "image": Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
        "label": Modality("label", (3,), Categorical(), kind="label"),
    }
    model = small_model("jmvae_kl", modalities)
    image = examples(modalities, 2)["image"]
    edit = editing.edit(model, "image", image, "label", np.eye(3, dtype="f")[1])
    one = model.generate("image", {"label": tf.one_hot([1, 1], 3)})
    np.testing.assert_allclose(edit.changed_average, one, rtol=1e-5)
    np.testing.assert_allclose(
        edit.edited, np.clip(image + (one - edit.average), 0, 1), rtol=1e-4, atol=1e-6
    )


@pytest.mark.slow
def test_edit_within_a_graph(photographs):
    model = model_of_faces("jmvae_kl")

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 4, 4, 3), tf.float32),
            tf.TensorSpec((None, 3), tf.float32),
        ]
    )
    def edited(image, attributes):
        return editing.edit(model, "image", image, "attributes", attributes).edited

    wanted = np.array([[2, np.nan, np.nan]] * 2, "f")
    np.testing.assert_allclose(
        edited(photographs, wanted),
        editing.edit(model, "image", photographs, "attributes", wanted).edited,
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize("name", ["cvae", "cmma", "vae"])
def test_models_that_lack_a_direction_cannot_edit(photographs, name):
    model = small_model(name, FACES)
    assert not editing.can_edit(model, "image", "attributes")
    with pytest.raises(ValueError, match=r"both directions, image_to_attributes and attributes_to"):
        editing.edit(model, "image", photographs, "attributes", KEPT)


def test_wanted_values_of_another_shape(photographs):
    with pytest.raises(ValueError, match=r"Wanted values must fit attributes, .*Received: \(4,\)"):
        editing.edit(
            model_of_faces("jmvae_kl"), "image", photographs, "attributes", np.zeros(4, "f")
        )


@pytest.mark.parametrize(
    "name",
    ["jmvae_kl", *(pytest.param(x, marks=pytest.mark.slow) for x in ("jmvae", "jmvae_h", "cvae"))],
)
def test_samples_of_a_row_share_their_noise(name):
    model = model_of_faces(name, spread=0.02)  # So that no image is clipped.
    asked = [np.array(x, "f") for x in ([0, 0, 0], [2, 0, 0], [0, 0, 0])]
    images = editing.averages_and_samples(model, "image", "attributes", asked, 3, seed=4)
    assert images.shape == (4, 3, 4, 4, 3)
    np.testing.assert_array_equal(images[:, 0], images[:, 2])
    assert np.abs(images[:, 0] - images[:, 1]).max() > 1e-4
    # The rows of a column differ.
    assert min(np.abs(images[i, 0] - images[j, 0]).max() for i in range(4) for j in range(i)) > 1e-4
    average = model.generate("image", {"attributes": asked[1][None]}, seed=4)
    np.testing.assert_array_equal(images[0, 1], average[0])


def test_values_are_set_by_name():
    modality, base = FACES["attributes"], np.array([0.1, 0.2, 0.3], "f")
    changed = editing.with_values(modality, base, {"Male": -2.0, "Bald": 1.0})
    np.testing.assert_array_equal(changed, np.array([1.0, -2.0, 0.3], "f"))
    np.testing.assert_array_equal(base, np.array([0.1, 0.2, 0.3], "f"))
    with pytest.raises(ValueError, match=r"\['Bald', 'Male', 'Smiling'\]. Received: 'Happy'"):
        editing.with_values(modality, base, {"Happy": 1.0})


def test_every_pair_of_an_image_and_another_modality_can_be_edited(three_modalities):
    model = small_model("jmvae_kl", three_modalities)
    assert editing.editable_images(model) == {"left": ["label"], "right": ["label"]}
    right = examples(three_modalities, 2)["right"]
    edit = editing.edit(model, "right", right, "label", np.eye(3, dtype="f")[1])
    assert edit.edited.shape == right.shape
    assert editing.editable_images(small_model("vae", three_modalities)) == {}


def test_two_attribute_modalities_are_changed_by_name():
    modalities = {
        "image": Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
        **{
            name: Modality(name, (2,), Bernoulli(), kind="attributes", value_names=("a", "b"))
            for name in ("hat", "hair")
        },
    }
    model = small_model("jmvae_kl", modalities)
    assert editing.editable_images(model) == {"image": ["hat", "hair"]}
    image = examples(modalities, 2)["image"]
    for name in ("hat", "hair"):
        edit = editing.edit(model, "image", image, name, [1.0, 0.0])
        average = model.generate("image", {name: [[1.0, 0.0]] * 2})
        np.testing.assert_allclose(edit.changed_average, average, rtol=1e-5)
    with pytest.raises(ValueError, match="both directions, image_to_attributes and attributes_to"):
        editing.edit(model, "image", image, "attributes", [1.0, 0.0])


def test_usual_values_are_means_or_half_way():
    model = model_of_faces("cvae")
    np.testing.assert_array_equal(
        editing.usual_values(model, "attributes"), model.statistics["attributes"].mean
    )
    modalities = {
        "image": Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
        "traits": Modality("traits", (1,), Bernoulli(), kind="attributes", value_names=("a",)),
    }
    assert editing.usual_values(small_model("cvae", modalities), "traits") == [0.5]

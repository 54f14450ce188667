"""Walks go through the latent space from one end to the other, and back."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.modalities import observed_key
from jmvae_tf.models import editing
from jmvae_tf.reporting import walks
from tests.helpers.small_models import examples, set_sequential_weights, small_faces, small_model


@pytest.fixture(scope="module")
def model():
    made = small_model("jmvae_kl", small_faces(8))
    set_sequential_weights(made)
    return made


@pytest.fixture
def saved(monkeypatch):
    """The frames of the walk that would be saved, and what else it would be given."""
    found = []
    monkeypatch.setattr(walks, "save", lambda path, frames, *what, **named: found.extend([frames]))
    return found


def test_a_walk_decodes_a_straight_line_there_and_back(model, rng):
    start, end = rng.normal(size=(2, 4, 3)).astype("f")
    frames = walks.walk(model, "image", start, end)
    assert frames.shape == (2 * walks.STEPS - 2, 4, 8, 8, 3)
    for place, z in ((0, start), (walks.STEPS - 1, end)):
        np.testing.assert_allclose(frames[place], model.decoded_mean("image", z), atol=1e-5)
    np.testing.assert_array_equal(frames[1], frames[-1])


def test_a_walk_leads_from_each_example_to_the_next(model, saved, tmp_path):
    given = examples(model.modalities, 3)
    walks.draw_between(tmp_path / "walk.gif", model, "image", given, 0)
    [frames] = saved
    there = model.reconstruct(given)["image"].numpy()
    np.testing.assert_allclose(frames[0], there, atol=1e-5)
    np.testing.assert_allclose(frames[walks.STEPS - 1], np.roll(there, -1, axis=0), atol=1e-5)


def test_one_attribute_at_a_time_goes_from_no_to_yes(model, saved, tmp_path):
    base = np.array([1, -1, 1], "f")
    walks.draw_along_attributes(tmp_path / "walk.gif", model, "image", "attributes", base, 3)
    [frames] = saved
    assert frames.shape[1] == 3
    for place in range(3):
        for at, value in ((0, -1), (walks.STEPS - 1, 1)):
            asked = base.copy()
            asked[place] = value
            # With the noise that this example has alone.
            alone = model.generate(
                "image", {"attributes": asked[np.newaxis]}, 1, tf.constant([[3, 0]])
            )
            np.testing.assert_allclose(frames[at, place], alone[0, 0], atol=1e-5)


def test_walks_start_from_the_most_typical_example_of_which_nothing_is_missing(model):
    rows = np.array([[1, 1, 1], [-1, -1, 1], [-1, -1, 1], [-1, 1, -1], [-1, -1, -1]], "f")
    given = {"attributes": tf.constant(rows)}
    np.testing.assert_array_equal(walks.base_of(model, "attributes", given), [-1, -1, 1])
    seen = np.ones(rows.shape, bool)
    seen[1:, 0] = False
    given[observed_key("attributes")] = tf.constant(seen)
    np.testing.assert_array_equal(walks.base_of(model, "attributes", given), [1, 1, 1])
    given[observed_key("attributes")] = tf.zeros(rows.shape, tf.bool)
    usual = editing.usual_values(model, "attributes")
    np.testing.assert_array_equal(walks.base_of(model, "attributes", given), usual)


def test_a_walk_of_any_number_of_images_is_a_small_file(tmp_path, rng):
    for number in (1, 9):
        path = tmp_path / "new" / f"{number}.gif"
        frames = np.repeat(rng.random((1, number, 8, 8, 1)), 4, axis=0)
        walks.save(path, frames, title="A walk")
        assert 1000 < path.stat().st_size < 300_000

"""Maps of the latent space: a plane of it, points, and what is decoded there."""

import re

import numpy as np

from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.reporting import latent_maps
from jmvae_tf.reporting.figures import latent_spaces
from tests.helpers.small_models import examples, set_sequential_weights, small_faces, small_model


def test_a_map_shows_points_by_label_and_images_where_they_lie(tmp_path, monkeypatch):
    modalities = {
        "sketch": Modality("sketch", (4, 4, 1), Bernoulli(), kind="image"),
        "species": Modality(
            "species", (3,), Categorical(), kind="label", value_names=("a", "b", "c")
        ),
    }
    model = small_model("jmvae_kl", modalities, latent_dim=2)
    set_sequential_weights(model)
    drawn = []
    monkeypatch.setattr(latent_spaces, "latent_map", lambda *what: drawn.append(what))
    given = examples(modalities, 9)
    latent_maps.draw_map(tmp_path / "map.png", model, "sketch", given, 0)
    [(_, points, classes, names, decoded, limits, axes, title, note)] = drawn
    np.testing.assert_allclose(points, model.posterior_mean(given), atol=1e-6)
    np.testing.assert_array_equal(classes, np.argmax(given["species"], axis=1))
    assert names == ["a", "b", "c"]
    assert axes == ["z₁", "z₂"]
    assert title.endswith("coloured by species")
    assert note == "means of q(z | sketch, species) of 9 test examples"
    cells = len(decoded)
    half = (limits[:, 1] - limits[:, 0]) / cells / 2
    top_left = [[limits[0, 0] + half[0], limits[1, 1] - half[1]]]
    image = model.decoded_mean("sketch", np.array(top_left, "f"))[0]
    np.testing.assert_allclose(decoded[0, 0], image, atol=1e-5)


def test_without_a_label_an_attribute_that_the_plane_shows_gives_the_colours(tmp_path, monkeypatch):
    modalities = small_faces(8)
    model = small_model("jmvae_kl", modalities)
    given = examples(modalities, 40)
    z = np.random.default_rng(0).normal(size=(40, 3)).astype("f")
    z[:, 0] += 5 * (given["attributes"].numpy()[:, 1] > 0)
    monkeypatch.setattr(model, "posterior_mean", lambda batch, seed: z)
    drawn = []
    monkeypatch.setattr(latent_spaces, "latent_map", lambda *what: drawn.append(what))
    latent_maps.draw_map(tmp_path / "map.png", model, None, given, 0)
    [(_, _, classes, names, decoded, _, axes, title, _)] = drawn
    assert names == ["not Male", "Male"]
    assert title.endswith("coloured by Male")
    np.testing.assert_array_equal(classes, given["attributes"].numpy()[:, 1] > 0)
    assert decoded is None
    variances = z.var(axis=0)
    least = variances.max() / variances.sum()
    [share] = re.findall(r"first principal component, (\d+) % of the variance", axes[0])
    assert 100 * least - 1 < int(share) < 100
    seen = np.ones((40, modalities["attributes"].event_shape[0]), bool)
    seen[:3] = False
    with_gaps = {**given, observed_key("attributes"): seen}
    latent_maps.draw_map(tmp_path / "map.png", model, None, with_gaps, 0)
    [_, (_, _, classes_with_gaps, names, *_)] = drawn
    assert names == ["not Male", "Male", "unknown"]
    np.testing.assert_array_equal(classes_with_gaps, [2, 2, 2, *classes[3:]])


def test_maps_of_any_number_of_points_and_classes_are_drawn(tmp_path, rng):
    for number, classes in ((1, 1), (300, 40)):
        points = rng.normal(size=(number, 2))
        places = np.arange(number) % classes
        names = [f"class {place} of a long name" for place in range(classes)]
        limits = latent_spaces.limits_of(points, 0.98)
        for given in (places, None):
            latent_spaces.latent_map(
                tmp_path / "map.png", points, given, names, None, limits, "xy", "Title", "note"
            )
    assert (tmp_path / "map.png").stat().st_size > 1000

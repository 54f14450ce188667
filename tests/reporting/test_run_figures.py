"""Figures follow from kinds and directions; `test_every_model` has those of digits."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.likelihoods import Bernoulli, Categorical, CategoricalSequence, Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.base import Direction
from jmvae_tf.reporting import run_figures
from jmvae_tf.reporting.direction_figures import DirectionFigure
from jmvae_tf.reporting.figures import (
    confusions,
    image_grids,
    images_and_values,
    number_plots,
    shares,
    text_pairs,
)
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.pictures import read_picture
from tests.helpers.small_models import examples, set_sequential_weights, small_faces, small_model


@dataclasses.dataclass
class RowsOnDisk:
    """Examples of which only the first ones may be read."""

    array: np.ndarray
    most: int

    def __post_init__(self):
        self.shape, self.dtype = self.array.shape, self.array.dtype

    def __len__(self):
        return len(self.array)

    def __getitem__(self, indices):
        assert indices.max() < self.most, "more would fill the memory"
        return self.array[indices]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 8, 8, 3), np.uint8)
    attributes = rng.choice(np.array([-1, 1], np.int8), (30, 3))
    arrays = {"image": RowsOnDisk(images, 25), "attributes": attributes}
    return DataSet("faces", small_faces(8), arrays, arrays, arrays, faces.values_of_faces)


def _history():
    terms = {name: 1.0 for name in ("bound", "log_p_image", "generator_loss")}
    return [
        {"epoch": epoch}
        | {f"{part}_{term}": value for part in ("train", "test") for term, value in terms.items()}
        for epoch in (1, 2)
    ]


def _pictures(model, data, path):
    folder = RunFolder(path / "run")
    folder.path.mkdir()
    folder.write_history(_history())
    run_figures.draw_figures(model, data, folder, seed=0)
    for picture in folder.figures.glob("*.png"):
        assert read_picture(picture).std() > 10, f"something is to be seen in {picture}"
    return {x.name.removesuffix(".png") for x in folder.figures.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target", "drawn"),
    [
        (
            "jmvae_kl",
            None,
            {
                "accuracy_of_attributes_by_image",
                "attributes_by_image",
                "images_by_attributes",
                "latent_map",
                "loss_terms",
                "nearest_training_images",
                "prior_samples",
                "reconstructions",
                "walk.gif",
                "walk_of_images_by_attributes.gif",
            },
        ),
        pytest.param(
            "cvae",
            "image",
            {"images_by_attributes", "loss_terms", "reconstructions"},
            marks=pytest.mark.slow,
        ),
        (
            "cmma",
            "attributes",
            {"accuracy_of_attributes_by_image", "attributes_by_image", "loss_terms"},
        ),
        pytest.param(
            "vae",
            "image",
            {
                "latent_map",
                "loss_terms",
                "nearest_training_images",
                "prior_samples",
                "reconstructions",
                "walk.gif",
            },
            marks=pytest.mark.slow,
        ),
        ("vae", "attributes", {"latent_map", "loss_terms"}),
    ],
)
def test_pictures_of_faces(data, tmp_path, monkeypatch, name, target, drawn):
    monkeypatch.setattr(run_figures, "_MOST_VALUES", 25 * (8 * 8 * 3 + 3))
    modalities = small_faces(8)
    if target == "attributes":  # The first is the target.
        modalities = dict(reversed(modalities.items()))
    model = small_model(name, modalities)
    set_sequential_weights(model)
    assert _pictures(model, data, tmp_path) == drawn


def test_each_attribute_is_asked_for_in_turn(data, tmp_path, monkeypatch):
    model = small_model("cvae", small_faces(8))
    set_sequential_weights(model)
    model.statistics["attributes"].set_statistics(np.array([-0.5, 0.0, 0.25]), np.ones(3))
    grids = {}
    monkeypatch.setattr(
        image_grids,
        "image_grid",
        lambda path, *what, **named: grids.update({path.stem: what}),
    )
    monkeypatch.setattr(run_figures, "_MOST_VALUES", 25 * (8 * 8 * 3 + 3))
    run_figures.draw_figures(model, data, RunFolder(tmp_path), seed=0)
    images, _, columns, rows, _ = grids["images_by_attributes"]
    assert columns == ["base", "Bald", "Male", "Smiling"]
    assert rows == ["average", "sample 1", "sample 2", "sample 3"]
    asked = np.array([[-0.5, 0, 0.25], [1, 0, 0.25], [-0.5, 1, 0.25], [-0.5, 0, 1]], "f")
    averages = model.generate("image", {"attributes": asked})
    np.testing.assert_allclose(images[0], averages, rtol=1e-4, atol=1e-6)
    assert images.shape == (4, 4, 8, 8, 3)


# Data that no preset has.


@pytest.fixture
def grids(monkeypatch):
    """What `image_grid` would draw, by the name of the picture; maps and walks are left out."""
    found = {}
    monkeypatch.setattr(run_figures, "_maps", lambda *what: [])
    monkeypatch.setattr(run_figures, "_walks", lambda *what: [])
    monkeypatch.setattr(
        image_grids,
        "image_grid",
        lambda path, *what, **named: found.update({path.stem: what}),
    )
    return found


@pytest.mark.slow
def test_of_many_classes_without_names_the_first_are_pictured(tmp_path, grids):
    rng = np.random.default_rng(0)
    image = Modality("image", (4, 4, 1), Bernoulli(), kind="image")
    label = Modality("label", (1000,), Categorical(), kind="label")
    images = rng.integers(0, 2, (8, 4, 4, 1)).astype("f")
    arrays = {"image": images, "label": np.eye(1000, dtype="f")[:8]}
    modalities = {"image": image, "label": label}
    data = DataSet("many", modalities, arrays, arrays, arrays, dict)
    model = small_model("jmvae_kl", modalities)
    run_figures.draw_figures(model, data, RunFolder(tmp_path), seed=0)
    drawn, title, columns, *_ = grids["images_by_label"]
    assert drawn.shape == (9, 20, 4, 4, 1)
    assert title == "Image generated from label (the first 20 of 1000)"
    assert columns == tuple(map(str, range(20)))
    picture = read_picture(tmp_path / "figures" / "labels_by_image.png")
    assert max(picture.shape) < 3000, "ten bars an image"


@pytest.mark.slow
@pytest.mark.parametrize("number", [3, 100])
def test_attributes_that_are_0_or_1_are_asked_for_from_half_way(
    tmp_path, monkeypatch, grids, number
):
    beside = []
    monkeypatch.setattr(images_and_values, "attributes_by_image", lambda *what: beside.extend(what))
    names = tuple(f"trait{place}" for place in range(number))
    traits = Modality("attributes", (number,), Bernoulli(), kind="attributes", value_names=names)
    image = Modality("image", (4, 4, 1), Bernoulli(), kind="image")
    rng = np.random.default_rng(0)
    arrays = {
        "image": rng.integers(0, 2, (8, 4, 4, 1)).astype("f"),
        "attributes": rng.integers(0, 2, (8, number)).astype("f"),
    }
    modalities = {"image": image, "attributes": traits}
    data = DataSet("traits", modalities, arrays, arrays, arrays, dict)
    model = small_model("jmvae_kl", modalities)
    set_sequential_weights(model)
    run_figures.draw_figures(model, data, RunFolder(tmp_path), seed=0)
    images, title, columns, *_ = grids["images_by_attributes"]
    assert beside[-3:-1] == [0.5, (0.0, 1.0)], "the threshold, and the range of the image"
    shown = min(number, 40)
    assert columns == ["base", *names[:shown]]
    assert title.endswith("one of them at 1" + (" (the first 40 of 100)" if number > 40 else ""))
    half = np.full(number, 0.5, "f")
    asked = np.stack([half, *(np.where(np.arange(number) == x, 1, half) for x in range(shown))])
    averages = model.generate("image", {"attributes": asked.astype("f")})
    np.testing.assert_allclose(images[0], averages, rtol=1e-4, atol=1e-6)


MODALITIES = {
    "photo": Modality("photo", (4, 4, 3), Gaussian(), kind="image", value_range=(-1.0, 1.0)),
    "sketch": Modality("sketch", (4, 6, 1), Bernoulli(), kind="image"),
    "species": Modality("species", (3,), Categorical(), kind="label", value_names=tuple("abc")),
    "beach": Modality("beach", (2,), Categorical(), kind="label"),
    "traits": Modality(
        "traits", (2,), Bernoulli(), kind="attributes", value_names=("striped", "red")
    ),
    "sizes": Modality("sizes", (2,), Gaussian()),
}


@pytest.fixture
def drawn(monkeypatch):
    """The stems of the figures that would be drawn, but of maps and of what moves."""
    stems = []
    monkeypatch.setattr(run_figures, "_maps", lambda *what: [])
    monkeypatch.setattr(run_figures, "_walks", lambda *what: [])
    for module, name in (
        (shares, "share_bars"),
        (image_grids, "image_grid"),
        (images_and_values, "attributes_by_image"),
        (images_and_values, "labels_by_image"),
        (confusions, "confusion_matrix"),
        (number_plots, "predicted_by_true"),
        (number_plots, "correlation_matrices"),
        (text_pairs, "texts_side_by_side"),
    ):
        monkeypatch.setattr(module, name, lambda path, *what, **named: stems.append(path.stem))
    return stems


def _draw(path, model_name, *names):
    """Draws the figures of some of `MODALITIES` into a run's folder; the notes."""
    modalities = {name: MODALITIES[name] for name in names}
    arrays = {name: x.numpy() for name, x in examples(modalities, 8).items()}
    model = small_model(model_name, modalities)
    set_sequential_weights(model)
    data = DataSet("shells", modalities, arrays, arrays, arrays, dict)
    return run_figures.draw_figures(model, data, RunFolder(path), seed=0)


@pytest.mark.slow
def test_two_labels_have_figures_of_their_own(tmp_path, drawn):
    assert _draw(tmp_path, "jmvae_kl", "photo", "species", "beach") == []
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {
        "photos_by_species",
        "photos_by_beach",
        "photos_by_species_and_beach",
        "species_by_photo",
        "beaches_by_photo",
        "species_by_photo_and_beach",
        "beaches_by_photo_and_species",
        *(f"confusion_of_{x}" for x in ("species_by_photo", "species_by_beach")),
        *(f"confusion_of_{x}" for x in ("beaches_by_photo", "beaches_by_species")),
        "confusion_of_species_by_photo_and_beach",
        "confusion_of_beaches_by_photo_and_species",
        "nearest_training_images",
        "prior_samples",
        "reconstructions",
    }


@pytest.mark.slow
def test_two_images_have_figures_of_their_own_and_of_each_other(tmp_path, drawn):
    assert _draw(tmp_path, "jmvae_kl", "photo", "sketch", "traits") == []
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {
        "photos_by_sketch",
        "sketches_by_photo",
        "photos_by_traits",
        "sketches_by_traits",
        "traits_by_photo",
        "traits_by_sketch",
        "accuracy_of_traits_by_photo",
        "accuracy_of_traits_by_sketch",
        "accuracy_of_traits_by_photo_and_sketch",
        "photos_by_sketch_and_traits",
        "sketches_by_photo_and_traits",
        "traits_by_photo_and_sketch",
        "nearest_training_images_of_photo",
        "nearest_training_images_of_sketch",
        "prior_samples_of_photo",
        "prior_samples_of_sketch",
        "reconstructions_of_photo",
        "reconstructions_of_sketch",
    }


def test_without_an_image_a_note_says_that_nothing_is_drawn(tmp_path, drawn):
    [note] = _draw(tmp_path, "jmvae_kl", "species", "sizes")
    assert drawn == ["confusion_of_species_by_sizes"]
    assert note.startswith("no figure shows sizes from species: ")
    [note] = _draw(tmp_path, "vae", "species")
    assert len(drawn) == 1
    assert note.startswith("no figure shows reconstructions of species: ")


def test_vectors_give_images_that_are_drawn_for_test_examples(tmp_path, drawn):
    [note] = _draw(tmp_path, "jmvae_kl", "sketch", "sizes")
    assert len(drawn) == len(set(drawn))
    of_prior = {"prior_samples", "nearest_training_images"}
    assert set(drawn) == {"sketches_by_sizes", "reconstructions"} | of_prior
    assert note.startswith("no figure shows sizes from sketch: ")


@pytest.mark.parametrize(
    ("names", "figures"),
    [
        (("photo", "species", "beach"), {"photos_by_species_and_beach", "reconstructions"}),
        pytest.param(
            ("species", "sizes", "photo"),
            {"species_by_sizes_and_photo", "confusion_of_species_by_sizes_and_photo"},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("traits", "photo", "sketch"),
            {"traits_by_photo_and_sketch", "accuracy_of_traits_by_photo_and_sketch"},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_model_of_one_direction_is_given_all_but_its_target(tmp_path, drawn, names, figures):
    assert _draw(tmp_path, "cvae", *names) == []
    assert figures == set(drawn)


@pytest.mark.slow
def test_something_is_to_be_seen_in_every_figure(tmp_path):
    _draw(tmp_path, "jmvae_kl", *MODALITIES)
    figures = list((tmp_path / "figures").glob("*.png"))
    # Of each image: reconstructed, of the prior and the nearest, from each of five others and from
    # all, a map, and beside three others, which are from all too; of two labels and of attributes,
    # from five and from all.
    assert len(figures) == 2 * (4 + 6 + 3) + 3 + 3 * 6
    moving = {"walk_of_photo", "walk_of_sketch", "walk_of_photos_by_traits"}
    moving |= {"walk_of_sketches_by_traits"}
    assert {x.stem for x in (tmp_path / "figures").glob("*.gif")} == moving
    for figure in figures:
        assert read_picture(figure).std() > 10, figure


def test_images_of_test_examples_stand_below_the_images_they_are_given(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        image_grids, "image_grid", lambda path, *what, **named: drawn.append((*what, named))
    )
    modalities = {name: MODALITIES[name] for name in ("photo", "sketch")}
    model = small_model("jmvae_kl", modalities)
    given = examples(modalities, 5)
    given["photo"] = tf.clip_by_value(given["photo"], -1, 1)
    direction = Direction(("sketch",), "photo")
    DirectionFigure(tmp_path / "photos.png", model, direction, given, seed=1).draw()
    [(rows, title, named)] = drawn
    assert title == "Photo generated from test sketch"
    assert named["row_names"] == [
        "given sketch",
        "test photo",
        "average",
        "sample 1",
        "sample 2",
        "sample 3",
    ]
    assert [row.shape for row in rows] == [(5, 4, 6, 1), *[(5, 4, 4, 3)] * 5]
    np.testing.assert_array_equal(rows[0], given["sketch"])
    np.testing.assert_allclose(rows[1], (given["photo"] + 1) / 2, atol=1e-6)
    average = model.generate("photo", {"sketch": given["sketch"]}, seed=1)
    np.testing.assert_allclose(rows[2], (average + 1) / 2, atol=1e-6)


def test_numbers_and_texts_have_figures_of_their_kinds_with_gaps(tmp_path, drawn):
    names = ("a", "b", "<end>")
    modalities = {
        "species": MODALITIES["species"],
        "measures": Modality("measures", (2,), Gaussian(), kind="numbers"),
        "note": Modality("note", (4, 3), CategoricalSequence(), kind="text", value_names=names),
    }
    rng = np.random.default_rng(0)
    arrays = {
        "species": np.eye(3, dtype="f")[np.arange(30) % 3],
        "measures": rng.normal(size=(30, 2)).astype("f"),
        "note": np.eye(3, dtype="f")[rng.integers(0, 3, (30, 4))],
        observed_key("species"): np.arange(30) % 3 > 0,
        observed_key("note"): np.arange(30) % 5 > 0,
    }
    arrays["note"][::5] = np.nan
    data = DataSet("shells", modalities, arrays, arrays, arrays, dict)
    model = small_model("jmvae_kl", modalities)
    assert run_figures.draw_figures(model, data, RunFolder(tmp_path), seed=0) == []
    sources = {
        "measures": ("species", "note", "species_and_note"),
        "confusion_of_species": ("measures", "note", "measures_and_note"),
        "texts_of_notes": ("species", "measures", "species_and_measures"),
    }
    expected = [f"{what}_by_{x}" for what, given in sources.items() for x in given]
    assert sorted(drawn) == sorted([*expected, "correlations"])

"""The models that the repository ships load, describe themselves and reach their cards' figures.

All by their signatures, as a client measures them, and on examples drawn for the purpose or on a
sample: agreement is within four standard errors of both figures.
"""

import json
import math

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from jmvae_tf.clients.image_checks import INVERTED, UNLIKE
from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.data import mnist
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.evaluation.attribute_shares import balanced_accuracies
from jmvae_tf.evaluation.estimate import Estimate, estimate
from jmvae_tf.evaluation.judges import fit_judge
from jmvae_tf.evaluation.metrics.diversity import MAX_REAL, mean_distances
from jmvae_tf.export_format.shipped_models import DIGITS, FACES, SHIPPED_NAMES, saved_model_folder
from tests.helpers.paths import ROOT

LARGEST = 10 * 10**6  # Bytes.
UNSEEN = 99  # The seed of faces that the model was neither trained nor scored on.


@pytest.fixture(scope="module")
def loaded():
    """Name to model."""
    return {name: LoadedExport(_version(name)) for name in SHIPPED_NAMES}


def _card(name):
    return json.loads((saved_model_folder(name) / "card.json").read_text("utf-8"))


def _version(name):
    return saved_model_folder(name) / str(_card(name)["version"])


def _assert_agrees(name, figure, found):
    card = _card(name)["figures"][figure]
    error = math.hypot(card["standard_error"], found.standard_error)
    assert abs(found.mean - card["mean"]) < 4 * error, f"{figure}: {found}, card {card}"


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_small_and_whole_and_with_a_card(name, loaded):
    files = [path for path in _version(name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    version, card = loaded[name].version, _card(name)
    assert (version / "assets.extra" / "tf_serving_warmup_requests").is_file()
    given = dict(x.removeprefix("--").split("=", 1) for x in card["command"].split()[1:])
    assert (given.get("model", "jmvae_kl"), given["data"]) == (card["model"], card["data"])
    assert name == f"{card['data']}-{card['model']}"
    assert card["epochs"] > 0
    assert card["licence"]
    text = (saved_model_folder(name) / "README.md").read_text("utf-8")
    assert card["command"] in text
    for said in (card["intended_use"], *card["limits"], card["licence"]):
        assert said in " ".join(text.split())
    assert f"with seed {card['seed']} by" in text
    for figure, x in card["figures"].items():
        assert f"| `{figure}` |" in text
        assert f"| {x['mean']:.4f} ± {x['standard_error']:.4f} |" in text


def test_they_describe_themselves(loaded):
    digits = loaded[DIGITS].modalities
    assert {x.name: (x.kind, x.event_shape) for x in digits.values()} == {
        "image": ("image", (28, 28, 1)),
        "label": ("label", (10,)),
    }
    assert digits["image"].support == (0.0, 1.0)
    faces = loaded[FACES].modalities
    assert faces["image"].event_shape == (64, 64, 3)
    assert faces["attributes"].value_names == tuple(toyfaces.ATTRIBUTES)
    assert faces["attributes"].support == (-3.0, 3.0)
    rates = toyfaces.sample_attributes(10_000, 0).mean(axis=0)
    np.testing.assert_allclose(faces["attributes"].means, rates, atol=1e-4)


def test_attributes_read_off_faces_never_seen(loaded):
    model = loaded[FACES]
    faces = toyfaces.examples(1000, UNSEEN)
    images = faces["image"] / np.float32(255)
    read = model("image_to_attributes", image=images)["attributes"]
    has = faces["attributes"] > 0
    found = balanced_accuracies((read > 0) == has, has, toyfaces.ATTRIBUTES)
    # Nearly all are right: with a handful of errors the standard error itself is a guess.
    error = max(found.mean.standard_error, 5e-4)
    _assert_agrees(
        FACES,
        "image_to_attributes_balanced_accuracy",
        Estimate(found.mean.mean, error),
    )


@pytest.mark.slow
def test_faces_show_what_was_asked_for(loaded):
    """The judge is fitted to the training set, as for the card."""
    model = loaded[FACES]
    training = toyfaces.examples(toyfaces.NUM_EXAMPLES["train"], 0)
    judge = fit_judge(training["image"] / np.float32(255), training["attributes"] > 0)
    asked = toyfaces.sample_attributes(1000, UNSEEN)
    seeds = np.arange(len(asked), dtype=np.int32)
    drawn = model("sample_image_from_attributes", attributes=asked, seed=seeds)["image"]
    has = asked > 0
    found = balanced_accuracies(judge.read(drawn) == has, has, toyfaces.ATTRIBUTES)
    _assert_agrees(FACES, "attributes_to_image_coherence", found.mean)


@pytest.mark.slow
def test_faces_differ_as_drawn_ones_do(loaded):
    model = loaded[FACES]
    vectors = toyfaces.sample_attributes(40, UNSEEN)
    ratios = []
    for number, vector in enumerate(vectors):
        repeated = np.repeat(vector[np.newaxis], 20, axis=0)
        seeds = np.arange(20, dtype=np.int32) + 20 * number
        fake = model("sample_image_from_attributes", attributes=repeated, seed=seeds)["image"]
        real = toyfaces.redraw(repeated, UNSEEN + number) / 255
        ratios.append(mean_distances(fake).mean() / mean_distances(real).mean())
    found = estimate(np.array(ratios))
    _assert_agrees(FACES, "attributes_to_image_diversity", found)


@pytest.fixture(scope="module")
def digits():
    """MNIST, its images in [0, 1] and its labels as numbers."""
    folder = ROOT.parent / "shared" / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip(f"MNIST's idx files are not in {folder}")
    arrays = mnist.read_idx_files(folder)
    return {
        name: x / np.float32(255) if x.ndim > 1 else x.astype(np.int64)
        for name, x in ((name, np.squeeze(x)) for name, x in arrays.items())
    }


@pytest.fixture
def some(rng):
    """The numbers of two thousand test digits; the first of them are easier than the last."""
    return rng.permutation(10_000)[:2000]


def test_labels_read_off_test_digits(loaded, digits, some):
    images = digits["test-images"][some][..., np.newaxis]
    read = loaded[DIGITS]("image_to_label", image=images)["label"]
    right = read.argmax(axis=1) == digits["test-labels"][some]
    _assert_agrees(DIGITS, "generated_label_accuracy", estimate(right))


def test_few_digits_are_taken_for_something_else(loaded, digits, some):
    images = digits["test-images"][some[:400]][..., np.newaxis]
    check = loaded[DIGITS].check_image
    checked = [check("image", x) for x in images]
    assert np.mean([UNLIKE in notes for _, notes in checked]) < 0.02
    assert not any(INVERTED in notes for _, notes in checked)
    for image in images[:20]:
        turned, notes = check("image", 1 - image)
        assert notes[0] == INVERTED
        np.testing.assert_allclose(turned, image, atol=1e-6)


@pytest.mark.parametrize("kind", ["noise", "stripes"])
def test_images_that_are_no_digits_are_noticed(loaded, rng, kind):
    image = np.zeros((28, 28, 1), np.float32)
    if kind == "noise":
        image[2:-2, 2:-2] = rng.uniform(size=(24, 24, 1))
    else:
        image[4:-4:4, 4:-4] = 1
    assert loaded[DIGITS].check_image("image", image).notes == [UNLIKE]


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_places_of_their_maps_are_decoded(loaded, name):
    model = loaded[name]
    places = model.summary.latent_map
    assert len(places.z) == 1000
    z = places.plane.to_z(places.plane.to_plane(places.z[:1]))
    [other] = places.values  # The digit, or the attributes.
    for name in ("image", other):
        [drawn] = model(f"decode_{name}", z=z)[name]
        assert drawn.shape == model.modalities[name].event_shape


def test_log_likelihood_of_test_digits_given_their_labels(loaded, digits, some, rng):
    """Eq. 5 of the 2018 paper by the samples that a client can draw, N = 10."""
    model = loaded[DIGITS]
    images = digits["test-images"][some]
    binary = rng.uniform(size=images.shape) < images
    labels = np.eye(10, dtype="f")[digits["test-labels"][some]]
    total = np.zeros(len(some))
    for number in range(10):
        seeds = (np.arange(len(some)) * 10 + number).astype(np.int32)
        mean = model("sample_image_from_label", label=labels, seed=seeds)["image"][..., 0]
        mean = np.clip(mean.astype(np.float64), 1e-7, 1 - 1e-7)
        total += np.where(binary, np.log(mean), np.log1p(-mean)).sum(axis=(1, 2))
    _assert_agrees(DIGITS, "label_to_image_log_likelihood", estimate(total / 10))


@pytest.mark.slow
def test_digits_show_their_labels_and_differ(loaded, digits):
    model = loaded[DIGITS]
    classes = np.repeat(np.arange(10), 100)
    labels = np.eye(10, dtype="f")[classes]
    seeds = np.arange(1000, dtype=np.int32)
    drawn = model("sample_image_from_label", label=labels, seed=seeds)["image"].reshape(1000, -1)
    judge = KNeighborsClassifier(n_neighbors=3)
    judge.fit(digits["train-images"][:50_000].reshape(50_000, -1), digits["train-labels"][:50_000])
    coherence = estimate(judge.predict(drawn) == classes)
    _assert_agrees(DIGITS, "label_coherence", coherence)
    ratios = []
    for number in range(10):
        real = digits["test-images"][digits["test-labels"] == number][:MAX_REAL]
        real_distance = mean_distances(real).mean()
        ratios.append(mean_distances(drawn[classes == number]).mean() / real_distance)
    error = _card(DIGITS)["figures"]["label_diversity"]["standard_error"]
    diversity = Estimate(float(np.mean(ratios)), error)  # Of as many images.
    _assert_agrees(DIGITS, "label_diversity", diversity)

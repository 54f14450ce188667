"""A mixture of Gaussians in the latent space: its samples, and its file."""

import copy
import json

import numpy as np
import pytest

from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.models.latent_mixture_file import read_latent_mixture, write_latent_mixture
from jmvae_tf.runtime.errors import UserError
from tests.helpers.small_models import small_model

MIXTURE = LatentMixture(
    np.array([0.2, 0.8], "f"),
    np.array([[5, -5], [-1, 2]], "f"),
    np.array([[[1, 0], [0.5, 0.1]], [[0.3, 0], [-0.2, 2]]], "f"),
    100,
    "epoch-000003.keras",
)


def test_moments_of_samples_are_those_of_the_mixture():
    number = 20_000
    z = MIXTURE.sample(number, seed=1).numpy().astype(np.float64)
    w, mu = MIXTURE.weights.astype(np.float64), MIXTURE.means.astype(np.float64)
    mean = w @ mu
    within = MIXTURE.factors @ MIXTURE.factors.transpose(0, 2, 1)
    deviation = mu - mean
    covariance = np.einsum(
        "k,kij->ij", w, within + deviation[:, :, np.newaxis] * deviation[:, np.newaxis]
    )
    error = np.sqrt(np.diag(covariance) / number)
    assert (np.abs(z.mean(axis=0) - mean) < 5 * error).all()
    np.testing.assert_allclose(np.cov(z, rowvar=False), covariance, rtol=0.05)
    of_first = z[:, 0] > 2.5  # Three deviations of either component away.
    assert of_first.mean() == pytest.approx(0.2, abs=5 * np.sqrt(0.16 / number))
    np.testing.assert_allclose(np.cov(z[of_first], rowvar=False), within[0], rtol=0.08, atol=5e-3)


def test_a_sample_with_its_own_seed_depends_on_no_other():
    seeds = np.array([[3, 0], [7, 0], [3, 0]], np.int32)
    z = MIXTURE.sample(3, seeds).numpy()
    np.testing.assert_array_equal(z[0], z[2])
    np.testing.assert_allclose(MIXTURE.sample(1, seeds[1:2])[0], z[1], rtol=1e-6)
    assert not np.allclose(z[0], z[1])
    np.testing.assert_array_equal(MIXTURE.sample(4, 2), MIXTURE.sample(4, 2))


def test_a_component_of_no_weight_is_never_drawn():
    mixture = LatentMixture(
        np.array([0, 1, 0], "f"),
        np.array([[9], [0], [-9]], "f"),
        np.full((3, 1, 1), 0.1, "f"),
        3,
    )
    assert np.abs(mixture.sample(500)).max() < 1


def test_it_generates_what_the_model_decodes(two_modalities):
    model = small_model("jmvae_kl", two_modalities, latent_dim=2)
    images = MIXTURE.generate(model, "image", 5, seed=4)
    assert images.shape == (5, 4, 4, 1)
    expected = model.decoded_mean("image", MIXTURE.sample(5, seed=4))
    np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"means": np.zeros((3, 2), "f")}, "Received: .2,., .3, 2., .2, 2, 2."),
        ({"weights": np.array([0.5, 0.6], "f")}, "a sum of 1.1"),
        ({"weights": np.array([1.5, -0.5], "f")}, "not negative"),
        ({"means": np.full((2, 2), np.nan, "f")}, "NaN"),
        ({"factors": np.ones((2, 2, 2), "f")}, "lower triangular"),
        ({"factors": np.zeros((2, 2, 2), "f")}, "positive on the diagonal"),
    ],
)
def test_arrays_that_are_no_mixture(changes, message):
    parts = {name: getattr(MIXTURE, name) for name in ("weights", "means", "factors")}
    with pytest.raises(ValueError, match=message):
        LatentMixture(**{**parts, **changes}, num_examples=1)


@pytest.fixture
def content(tmp_path):
    """What the file of `MIXTURE` holds."""
    write_latent_mixture(tmp_path / "mixture.json", MIXTURE)
    return json.loads((tmp_path / "mixture.json").read_text())


def read(content, tmp_path, latent_dim=2):
    path = tmp_path / "read.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_latent_mixture(path, latent_dim)


def test_what_was_written_is_read_bit_for_bit(tmp_path, rng):
    factors = np.tril(rng.normal(size=(4, 3, 3)).astype("f"))
    factors[:, range(3), range(3)] = np.exp(5 * rng.normal(size=(4, 3))).astype("f")
    weights = rng.dirichlet(np.ones(4)).astype("f")
    mixture = LatentMixture(weights, rng.normal(size=(4, 3)).astype("f"), factors, 7, "epoch")
    write_latent_mixture(tmp_path / "mixture.json", mixture)
    found = read_latent_mixture(tmp_path / "mixture.json", 3)
    for name in ("weights", "means", "factors"):
        assert getattr(found, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(found, name), getattr(mixture, name))
    assert (found.num_examples, found.checkpoint) == (7, "epoch")


def test_none_and_another_version_are_no_mixture(content, tmp_path):
    assert read_latent_mixture(tmp_path / "missing.json", 2) is None
    assert read({**content, "version": 2}, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_examples", 0),
        ("num_examples", True),
        ("checkpoint", None),
        ("checkpoint", "x" * 1000),
        ("weights", []),
        ("weights", None),
        ("weights", [0.5] * 5000),
        ("weights", [0.7, 0.7]),
        ("weights", [1.2, -0.2]),
        ("weights", ["a", "b"]),
        ("weights", [float("nan"), 1.0]),
        ("means", [[1, 2, 3], [4, 5, 6]]),
        ("means", [[1, 2], [3, 1e39]]),
        ("means", {"a": 1}),
        ("factors", [[[1, 0], [0, 1]]]),
        ("factors", [[[1, 1], [0, 1]]] * 2),
        ("factors", [[[1, 0], [0, -1]]] * 2),
        ("factors", [[[1, 0], [0, 10**400]]] * 2),
    ],
)
def test_a_file_of_a_stranger_is_one_line(content, tmp_path, name, value):
    changed = copy.deepcopy(content)
    changed[name] = value
    with pytest.raises(UserError, match="The mixture of a run must be as") as caught:
        read(changed, tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 10_000, "\x80\x04"])
def test_a_file_that_is_no_object(tmp_path, text):
    with pytest.raises(UserError, match="delete the file"):
        read(text, tmp_path)


def test_a_mixture_of_another_latent_space(content, tmp_path):
    with pytest.raises(UserError, match="means that are no finite numbers"):
        read(content, tmp_path, latent_dim=3)

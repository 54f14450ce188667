"""What is missing is filled in, what is there stays, and spreads are those of the draws."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.completion import Completer, Draws
from jmvae_tf.models.model_completer import ModelCompleter, draw_targets
from jmvae_tf.runtime.randomness import fold, root_seed
from tests.helpers.small_models import examples, small_model

MODALITIES = {
    "photo": Modality("photo", (4, 3, 1), Bernoulli(), kind="image"),
    "species": Modality(
        "species", (3,), Categorical(), kind="label", value_names=("auger", "cockle", "limpet")
    ),
    "traits": Modality(
        "traits", (2,), Bernoulli(), kind="attributes", value_names=("red", "striped")
    ),
    "sizes": Modality("sizes", (2,), Gaussian(0.5)),
}


class KnownLaw(Completer):
    """Draws from N(a + 1, 4) where a is the number that is given, else from N(0, 1)."""

    def __init__(self):
        self.modalities = {
            "a": Modality("a", (1,), Gaussian()),
            "b": Modality("b", (2,), Gaussian()),
        }
        self.targets = ("a", "b")
        self.conditions = ()

    def draw(self, targets, given, batch, num_samples, seed):
        noise = np.random.default_rng(seed.numpy().astype(np.uint32)).normal(
            size=(num_samples, batch, 2)
        )
        a = given.get("a", np.zeros((batch, 1))) + (1 if "a" in given else 0)
        values = a + (2 if "a" in given else 1) * noise
        drawn = {"a": values[..., :1], "b": values}
        return {name: Draws(drawn[name], drawn[name]) for name in targets}

    def moments(self, given, batch, seed):
        return np.full((batch, 3), len(given)), np.ones((batch, 3))


def with_gaps(data, seed=0):
    """Hides modalities at random, and of `sizes` single values too; returns copies."""
    rng = np.random.default_rng(seed)
    gaps = {name: np.array(values, np.float32) for name, values in data.items()}
    for name, values in gaps.items():
        values[rng.random(len(values)) < 0.4] = np.nan
        if name == "sizes":
            values[rng.random(values.shape) < 0.3] = np.nan
    return gaps


def test_estimates_are_means_with_the_spread_of_their_law():
    data = {"a": np.array([[5.0], [np.nan]]), "b": np.array([[1.0, np.nan], [np.nan, np.nan]])}
    completed = KnownLaw().complete(data, num_samples=4000)
    np.testing.assert_allclose(completed["b"].values, [[1, 6], [0, 0]], atol=0.15)
    np.testing.assert_allclose(completed["b"].spread, [[0, 2], [1, 1]], atol=0.1)
    np.testing.assert_array_equal(completed["b"].filled, [[False, True], [True, True]])
    assert completed["a"].values[0] == 5
    assert completed["a"].spread[0] == 0


def test_draws_have_the_law_and_keep_what_is_there():
    data = {"a": np.full((1, 1), 5.0), "b": np.array([[1.0, np.nan]])}
    drawn = KnownLaw().draw_missing(data, 4000)
    assert (drawn["a"] == 5).all()
    assert (drawn["b"][..., 0] == 1).all()
    assert abs(drawn["b"][..., 1].mean() - 6) < 0.15
    assert abs(drawn["b"][..., 1].std() - 2) < 0.1


def test_embeddings_go_by_what_each_example_has():
    mean, _ = KnownLaw().embed({"a": np.array([[np.nan], [1.0]]), "b": np.ones((2, 2))})
    np.testing.assert_array_equal(mean[:, 0], [1, 2])


def test_many_rows_are_drawn_some_at_a_time():
    batches = []

    class Watched(KnownLaw):
        def draw(self, targets, given, batch, num_samples, seed):
            batches.append(batch)
            return super().draw(targets, given, batch, num_samples, seed)

    data = {"a": np.ones((1000, 1)), "b": np.full((1000, 2), np.nan)}
    completed = Watched().complete(data, num_samples=2)
    assert sum(batches) == 1000
    assert max(batches) <= 256
    assert len(np.unique(completed["b"].values)) == 2000


@pytest.mark.parametrize(
    "name", ["jmvae_kl", *(pytest.param(x, marks=pytest.mark.slow) for x in ("jmvae", "jmvae_h"))]
)
def test_a_model_fills_all_gaps_and_changes_nothing_else(name):
    data = {x: np.asarray(values) for x, values in examples(MODALITIES, 30).items()}
    gaps = with_gaps(data)
    before = {x: values.copy() for x, values in gaps.items()}
    completer = ModelCompleter(small_model(name, MODALITIES))
    completed = completer.complete(gaps, num_samples=3)
    for x, one in completed.items():
        there = ~np.isnan(before[x])
        np.testing.assert_array_equal(gaps[x], before[x])
        np.testing.assert_array_equal(one.values[there], before[x][there])
        np.testing.assert_array_equal(one.filled, ~there)
        assert np.isfinite(one.values).all()
    again = completer.complete(gaps, num_samples=3)
    np.testing.assert_array_equal(again["sizes"].values, completed["sizes"].values)
    species, sizes = completed["species"], completed["sizes"]
    np.testing.assert_allclose(species.values.sum(axis=1), 1, rtol=1e-5)
    assert species.spread is None
    assert (sizes.spread[sizes.filled] > 0).all()
    mean, stddev = completer.embed(gaps)
    assert np.isfinite(mean).all()
    assert (stddev > 0).all()


def test_estimates_are_those_of_the_model_given_what_there_is():
    model = small_model("jmvae_kl", MODALITIES)
    data = {x: np.asarray(values) for x, values in examples(MODALITIES, 4).items()}
    known = {x: data[x] for x in ("photo", "traits")}
    gaps = {**known, "sizes": np.full((4, 2), np.nan)}
    completed = ModelCompleter(model).complete(gaps, num_samples=5)
    seed = fold(root_seed(0), 0, 0)
    expected = draw_targets(model, ["sizes"], known, 5, seed)["sizes"][0].numpy().mean(axis=0)
    np.testing.assert_allclose(completed["sizes"].values, expected, rtol=1e-5)
    z = model.posterior_mean({x: tf.constant(values) for x, values in known.items()})
    mean, _ = ModelCompleter(model).embed(gaps)
    np.testing.assert_allclose(mean, z, rtol=1e-6)


def test_examples_without_anything_get_the_prior():
    completer = ModelCompleter(small_model("jmvae_kl", MODALITIES))
    nothing = {"species": np.full((3, 3), np.nan)}
    assert np.isfinite(completer.complete(nothing, 2)["species"].values).all()
    mean, stddev = completer.embed(nothing)
    assert (mean == 0).all()
    assert (stddev == 1).all()


def test_examples_without_a_condition_stay_as_they_are():
    model = small_model("cvae", MODALITIES)
    data = {x: np.asarray(values) for x, values in examples(MODALITIES, 2).items()}
    data["photo"] = np.full((2, 4, 3, 1), np.nan)
    data["traits"] = np.array([[1, 0], [np.nan, 1]])
    completed = ModelCompleter(model).complete(data, 2)
    assert list(completed) == ["photo"]
    empty = np.isnan(completed["photo"].values).reshape(2, -1)
    assert not empty[0].any()
    assert empty[1].all()
    mean, _ = ModelCompleter(model).embed(data)
    assert np.isfinite(mean[0]).all()
    assert np.isnan(mean[1]).all()
    with pytest.raises(ValueError, match="none with all of that"):
        ModelCompleter(model).embed({"photo": data["photo"]})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"colour": np.ones((2, 1))}, "colour"),
        ({}, "nothing"),
        ({"a": np.ones((2, 3))}, "shape"),
        ({"a": np.ones((2, 1)), "b": np.ones((3, 2))}, "shape"),
    ],
)
def test_other_data_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        KnownLaw().complete(data)

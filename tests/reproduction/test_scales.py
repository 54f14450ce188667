"""How large a reproduction is."""

import dataclasses
import itertools

from jmvae_tf.reproduction import recipes
from jmvae_tf.reproduction.scales import LONG, PAPER, QUICK, SCALES
from jmvae_tf.settings import WITHOUT_EFFECT

QUICK_FACES, PAPER_FACES = (SCALES[name]["celeba"] for name in ("quick", "paper"))


def test_scales_score_all_test_digits():
    assert {name: scales["mnist"] for name, scales in SCALES.items()} == {
        "quick": QUICK,
        "long": LONG,
        "paper": PAPER,
    }
    for scale in (QUICK, LONG, PAPER):
        assert scale.num_generation_examples is None
        of_papers = (scale.num_samples, scale.num_importance_samples, scale.num_prior_samples)
        assert of_papers == (10, 1000, 5000)
    for scale in (LONG, PAPER):
        assert scale.num_likelihood_examples is None
        assert scale.num_chain_examples is None


def test_long_differs_from_the_papers_in_the_number_of_epochs_alone():
    other = {"name": "paper", "overrides": {}}
    assert dataclasses.replace(LONG, **other) == PAPER
    for recipe in itertools.chain(*(recipes.TABLES[x] for x in ("2018-1-mnist", "2016-1"))):
        ours, papers = (recipe.settings("mnist", x, 0) for x in (LONG, PAPER))
        assert (ours.epochs, ours.warmup_epochs, ours.checkpoint_every) == (500, 200, 10)
        assert ours.evaluate_every == 10
        assert dataclasses.replace(ours, epochs=2000, **dict.fromkeys(WITHOUT_EFFECT, 1)) == papers


def test_scales_of_faces_are_those_of_the_papers_on_celeba():
    for by_data in SCALES.values():
        for data in ("celeba", "toyfaces"):
            scale = by_data[data]
            of_papers = (scale.num_samples, scale.num_importance_samples, scale.num_prior_samples)
            assert of_papers == (10, 10, 10)
            assert scale.num_rounds == 40
    assert PAPER_FACES.num_generation_examples is None
    assert SCALES["quick"]["toyfaces"].overrides == {}


def test_long_differs_from_quick_on_celeba_in_the_number_of_epochs_alone():
    long, quick = (SCALES[name]["celeba"] for name in ("long", "quick"))
    epochs = {"epochs": 12, "warmup_epochs": 2}
    changed = {"name": "quick", "overrides": {**long.overrides, **epochs}}
    assert dataclasses.replace(long, **changed) == quick
    assert (long.overrides["epochs"], long.overrides["warmup_epochs"]) == (24, 6)
    long, paper = (SCALES[name]["toyfaces"] for name in ("long", "paper"))
    assert dataclasses.replace(long, name="paper") == paper

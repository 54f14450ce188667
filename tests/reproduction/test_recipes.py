"""What is trained for each table and figure."""

import dataclasses
import itertools

import pytest

from jmvae_tf.models.registry import MODELS
from jmvae_tf.reproduction import (
    recipes,
)
from jmvae_tf.reproduction.recipes import GAN_RUNS, TWO_LATENT_RUNS
from jmvae_tf.reproduction.scales import PAPER, QUICK, SCALES
from jmvae_tf.settings import Settings, settings_of
from tests.helpers.reproductions import (
    OF_FACES,
    OF_MNIST,
)

QUICK_FACES, PAPER_FACES = (SCALES[name]["celeba"] for name in ("quick", "paper"))


@pytest.mark.parametrize("name", OF_MNIST)
def test_every_run_is_the_preset_but_for_what_is_named(name):
    for recipe in {**recipes.TABLES, **recipes.FIGURES}[name]:
        paper = recipe.settings("mnist", PAPER, 0)
        assert paper == settings_of(recipe.model, "mnist", recipe.overrides)
        assert (paper.epochs, paper.warmup_epochs) == (2000, 200)
        warmup_epochs = 16 if recipe.model == "jmvae_h" else 4
        assert recipe.settings("mnist", QUICK, 3) == dataclasses.replace(
            paper, epochs=20, warmup_epochs=warmup_epochs, seed=3
        )


def test_runs_are_shared_and_named_apart():
    by_name: dict[str, Settings] = {}
    made = {**recipes.TABLES, **recipes.FIGURES}
    for recipe in itertools.chain(*(made[name] for name in OF_MNIST)):
        settings = recipe.settings("mnist", PAPER, 0)
        assert by_name.setdefault(recipe.name, settings) == settings
    assert len({str(settings) for settings in by_name.values()}) == len(by_name)
    # Seven of Table 1 of 2018, three more of 2016, three with two latent values.
    assert len(by_name) == 13
    assert [
        recipe.settings("mnist", PAPER, 0).latent_dim for recipe in TWO_LATENT_RUNS.values()
    ] == [2, 2, 2]


def test_tables_and_latent_spaces():
    assert OF_FACES == ["2018-1-celeba", "2016-2", "6", "7", "8"]
    assert set(recipes.DATA_CHOICES) == {*recipes.TABLES, *recipes.FIGURES}


@pytest.mark.parametrize("name", OF_FACES)
def test_every_run_of_faces_is_the_preset_but_for_what_is_named(name):
    for recipe in {**recipes.TABLES, **recipes.FIGURES}[name]:
        paper = recipe.settings("celeba", PAPER_FACES, 0)
        assert paper == settings_of(recipe.model, "celeba", recipe.overrides)
        assert (paper.epochs, paper.warmup_epochs, paper.split) == (50, 20, "paper")
        quick = recipe.settings("celeba", QUICK_FACES, 3)
        assert quick == dataclasses.replace(paper, **QUICK_FACES.overrides, seed=3)
        assert quick.split == "official"


def test_gan_variants_differ_from_their_models_in_nothing_else():
    assert [recipe.name for recipe in GAN_RUNS.values()] == [
        "vae_gan",
        "cvae_gan-image",
        "cmma_gan-image",
        "jmvae_kl_gan",
    ]
    for recipe in GAN_RUNS.values():
        settings = recipe.settings("celeba", PAPER_FACES, 0)
        plain = settings_of(MODELS[recipe.model].plain.name, "celeba", recipe.overrides)
        assert (settings.adversary, settings.adversary_after) == ("original", 0)
        without = dict.fromkeys(MODELS[recipe.model].settings - MODELS[plain.model].settings)
        assert dataclasses.replace(settings, model=plain.model, **without) == plain

"""The settings of models that are compared."""

import dataclasses

import pytest

from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.reproduction.compared_models import COMPARABLE, recipes_of, settings_to_compare
from jmvae_tf.settings import settings_of


def test_models_of_all_modalities_and_the_vae_are_compared():
    assert set(PLAIN_MODELS) - set(COMPARABLE) == {"cvae", "cmma"}


def test_the_first_seed_of_all_models_comes_first():
    recipes = recipes_of({"jmvae_kl": [3, 4, 5], "jmvae": [3]})
    assert [(x.name, x.model, x.overrides["seed"]) for x in recipes] == [
        ("jmvae_kl-seed-3", "jmvae_kl", 3),
        ("jmvae-seed-3", "jmvae", 3),
        ("jmvae_kl-seed-4", "jmvae_kl", 4),
        ("jmvae_kl-seed-5", "jmvae_kl", 5),
    ]


@pytest.mark.parametrize("data", DATA_SETS)
def test_a_run_is_the_preset_but_for_its_length_and_seed(data):
    for recipe in recipes_of({name: [7] for name in COMPARABLE}):
        preset = settings_of(recipe.model, data, {})
        share = preset.warmup_epochs / preset.epochs
        assert settings_to_compare(recipe, data, None) == dataclasses.replace(preset, seed=7)
        assert settings_to_compare(recipe, data, 50) == dataclasses.replace(
            preset, seed=7, epochs=50, warmup_epochs=round(50 * share)
        )


def test_all_models_have_the_same_networks_and_training():
    same = {
        *("latent_dim", "batch_size", "learning_rate", "epochs", "warmup_epochs"),
        *("likelihood_weights", "decoders"),
    }
    for data in DATA_SETS:
        found = [
            settings_to_compare(recipe, data, 10)
            for recipe in recipes_of({name: [0] for name in COMPARABLE})
        ]
        whole = [x for x in found if x.model != "vae"]
        for settings in whole:
            for name in same:
                assert getattr(settings, name) == getattr(whole[0], name)
        encoders = [x.encoders for x in whole if x.encoders]
        assert encoders == [encoders[0]] * len(encoders)

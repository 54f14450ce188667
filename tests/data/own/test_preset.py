"""Tests of the settings that follow from the sizes of events and the number of examples."""

import dataclasses
import json

import pytest

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.preset import Counts, num_parameters, preset_of_manifest
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings, settings_of
from jmvae_tf.training.run_folder import run_name
from tests.helpers.shells import SHELLS, shells_manifest

FEW = Counts(30, 4)


def _settings(model="jmvae_kl", manifest=None, **overrides) -> Settings:
    return settings_of(model, "shells", overrides, manifest or shells_manifest(), FEW)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_settings_that_a_config_keeps(model):
    settings = _settings(model)
    config = json.loads(json.dumps(settings.to_config()))
    assert Settings.from_config(config) == settings
    assert settings.manifest == shells_manifest()
    row = MODELS[model]
    assert settings.target == ("photo" if row.has_target else None)
    assert list(settings.decoders) == (["photo"] if row.has_target else list(SHELLS))


@pytest.mark.parametrize(("train", "epochs"), [(30, 1), (480, 30), (480, 400), (200_000, 20)])
def test_averages_are_of_the_last_twentieth_of_a_training_or_less(train, epochs):
    preset = preset_of_manifest(shells_manifest(), Counts(train, 4), {"epochs": epochs})
    steps = epochs * (train // preset["batch_size"])
    assert 0 <= preset["ema_momentum"] <= 0.999
    # Weights of n steps ago count momentum^n: those of n = 1 / (1 - momentum), e times less.
    assert 1 / (1 - preset["ema_momentum"]) <= 1.02 * max(1, steps / 20)  # It is rounded.


@pytest.mark.parametrize("model", [name for name, row in MODELS.items() if row.has_target])
def test_a_target_is_chosen(model):
    if MODELS[model].is_gan:
        with pytest.raises(UserError, match=r"generate images; received .*--target=species"):
            _settings(model, target="species")
        return
    settings = _settings(model, target="species")
    assert (settings.target, list(settings.decoders)) == ("species", ["species"])
    with pytest.raises(UserError, match="--target must be one of photo, species, measures"):
        _settings(model, target="colour")


def test_alpha_follows_from_the_number_of_modalities_where_it_weighs_encoders():
    assert [_settings(x).alpha for x in ("jmvae_kl", "jmvae_h_kl", "mvtcae")] == [0.5, 0.5, 5 / 6]


def test_models_that_visit_all_subsets_take_twelve_modalities():
    one = shells_manifest().modalities["species"]
    many = {f"n{i}": one for i in range(13)}
    manifest = dataclasses.replace(shells_manifest(), modalities=many)
    with pytest.raises(UserError, match=r"takes at most 12; received --model=mopoe, and 13 of the"):
        _settings("mopoe", manifest)
    fewer = dataclasses.replace(manifest, modalities=dict(list(many.items())[:12]))
    assert len(_settings("mopoe", fewer).decoders) == 12
    assert len(_settings("mvtcae", manifest).decoders) == 13


def test_data_without_images_have_no_discriminator():
    manifest = shells_manifest(photo=None)
    assert _settings("vae", manifest).target == "species"
    with pytest.raises(UserError, match="and data without images; choose --model=jmvae"):
        _settings("jmvae_gan", manifest)


@pytest.mark.parametrize("model", ["jmvae_kl", "cvae", "jmvae_gan"])
def test_one_modality_is_for_a_vae(model):
    manifest = shells_manifest(species=None, measures=None)
    assert _settings("vae", manifest).target == "photo"
    with pytest.raises(UserError, match="photo alone in shells; choose --model=vae"):
        _settings(model, manifest)


def test_the_discriminator_of_another_image_fits_it():
    drawing = {**SHELLS["photo"], "column": "drawing", "size": [64, 64]}
    manifest = shells_manifest(drawing=drawing)
    assert _settings("cvae_gan", manifest).discriminator.startswith("D")
    assert _settings("cvae_gan", manifest, target="drawing").discriminator.startswith("C16L-")


def test_networks_grow_with_events():
    sizes = {"tiny": [8, 8], "tall": [96, 64], "odd": [50, 70], "large": [512, 512]}
    manifest = shells_manifest(
        **{name: {**SHELLS["photo"], "column": name, "size": x} for name, x in sizes.items()}
    )
    encoders = _settings(manifest=manifest).encoders
    assert encoders == {
        "photo": "D512R-D512R",
        "species": "D128R-D128R",
        "measures": "D128R-D128R",
        "tiny": "D512R-D512R",
        "tall": "C16R-C32R-C64R-C64R-F-D256R",
        "odd": "D256R-D256R",
        "large": "C16R-C32R-C64R-C64R-C64R-C64R-C64R-F-D256R",
    }
    assert _settings(manifest=manifest).decoders["tall"] == "D256R-D1536R-DC64R-DC32R-DC16R"


def test_weights_of_a_network_are_counted():
    # 12 values to 5 units; convolutions of 4 x 4 halve 16 x 8.
    assert num_parameters("D5R-D2R", (3, 4)) == 12 * 5 + 5 * 2
    assert num_parameters("C2R-C4R-F-D3R", (16, 8, 3)) == 16 * (3 * 2 + 2 * 4) + 4 * 2 * 4 * 3
    assert num_parameters("K2S-C4S-F-D3S", (6, 4, 3)) == 9 * 3 * 2 + 16 * 2 * 4 + 3 * 2 * 4 * 3


def test_networks_that_nobody_chose_are_refused_if_they_are_very_large():
    odd = {**SHELLS["photo"], "size": [513, 511]}
    message = (
        r"at most 50 million weights; received 302 million, 100 million for an event of 'photo' "
        "of 513 x 511 x 3 values; make .*--encoders and --decoders and --joint_encoder"
    )
    with pytest.raises(UserError, match=message):
        _settings(manifest=shells_manifest(photo=odd))
    small = {"encoders": {"photo": "C8R-F-D8R"}, "decoders": {"photo": "D8R"}}
    joint = "(C8R-F-D8R, D8R, D8R)"
    settings = _settings(manifest=shells_manifest(photo=odd), **small, joint_encoder=joint)
    assert settings.encoders["photo"] == "C8R-F-D8R"


def test_labels_and_attributes_beside_larger_events_weigh_more():
    # 384, 3 and 2 values.
    assert _settings().likelihood_weights == {"photo": 1, "species": 10, "measures": 1}
    photo = {**SHELLS["photo"], "size": [2, 3]}
    small = _settings(manifest=shells_manifest(photo=photo)).likelihood_weights
    assert small == {"photo": 1, "species": 6, "measures": 1}
    note = {
        "kind": "text",
        "column": "note",
        "alphabet": "abc",
        "length": 24,
        "likelihood": "CategoricalSequence",
    }
    assert _settings(manifest=shells_manifest(note=note)).likelihood_weights["note"] == 1
    small = _settings(manifest=shells_manifest(photo=photo, note=note)).likelihood_weights
    assert small == {"photo": 1, "species": 8, "measures": 1, "note": 1}, "24 places, not symbols"
    by_hand = {**SHELLS["species"], "likelihood_weight": 7.0}
    weights = _settings(manifest=shells_manifest(species=by_hand)).likelihood_weights
    assert weights["species"] == 7
    weights = _settings(likelihood_weights={"species": 2.0}).likelihood_weights
    assert weights == {"photo": 1, "species": 2, "measures": 1}


def test_divergences_between_encoders_weigh_together_as_much_as_with_two_modalities():
    modalities = shells_manifest().modalities
    for number, alpha in ((2, 1.0), (3, 0.5)):
        manifest = Manifest("shells", dict(list(modalities.items())[:number]))
        assert _settings(manifest=manifest).alpha == alpha
    assert _settings(alpha=0.1).alpha == 0.1
    assert settings_of("jmvae_kl", "mnist", {}).alpha == 1.0  # As in the 2018 paper.
    assert _settings("jmvae").alpha is None


def test_complete_rows_are_drawn_again_unless_a_label_is_balanced():
    assert _settings().complete_share == 0.25
    assert _settings(balance="species").complete_share == 0
    assert settings_of("jmvae_kl", "mnist", {}).complete_share is None
    assert _settings("vae").complete_share is None
    with pytest.raises(UserError, match="--complete_share must be from 0 to 1; received --comp"):
        _settings(complete_share=1.5)


def test_more_examples_get_more_latent_values():
    many = shells_manifest(extra={**SHELLS["measures"], "columns": [f"x{i}" for i in range(60)]})
    assert preset_of_manifest(many, Counts(480, 60))["latent_dim"] == 16
    assert preset_of_manifest(many, Counts(10_000, 60))["latent_dim"] == 64


@pytest.mark.parametrize("number", [1, 7, 30, 480, 10_000, 600_000])
def test_trainings_suit_few_and_many_examples(number):
    preset = preset_of_manifest(shells_manifest(), Counts(number, number // 8))
    steps = number // preset["batch_size"]
    assert steps >= 1
    assert 5 <= preset["epochs"] <= 400
    assert steps * preset["epochs"] <= max(400 * steps, 60_000)
    assert preset["warmup_epochs"] < preset["epochs"]
    assert preset["decay_epochs"] == preset["epochs"]
    assert (preset["patience"] > 0) == (number // 8 > 0)


@pytest.mark.parametrize(
    ("number", "chosen", "every"),
    [
        (48, {"epochs": 400, "batch_size": 8}, 8),  # Of 50 evaluations, 48 steps apart.
        (400, {"epochs": 400, "batch_size": 10}, 2),  # 80 steps apart.
        (4000, {"epochs": 400, "batch_size": 10}, 1),
        (48, {"epochs": 49, "batch_size": 8}, 1),
    ],
)
def test_short_epochs_are_evaluated_more_rarely(number, chosen, every):
    preset = preset_of_manifest(shells_manifest(), Counts(number, 6), chosen)
    assert preset["evaluate_every"] == every


def test_what_follows_from_the_length_of_a_training_follows_the_user_s():
    settings = _settings(epochs=20)
    assert (settings.epochs, settings.decay_epochs, settings.warmup_epochs) == (20, 20, 2)
    assert (settings.patience, settings.checkpoint_every, settings.evaluate_every) == (5, 2, 1)
    assert _settings("jmvae_kl_gan", epochs=20, adversary_after=10).patience == 0
    settings = _settings(epochs=20, decay_epochs=0, patience=3)
    assert (settings.epochs, settings.decay_epochs, settings.patience) == (20, 0, 3)
    assert _settings(epochs=1).warmup_epochs == 0
    with pytest.raises(UserError, match="--epochs must be at least 1"):
        _settings(epochs=0)


def test_names_of_other_settings_are_refused():
    with pytest.raises(UserError, match="--split is not a setting of jmvae_kl on shells"):
        _settings(split="paper")
    with pytest.raises(UserError, match="--encoders must be one of photo, species, measures"):
        _settings(encoders={"image": "D8R"})
    config = _settings().to_config()
    del config["columns"]
    with pytest.raises(UserError, match="data"):
        Settings.from_config(config)
    config["columns"] = {"photo": {"kind": "picture", "column": "a"}}
    with pytest.raises(UserError, match="kind"):
        Settings.from_config(config)


def test_a_run_is_named_by_its_data():
    manifest = shells_manifest()
    assert run_name("shells", "vae", "photo", manifest) == "shells-vae"
    assert run_name("shells", "vae", "species", manifest) == "shells-vae-species"
    assert run_name("shells", "jmvae_kl", None, manifest) == "shells-jmvae_kl"

"""Tests of the presets: the papers' numbers, and which settings a model on a data set has."""

import dataclasses

import pytest

from jmvae_tf import presets
from jmvae_tf.data.polydigits import VIEWS
from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models.registry import MODELS
from jmvae_tf.presets import settings_of_recipe
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import setting_fields, settings_of

# 2018 paper, "Settings" and appendix "MNIST": Adam with rate 0.001, 2,000 epochs, warm-up over
# N_t = 200, 64 latent values, two layers of 512 units everywhere. Batches of 100: authors' code.
MNIST = {
    "model": "jmvae_kl",
    "data": "mnist",
    "split": "paper",
    "latent_dim": 64,
    "joint_encoder": "(D512R-D512R, D512R-D512R)",
    "encoders": {"image": "D512R-D512R", "label": "D512R-D512R"},
    "decoders": {"image": "D512R-D512R", "label": "D512R-D512R"},
    "alpha": 1.0,
    "anneal_alpha": False,
    "epochs": 2000,
    "warmup_epochs": 200,
    "batch_size": 100,
    "learning_rate": 0.001,
    "seed": 0,
}


@pytest.mark.parametrize("name", MNIST)
def test_mnist_has_the_papers_numbers(name):
    assert getattr(settings_of("jmvae_kl", "mnist", {}), name) == MNIST[name]


def test_iterative_sampling_has_the_papers_numbers():
    settings = settings_of("jmvae", "mnist", {})
    assert (settings.num_rounds, settings.missing, settings.feed_back) == (10, "noise", "samples")
    shared = set(MNIST) - {"model", "encoders", "alpha", "anneal_alpha"}
    assert {name: getattr(settings, name) for name in shared} == {
        name: MNIST[name] for name in shared
    }
    assert (settings.encoders, settings.alpha, settings.anneal_alpha) == (None, None, None)


def test_the_hierarchy_has_the_papers_numbers():
    """2018 paper, "JMVAE-h" and appendix "MNIST": two layers, and iterative sampling as JMVAE."""
    settings = settings_of("jmvae_h", "mnist", {})
    of_jmvae = settings_of("jmvae", "mnist", {}).to_config()
    assert settings.to_config() == of_jmvae | {
        "model": "jmvae_h",
        "num_layers": 2,
        "layer_encoder": "D512R-D512R",
        "layer_prior": "D512R-D512R",
        "num_samples": None,
        "gradient": None,
    }


@pytest.mark.parametrize(
    ("model", "encoders"), [("vae", ["target"]), ("cvae", []), ("cmma", ["others"])]
)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("data", DATA_SETS)
def test_models_with_a_target_have_settings_of_their_own_networks(model, encoders, reverse, data):
    names = list(settings_of("jmvae_kl", data, {}).decoders)
    target = names.pop(-1 if reverse else 0)
    settings = settings_of(model, data, {"target": target})
    of_role = {"target": [target], "others": names}
    assert settings.target == target
    assert list(settings.encoders or {}) == [name for role in encoders for name in of_role[role]]
    assert (settings.encoders is None) == (not encoders)
    assert list(settings.decoders) == list(settings.likelihood_weights) == [target]
    assert (settings.joint_encoder is None) == (model == "vae")
    # The preset's values, whatever the target is.
    whole = settings_of("jmvae_kl", data, {})
    assert settings.decoders[target] == whole.decoders[target]
    assert settings.likelihood_weights[target] == whole.likelihood_weights[target]
    assert (settings.latent_dim, settings.epochs) == (whole.latent_dim, whole.epochs)


@pytest.mark.parametrize(
    ("name", "value", "models"),
    [
        (
            "joint_encoder",
            "(D8R, D8R)-D4R",
            {"jmvae", "jmvae_kl", "jmvae_h", "jmvae_h_kl", "cvae", "cmma", "telbo"},
        ),
        ("alpha", 0.5, {"jmvae_kl", "jmvae_h_kl", "mvtcae"}),
        ("anneal_alpha", True, {"jmvae_kl"}),
        ("missing", "zeros", {"jmvae", "jmvae_h"}),
        ("num_rounds", 40, {"jmvae", "jmvae_h"}),
        ("feed_back", "means", {"jmvae", "jmvae_h"}),
        ("num_layers", 3, {"jmvae_h", "jmvae_h_kl"}),
        ("layer_encoder", "D8R", {"jmvae_h", "jmvae_h_kl"}),
        ("layer_prior", "D8R", {"jmvae_h", "jmvae_h_kl"}),
        ("target", "label", {"vae", "cvae", "cmma"}),
        ("gamma", 0.5, {"jmvae_kl"}),
        ("modality_dropout", 0.5, {"jmvae", "jmvae_h"}),
        ("num_subsets", 2, {"mvae"}),
        ("num_samples", 2, {"vae", "jmvae", "jmvae_kl", "mmvae"}),
        ("posterior", "gaussian", {"mmvae"}),
        ("mean_of_weights", "tighter", {"mmvae"}),
        ("gradient", "dreg", {"vae", "jmvae", "jmvae_kl", "mmvae"}),
        ("divergence", "mixture", {"mmvm"}),
        ("beta", 0.5, set(MODELS)),
    ],
)
def test_a_setting_of_some_models_is_refused_for_all_others(name, value, models):
    for model in filter(lambda x: not MODELS[x].is_gan, MODELS):
        if model in models:
            assert getattr(settings_of(model, "mnist", {}), name) not in (None, value)
            assert getattr(settings_of(model, "mnist", {name: value}), name) == value
        else:
            assert getattr(settings_of(model, "mnist", {}), name) is None
            with pytest.raises(UserError, match=f"--{name} is not a setting of {model} on mnist;"):
                settings_of(model, "mnist", {name: value})


@pytest.mark.parametrize("data", DATA_SETS)
def test_no_data_set_replaces_what_means_something_else_in_another_model(monkeypatch, data):
    """MVTCAE's alpha is no weight of divergences between encoders."""
    of_data = presets._BY_DATA[DATA_SETS[data].preset or data]
    monkeypatch.setitem(of_data, "alpha", 0.25)
    for model in ("mvtcae", "mvtcae_gan"):
        settings = settings_of(model, data, {})
        assert (settings.alpha, settings.beta) == (5 / 6, 2.5)
        assert settings_of(model, data, {"alpha": 0.5}).alpha == 0.5
    assert settings_of("jmvae_kl", data, {}).alpha == 0.25
    assert settings_of("mvae", data, {}).beta == 1.0


@pytest.mark.parametrize("data", DATA_SETS)
@pytest.mark.parametrize("model", [x for x in MODELS if MODELS[x].is_gan])
def test_a_model_with_a_discriminator_has_the_settings_of_the_one_without(model, data):
    settings = settings_of(model, data, {})
    plain = settings_of(MODELS[model].plain.name, data, {})
    its_own = MODELS[model].settings - MODELS[model].plain.settings
    assert {"discriminator", "adversary", "decoder_learning_rate"} < its_own
    # Drawn faces are trained at length, with a decoder for sharp images.
    others = {"decoders", "epochs", "ema_momentum"} if data == "toyfaces" else set()
    for name in {field.name for field in setting_fields()}:
        if name in its_own:
            assert getattr(settings, name) is not None
            assert getattr(plain, name) is None
        else:
            same = getattr(settings, name) == getattr(plain, name)
            assert same == (name not in others), name


def test_a_model_of_images_alone_has_a_discriminator_that_sees_nothing_else():
    assert "+projection" in settings_of("jmvae_kl_gan", "toyfaces", {}).adversary
    assert "projection" not in settings_of("vae_gan", "toyfaces", {}).adversary


@pytest.mark.parametrize("model", ["vae_gan", "cvae_gan", "cmma_gan"])
def test_a_model_with_a_discriminator_generates_images(model):
    with pytest.raises(
        UserError, match=f"discriminator generate images; .* choose --model={model[:-4]}"
    ):
        settings_of(model, "mnist", {"target": "label"})


@pytest.mark.parametrize(("size", "units"), [(32, 1024), (64, 4096), (128, 16384)])
def test_the_decoder_of_faces_follows_the_size_of_the_images(size, units):
    settings = settings_of("jmvae_kl", "celeba", {"image_size": size})
    assert settings.decoders["image"] == f"D{units}R-DC256BR-DC128BR-DC64BR"
    assert settings.data_options == {
        "split": "paper",
        "image_size": size,
        "crop": "face",
    }


def test_only_faces_have_settings_of_photographs():
    with pytest.raises(UserError, match="--image_size is not a setting of vae on mnist;"):
        settings_of("vae", "mnist", {"image_size": 64})
    with pytest.raises(UserError, match="--image_size of celeba must be 32, 64 or 128;"):
        settings_of("vae", "celeba", {"image_size": 48})
    with pytest.raises(UserError, match="--crop of celeba must be face or center;"):
        settings_of("vae", "celeba", {"crop": "centre"})
    assert settings_of("vae", "digits", {}).data_options == {"split": "paper"}


def test_only_polydigits_can_be_translated():
    options = settings_of("jmvae_kl", "polydigits", {}).data_options
    assert options == {"split": "paper", "translated": False}
    assert settings_of("vae", "polydigits", {"translated": True}).data_options["translated"]
    with pytest.raises(UserError, match="--translated is not a setting of vae on mnist_words;"):
        settings_of("vae", "mnist_words", {"translated": True})


@pytest.mark.parametrize("target", VIEWS)
def test_every_view_is_an_image_for_a_discriminator(target):
    assert settings_of("vae_gan", "polydigits", {"target": target}).target == target
    with pytest.raises(UserError, match="discriminator generate images"):
        settings_of("vae_gan", "polydigits", {"target": "label"})


@pytest.mark.parametrize("data", DATA_SETS)
def test_a_data_set_has_splits_of_its_own(data):
    splits = DATA_SETS[data].options["split"]
    for split in splits:
        assert settings_of("vae", data, {"split": split}).split == split
    message = rf"--split of {data} must be {' or '.join(splits)}; received --split=halves;"
    with pytest.raises(UserError, match=message):
        settings_of("vae", data, {"split": "halves"})


def test_a_recipe_is_the_preset_but_for_what_is_named():
    found = settings_of("jmvae_kl", "mnist", settings_of_recipe("best", "jmvae_kl", "mnist"))
    paper = settings_of("jmvae_kl", "mnist", settings_of_recipe("paper", "jmvae_kl", "mnist"))
    assert paper == settings_of("jmvae_kl", "mnist", {})
    assert found == dataclasses.replace(
        paper, alpha=0.1, epochs=200, warmup_epochs=20, decay_epochs=200, ema_momentum=0.999
    )


def test_what_the_user_chose_replaces_a_recipe_and_schedules_keep_their_shares():
    chosen = {"epochs": 50, "alpha": 1.0, "num_samples": 5}
    found = settings_of_recipe("best", "jmvae_kl", "mnist", chosen)
    assert (found["epochs"], found["decay_epochs"], found["warmup_epochs"]) == (50, 50, 5)
    assert (found["alpha"], found["num_samples"], found["ema_momentum"]) == (1.0, 5, 0.999)
    found = settings_of_recipe("best", "jmvae_kl", "mnist", {"decay_epochs": 0, "warmup_epochs": 1})
    assert (found["epochs"], found["decay_epochs"], found["warmup_epochs"]) == (200, 0, 1)


@pytest.mark.parametrize("data", [x for x in DATA_SETS if x != "mnist"])
def test_other_data_have_no_best_recipe(data):
    with pytest.raises(UserError, match=f"for --data=mnist only; received --data={data};"):
        settings_of_recipe("best", "jmvae_kl", data)

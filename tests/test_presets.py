"""Tests of the settings: the papers' numbers, what users may change and what is refused."""

import dataclasses
import math
import pathlib
import subprocess
import sys

import pytest

from jmvae_tf import presets
from jmvae_tf.data import DATA_SETS
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings, setting_fields, settings_of
from jmvae_tf.training.run_folder import RunFolder, run_name
from jmvae_tf.version import installed_versions

PAIRS = [(model, data) for model in MODELS for data in DATA_SETS]

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
    of_jmvae = dataclasses.asdict(settings_of("jmvae", "mnist", {}))
    assert dataclasses.asdict(settings) == of_jmvae | {
        "model": "jmvae_h",
        "num_layers": 2,
        "layer_encoder": "D512R-D512R",
        "layer_prior": "D512R-D512R",
    }


@pytest.mark.parametrize(
    ("model", "encoders"), [("vae", ["target"]), ("cvae", []), ("cmma", ["other"])]
)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("data", DATA_SETS)
def test_models_with_a_target_have_settings_of_their_own_networks(model, encoders, reverse, data):
    names = list(settings_of("jmvae_kl", data, {}).decoders)
    target, other = reversed(names) if reverse else names
    settings = settings_of(model, data, {"target": target})
    name = {"target": target, "other": other}
    assert settings.target == target
    assert list(settings.encoders or {}) == [name[role] for role in encoders]
    assert (settings.encoders is None) == (not encoders)
    assert list(settings.decoders) == list(settings.likelihood_weights) == [target]
    assert (settings.joint_encoder is None) == (model == "vae")
    # The preset's values, whatever the target is.
    whole = settings_of("jmvae_kl", data, {})
    assert settings.decoders[target] == whole.decoders[target]
    assert settings.likelihood_weights[target] == whole.likelihood_weights[target]
    assert (settings.latent_dim, settings.epochs) == (whole.latent_dim, whole.epochs)


@pytest.mark.parametrize(
    ("model", "target", "name"),
    [
        ("jmvae_kl", None, "mnist-jmvae_kl"),
        ("jmvae_h", None, "mnist-jmvae_h"),
        ("vae", "image", "mnist-vae"),
        ("vae", "label", "mnist-vae-label"),
        ("cmma", None, "mnist-cmma"),
        ("cmma", "image", "mnist-cmma"),
        ("cvae", "label", "mnist-cvae-label"),
    ],
)
def test_folders_of_both_directions_have_different_names(model, target, name):
    assert run_name("mnist", model, target) == name


def test_every_setting_but_the_pair_can_be_a_flag_with_a_description():
    fields = setting_fields()
    names = {field.name for field in dataclasses.fields(Settings)}
    assert {field.name for field in fields} == names - {"model", "data"}
    assert all(field.metadata["help"] for field in fields)


@pytest.mark.parametrize(("model", "data"), PAIRS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latent_dim", 2),
        ("epochs", 1),
        ("warmup_epochs", 0),
        ("batch_size", 1),
        ("learning_rate", 0.5),
        ("seed", 2**31 - 1),
        ("jit_compile", False),
        ("steps_per_execution", 1),
        ("checkpoint_every", 7),
    ],
)
def test_a_setting_is_overridden_and_nothing_else(model, data, name, value):
    preset = settings_of(model, data, {})
    settings = settings_of(model, data, {name: value})
    assert getattr(settings, name) == value
    assert dataclasses.replace(settings, **{name: getattr(preset, name)}) == preset


@pytest.mark.parametrize(
    ("name", "value", "models"),
    [
        ("joint_encoder", "(D8R, D8R)-D4R", set(MODELS) - {"vae"}),
        ("alpha", 0.5, {"jmvae_kl"}),
        ("anneal_alpha", True, {"jmvae_kl"}),
        ("missing", "zeros", {"jmvae", "jmvae_h"}),
        ("num_rounds", 40, {"jmvae", "jmvae_h"}),
        ("feed_back", "means", {"jmvae", "jmvae_h"}),
        ("num_layers", 3, {"jmvae_h"}),
        ("layer_encoder", "D8R", {"jmvae_h"}),
        ("layer_prior", "D8R", {"jmvae_h"}),
        ("target", "label", {"vae", "cvae", "cmma"}),
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
@pytest.mark.parametrize("model", [x for x in MODELS if MODELS[x].is_gan])
def test_a_model_with_a_discriminator_has_the_settings_of_the_one_without(model, data):
    settings = settings_of(model, data, {})
    plain = settings_of(MODELS[model].plain.name, data, {})
    its_own = {"discriminator", "adversarial_weight", "discriminator_learning_rate"}
    for name in {field.name for field in setting_fields()}:
        if name in its_own:
            assert getattr(settings, name) is not None
            assert getattr(plain, name) is None
        else:
            assert getattr(settings, name) == getattr(plain, name)


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


@pytest.mark.parametrize("name", ["encoders", "decoders"])
def test_networks_are_overridden_one_modality_at_a_time(name):
    settings = settings_of("jmvae_kl", "mnist", {name: {"label": "D9R"}})
    assert getattr(settings, name) == {"image": "D512R-D512R", "label": "D9R"}
    # The preset that others start from is untouched.
    assert getattr(settings_of("jmvae_kl", "mnist", {}), name) == MNIST[name]


@pytest.mark.parametrize(
    ("model", "data", "overrides", "message"),
    [
        ("jmvae-kl", "mnist", {}, r"--model must be one of .*jmvae_kl.* did you mean jmvae_kl\?"),
        ("JMVAE", "mnist", {}, "--model must be one of .*; received --model=JMVAE;"),
        ("jmvae_kl", "minst", {}, r"received --data=minst; did you mean mnist\?"),
        ("jmvae_kl", "", {}, "received --data=; choose one of them"),
        ("jmvae_kl", "mnist", {"encoders": {"lable": "D1"}}, "--encoders=lable; did you mean lab"),
        ("jmvae_kl", "mnist", {"decoders": {"text": "D1"}}, "--decoders must be one of image, lab"),
        (
            "jmvae",
            "mnist",
            {"encoders": {"image": "D1"}},
            "--encoders is not a setting of jmvae on mnist;",
        ),
        ("jmvae-h", "mnist", {}, r"received --model=jmvae-h; did you mean jmvae_h\?"),
        ("cvae", "mnist", {"target": "lable"}, r"--target=lable; did you mean label\?"),
        ("cvae", "mnist", {"decoders": {"label": "D1"}}, "--decoders must be one of image; rec"),
        ("cmma", "mnist", {"encoders": {"image": "D1"}}, "--encoders must be one of label; rec"),
        (
            "cmma",
            "mnist",
            {"target": "label", "likelihood_weights": {"image": 2.0}},
            "--likelihood_weights must be one of label; received --likelihood_weights=image;",
        ),
    ],
)
def test_what_does_not_exist_is_refused(model, data, overrides, message):
    with pytest.raises(UserError, match=message):
        settings_of(model, data, overrides)


@pytest.mark.parametrize(
    ("model", "name", "value", "rule"),
    [
        *(
            ("jmvae_kl", name, value, "at least 1")
            for name in (
                "latent_dim",
                "epochs",
                "batch_size",
                "steps_per_execution",
                "checkpoint_every",
            )
            for value in (0, -3)
        ),
        ("jmvae_kl", "warmup_epochs", -1, "0 or more"),
        ("jmvae_kl", "seed", -1, "from 0 to 2147483647"),
        ("jmvae_kl", "seed", 2**31, "from 0 to 2147483647"),
        *(
            ("jmvae_kl", "learning_rate", value, "positive and finite")
            for value in (0.0, -1e-3, math.inf, math.nan)
        ),
        *(
            ("jmvae_kl", "alpha", value, "finite and 0 or more")
            for value in (-0.1, math.inf, math.nan)
        ),
        ("jmvae", "num_rounds", 0, "at least 1"),
        ("jmvae_h", "num_layers", 0, "at least 1"),
        ("jmvae", "missing", "ones", "noise or zeros"),
        ("jmvae_h", "feed_back", "modes", "samples or means"),
    ],
)
def test_values_out_of_range_are_refused(model, name, value, rule):
    with pytest.raises(UserError, match=rf"--{name} must be {rule}; received --{name}=.*{value}"):
        settings_of(model, "mnist", {name: value})


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_likelihood_weights_out_of_range_are_refused(value):
    with pytest.raises(UserError, match="--likelihood_weights must be positive and finite"):
        settings_of("jmvae_kl", "mnist", {"likelihood_weights": {"label": value}})


def test_a_resumed_run_may_go_on_for_longer():
    settings = settings_of("jmvae_kl", "digits", {"seed": 3})
    longer = settings.resumed({"epochs": 1000})
    assert longer == dataclasses.replace(settings, epochs=1000)
    assert settings.resumed({}) == settings


def test_a_resumed_run_may_repeat_the_flags_that_started_it():
    # Whoever adds --resume to the command of the interrupted run changes nothing.
    overrides = {"seed": 3, "latent_dim": 2, "encoders": {"image": "D8R"}}
    settings = settings_of("jmvae_kl", "digits", overrides)
    assert settings.resumed(overrides) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "jmvae"),
        ("data", "mnist"),
        ("latent_dim", 3),
        ("seed", 1),
        ("learning_rate", 0.1),
        ("batch_size", 3),
        ("warmup_epochs", 0),
        ("alpha", 0.0),
        ("jit_compile", False),
        ("decoders", {"image": "D1R"}),
        ("checkpoint_every", 2),
        ("num_rounds", 2),
        ("target", "label"),
    ],
)
def test_a_resumed_run_keeps_all_else(name, value):
    settings = settings_of("jmvae_kl", "digits", {})
    with pytest.raises(UserError, match=rf"--{name}=.* for .*; leave them out"):
        settings.resumed({name: value, "epochs": 1000})


@pytest.mark.parametrize("data", DATA_SETS)
def test_a_data_set_has_splits_of_its_own(data):
    splits = DATA_SETS[data].options["split"]
    for split in splits:
        assert settings_of("vae", data, {"split": split}).split == split
    message = rf"--split of {data} must be {' or '.join(splits)}; received --split=halves;"
    with pytest.raises(UserError, match=message):
        settings_of("vae", data, {"split": "halves"})


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "a/b", "../mnist", "/mnist", "a\0b", "a\nb", "-a", ".a", "a" * 101]
)
def test_a_run_is_named_by_plain_names_alone(name):
    for names in ((name, "vae"), ("mnist", name), ("mnist", "vae", name)):
        with pytest.raises(UserError, match="A run is named by letters"):
            run_name(*names)


@pytest.mark.parametrize(("model", "data"), PAIRS)
def test_settings_survive_the_run_folder(tmp_path, model, data):
    settings = settings_of(model, data, {"learning_rate": 1 / 3, "seed": 2**31 - 1})
    folder = RunFolder(tmp_path / "run")
    folder.start(settings)
    assert folder.read_settings() == settings


def test_versions_are_those_that_are_installed():
    import keras
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp

    import jmvae_tf

    versions = installed_versions()
    assert versions["jmvae_tf"] == jmvae_tf.__version__
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["tensorflow"] == tf.__version__
    assert versions["keras"] == keras.__version__
    assert versions["tensorflow-probability"] == tfp.__version__
    assert versions["numpy"] == np.__version__


def test_settings_need_no_tensorflow():
    """So that a mistake in a flag is told at once."""
    code = (
        "import sys; sys.modules.update(tensorflow=None, keras=None, numpy=None)\n"
        "from jmvae_tf.settings import settings_of; settings_of('jmvae_kl', 'mnist', {})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=pathlib.Path(presets.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")

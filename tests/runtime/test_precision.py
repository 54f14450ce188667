"""Mixed precision: what computes in which type, and what it costs in accuracy."""

import dataclasses
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import digits, pipelines
from jmvae_tf.models.adversarial import without_adversary
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.loading import load_model
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.precision import (
    computing_in,
    note_on_bfloat16,
    processor_has_bfloat16,
)
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_checkpoint, load_newest
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import train

KINDS = [("mixed_bfloat16", "jmvae_kl"), ("mixed_float16", "jmvae_kl_gan")]
OPTIMIZERS = ("optimizer", "decoder_optimizer", "discriminator_optimizer")
FIRST_IN_EVERY_SUITE = [KINDS[0], pytest.param(*KINDS[1], marks=pytest.mark.slow)]
OTHER_KINDS = [
    pytest.param("mixed_bfloat16", "jmvae_kl_gan", marks=pytest.mark.slow),
    pytest.param("mixed_float16", "jmvae_kl", marks=pytest.mark.slow),
]


def take_a_step(model, batch):
    """Trains on a batch; one step is not worth a trace."""
    model.run_eagerly = True
    model.fit(tf.data.Dataset.from_tensors(batch), epochs=1, verbose=0)


def settings_in(precision, model="jmvae_kl", **overrides):
    usual = {
        "epochs": 2,
        "warmup_epochs": 0,
        "batch_size": 4,
        "latent_dim": 2,
        "jit_compile": False,
        "steps_per_execution": 1,
        "checkpoint_every": 1,
    }
    return settings_of(model, "digits", {**usual, **overrides, "precision": precision})


# Of each way that bodies are joined, one; all others are slow tests.
ALWAYS = ("vae", "jmvae_kl", "jmvae_h", "cmma", "cvae_gan")


@pytest.fixture(scope="module")
def data():
    whole = digits.load(pathlib.Path(), "paper")
    few = {name: x[:40] for name, x in whole.train.items()}
    return dataclasses.replace(whole, train=few, validation={}, test=few)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16"])
@pytest.mark.parametrize(
    "model", [pytest.param(x, marks=() if x in ALWAYS else pytest.mark.slow) for x in MODELS]
)
def test_only_the_bodies_compute_in_it(precision, model, data):
    """Variables, heads, and so all that the bound is made of stay float32."""
    trained = make_model(settings_in(precision, model), data)
    assert keras.config.dtype_policy().name == "float32", "it is of what was made only"
    batch = next(iter(pipelines.Feed(data, 4).training_batches()))
    vae = without_adversary(trained)
    bound = vae.bound(vae.examples_of(batch), tf.constant([0, 0]), training=True)
    for name, value in {"value": bound.value, **bound.terms}.items():
        assert value.dtype == tf.float32, name
    assert {variable.dtype for variable in trained.trainable_variables} == {"float32"}
    layers = [x for x in trained._flatten_layers() if isinstance(x, keras.layers.Dense)]
    heads = [x for x in layers if x.name in ("mean", "variance", "parameters", "logit")]
    assert {x.compute_dtype for x in heads} == {"float32"}
    assert {x.compute_dtype for x in layers if x not in heads} == {precision.removeprefix("mixed_")}


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "model"), [*FIRST_IN_EVERY_SUITE, *OTHER_KINDS])
def test_a_step_is_that_of_float32_but_for_rounding(precision, model, data):
    """bfloat16 has 8 bits of mantissa and float16 11, so the latter is eight times as exact."""
    tolerance = {"mixed_bfloat16": 0.1, "mixed_float16": 0.0125}[precision]
    batch = next(iter(pipelines.Feed(data, 4).training_batches()))
    moments = {}
    for kind in ("float32", precision):
        trained = make_model(settings_in(kind, model), data)
        take_a_step(trained, batch)
        optimizer = trained.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        moments[kind] = np.concatenate([x.numpy().ravel() for x in optimizer._momentums])
    exact, mixed = moments.values()
    assert np.linalg.norm(exact) > 0
    assert np.linalg.norm(mixed - exact) < tolerance * np.linalg.norm(exact)


@pytest.mark.slow
@pytest.mark.bfloat16
@pytest.mark.parametrize("model", ["jmvae_kl", "jmvae_kl_gan"])
def test_losses_are_scaled_where_small_gradients_would_vanish(model, data):
    trained = make_model(settings_in("mixed_float16", model), data)
    optimizers = [trained.optimizer]
    if model.endswith("_gan"):
        optimizers += [trained.decoder_optimizer, trained.discriminator_optimizer]
    assert all(isinstance(x, keras.optimizers.LossScaleOptimizer) for x in optimizers)
    unscaled = make_model(settings_in("mixed_bfloat16", model), data).optimizer
    assert not isinstance(unscaled, keras.optimizers.LossScaleOptimizer)


@pytest.mark.parametrize(
    "model", ["jmvae_kl", pytest.param("jmvae_kl_gan", marks=pytest.mark.slow)]
)
def test_a_gradient_that_overflows_changes_nothing_but_the_scale(model, data):
    """Of every part of the networks, each with an optimiser and a scale of its own."""
    trained = make_model(settings_in("mixed_float16", model), data)
    if not trained.optimizer.built:
        trained.optimizer.build(trained.trainable_variables)
    optimizers = [getattr(trained, name) for name in OPTIMIZERS if hasattr(trained, name)]
    for optimizer in optimizers:
        optimizer.dynamic_scale.assign(2.0**100)
    before = trained.get_weights()
    batch = next(iter(pipelines.Feed(data, 4).training_batches()))
    take_a_step(trained, batch)
    assert [float(x.dynamic_scale) for x in optimizers] == [2.0**99] * len(optimizers)
    for left, right in zip(trained.get_weights(), before, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.slow
@pytest.mark.bfloat16
def test_a_file_that_does_not_say_its_precision_is_of_the_one_in_force(data):
    config = make_model(settings_in("mixed_bfloat16"), data).get_config()
    assert config.pop("precision") == "mixed_bfloat16"
    with computing_in("mixed_float16"):
        assert JMVAEKL.from_config(config).precision == "mixed_float16"
    assert JMVAEKL.from_config(config).precision == "float32"


def test_a_models_own_dtype_is_refused(data):
    with pytest.raises(ValueError, match=r"set that policy instead\. Received: dtype='mixed_bf"):
        JMVAEKL(data.modalities, dtype="mixed_bfloat16")


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "model"), FIRST_IN_EVERY_SUITE)
def test_what_is_saved_in_it_is_loaded_in_it(precision, model, data, tmp_path):
    """With the states of all optimisers and their scales of losses, by `load_model` alone."""
    trained = make_model(settings_in(precision, model), data)
    batch = next(iter(pipelines.Feed(data, 4).training_batches()))
    take_a_step(trained, batch)
    trained.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    assert loaded.precision == precision
    assert without_adversary(loaded).precision == precision
    for name in OPTIMIZERS if model.endswith("_gan") else OPTIMIZERS[:1]:
        ours, theirs = getattr(loaded, name), getattr(trained, name)
        assert type(ours) is type(theirs)
        state = [x.numpy() for x in theirs.variables]
        assert any(x.any() for x in state if x.ndim > 1)
        for left, right in zip(ours.variables, state, strict=True):
            np.testing.assert_array_equal(left.numpy(), right)
    feed = pipelines.Feed(data, 4)
    batches, steps = feed.evaluation_batches("test"), feed.evaluation_steps("test")
    ours, theirs = (x.evaluate(batches, steps=steps, verbose=0) for x in (loaded, trained))
    assert ours == theirs


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "model"), KINDS)
def test_a_run_goes_on_in_it_and_is_used_in_float32(precision, model, data, tmp_path):
    settings = settings_in(precision, model, epochs=1)
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.start(settings)
    train(make_model(settings, data), settings, data, folder)
    resumed, epoch = load_newest(folder)
    assert epoch == 1
    vae = without_adversary(resumed)
    body = vae.joint_encoder.body.branches["image"]
    assert body.layers[-1].compute_dtype == precision.removeprefix("mixed_")
    longer = dataclasses.replace(settings, epochs=2)
    train(resumed, longer, data, folder, epoch)
    assert [row["epoch"] for row in folder.read_history()] == [1, 2]
    used = load_checkpoint(folder.newest_checkpoint(), folder)
    assert used.joint_encoder.body.branches["image"].layers[-1].compute_dtype == "float32"
    for left, right in zip(used.get_weights(), vae.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_an_unknown_precision_is_a_mistake():
    with pytest.raises(UserError, match="--precision must be float32, mixed_bfloat16 or mixed"):
        settings_in("bfloat16")


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu sse2 avx512f avx512_bf16 amx_tile\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n\nprocessor\t: 1\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd i8mm bf16\n", True),
        ("flags\t\t: fpu avx2 fma\n", False),
        ("model name\t: made for bf16\nflags\t\t: fpu xbf16 bf16x\n", False),
        ("", False),
    ],
)
def test_a_processor_that_has_the_instructions_is_recognised(tmp_path, described, expected):
    file = tmp_path / "cpuinfo"
    file.write_text(described)
    assert processor_has_bfloat16(file) == expected
    assert not processor_has_bfloat16(tmp_path / "of_another_system")


@pytest.mark.parametrize(
    ("precision", "jit_compile", "has", "flags"),
    [
        ("float32", True, True, "--precision=mixed_bfloat16 --nojit_compile may"),
        ("float32", False, True, "; --precision=mixed_bfloat16 may"),
        ("mixed_bfloat16", True, True, "; --nojit_compile may"),
        ("mixed_bfloat16", False, True, None),
        ("mixed_float16", True, True, None),
        ("float32", True, False, None),
        ("mixed_bfloat16", False, False, "; --precision=float32 may"),
    ],
)
def test_a_note_has_the_flags_that_are_missing(precision, jit_compile, has, flags):
    note = note_on_bfloat16(precision, jit_compile, has)
    assert (flags in note) if flags else not note

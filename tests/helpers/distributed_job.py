"""Trains a small model on one replica or several, in a process of test_distributed."""

import contextlib
import pathlib
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from jmvae_tf.data import faces, pipelines
from jmvae_tf.data import registry as data_sets
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.models.adversarial import without_adversary
from jmvae_tf.models.registry import MODELS
from jmvae_tf.settings import settings_of
from jmvae_tf.training import strategies
from jmvae_tf.training.build import feed_of, make_model

# Small, but with batch normalisation in two and in four axes, and standardised values.
_FACES = {
    "image_size": 32,
    "joint_encoder": "(C8BR-F, D16BR)-D32R",
    "encoders": {"image": "C8BR-F", "attributes": "D16BR"},
    "decoders": {"image": "D256R-DC8BR", "attributes": "D32R"},
    "latent_dim": 8,
}


def _faces():
    """Sixty-one random images and attributes, so that the last test batch is shared unequally."""
    rng = np.random.default_rng(0)
    examples = {
        "image": rng.integers(0, 256, (61, 32, 32, 3), np.uint8),
        "attributes": rng.choice([-1, 1], (61, 40)).astype(np.int8),
    }
    modalities = faces.face_modalities(32, faces.OFFICIAL_ATTRIBUTES)
    return DataSet("random", modalities, examples, {}, examples, faces.values_of_faces)


def _settings_and_data(request):
    model = request["model"]
    if request["job"] in ("gradients", "uneven"):
        gan = {"discriminator": "C8L-F-D32L"} if MODELS[model].is_gan else {}
        overrides = {**_FACES, **gan, "batch_size": 20}
        return settings_of(model, "celeba", overrides), _faces()
    overrides = {"batch_size": 50, "jit_compile": False, "warmup_epochs": 2}
    settings = settings_of(model, "digits", overrides)
    return settings, data_sets.load("digits", pathlib.Path(), settings.data_options)


@contextlib.contextmanager
def _means():
    """Replaces latent samples by their means."""
    models = "jmvae_tf.models"
    with (
        mock.patch(f"{models}.jmvae_kl.reparameterised_sample", lambda q, seed: q.mean()),
        mock.patch(
            f"{models}.adversaries.opponent.sample_prior",
            lambda vae, examples, number, seed: tf.zeros((number, vae.latent_dim)),
        ),
    ):
        yield


def run(request):
    """Trains a model and writes the results.

    Args:
      request: `job`, "gradients", "training" or "uneven", in which Keras divides a dataset's only
        batch, of `examples`, among the replicas; `model`; `distribute`, None or as the flag of
        `bin/train`; `means`, whether latent samples are replaced by their means; and `out`, the
        .npz file to write. Two logical CPU devices stand for two GPUs.
    """
    keras.utils.set_random_seed(0)
    if request["distribute"] == "mirrored":
        [cpu] = tf.config.list_physical_devices("CPU")
        halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
        tf.config.set_logical_device_configuration(cpu, halves)
    strategy = strategies.strategy_of(request["distribute"])
    settings, data = _settings_and_data(request)
    with strategy.scope():
        model = make_model(settings, data)
    model.jit_compile, model.steps_per_execution = False, 1
    feed = feed_of(settings, data, strategy.num_replicas_in_sync)

    epochs, steps = (1, 1)
    if request["job"] == "training":
        epochs, steps = 5, feed.steps_per_epoch
    with _means() if request["means"] else contextlib.nullcontext():
        if request["job"] == "uneven":
            few = {
                name: x[: request["examples"]]
                for name, x in pipelines.whole_part(data, "test").items()
            }
            model.fit(tf.data.Dataset.from_tensor_slices(few).batch(20), verbose=0)
        else:
            model.fit(
                strategies.distributed(
                    strategy, lambda shares: feed.training_batches(shares=shares)
                ),
                epochs=epochs,
                steps_per_epoch=steps,
                verbose=0,
            )
        terms = model.evaluate(
            strategies.distributed(
                strategy, lambda shares: feed.evaluation_batches("test", 20, shares)
            ),
            steps=-(-data.num_examples("test") // 20),
            verbose=0,
            return_dict=True,
        )
    results = {f"term {name}": value for name, value in terms.items()}
    # After one step the first moment of Adam is (1 - beta_1) times the gradient.
    optimizers = [getattr(model, f"{part}optimizer", None) for part in _PARTS]
    for part, optimizer in zip(_PARTS, optimizers, strict=True):
        if optimizer is not None:
            for variable in optimizer._momentums:
                results[f"moment {part}{variable.path}"] = variable.numpy()
    vae = without_adversary(model)
    if request["job"] == "training":
        examples = vae.examples_of(pipelines.whole_part(data, "test"))
        results["bounds"] = vae.bound(examples, tf.constant([0, 0])).value.numpy()
    results |= {f"state {x.path}": x.numpy() for x in vae.non_trainable_variables}
    if strategies.is_chief(strategy):
        np.savez(request["out"], **results)


_PARTS = ("", "decoder_", "discriminator_")

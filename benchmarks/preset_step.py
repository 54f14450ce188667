"""A training step with a preset's networks, for benchmarks that look into it."""

import pathlib

import random_data

from jmvae_tf.settings import settings_of

NAMES = ("mnist", "toyfaces", "celeba")


def data_of(name, number):
    """Random examples as those of MNIST and CelebA, or drawn faces.

    Args:
      name: of `NAMES`.
      number: how many random ones.
    """
    if name == "toyfaces":
        return random_data.load_preset(name, pathlib.Path("data"))
    return random_data.data_set(name, random_data.stored(name, number))


def model_and_batch(name):
    """A JMVAE-kl with its preset's settings, ready for a step, and a batch to take it on."""
    from jmvae_tf.data import pipelines
    from jmvae_tf.training.build import make_model

    settings = settings_of("jmvae_kl", name, {})
    data = data_of(name, 2_000)
    model = make_model(settings, data)
    model.optimizer.build(model.trainable_variables)
    return model, next(iter(pipelines.Feed(data, settings.batch_size).training_batches()))

"""A training step of MNIST's networks on random data, for benchmarks that look into it."""

import random_data

from jmvae_tf.settings import settings_of


def model_and_batch():
    """A JMVAE-kl with its preset's settings, ready for a step, and a batch to take it on."""
    from jmvae_tf.data import pipelines
    from jmvae_tf.training.build import make_model

    settings = settings_of("jmvae_kl", "mnist", {})
    data = random_data.data_set("mnist", random_data.stored("mnist", 2_000))
    model = make_model(settings, data)
    model.optimizer.build(model.trainable_variables)
    return model, next(iter(pipelines.Feed(data, settings.batch_size).training_batches()))

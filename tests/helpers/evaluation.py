"""Small data for evaluating models, and stand-ins for trained models."""

import dataclasses
import json
import types

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.evaluate import evaluate
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality

FACE_ATTRIBUTES = ("Bald", "Smiling", "Young", "Pale_Skin")


QUICK_PROTOCOL = Protocol(num_samples=2, num_importance_samples=0)
TRAITS = ("red", "big", "round")


def image_of(**options):
    """Makes the modality of a small image of Bernoulli values."""
    return Modality("image", (4, 4, 1), Bernoulli(), kind="image", **options)


def label_of(classes, name="label"):
    """Makes the modality of a label with named classes."""
    return Modality(
        name,
        (classes,),
        Categorical(),
        kind="label",
        value_names=tuple(f"{name}{number}" for number in range(classes)),
    )


def traits_of(likelihood, value_range=None):
    """Makes the modality of three attributes."""
    return Modality(
        "traits",
        (3,),
        likelihood,
        kind="attributes",
        value_names=TRAITS,
        value_range=value_range,
    )


def drawn(classes, number_of_classes, seed=0):
    """Draws images, [examples, 4, 4, 1], 0 or 1, and their labels, one-hot."""
    rng = np.random.default_rng(seed)
    return {
        "image": tf.constant(rng.integers(0, 2, (len(classes), 4, 4, 1)), tf.float32),
        "label": tf.one_hot(classes, number_of_classes),
    }


def face_modalities(size=8, weight=1 / 3):
    """Makes the modalities of a standardised colour image and four attributes."""
    return {
        "image": Modality(
            "image",
            (size, size, 3),
            Gaussian(),
            likelihood_weight=weight,
            kind="image",
            standardised=True,
            value_range=(0, 1),
        ),
        "attributes": Modality(
            "attributes", (4,), Gaussian(), kind="attributes", value_names=FACE_ATTRIBUTES
        ),
    }


def faces(number, seed=0):
    """Draws random images and signs; the last attribute is always -1."""
    rng = np.random.default_rng(seed)
    signs = np.where(rng.random((number, 4)) < 0.5, -1.0, 1.0)
    signs[:2] = [[1, 1, 1, -1], [-1, -1, -1, -1]]
    signs[:, 3] = -1
    return {
        "image": tf.constant(rng.random((number, 8, 8, 3)), tf.float32),
        "attributes": tf.constant(signs, tf.float32),
    }


def with_statistics(model):
    """Sets the model's statistics of images to mean 0.5 and standard deviation 0.25."""
    shape = model.modalities["image"].event_shape
    model.statistics["image"].set_statistics(np.full(shape, 0.5), np.full(shape, 0.25))
    return model


def redraw(vectors, seed):
    """Draws images with one corner for each attribute, and noise."""
    rng = np.random.default_rng(abs(int(seed)))
    images = 0.4 + 0.05 * rng.normal(size=(len(vectors), 8, 8, 3))
    images[:, 0, :4, 0] += 0.1 * vectors
    return images.astype("f")


def stand_in(modalities, images_of):
    """Makes a model whose `generate` returns images_of(n), [n, labels, ...]; for averages n = 1."""

    def generate(target, given, num_samples=None, seed=0):
        [labels] = given.values()
        images = np.asarray(images_of(num_samples or 1), "f")
        chosen = tf.gather(tf.constant(images), tf.argmax(labels, axis=1), axis=1)
        return chosen[0] if num_samples is None else chosen

    return types.SimpleNamespace(modalities=modalities, generate=generate)


def measured(model, test, training, **protocol):
    """Returns the metrics of a model as JSON and as a table."""
    sections = evaluate(
        model, EvaluationData(test, test, training), dataclasses.replace(QUICK_PROTOCOL, **protocol)
    )
    metrics = metrics_as_json(sections)
    # The result is standard JSON.
    json.dumps(metrics, allow_nan=False)
    return metrics, metrics_as_text(sections)

"""A stand-in for a trained model, with distributions that a test knows."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.evaluation.protocol import EvaluationData
from jmvae_tf.evaluation.subject import Subject
from tests.helpers.evaluation import QUICK_PROTOCOL


class Predictor:
    """Generates what a function makes of the first given modality, and draws with one scale.

    Args:
      modalities: name to `Modality`.
      means_of: maps the first given modality, [batch, *event_shape], to means of the target.
      scale: the standard deviation of p(target|given).
    """

    conditions = ()
    samples_to_infer = False

    def __init__(self, modalities, means_of, scale=1.0):
        self.modalities, self.targets = modalities, tuple(modalities)
        self.means_of, self.scale = means_of, scale

    def standardise(self, data):
        return dict(data)

    def unstandardise(self, name, x):
        return x

    def generate(self, target, given=None, num_samples=None, seed=0):
        means = self.means_of(next(iter(given.values())))
        return means if num_samples is None else means[tf.newaxis]

    def posterior_mean(self, given, seed=0):
        return self.means_of(next(iter(given.values())))

    def sample_posterior(self, given, num_samples, seed=0):
        means = self.posterior_mean(given)
        return tf.broadcast_to(means, (num_samples, *means.shape))

    def decode(self, z, targets=None, given=None):
        [target] = targets
        return {target: tfd.Independent(tfd.Normal(z, self.scale), 1)}


def subject_of(model, test, training=None):
    """Makes the subject of a stand-in's metrics."""
    tensors = {name: tf.convert_to_tensor(np.asarray(x)) for name, x in test.items()}
    return Subject(model, EvaluationData(tensors, tensors, training or tensors), QUICK_PROTOCOL)

"""A stand-in for a trained model whose z is a class, and what its modalities look like."""

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.evaluate import EvaluationData
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.likelihoods import CategoricalSequence
from jmvae_tf.modalities import Modality
from tests.helpers.evaluation import QUICK_PROTOCOL, image_of, label_of

RIGHT = (0, 1, 2)

MODALITIES = {
    "image": image_of(),
    "label": label_of(3),
    "word": Modality(
        "word",
        (2, 4),
        CategoricalSequence(),
        kind="text",
        value_names=("a", "b", "c", "<end>"),
    ),
}
PATTERNS = {
    "image": np.eye(16, dtype="f")[[0, 5, 15]].reshape(3, 4, 4, 1),
    "label": np.eye(3, dtype="f"),
    "word": np.eye(4, dtype="f")[[[0, 1], [0, 2], [3, 3]]],
}


class ClassModel:
    """Infers the class of the first given modality, and decodes it to what each shows of it.

    Args:
      answers: name of a modality to the class that it shows for each of the three.
    """

    conditions = ()
    has_prior = True
    samples_to_infer = False

    def __init__(self, **answers):
        self.modalities, self.targets = MODALITIES, tuple(MODALITIES)
        self.answers = {name: answers.get(name, RIGHT) for name in MODALITIES}

    def sample_posterior(self, given, num_samples, seed=0):
        if given is None:  # Every class as often.
            return tf.cast(tf.range(num_samples) % 3, tf.float32)[:, tf.newaxis]
        [name, *_] = given
        flat = tf.reshape(given[name], (-1, 1, PATTERNS[name][0].size))
        distances = tf.norm(flat - PATTERNS[name].reshape(3, -1), axis=-1)
        classes = tf.cast(tf.argmin(distances, axis=1), tf.float32)
        return tf.broadcast_to(classes[:, tf.newaxis], (num_samples, len(flat), 1))

    def decoded_mean(self, target, z, given=None):
        found = np.rint(np.asarray(z)[:, 0]).astype(int)
        return tf.constant(PATTERNS[target][np.array(self.answers[target])[found]])


def of_classes(classes):
    """Makes examples of classes, [examples], of all modalities."""
    return {name: tf.constant(x[np.asarray(classes)]) for name, x in PATTERNS.items()}


def subject_of_classes(model, number=30, mixture=None, masks=None):
    """Makes the subject of a model of classes, measured on as many examples of each."""
    data = of_classes(np.arange(number) % 3)
    test = {**data, **(masks or {})}
    return Subject(model, EvaluationData(test, test, data), QUICK_PROTOCOL, mixture)

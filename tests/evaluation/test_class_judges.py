"""Judges of classes: what they read, and of which modalities there are any."""

import types

import cv2
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.class_judges import class_judges, class_labels, class_metric_name
from jmvae_tf.evaluation.protocol import EvaluationData
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality, observed_key
from tests.helpers.class_models import PATTERNS, ClassModel, subject_of_classes
from tests.helpers.evaluation import QUICK_PROTOCOL, label_of


def test_each_modality_is_read():
    judges = class_judges(subject_of_classes(ClassModel()), "label")
    assert list(judges) == ["image", "label", "word"]
    for name, judge in judges.items():
        np.testing.assert_array_equal(judge(PATTERNS[name][[2, 0, 1, 1]]), [2, 0, 1, 1])


def test_a_modality_that_is_never_beside_the_label_has_no_judge():
    subject = subject_of_classes(ClassModel())
    subject.data.training[observed_key("word")] = tf.zeros(30, tf.bool)
    assert list(class_judges(subject, "label")) == ["image", "label"]


def shapes(rng, classes):
    """Draws a disc, a cross or a bar at random places, in the opposite of a random colour."""
    images = np.zeros((len(classes), 24, 24, 3), "f")
    for image, kind in zip(images, classes, strict=True):
        colour = rng.uniform(0, 1, 3)
        image[:] = colour
        x, y = rng.integers(9, 15, 2).tolist()
        opposite = (1 - colour).tolist()
        if kind == 0:
            cv2.circle(image, (x, y), 6, opposite, -1)
        else:
            cv2.line(image, (x - 8, y), (x + 8, y), opposite, 3)
        if kind == 1:
            cv2.line(image, (x, y - 8), (x, y + 8), opposite, 3)
    return images


def test_coloured_images_are_read_by_their_edges(quick_judge, rng):
    """A fourth class, which no example has, is never read."""
    modalities = {
        "image": Modality("image", (24, 24, 3), Gaussian(), kind="image", value_range=(0, 1)),
        "label": label_of(4),
    }
    model = types.SimpleNamespace(modalities=modalities, conditions=())
    classes = np.arange(240) % 3
    images = shapes(rng, classes)
    data = {"image": tf.constant(images), "label": tf.one_hot(classes, 4)}
    subject = Subject(model, EvaluationData(data, data, data), QUICK_PROTOCOL)
    new = np.arange(90) % 3
    found = class_judges(subject, "label")["image"](shapes(rng, new))
    assert (found == new).mean() > 0.9


@pytest.mark.parametrize("conditions", [(), ("label",)])
def test_labels_of_several_classes_and_models_with_conditions_have_none(conditions):
    subject = subject_of_classes(ClassModel())
    assert class_labels(subject) == ["label"]
    assert class_metric_name(subject, "label", "joint_coherence") == "joint_coherence"
    subject.model.conditions = conditions
    if not conditions:
        subject.data.grey["label"] = tf.ones((30, 3))
    assert class_labels(subject) == []

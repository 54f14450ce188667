"""The linear probe: what it reads off, and what it cannot."""

import numpy as np
import pytest

from jmvae_tf.evaluation.metrics.linear_probe import linear_probe, linear_probe_of_means
from jmvae_tf.evaluation.protocol import EvaluationData
from jmvae_tf.evaluation.subject import Subject
from tests.helpers.evaluation import QUICK_PROTOCOL
from tests.helpers.small_models import examples, small_model


def test_of_separable_mixed_and_random_classes(rng):
    classes = np.arange(300) % 3
    z = np.eye(3)[classes] * [100, 1, 0.01] + 0.001 * rng.normal(size=(300, 3))
    assert linear_probe(z[:200], classes[:200], z[200:], classes[200:]).mean() == 1
    signs = rng.choice([-1.0, 1.0], (400, 2))
    different = (signs.prod(axis=1) > 0).astype(int)
    noisy = signs + 0.1 * rng.normal(size=signs.shape)
    read = linear_probe(noisy[:300], different[:300], noisy[300:], different[300:])
    assert read.shape == (100,)
    assert read.mean() < 0.8  # No line divides them; a corner of four can be on the right side.
    guessed = linear_probe(rng.normal(size=(300, 2)), classes, rng.normal(size=(300, 2)), classes)
    assert guessed.mean() == pytest.approx(1 / 3, abs=5 * np.sqrt(2 / 9 / 300))


@pytest.mark.parametrize(
    ("name", "layers"), [("jmvae_kl", ["z"]), pytest.param("jmvae_h", ["z1", "z2"])]
)
def test_every_layer_is_probed_given_all_but_the_label(eagerly, two_modalities, name, layers):
    test, training = examples(two_modalities, 8), examples(two_modalities, 30)
    data = EvaluationData(test, test, training)
    subject = Subject(small_model(name, two_modalities), data, QUICK_PROTOCOL)
    found = list(linear_probe_of_means(subject))
    assert [x.name for x in found] == [f"linear_probe_{each}_given_image" for each in layers]
    assert all(0 <= x.value.mean <= 1 for x in found)


def test_given_each_other_modality_and_all_of_them(eagerly, three_modalities):
    test, training = examples(three_modalities, 8), examples(three_modalities, 30)
    data = EvaluationData(test, test, training)
    subject = Subject(small_model("jmvae_kl", three_modalities), data, QUICK_PROTOCOL)
    labels = subject.of_kind("label")
    names = {x.name for x in linear_probe_of_means(subject)}
    for label in labels:
        others = [x for x in three_modalities if x != label]
        start = "" if len(labels) == 1 else f"{label}_"
        for given in (*others, "_".join(others)):
            assert f"{start}linear_probe_z_given_{given}" in names

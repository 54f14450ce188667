"""Conditional coherence by the number of given modalities, of what stands for a trained model."""

import collections
import itertools

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.metrics.conditional_coherence import (
    conditional_coherence_by_number,
    given_sets,
)
from jmvae_tf.modalities import observed_key
from tests.helpers.class_models import ClassModel, subject_of_classes


def test_every_subset_of_few_modalities_is_given():
    assert given_sets("abc") == {
        1: [("a",), ("b",), ("c",)],
        2: [("a", "b"), ("a", "c"), ("b", "c")],
    }
    assert {size: len(sets) for size, sets in given_sets("abcd").items()} == {1: 4, 2: 6, 3: 4}


@pytest.mark.parametrize("names", ["abcde", "abcdef"])
def test_of_many_modalities_each_is_given_as_often(names):
    for size, sets in given_sets(names).items():
        assert len(set(sets)) == len(names)
        assert all(len(each) == size and list(each) == sorted(each) for each in sets)
        assert set(collections.Counter(itertools.chain(*sets)).values()) == {size}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, [1, 1]),
        # Of six directions two lead to an image, and of those from two modalities one of three.
        ({"image": (1, 2, 0)}, [4 / 6, 2 / 3]),
        ({"image": (0, 0, 0)}, [(4 + 2 / 3) / 6, (2 + 1 / 3) / 3]),
        (dict.fromkeys(("image", "label", "word"), (2, 2, 2)), [1 / 3, 1 / 3]),
    ],
    ids=["perfect", "wrong", "constant", "all constant"],
)
def test_of_a_perfect_a_wrong_and_a_constant_generator(answers, expected):
    lines = list(conditional_coherence_by_number(subject_of_classes(ClassModel(**answers))))
    assert [each.name for each in lines] == [
        "conditional_coherence_1_given",
        "conditional_coherence_2_given",
        "class_judge_accuracy_image",
        "class_judge_accuracy_word",
    ]
    assert [each.value.mean for each in lines] == pytest.approx([*expected, 1, 1])
    assert all(each.examples is None for each in lines)


def test_directions_share_examples_in_the_standard_error():
    """An image that is wrong for one class of three gives shares of 4/6 and twice 1."""
    subject = subject_of_classes(ClassModel(image=(1, 1, 2)))
    found = next(iter(conditional_coherence_by_number(subject))).value
    values = np.tile([4 / 6, 1, 1], 10)
    assert found == pytest.approx((values.mean(), values.std(ddof=1) / np.sqrt(30)))


def test_examples_count_by_what_they_have():
    """Without words only two directions are left; without a label nothing is known of them."""
    masks = {
        observed_key("word"): tf.constant(np.arange(30) >= 15),
        observed_key("label"): tf.constant(np.arange(30) < 24),
    }
    subject = subject_of_classes(ClassModel(image=(1, 2, 0)), masks=masks)
    one, two, image, word = conditional_coherence_by_number(subject)
    # With an image and a label alone, of four directions two lead to words and one to an image.
    assert one.value.mean == pytest.approx((15 * 3 / 4 + 9 * 4 / 6) / 24)
    assert two.value.mean == pytest.approx((15 * 1 + 9 * 2 / 3) / 24)
    assert (one.examples, two.examples, image.examples, word.examples) == (24, 24, 24, 9)


def test_classes_without_a_training_example_are_left_out():
    subject = subject_of_classes(ClassModel())
    training = subject.data.training
    training.update({name: tf.gather(x, [0, 0, 0, 1, 1, 1]) for name, x in training.items()})
    note, one, *_ = conditional_coherence_by_number(subject)
    assert note == (
        "1 of 3 classes of label without a training example, which conditional coherence leaves "
        "out: label2"
    )
    assert (one.value.mean, one.examples) == (1, 20)

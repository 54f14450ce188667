"""Sharpness."""

import dataclasses

import cv2
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.metrics.sharpness import (
    detail_where_empty,
    sharpness,
    sharpness_of_images,
)
from jmvae_tf.evaluation.subject import Subject
from tests.helpers.evaluation import QUICK_PROTOCOL, face_modalities
from tests.helpers.predictor import Predictor, subject_of

STRIPES = np.tile([0.0, 1.0], (8, 4)).astype("f")


def test_sharpness_of_a_plane_of_stripes_and_of_blur(rng):
    plane = np.full((8, 8), 0.3, "f")
    images = np.stack([plane, STRIPES])[..., np.newaxis]
    flat, striped = sharpness(images)
    assert flat == pytest.approx(0, abs=1e-6)
    # Each value's neighbours left and right are both 255 away, mirrored at the borders too.
    assert striped == pytest.approx(510.0**2)
    np.testing.assert_allclose(sharpness(np.repeat(images, 3, axis=-1)), [flat, striped], rtol=1e-4)
    noise = rng.random((1, 16, 16, 3)).astype("f")
    assert sharpness(np.stack([cv2.GaussianBlur(noise[0], (0, 0), 1)])) < sharpness(noise) / 5


def test_detail_where_empty_is_that_of_each_region(rng):
    empty = np.zeros((16, 16), bool)
    empty[1:5, 1:5] = empty[1:5, 10:15] = True
    left, right, rest = np.zeros((3, 16, 16, 1), "f")
    left[0:6, 0:6, 0] = 0.5 + 0.2 * rng.random((6, 6))
    right[0:6, 9:16] = np.linspace(0, 1, 7)[:, np.newaxis]
    rest[6:] = rng.random((10, 16, 1))
    laplacian = cv2.Laplacian(255 * left[..., 0], cv2.CV_32F)
    expected = np.array([laplacian[1:5, 1:5].var() / 2, 0, 0])
    found = detail_where_empty(np.stack([left, right, rest]), empty)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_beside_sharpness_stand_its_ratio_and_the_detail_in_empty_places(eagerly, rng):
    """Images from attributes have half the contrast of real ones, reconstructions a quarter."""
    contrast = rng.uniform(0.5, 1, (20, 1)).astype("f")

    def means_of(given):
        scale = given[:, :1] / 2 if len(given.shape) == 2 else given[:, 0, 1] / 4
        return scale[:, tf.newaxis, tf.newaxis] * np.repeat(STRIPES[..., np.newaxis], 3, axis=-1)

    real = contrast[:, np.newaxis, np.newaxis] * np.repeat(STRIPES[..., np.newaxis], 3, axis=-1)
    data = {"image": real, "attributes": np.repeat(contrast, 4, axis=1)}
    subject = subject_of(Predictor(face_modalities(), means_of), data)
    found = {each.name: each.value for each in sharpness_of_images(subject)}
    assert not [name for name in found if "where_empty" in name]
    ratio = found["image_sharpness_attributes_to_image_over_real"]
    assert ratio.mean == pytest.approx(1 / 4, rel=1e-3)
    of_real = found["image_sharpness_real"]
    relative = np.sqrt(2) * of_real.standard_error / of_real.mean
    assert ratio.standard_error == pytest.approx(relative / 4, rel=1e-3)

    empty = np.zeros((8, 8), bool)
    empty[1:7, 1:7] = True
    with_empty = dataclasses.replace(subject.data, empty=empty)
    lines = list(sharpness_of_images(Subject(subject.model, with_empty, QUICK_PROTOCOL)))
    for of, share in {
        "real": 1,
        "attributes_to_image": 1 / 4,
        "reconstruction_multiple": 1 / 16,
    }.items():
        [value] = [x.value for x in lines if x.name == f"image_sharpness_{of}_where_empty"]
        assert value.mean == pytest.approx(share * of_real.mean, rel=1e-3)

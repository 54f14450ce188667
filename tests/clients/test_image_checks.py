"""Images of users are compared with those in training."""

import numpy as np
import pytest

from jmvae_tf.clients.image_checks import (
    BLANK,
    INVERTED,
    UNLIKE,
    checked_image,
    image_checker,
)
from jmvae_tf.export_format.training_summary import EncodedImages, TrainingSummary, UsualImages
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

GREY = Modality("image", (6, 6, 1), Gaussian(), kind="image", value_range=(-1.0, 1.0))
COLOUR = Modality("image", (6, 6, 3), Gaussian(), kind="image", value_range=(0.0, 1.0))
NEAR = EncodedImages(np.zeros((1, 2), np.float32), error=0.1, distance=1.0)
DARK, BRIGHT = UsualImages(0.2, NEAR), UsualImages(0.8, NEAR)


def drawing(modality, ink, paper):
    image = np.full(modality.event_shape, paper, np.float32)
    image[2:4, 2:4] = ink
    return image


def exactly(images):
    """Reconstructs images, and places them among the training images."""
    return np.zeros((len(images), 2), np.float32), images


def test_a_grey_image_that_is_dark_on_light_is_inverted():
    values, notes = checked_image(drawing(GREY, -1, 0.8), GREY, DARK, exactly)
    assert notes == [INVERTED]
    np.testing.assert_allclose(values, drawing(GREY, 1, -0.8), atol=1e-6)
    assert values.dtype == np.float32


@pytest.mark.parametrize(
    ("modality", "ink", "paper", "usual"),
    [
        (GREY, 1, -0.8, DARK),
        (GREY, -1, 0.8, BRIGHT),
        (COLOUR, 0, 1, DARK),
        (GREY, -1, 0.8, None),
    ],
    ids=["light on dark", "as in training", "in colour", "nothing is known"],
)
def test_others_stay(modality, ink, paper, usual):
    image = drawing(modality, ink, paper)
    values, notes = checked_image(image, modality, usual, exactly)
    assert notes == []
    np.testing.assert_array_equal(values, image)


@pytest.mark.parametrize("usual", [DARK, BRIGHT, None])
@pytest.mark.parametrize(
    ("modality", "paper"), [(GREY, 1), (GREY, -1), (GREY, 0.3), (COLOUR, (0.8, 0.1, 0.3))]
)
def test_blank_images(modality, paper, usual):
    """They stay as they are, also those that the model reconstructs well."""
    image = np.full(modality.event_shape, paper, np.float32)
    values, notes = checked_image(image, modality, usual, exactly)
    assert notes == [BLANK]
    np.testing.assert_array_equal(values, image)


def test_faint_images_are_not_blank():
    image = drawing(GREY, -0.98, -1)
    assert checked_image(image, GREY, DARK, exactly).notes == []


def test_images_without_a_range_have_contrast_beyond_that_of_pixels():
    unbounded = Modality("image", (6, 6, 1), Gaussian(), kind="image")
    assert checked_image(drawing(unbounded, 5, 2), unbounded, None, exactly).notes == []


@pytest.mark.parametrize(
    ("autoencode", "notes"),
    [
        (None, []),
        (lambda x: (np.array([[0.0, 0.9]]), x + 0.6), []),  # 0.3 in pixels; squared, 0.09.
        (lambda x: (np.zeros((1, 2)), x + 0.7), [UNLIKE]),
        (lambda x: (np.array([[0.0, 1.1]]), x), [UNLIKE]),
    ],
    ids=["nothing embeds", "within the limits", "drawn badly", "far"],
)
def test_images_unlike_those_in_training(autoencode, notes):
    image = drawing(GREY, 0, -1)
    assert checked_image(image, GREY, DARK, autoencode).notes == notes


def test_an_inverted_image_is_compared_as_it_is_then():
    seen = []

    def autoencode(images):
        seen.append(images)
        return np.full((1, 2), 9.0), images

    values, notes = checked_image(drawing(GREY, -1, 1), GREY, DARK, autoencode)
    assert notes == [INVERTED, UNLIKE]
    np.testing.assert_array_equal(seen[0][0], values)


def test_another_model_than_the_one_summarised():
    with pytest.raises(UserError, match="the one that its training summary is about; received 5"):
        checked_image(drawing(GREY, 1, -1), GREY, DARK, lambda x: (np.zeros((1, 5)), x))


@pytest.mark.parametrize("embed", ["embed", "embed_image"])
def test_an_export_is_asked_by_its_signatures(embed):
    asked = []

    def ask(signature, inputs, output):
        asked.append((signature, list(inputs), output))
        return np.zeros((1, 2)) if signature == embed else drawing(GREY, 1, -1)[np.newaxis]

    summary = TrainingSummary(1, None, {"image": DARK})
    check = image_checker({"image": GREY}, summary, [embed, "decode_image"], ask)
    assert check("image", drawing(GREY, 1, -1)).notes == []
    assert asked == [(embed, ["image"], "mean"), ("decode_image", ["z"], "image")]
    asked.clear()
    for older in (
        image_checker({"image": GREY}, summary, [embed], ask),
        image_checker({"image": GREY}, None, [embed, "decode_image"], ask),
    ):
        assert older("image", drawing(GREY, 1, -1)).notes == []
    assert asked == []

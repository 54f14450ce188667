"""Tests of the making of models from settings."""

import pytest

from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.build import judged_image
from tests.helpers.small_models import small_model

PHOTO, DRAWING = (Modality(x, (4, 4, 1), Bernoulli(), kind="image") for x in ("photo", "drawing"))
SPECIES = Modality("species", (3,), Categorical(), kind="label")


def _model(name, *modalities):
    return small_model(name, {x.name: x for x in modalities})


@pytest.mark.parametrize(
    ("name", "modalities", "judged"),
    [
        ("jmvae", (SPECIES, PHOTO), "photo"),
        ("jmvae", (SPECIES, DRAWING, PHOTO), "drawing"),  # The first of two.
        ("cvae", (DRAWING, PHOTO, SPECIES), "drawing"),  # Its target, among two images.
        ("vae", (PHOTO,), "photo"),
    ],
)
def test_a_discriminator_judges_the_image_that_is_generated(name, modalities, judged):
    assert judged_image(_model(name, *modalities)) == judged


def test_a_discriminator_without_an_image_is_refused():
    with pytest.raises(UserError, match="received no image among species;"):
        judged_image(_model("cmma", SPECIES, PHOTO))

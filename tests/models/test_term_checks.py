"""Terms that cannot be."""

import math

import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models import term_checks
from jmvae_tf.models.term_checks import FiniteTerms
from jmvae_tf.runtime.errors import UserError
from tests.helpers.evaluation import image_of, label_of
from tests.helpers.small_models import small_model


@pytest.mark.parametrize(
    ("terms", "bad"),
    [
        ({"log_p_image": 3.0}, ["log_p_image"]),
        (
            {"val_log_p_image": 3.0, "test_log_p_label": 1.0},
            ["val_log_p_image", "test_log_p_label"],
        ),
        ({"log_p_numbers": 3.0, "bound": 5.0, "kl_prior": 7.0}, []),
        ({"log_p_image": 1e-5, "log_p_label": -1.0}, []),  # Rounding.
        ({"log_p_numbers": math.nan, "kl_prior": math.inf}, ["log_p_numbers", "kl_prior"]),
    ],
)
def test_terms_that_cannot_be(terms, bad):
    numbers = Modality("numbers", (3,), Gaussian(0.001))
    modalities = {"image": image_of(), "label": label_of(3), "numbers": numbers}
    found = term_checks.impossible(terms, modalities)
    assert list(found) == bad
    assert all(name in text for name, text in found.items())


@pytest.mark.slow
def test_training_on_levels_ends_naming_the_term(two_modality_batch):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(3)})
    model.compile("adam", run_eagerly=True)
    levels = {**two_modality_batch, "image": 255 * two_modality_batch["image"]}
    batches = tf.data.Dataset.from_tensors(two_modality_batch)
    batches = batches.concatenate(tf.data.Dataset.from_tensors(levels).repeat(100))
    with pytest.raises(
        UserError, match=r"log_p_image = .* values that its likelihood cannot have in epoch 1"
    ):
        model.fit(batches, verbose=0, callbacks=[FiniteTerms()])


def test_no_batch_is_waited_for_where_epochs_alone_are_checked():
    """Keras asks for the attribute, and waits where a callback without it looks at batches."""
    assert FiniteTerms(every_batch=False).async_safe
    assert not FiniteTerms().async_safe

"""What signatures share is traced once, and answers as the model does."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export.shared_functions import with_shared_functions
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality, observed_key
from tests.helpers.small_models import examples, small_model

THREE = {
    "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
    "species": Modality("species", (3,), Categorical(), kind="label"),
    "sizes": Modality("sizes", (2,), Gaussian(), kind="numbers", partly_observed=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", "jmvae", "cvae"])
def test_a_model_that_shares_generates_as_the_model(name):
    model = small_model(name, THREE)
    shared = with_shared_functions(model)
    data = examples(THREE, 2)
    given = {key: data[key] for key in ("species", "sizes")}
    given[observed_key("sizes")] = tf.constant([[True, False], [True, True]])
    seeds = tf.constant([[1, 0], [2, 0]])
    for number in (None, 1):
        expected = model.generate("photo", given, number, seeds)
        np.testing.assert_allclose(
            shared.generate("photo", given, number, seeds), expected, atol=1e-6
        )


def test_a_target_is_decoded_by_one_trace_whatever_is_given():
    model = small_model("jmvae_kl", THREE)
    shared, data = with_shared_functions(model), examples(THREE, 2)
    traces = []
    decode = model.decode
    model.decode = lambda *arguments: traces.append(arguments) or decode(*arguments)
    for given in ("photo", "sizes", "photo"):
        shared.generate("species", {given: data[given]})
    assert len(traces) == 1

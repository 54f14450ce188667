"""Squared errors, and likelihoods, of standardised values."""

import numpy as np

from jmvae_tf.evaluation.metrics.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.metrics.importance import importance_weighted_log_likelihoods
from jmvae_tf.evaluation.metrics.objective import bound_terms
from jmvae_tf.evaluation.metrics.squared_error import mean_squared_errors
from tests.helpers.evaluation import face_modalities, faces, with_statistics
from tests.helpers.small_models import small_model


def test_log_likelihoods_and_errors_are_of_standardised_values(eagerly):
    model = with_statistics(small_model("jmvae_kl", face_modalities()))
    data = faces(6)
    means = []
    decode, bound = model.decode, model.bound

    def recording(*arguments):
        p = decode(*arguments)
        means.extend([p["image"].mean().numpy()] if "image" in p else [])
        return p

    def recording_bound(*arguments):
        found = bound(*arguments)
        means.append(found.likelihoods["image"].mean().numpy())
        return found

    model.decode, model.bound = recording, recording_bound
    x = (data["image"].numpy() - 0.5) / 0.25

    def log_p(mean):
        return -0.5 * (np.square(x - mean) + np.log(2 * np.pi)).sum(axis=(-3, -2, -1))

    scores = conditional_log_likelihoods(model, data, "image", ["attributes"], 3)
    np.testing.assert_allclose(scores.mean_log, log_p(means.pop()).mean(axis=0), rtol=1e-5)
    errors = mean_squared_errors(model, data, "image", ["attributes"])
    np.testing.assert_allclose(
        errors, np.square(x - means.pop()).mean(axis=(-3, -2, -1)), rtol=1e-5
    )
    terms = bound_terms(model, data)
    np.testing.assert_allclose(terms["log_p_image"], log_p(means.pop()), rtol=1e-5)
    divergences = sum(terms[name] for name in terms if name.startswith("kl_"))
    expected = terms["log_p_image"] / 3 + terms["log_p_attributes"] - divergences
    np.testing.assert_allclose(terms["bound"], expected, rtol=1e-5)
    one = importance_weighted_log_likelihoods(model, data, ("image", "attributes"), 1)
    difference = one["image", "attributes"] - one["attributes",]
    np.testing.assert_allclose(difference, log_p(means.pop())[0], rtol=1e-4)

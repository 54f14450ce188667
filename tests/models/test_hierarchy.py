"""JMVAE-h: its layers, and how it generates through them."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.models.jmvae_h import JMVAEH
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.small_models import examples, set_variances, small_model


@pytest.fixture
def data(two_modalities):
    return examples(two_modalities, 6)


@pytest.fixture
def label(data):
    return {"label": data["label"]}


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["zeros", "noise"])
def test_one_layer_is_jmvae(two_modalities, data, label, missing):
    options = {"missing": missing, "num_rounds": 1}
    jmvae = small_model("jmvae", two_modalities, **options)
    jmvae_h = small_model("jmvae_h", two_modalities, num_layers=1, **options)
    jmvae_h.set_weights(jmvae.get_weights())
    bounds = [each.bound(data, root_seed(4), 0.3) for each in (jmvae, jmvae_h)]
    # The same operations in the same order.
    np.testing.assert_array_equal(bounds[0].value, bounds[1].value)
    np.testing.assert_array_equal(bounds[0].terms["kl_prior"], bounds[1].terms["kl_z1"])
    for given in (data, label, None):
        q, q_h = (each.posterior(given, seed=2) for each in (jmvae, jmvae_h))
        np.testing.assert_array_equal(q.mean(), q_h.mean())
        np.testing.assert_array_equal(q.stddev(), q_h.stddev())
        images = [each.generate("image", given, seed=2) for each in (jmvae, jmvae_h)]
        np.testing.assert_array_equal(*images)


@pytest.mark.slow
@pytest.mark.parametrize("num_layers", [2, 3])
def test_one_deterministic_path_leads_through_the_encoders(two_modalities, data, num_layers):
    """The mean of z_1, not its sample, leads to q(z_2|x,w); samples reach p(z_l|z_l+1)."""
    model = small_model("jmvae_h", two_modalities, num_layers=num_layers)
    terms = [model.bound(data, root_seed(seed)).terms for seed in (0, 1)]
    top = f"kl_z{num_layers}"
    np.testing.assert_array_equal(terms[0][top], terms[1][top])
    for layer in range(1, num_layers):
        assert not np.allclose(terms[0][f"kl_z{layer}"], terms[1][f"kl_z{layer}"])
    q = model.encode_layers(data)
    for below, above, encoder in zip(q[:-1], q[1:], model.layer_encoders, strict=True):
        np.testing.assert_array_equal(above.mean(), encoder(below.mean()).mean())
    means = model.layer_means(data)
    assert list(means) == [f"z{layer}" for layer in range(1, num_layers + 1)]
    for mean, q_l in zip(means.values(), q, strict=True):
        np.testing.assert_array_equal(mean, q_l.mean())


def test_warm_up_reaches_every_divergence_alike(two_modalities, data):
    model = small_model("jmvae_h", two_modalities, num_layers=3)
    full, none = (model.bound(data, root_seed(0), kl_weight) for kl_weight in (1.0, 0.0))
    kl = sum(full.terms[f"kl_z{layer}"] for layer in (1, 2, 3))
    np.testing.assert_allclose(none.value - full.value, kl, rtol=1e-4, atol=1e-5)


def _outputs(model, data, label):
    """What is made of all modalities, and what of the label alone."""
    whole = [model.generate("image", data), model.generate("image", data, 2, seed=1)]
    part = [model.generate("image", label), model.generate("image", label, 2, seed=1)]
    return [x.numpy() for x in (*whole, model.reconstruct(data)["label"])], part


def test_the_upper_layers_matter_only_where_something_is_missing(two_modalities, data, label):
    model = small_model("jmvae_h", two_modalities, missing="zeros", num_rounds=1)
    whole, part = _outputs(model, data, label)
    from_nothing = model.generate("image").numpy()
    for upper in (model.layer_priors[0], model.layer_encoders[0]):
        upper.set_weights([w + 0.3 for w in upper.get_weights()])
        whole_after, part_after = _outputs(model, data, label)
        for before, after in zip(whole, whole_after, strict=True):
            np.testing.assert_array_equal(before, after)
        for before, after in zip(part, part_after, strict=True):
            assert not np.allclose(before, after, atol=1e-3)
        part = part_after
    # p(z_1|z_2) has changed, of which an image from nothing is made too.
    assert not np.allclose(from_nothing, model.generate("image"), atol=1e-3)


def test_average_goes_down_through_the_means(two_modalities, label):
    model = small_model("jmvae_h", two_modalities, num_layers=3, missing="zeros", num_rounds=1)
    z_3 = model.posterior(label).mean()
    z_1 = model.layer_priors[0](model.layer_priors[1](z_3).mean()).mean()
    np.testing.assert_allclose(model.posterior_mean(label), z_1, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        model.generate("image", label), model.decode(z_1)["image"].mean(), rtol=1e-5
    )


def test_samples_go_down_through_every_layer(two_modalities, label):
    """Without variance but in one part, z_1 varies by what that part has."""
    model = small_model("jmvae_h", two_modalities, num_layers=3, missing="zeros", num_rounds=1)
    parts = {"top": model.layer_encoders[1].head}
    parts |= {f"p(z_{n + 1}|z_{n + 2})": p.head for n, p in enumerate(model.layer_priors)}
    spread = {}
    for name, head in parts.items():
        set_variances(model, 1e-9)  # With its floor, a standard deviation of 0.001.
        kernel, bias = head.variance.get_weights()
        head.variance.set_weights([kernel, np.full_like(bias, 1.0)])
        spread[name] = model.sample_posterior(label, 50, seed=0).numpy().std(axis=0).mean()
    # softplus(1) = 1.31, whose root reaches z_1 as it is, or through the networks between.
    assert abs(spread["p(z_1|z_2)"] - np.sqrt(1.31)) < 0.1
    assert spread["p(z_2|z_3)"] > 0.02
    assert spread["top"] > 0.01


def test_eq_6_has_samples_below_every_sample_of_the_top(two_modalities, label):
    """N of z_2 and N of z_1 below each; with p(z_1|z_2) all but fixed, N groups of N."""
    model = small_model("jmvae_h", two_modalities, num_rounds=2)
    z = model.conditional_samples(label, 4, seed=1).numpy()
    assert z.shape == (16, 6, 3)
    assert len(np.unique(z[:, 0, 0])) == 16
    np.testing.assert_array_equal(model.conditional_samples(label, 4, seed=1), z)

    head = model.layer_priors[0].head
    kernel, bias = head.variance.get_weights()
    head.variance.set_weights([0 * kernel, np.full_like(bias, -30.0)])  # A deviation of 0.001.
    groups = model.conditional_samples(label, 4, seed=1).numpy().reshape(4, 4, 6, 3)
    within = groups.std(axis=1).mean()
    between = groups.mean(axis=1).std(axis=0).mean()
    assert within < 0.002
    assert between > 0.1


def test_eq_6_has_no_groups_where_nothing_is_missing(two_modalities, data):
    model = small_model("jmvae_h", two_modalities)
    np.testing.assert_array_equal(
        model.conditional_samples(data, 4, seed=1), model.sample_posterior(data, 4, seed=1)
    )


def test_there_is_at_least_one_layer(two_modalities):
    with pytest.raises(ValueError, match="Received: num_layers=0"):
        JMVAEH(two_modalities, num_layers=0)


def test_from_nothing_the_top_is_the_prior(two_modalities):
    model = small_model("jmvae_h", two_modalities)
    prior = model.posterior()
    np.testing.assert_array_equal(prior.mean(), tf.zeros(3))
    np.testing.assert_array_equal(prior.stddev(), tf.ones(3))
    assert model.sample_posterior(None, 5).shape == (5, 3)

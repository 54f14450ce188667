"""Settings that would do nothing are refused, if a user gave them."""

import re

import pytest

from jmvae_tf.programs.common.idle_settings import check_used
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import settings_of

HINGE = {"adversary": "hinge"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"penalty_weight": 2.0}, "add --adversary=original+r1, or leave --penalty_weight out"),
        ({**HINGE, "penalty_weight": 2.0}, "received --penalty_weight=2.0 with --adversary=hinge;"),
        ({**HINGE, "similarity_weight": 2.0}, "add --adversary=hinge+similarity, or leave"),
        (
            {"decoder_learning_rate": 1e-4, "adversary_after": 0},
            "with --adversary_after=0; add --adversary_after=EPOCHS, or leave",
        ),
        ({"adversary": "hinge+r1+zero_centred"}, "leave r1 out"),
    ],
)
def test_what_does_nothing_is_refused(given, message):
    settings = settings_of("jmvae_kl_gan", "digits", {"adversary": "original", **given})
    with pytest.raises(UserError) as raised:
        check_used(settings, given)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"adversary": "hinge+r1", "penalty_weight": 2.0},
        {"adversary": "hinge+zero_centred", "penalty_weight": 2.0},
        {"adversary": "hinge+similarity", "similarity_weight": 2.0},
        {"adversary_after": 3, "decoder_learning_rate": 1e-4},
    ],
)
def test_what_is_used_is_not(given):
    check_used(settings_of("jmvae_kl_gan", "digits", given), given)
    check_used(settings_of("jmvae_kl", "digits", {}), {})


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (
            "jmvae",
            {"num_rounds": 1, "feed_back": "means"},
            "=means with --num_rounds=1; add --num_",
        ),
        (
            "jmvae_h",
            {"num_layers": 1, "layer_encoder": "D8R"},
            "--num_layers=1; add --num_layers=L",
        ),
        ("jmvae_h_kl", {"num_layers": 1, "layer_prior": "D8R"}, "or leave --layer_prior out"),
        ("jmvae_kl", {"anneal_alpha": True, "warmup_epochs": 0}, "add --warmup_epochs=EPOCHS, or"),
        ("jmvae_kl", {"anneal_alpha": True, "alpha": 0.0}, "--alpha=0.0; add --alpha=WEIGHT, or"),
    ],
)
def test_what_does_nothing_beside_a_setting_is_refused(model, given, message):
    with pytest.raises(UserError) as raised:
        check_used(settings_of(model, "digits", given), given)
    assert message in str(raised.value)
    beside = re.search("with --([a-z_]+)=", str(raised.value))[1]
    check_used(settings_of(model, "digits", {**given, beside: 3}), given)


@pytest.mark.parametrize("model", ["vae", "jmvae", "jmvae_kl_gan"])
def test_a_gradient_of_several_samples_needs_them(model):
    one, several = ({"gradient": "dreg", "num_samples": k} for k in (1, 5))
    check_used(settings_of(model, "digits", several), several)
    check_used(settings_of(model, "digits", {"gradient": "plain"}), ["gradient"])
    check_used(settings_of(model, "digits", one), ["num_samples"])  # Of a recipe.
    with pytest.raises(UserError, match="--gradient=dreg with --num_samples=1; add --num_samples"):
        check_used(settings_of(model, "digits", one), one)
    check_used(settings_of("mmvae", "digits", one), one)  # Of each modality's encoder.


def test_presets_may_have_more_than_is_used():
    """A preset has values for all parts, of which an adversary may have few."""
    check_used(settings_of("jmvae_kl_gan", "digits", HINGE), HINGE)

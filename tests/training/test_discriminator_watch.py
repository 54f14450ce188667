"""Notes on a discriminator of which the decoder learns late, or never."""

import pytest

from jmvae_tf.models.adversarial import HEAD_START
from jmvae_tf.settings import settings_of
from jmvae_tf.training.discriminator_watch import note_on_discriminator


@pytest.mark.parametrize(
    ("overrides", "steps_per_epoch", "note"),
    [
        ({"epochs": 2}, 100, "in 0 of 200 steps; more --epochs help"),
        ({"epochs": 4}, 100, f"alone for its first {HEAD_START} steps, so the decoder learns from"),
        ({"epochs": 4}, 100, f"in {400 - HEAD_START} of 400 steps"),
        ({"epochs": 6, "adversary_after": 2}, 100, f"in {400 - HEAD_START} of 400 steps"),
        ({"epochs": 6, "adversary_after": 6}, 100, "these 6 epochs are without it"),
    ],
)
def test_short_runs_are_told(overrides, steps_per_epoch, note):
    gan = {"adversary": "hinge", "adversary_after": 0, **overrides}
    settings = settings_of("jmvae_kl_gan", "digits", {**gan, "warmup_epochs": 0})
    assert note in note_on_discriminator(settings, steps_per_epoch)


@pytest.mark.parametrize(
    ("model", "overrides"),
    [
        ("jmvae_kl", {"epochs": 1}),
        ("jmvae_kl_gan", {"epochs": 1, "adversary": "original", "adversary_after": 0}),
        ("jmvae_kl_gan", {"epochs": 20, "adversary": "hinge", "adversary_after": 0}),
    ],
)
def test_others_are_not(model, overrides):
    settings = settings_of(model, "digits", {**overrides, "warmup_epochs": 0})
    assert not note_on_discriminator(settings, 100)

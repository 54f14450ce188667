"""The losses of generator and discriminator, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.models.adversaries.losses import LOSSES

REAL, FAKE, OTHER = (np.array(x, np.float32) for x in ([0.5, -2], [1, 0], [-3, 2]))


def _probability(logit):
    return 1 / (1 + np.exp(-logit))


def _by_hand(name):
    """The losses of discriminator and generator of REAL and two kinds of fakes."""
    fakes = np.stack([FAKE, OTHER])
    if name == "hinge":
        discriminator = np.maximum(0, 1 - REAL) + np.maximum(0, 1 + fakes).mean(axis=0)
        return discriminator, -fakes.mean(axis=0)
    total = 1 if name == "original" else 1 / 2
    of_fakes = -np.log(1 - _probability(fakes)).sum(axis=0)
    discriminator = -np.log(_probability(REAL)) + total * of_fakes
    return discriminator, -total * np.log(_probability(fakes)).sum(axis=0)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_against_numpy(name):
    loss, (discriminator, generator) = LOSSES[name], _by_hand(name)
    np.testing.assert_allclose(loss.of_discriminator(REAL, [FAKE, OTHER]), discriminator, rtol=1e-5)
    np.testing.assert_allclose(loss.of_generator([FAKE, OTHER]), generator, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("original", 3 * np.log(2), 2 * np.log(2)),
        ("non_saturating", 2 * np.log(2), np.log(2)),
        ("hinge", 2, 0),
    ],
)
def test_losses_of_a_discriminator_that_cannot_tell(name, discriminator, generator):
    loss, undecided = LOSSES[name], tf.zeros(4)
    ours = loss.of_discriminator(undecided, [undecided, undecided])
    np.testing.assert_allclose(ours, [discriminator] * 4, rtol=1e-6)
    ours = loss.of_generator([undecided, undecided])
    np.testing.assert_allclose(ours, [generator] * 4, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "certain_of_fakes"),
    [("original", [200, 0]), ("non_saturating", [200, 0]), ("hinge", [200, -200])],
)
def test_the_generator_learns_most_where_the_discriminator_is_certain(name, certain_of_fakes):
    logits = tf.constant([-200.0, 200.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        discriminator = LOSSES[name].of_discriminator(logits, [logits])
        generator = LOSSES[name].of_generator([logits])
    assert np.isfinite(discriminator).all()
    assert np.isfinite(tape.gradient(discriminator, logits)).all()
    np.testing.assert_allclose(generator, certain_of_fakes)
    # It does not saturate: certain of a fake, the slope is -1 and not 0.
    assert float(tape.gradient(generator, logits)[0]) == pytest.approx(-1)

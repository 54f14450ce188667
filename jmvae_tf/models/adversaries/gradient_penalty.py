"""Zero-centred gradient penalties, which keep the discriminator's slopes small.

Mescheder et al. 2018, "Which training methods for GANs do actually converge?", Eq. 9 and 10.
"""

from collections.abc import Callable

import tensorflow as tf

EVERY = 8
"""Steps from one penalty to the next, each counted as often (Karras et al. 2020, "lazy")."""


def gradient_penalty(logits_of: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Computes the penalty of each image: R1 of real images, R2 of fakes.

        1/2 |grad_x d(x)|^2

    Args:
      logits_of: the discriminator: images to logits, [batch], each of its own image alone.
      images: what it sees, float32, [batch, height, width, channels].

    Returns:
      float32, [batch].
    """
    images = tf.stop_gradient(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = logits_of(images)
    slopes = tf.cast(tape.gradient(logits, images), tf.float32)
    return 0.5 * tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])

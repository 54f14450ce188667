"""Shifts what a discriminator sees, so that it cannot learn a small training set by heart.

The translation of "Differentiable augmentation" (Zhao et al. 2020): real images and fakes are moved
alike, and gradients pass. Its changes of colour are left out, for colours are what attributes ask
for.
"""

import tensorflow as tf

MOST = 1 / 32
"""The furthest shift in each direction, as a share of the height and width; 2 pixels of 64."""


def most_shifts(height: int, width: int) -> tuple[int, int]:
    """Returns the furthest shift down and to the right, in pixels, at least 1."""
    return max(1, round(height * MOST)), max(1, round(width * MOST))


def draw_shifts(examples: tf.Tensor, most: tuple[int, int], seed: tf.Tensor) -> tf.Tensor:
    """Draws a shift for each example, int32 [examples, 2]: down and right, in pixels."""
    shares = tf.random.stateless_uniform((examples, 2), seed)
    numbers = 2 * tf.constant(most) + 1
    return tf.cast(shares * tf.cast(numbers, tf.float32), tf.int32) - tf.constant(most)


def shifted(images: tf.Tensor, shifts: tf.Tensor) -> tf.Tensor:
    """Moves images; what comes in from outside continues the edge.

    Args:
      images: [batch, height, width, channels].
      shifts: int32, [batch, 2], down and right, in pixels.

    Returns:
      Of the same shape.
    """
    for axis in (1, 2):
        size = images.shape[axis]
        places = tf.range(size)[tf.newaxis] - shifts[:, axis - 1, tf.newaxis]
        places = tf.clip_by_value(places, 0, size - 1)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images

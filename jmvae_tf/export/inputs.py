"""The inputs of signatures: what a client sends, and how the graph refuses what it cannot take.

A refusal is an InvalidArgument that names the input, the rule and what came. The shapes that a
signature states are a promise to clients that no server keeps by itself: a graph that is fed runs
with whatever shape comes. So shapes are forgotten first and then checked.
"""

import abc
import dataclasses
import math
from collections.abc import Mapping

import tensorflow as tf

from jmvae_tf.export import encoded_images
from jmvae_tf.export_format import value_ranges
from jmvae_tf.modalities import Modality

_MOST_AXES = 16  # Of a shape, in a message.


@dataclasses.dataclass(frozen=True)
class Input(abc.ABC):
    """One input of a signature.

    Attributes:
      name: of the input.
    """

    name: str

    @property
    @abc.abstractmethod
    def spec(self) -> tf.TensorSpec:
        """What the signature states of it."""

    @abc.abstractmethod
    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """What the model takes of a tensor that has its shape.

        When the graph runs, it fails with InvalidArgument for what breaks the rules.
        """

    def in_shape(self, tensor: tf.Tensor) -> tf.Tensor:
        """The same tensor, once its shape is what the signature states and not empty."""
        tensor = tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tf.TensorShape(None))
        shape = tf.shape(tensor)
        event = self.spec.shape[1:].as_list()
        # -1 where an axis is missing, so that a shape of any rank can be compared.
        padded = tf.concat([shape, [-1] * (len(event) + 2)], axis=0)
        holds = (padded[0] > 0) & tf.reduce_all(padded[1 : len(event) + 2] == [*event, -1])
        rule = (
            f"{self.name} must be of the shape [{', '.join(['batch', *map(str, event)])}] with a "
            "batch of at least 1. Received the shape"
        )
        with tf.control_dependencies([require(holds, rule, shape)]):
            return tf.ensure_shape(tensor, self.spec.shape)


@dataclasses.dataclass(frozen=True)
class ModalityInput(Input):
    """Values of a modality, float32 [batch, *event_shape].

    Attributes:
      name: of the input.
      modality: of which the values are; its support is their range.
    """

    modality: Modality

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None, *self.modality.event_shape), tf.float32, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """See `Input`."""
        flat = tf.reshape(tensor, [-1])
        # NaN is the least and the greatest of all, and within no range.
        lowest, highest = tf.reduce_min(flat), tf.reduce_max(flat)
        low, high = self.modality.support
        if math.isfinite(low) and math.isfinite(high):
            rule = f"numbers from {low:g} to {high:g}"
            holds = (lowest >= low) & (highest <= high)
        else:
            rule = "finite numbers"
            holds = tf.math.is_finite(lowest) & tf.math.is_finite(highest)
        rule = f"{self.name} must hold {rule}. Received as the lowest and the highest"
        with tf.control_dependencies([require(holds, rule, lowest, highest)]):
            return tf.identity(tensor)


@dataclasses.dataclass(frozen=True)
class EncodedImageInput(Input):
    """JPEG or PNG files, string [batch], one for each image of a modality.

    Attributes:
      name: of the input; what TensorFlow Serving takes as base64 ends in "_bytes".
      modality: of the images.
    """

    modality: Modality

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None,), tf.string, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """The images, float32 [batch, *event_shape] in the modality's range; see `Input`."""
        decoded = encoded_images.decode(tensor, self.modality.event_shape, self.name, require)
        return value_ranges.to_values(decoded, self.modality.support)


@dataclasses.dataclass(frozen=True)
class SeedInput(Input):
    """A seed for each example, int32 [batch]; any value."""

    name: str = "seed"

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None,), tf.int32, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """Seeds as the models take them, int32 [batch, 2]; see `Input`."""
        return tf.stack([tensor, tf.zeros_like(tensor)], axis=1)


def all_in_shape(
    inputs: tuple[Input, ...], tensors: tuple[tf.Tensor, ...]
) -> Mapping[str, tf.Tensor]:
    """The tensors by the inputs' names, once each has its shape and all have the same batch."""
    shaped = {x.name: x.in_shape(tensor) for x, tensor in zip(inputs, tensors, strict=True)}
    if len(shaped) == 1:
        return shaped
    sizes = tf.stack([tf.shape(tensor)[0] for tensor in shaped.values()])
    rule = f"{' and '.join(shaped)} must have as many examples as one another. Received"
    holds = tf.reduce_all(sizes == sizes[0])
    with tf.control_dependencies([require(holds, rule, sizes)]):
        return {name: tf.identity(tensor) for name, tensor in shaped.items()}


def require(holds: tf.Tensor, rule: str, *received: tf.Tensor) -> tf.Operation:
    """Fails with InvalidArgument where a rule does not hold.

    An assertion without a branch: one branch has every op of the graph scheduled in a slower way.

    Args:
      holds: bool, [].
      rule: what must be so and what the tensors behind it say.
      *received: what came, small tensors that are at hand anyway.
    """
    return tf.raw_ops.Assert(condition=holds, data=[rule, *received], summarize=_MOST_AXES)

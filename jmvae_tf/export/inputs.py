"""Inputs of signatures: their specification, and the checks in the graph.

A refusal is an InvalidArgument error with the input, the rule and what was received. Servers do not
enforce the shapes of a signature: a graph runs with any shape it is fed. So static shapes are
dropped first and then checked.
"""

import abc
import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.export import encoded_images
from jmvae_tf.export.checks import refuse_unless
from jmvae_tf.export_format import signature_names, value_ranges
from jmvae_tf.modalities import Modality

LARGEST_LATENT = 1e4
"""The largest latent value to decode; most are within 5, and far larger ones overflow."""


@dataclasses.dataclass(frozen=True)
class Input(abc.ABC):
    """One input of a signature.

    Attributes:
      name: its name.
    """

    name: str

    @property
    @abc.abstractmethod
    def spec(self) -> tf.TensorSpec:
        """The shape and type in the signature."""

    @abc.abstractmethod
    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """Converts a tensor of that shape to the model's input.

        At run time the graph fails with InvalidArgument for a value that breaks the rules.
        """

    @abc.abstractmethod
    def example(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """Makes a request of one example for a server's warm-up.

        Args:
          means: means of modalities in the training set, if the model has them.
        """

    def in_shape(self, tensor: tf.Tensor) -> tf.Tensor:
        """Checks that a tensor has the specified shape and is not empty, and returns it."""
        tensor = tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tf.TensorShape(None))
        shape = tf.shape(tensor)
        event = self.spec.shape[1:].as_list()
        # -1 for a missing axis, so that shapes of any rank can be compared.
        padded = tf.concat([shape, [-1] * (len(event) + 2)], axis=0)
        holds = (padded[0] > 0) & tf.reduce_all(padded[1 : len(event) + 2] == [*event, -1])
        rule = (
            f"{self.name} must be of the shape [{', '.join(['batch', *map(str, event)])}] with a "
            "batch of at least 1. Received the shape"
        )
        with tf.control_dependencies([refuse_unless(holds, rule, shape)]):
            return tf.ensure_shape(tensor, self.spec.shape)


@dataclasses.dataclass(frozen=True)
class ModalityInput(Input):
    """Values of a modality, float32 [batch, *event_shape].

    Attributes:
      name: its name.
      modality: the modality; values must be within its support.
    """

    modality: Modality

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None, *self.modality.event_shape), tf.float32, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """See `Input`."""
        flat = tf.reshape(tensor, [-1])
        # With NaN among them, min and max are NaN, which is within no range.
        lowest, highest = tf.reduce_min(flat), tf.reduce_max(flat)
        low, high = self.modality.support
        if math.isfinite(low) and math.isfinite(high):
            rule = f"numbers from {low:g} to {high:g}"
            holds = (lowest >= low) & (highest <= high)
        else:
            rule = "finite numbers" if low == -math.inf else f"numbers from {low:g}"
            holds = tf.math.is_finite(lowest) & tf.math.is_finite(highest) & (lowest >= low)
        rule = f"{self.name} must hold {rule}. Received as the lowest and the highest"
        checks = [refuse_unless(holds, rule, lowest, highest)]
        for name in self.modality.log_values:
            lowest = tf.reduce_min(tensor[:, self.modality.value_names.index(name)])
            rule = f"{self.name} must hold {name} above 0. Received as the lowest"
            checks.append(refuse_unless(lowest > 0.0, rule, lowest))
        with tf.control_dependencies(checks):
            return tf.identity(tensor)

    def example(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """See `Input`."""
        value = means.get(self.modality.name, np.full(self.modality.event_shape, 0.5))
        return np.clip(value, *self.modality.support)[np.newaxis].astype(np.float32)


class IncompleteInput(ModalityInput):
    """Values of a modality, float32 [batch, *event_shape]; NaN for those that are missing."""

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """See `Input`."""
        is_missing = tf.math.is_nan(tensor)
        possible = np.float32(np.clip(1.0, *self.modality.support))
        checked = super().taken(tf.where(is_missing, possible, tensor))
        return tf.where(is_missing, tensor, checked)


@dataclasses.dataclass(frozen=True)
class EncodedImageInput(Input):
    """JPEG or PNG files, string [batch], one for each image of a modality.

    Attributes:
      name: its name, from `signature_names.file_tensor`.
      modality: the modality of the images.
      fit: how an image gets its size, a key of `data/image_crop.FITTED`.
    """

    modality: Modality
    fit: str = "crop"

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None,), tf.string, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """Decodes to float32 [batch, *event_shape] in the modality's range; see `Input`."""
        decoded = encoded_images.decode(tensor, self.modality.event_shape, self.name, self.fit)
        return value_ranges.to_values(decoded, self.modality.support)

    def example(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """See `Input`."""
        grey = tf.fill(self.modality.event_shape, tf.constant(128, tf.uint8))
        return np.array([tf.io.encode_png(grey).numpy()], object)


@dataclasses.dataclass(frozen=True)
class SeedInput(Input):
    """One seed per example, int32 [batch], of any value."""

    name: str = signature_names.SEED

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None,), tf.int32, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """Widens seeds to the models' form, int32 [batch, 2]; see `Input`."""
        return tf.stack([tensor, tf.zeros_like(tensor)], axis=1)

    def example(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """See `Input`."""
        return np.zeros(1, np.int32)


@dataclasses.dataclass(frozen=True)
class LatentInput(Input):
    """Values of the latent variable, float32 [batch, size].

    Attributes:
      name: its name.
      size: the number of values.
    """

    name: str = signature_names.LATENT
    size: int = 1

    @property
    def spec(self) -> tf.TensorSpec:
        """See `Input`."""
        return tf.TensorSpec((None, self.size), tf.float32, name=self.name)

    def taken(self, tensor: tf.Tensor) -> tf.Tensor:
        """See `Input`."""
        flat = tf.reshape(tensor, [-1])
        lowest, highest = tf.reduce_min(flat), tf.reduce_max(flat)
        rule = f"numbers from {-LARGEST_LATENT:g} to {LARGEST_LATENT:g}"
        rule = f"{self.name} must hold {rule}. Received as the lowest and the highest"
        holds = (lowest >= -LARGEST_LATENT) & (highest <= LARGEST_LATENT)
        with tf.control_dependencies([refuse_unless(holds, rule, lowest, highest)]):
            return tf.identity(tensor)

    def example(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """See `Input`."""
        return np.zeros((1, self.size), np.float32)


def all_in_shape(
    inputs: tuple[Input, ...], tensors: tuple[tf.Tensor, ...]
) -> Mapping[str, tf.Tensor]:
    """Checks each input's shape and that all have the same batch; returns them by name."""
    shaped = {x.name: x.in_shape(tensor) for x, tensor in zip(inputs, tensors, strict=True)}
    if len(shaped) == 1:
        return shaped
    sizes = tf.stack([tf.shape(tensor)[0] for tensor in shaped.values()])
    rule = f"{' and '.join(shaped)} must have the same number of examples. Received"
    holds = tf.reduce_all(sizes == sizes[0])
    with tf.control_dependencies([refuse_unless(holds, rule, sizes)]):
        return {name: tf.identity(tensor) for name, tensor in shaped.items()}

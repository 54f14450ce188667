"""The discriminator: a body in the notation or a Keras layer, then a dense layer to one logit."""

from typing import NamedTuple

import keras
import tensorflow as tf

from jmvae_tf.layers import network_checks, notation
from jmvae_tf.layers.notation import Network
from jmvae_tf.models.adversaries.projection import Projection
from jmvae_tf.models.adversaries.spectral_norm import SpectralNorm

_WITH_KERNELS = (keras.layers.Dense, keras.layers.Conv2D)


class Opinion(NamedTuple):
    """What a discriminator makes of images.

    Attributes:
      logit: above 0 for images that it takes for real, float32 [batch].
      features: what its last convolution takes, or its last dense layer without one, [batch, ...].
    """

    logit: tf.Tensor
    features: tf.Tensor


def make_discriminator(
    network: Network, event_shape: tuple[int, ...], spectral: bool = False
) -> keras.Sequential:
    """Makes a discriminator.

    Args:
      network: its body.
      event_shape: the shape of an image.
      spectral: whether to normalise the kernels of its layers; only of a body in the notation.

    Raises:
      ValueError: if the network does not fit, or cannot be normalised.
    """
    body = notation.body(network, event_shape) if isinstance(network, str) else network
    # In float32, like the heads of distributions.
    last: keras.layers.Layer = keras.layers.Dense(1, name="logit", dtype="float32")
    if spectral:
        if not isinstance(network, str):
            raise ValueError(
                "Spectral normalisation needs a discriminator in the notation, such as "
                f"'C16L-C32L-F-D64L'. Received: a {type(network).__name__}"
            )
        # Copies, since these layers have their variables already.
        copies = [type(x).from_config(x.get_config()) for x in body.layers]
        layers = [SpectralNorm(x) if isinstance(x, _WITH_KERNELS) else x for x in copies]
        body = keras.Sequential([keras.Input(event_shape), *layers])
        last = SpectralNorm(last)
    flatten = keras.layers.Flatten(data_format="channels_last")
    discriminator = keras.Sequential([body, flatten, last], name="discriminator")
    with network_checks.plain_errors():
        discriminator(tf.zeros((1, *event_shape)))
    return discriminator


def opinion_of(
    discriminator: keras.Sequential,
    projection: Projection | None,
    images: tf.Tensor,
    condition: tf.Tensor | None = None,
    training: bool = False,
) -> Opinion:
    """Lets a discriminator judge images.

    Args:
      discriminator: as `make_discriminator` made it.
      projection: what compares images with conditions; None if it does not see any.
      images: float32, [batch, height, width, channels].
      condition: float32, [batch, values]; None without a projection.
      training: whether batch normalisation uses the batch's statistics.
    """
    body, flatten, last = discriminator.layers
    features = x = images
    compared = _compared_layer(body)
    for layer in body.layers if isinstance(body, keras.Sequential) else [body]:
        if layer is compared:
            features = x
        x = layer(x, training=training)
    if compared is None:
        features = x
    h = flatten(x)
    logit = tf.squeeze(last(h, training=training), axis=-1)
    if projection is not None:
        logit += projection(h, condition)
    return Opinion(logit, features)


def spectral_layers(
    discriminator: keras.Sequential, projection: Projection | None
) -> list[SpectralNorm]:
    """Lists the layers whose kernels are normalised."""
    body, _, last = discriminator.layers
    layers = [*body.layers, last] if isinstance(body, keras.Sequential) else [last]
    if projection is not None:
        layers.append(projection.embedding)
    return [x for x in layers if isinstance(x, SpectralNorm)]


def _compared_layer(body: keras.layers.Layer) -> keras.layers.Layer | None:
    """Returns the layer whose input is compared; None for the output of a body of one layer."""
    if not isinstance(body, keras.Sequential):
        return None
    inner = [(x, x.layer if isinstance(x, SpectralNorm) else x) for x in body.layers]
    for kind in (keras.layers.Conv2D, keras.layers.Dense):
        of_kind = [outer for outer, layer in inner if isinstance(layer, kind)]
        if len(of_kind) > 1:
            return of_kind[-1]
    return None

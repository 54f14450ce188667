"""Several stochastic layers z_1 ... z_L, as JMVAE-h has them above its joint encoder."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import notation
from jmvae_tf.layers.conditional import ConditionalDistribution
from jmvae_tf.layers.distributions import GaussianHead
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import sample, split


class LatentHierarchy(MultimodalVAE):
    """A model with q(z_l|x,w) from the mean of z_l-1 and p(z_l-1|z_l), for l = 2 ... L.

    Decoders take z_1. A constructor calls `make_layers`.
    """

    def make_layers(self, num_layers: int, layer_encoder: str, layer_prior: str) -> None:
        """Makes the networks between layers.

        Args:
          num_layers: L.
          layer_encoder: the body of q(z_l|x,w) from the mean of z_l-1, in the notation.
          layer_prior: the body of p(z_l|z_l+1), in the notation.

        Raises:
          ValueError: if there are no layers.
        """
        if num_layers < 1:
            raise ValueError(
                f"There must be at least one stochastic layer. Received: num_layers={num_layers}"
            )
        self.num_layers = num_layers
        self.layer_encoder = layer_encoder
        self.layer_prior = layer_prior
        self.layer_encoders = [
            self._between_layers(layer_encoder, f"z{layer}_encoder")
            for layer in range(2, num_layers + 1)
        ]
        self.layer_priors = [
            self._between_layers(layer_prior, f"z{layer}_prior") for layer in range(1, num_layers)
        ]

    def _between_layers(self, text: str, name: str) -> ConditionalDistribution:
        body = notation.body(text, (self.latent_dim,))
        return ConditionalDistribution(body, GaussianHead(self.latent_dim), name=name)

    def layers_above(
        self,
        first: tfd.Distribution,
        batch_shape: Any = (-1,),
        training: bool = False,
        rows: tf.Tensor | None = None,
    ) -> list[tfd.Distribution]:
        """Returns q(z_1|x,w), ..., q(z_L|x,w) along the deterministic path from the first one."""
        q = [first]
        for encoder in self.layer_encoders:
            below = tf.reshape(q[-1].mean(), (-1, self.latent_dim))
            q.append(encoder(below, training=training, batch_shape=batch_shape, rows=rows))
        return q

    def descend(self, z_top: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Goes from z_L, [..., latent_dim], down to z_1 by sampling, or by means without a seed."""
        z = z_top
        seeds = split(seed, self.num_layers) if seed is not None else [None] * self.num_layers
        for layer in reversed(range(self.num_layers - 1)):
            p = self._prior_of(layer, z)
            z = p.mean() if seed is None else sample(p, seeds[layer])
        return z

    def prior_layers(
        self, z: Sequence[tf.Tensor], training: bool = False, rows: tf.Tensor | None = None
    ) -> list[tfd.Distribution]:
        """Returns p(z_1|z_2), ..., p(z_L-1|z_L), p(z_L)."""
        below = [self._prior_of(layer, above, training, rows) for layer, above in enumerate(z[1:])]
        return [*below, self.prior({})]

    def seeds_of_layers(self, seed: tf.Tensor) -> list[tf.Tensor]:
        """Returns a seed per layer; with one layer, the seed itself, as in JMVAE."""
        return split(seed, self.num_layers) if self.num_layers > 1 else [seed]

    def _prior_of(
        self,
        layer: int,
        above: tf.Tensor,
        training: bool = False,
        rows: tf.Tensor | None = None,
    ) -> tfd.Distribution:
        """Returns p(z_l|z_l+1) at z_l+1 = above; `layer` counts from 0, so l = layer + 1."""
        flat = tf.reshape(above, (-1, self.latent_dim))
        batch_shape = tf.shape(above)[:-1]
        return self.layer_priors[layer](flat, training=training, batch_shape=batch_shape, rows=rows)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "layer_encoder": self.layer_encoder,
            "layer_prior": self.layer_prior,
        }

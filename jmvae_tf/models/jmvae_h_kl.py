"""JMVAE-h-kl: a hierarchy of latent variables, and an encoder of z_1 per modality."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.default_networks import DEFAULT_VECTOR_BODY
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import check_weight
from jmvae_tf.models.hierarchy import LatentHierarchy
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.joint_and_single import JointAndSingleVAE
from jmvae_tf.models.observed import observed_of, values_in
from jmvae_tf.models.sampling import ImportanceSamples, check_given
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.joint import jmvae_h_kl_bound
from jmvae_tf.runtime.randomness import as_seed, root_seed, sample, split

_SAMPLES_OF_PRIOR = 1000
"""Samples whose moments stand for those of p(z_1); their mean has 1/32 of its deviation."""


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAEHKL(LatentHierarchy, JointAndSingleVAE):
    """JMVAE-h with JMVAE-kl's encoders: Eq. 3 of the 2018 paper, and Eq. 4's divergences of z_1.

    Ours; the paper has neither. Given some modalities, z_1 comes from their encoders, as in
    JMVAE-kl. Without any, it comes from the top layer down.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of each z_l.
      alpha: the weight of the divergences between the encoders of z_1.
      num_layers: L.
      layer_encoder: the body of q(z_l|x,w) from the mean of z_l-1, l = 2 ... L, in the notation.
      layer_prior: the body of p(z_l|z_l+1), l = 1 ... L-1, in the notation.
      **kwargs: passed to `JointAndSingleVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    encodes_incomplete = True
    decodes_posterior = False  # Where nothing is given, that is of z_L.

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        alpha: float = 1.0,
        num_layers: int = 2,
        layer_encoder: str = DEFAULT_VECTOR_BODY,
        layer_prior: str = DEFAULT_VECTOR_BODY,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        check_weight("alpha", alpha)
        for layer in {f"z{number}" for number in range(1, num_layers + 1)} & set(modalities):
            raise ValueError(
                f"The term kl_{layer} is of the layer {layer}, so rename the modality. "
                f"Received: {layer!r}"
            )
        self.alpha = alpha
        self.make_layers(num_layers, layer_encoder, layer_prior)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_JMhkl(x, w); see `MultimodalVAE.bound`."""
        q_z_1, q_z_x, complete, observed = self.encoded(data, training)
        some = observed.any_of(self.modalities)
        q_z_xw = self.layers_above(q_z_1, training=training, rows=some)
        z = [  # z_l ~ q(z_l|x,w)
            reparameterised_sample(q, seed_z)
            for q, seed_z in zip(q_z_xw, self.seeds_of_layers(seed), strict=True)
        ]
        p_z = self.prior_layers(z, training, some)
        p_x_z = decoded(self.decoders, z[0], observed.rows, training)
        beta, a = self.beta * kl_weight, self.likelihood_weights
        bound = jmvae_h_kl_bound(
            data, q_z_xw, q_z_x, p_z, p_x_z, self.alpha, complete, beta, a, observed.masks
        )
        return bound_where(some, bound)

    def sample_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Samples z_1 ~ q(z_1|given); given nothing, from z_L downwards.

        Masks decide for each example; so they do in `posterior_mean`.
        """
        z = super().sample_posterior(given, num_samples, seed)
        return self._descended_if_from_nothing(given, z, split(as_seed(seed), 3)[2])

    def posterior_mean(self, given: Tensors | None, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """Returns the mean of q(z_1|given); given nothing, that of p(z_L) passed down."""
        mean = super().posterior_mean(given, seed)[tf.newaxis]
        return self._descended_if_from_nothing(given, mean, None)[0]

    def posterior_moments(
        self, given: Tensors | None, seed: int | tf.Tensor = 0
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the moments of q(z_1|given); given nothing, those of samples of p(z_1)."""
        mean, stddev = super().posterior_moments(given, seed)
        some = self._given_any(given)
        if some is None:
            return mean, stddev
        z = self.sample_posterior(None, _SAMPLES_OF_PRIOR, root_seed(0))
        is_given = some[..., tf.newaxis]
        return (
            tf.where(is_given, mean, tf.reduce_mean(z, axis=0)),
            tf.where(is_given, stddev, tf.math.reduce_std(z, axis=0)),
        )

    def _descended_if_from_nothing(
        self, given: Tensors | None, z: tf.Tensor, seed: tf.Tensor | None
    ) -> tf.Tensor:
        """Takes z, [samples, ..., latent_dim], for z_L of examples of which nothing is given."""
        some = self._given_any(given)
        if some is None:
            return z
        return tf.where(some[..., tf.newaxis], z, self.descend(z, seed))

    def _given_any(self, given: Tensors | None) -> tf.Tensor | None:
        """Tells of which examples anything is given, bool [batch] or []; None if of all."""
        tensors = self.checked_inputs(given or {})
        names = values_in(tensors)
        return observed_of(tensors).any_of(names) if names else tf.constant(False)

    def layer_means(self, given: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Returns the means of q(z_1|.) ... q(z_L|.) under the names z1 ... zL."""
        layers = self.layers_above(self.posterior(given, seed))
        return {f"z{layer}": q.mean() for layer, q in enumerate(layers, start=1)}

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """Samples q of all layers, each from the mean of the one below."""
        check_given(given)
        layers = self.layers_above(self.posterior(given))
        seeds = split(as_seed(seed), len(layers))
        z = [sample(q, seed_z, num_samples) for q, seed_z in zip(layers, seeds, strict=True)]
        log_p_z = tf.add_n([p.log_prob(x) for p, x in zip(self.prior_layers(z), z, strict=True)])
        log_q_z = tf.add_n([q.log_prob(x) for q, x in zip(layers, z, strict=True)])
        return ImportanceSamples(z[0], log_p_z, log_q_z)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {**super().get_config(), "alpha": self.alpha}

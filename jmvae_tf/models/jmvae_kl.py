"""JMVAE-kl: a joint encoder, and an encoder per modality that is trained to match it."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.inference import posterior_of_observed
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import check_weight
from jmvae_tf.models.experts import decoded_alone
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.joint_and_single import JointAndSingleVAE
from jmvae_tf.models.several_samples import SeveralSamples
from jmvae_tf.objectives import Bound, jmvae_kl_bound, jmvae_kl_bound_of_observed
from jmvae_tf.objectives.joint import with_single_encoders, with_unimodal_reconstructions


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAEKL(SeveralSamples, JointAndSingleVAE):
    """JMVAE-kl, Eq. 4 of the 2018 paper: any subset of the modalities can be given.

    A single modality uses its own encoder, all modalities together use the joint encoder, and other
    subsets use the product of their encoders (`inference.product_of_experts`).

    With K > 1 samples, the importance-weighted bound takes the place of L_JM in Eq. 4, while its
    alpha terms stay as they are; so do those of examples that lack modalities.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      alpha: the weight of the divergences between the encoders (2016 paper; 1 in the 2018 paper).
      anneal_alpha: whether the warm-up's weight also multiplies alpha; not in the papers.
      gamma: the weight of each modality's reconstruction from its own encoder; 0 in the papers.
      **kwargs: `num_samples`, K, 1 in the papers, and `gradient`, "plain" or "dreg", of
        `SeveralSamples`; others are passed to `JointAndSingleVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        alpha: float = 1.0,
        anneal_alpha: bool = False,
        gamma: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        check_weight("alpha", alpha)
        check_weight("gamma", gamma)
        self.alpha = alpha
        self.anneal_alpha = anneal_alpha
        self.gamma = gamma
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_JMkl(x, w), Eq. 4, or of K samples; see `MultimodalVAE.bound`."""
        q_z_xw, q_z_x, complete, observed = self.encoded(data, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        alpha = self.alpha * kl_weight if self.anneal_alpha else self.alpha
        if self.num_samples > 1:
            q = q_z_xw
            if complete is not None:
                q = posterior_of_observed(q_z_xw, q_z_x, observed.rows)
            bound = self.bound_of_samples(data, q, observed, seed, kl_weight, training)
            bound = with_single_encoders(bound, q, q_z_x, alpha, complete)
        elif complete is None:
            z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
            p_x_z = decoded(self.decoders, z, {}, training)
            bound = jmvae_kl_bound(data, q_z_xw, q_z_x, p_z, p_x_z, alpha, beta, a)
        else:
            q_z_s = posterior_of_observed(q_z_xw, q_z_x, observed.rows)
            z = reparameterised_sample(q_z_s, seed)  # z ~ q(z|x_S)
            p_x_z = decoded(self.decoders, z, observed.rows, training)
            bound = jmvae_kl_bound_of_observed(
                data, q_z_s, q_z_x, p_z, p_x_z, complete, observed.masks, alpha, beta, a
            )
        if not self.gamma:
            return bound
        _, alone = decoded_alone(self.decoders, q_z_x, observed.rows, seed, training)
        return with_unimodal_reconstructions(bound, data, alone, self.gamma, a, observed.masks)

    @property
    def objective_is_bound(self) -> bool:
        """Whether it has no other reconstructions; see `BoundMaximiser.objective_is_bound`."""
        return self.gamma == 0 and super().objective_is_bound

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "anneal_alpha": self.anneal_alpha,
            "gamma": self.gamma,
        }

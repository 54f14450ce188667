"""MVAE: a product of experts with the prior, trained on subsets of the modalities."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import product_of_experts
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.experts import Experts, ExpertsVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed
from jmvae_tf.models.subsets import ObservedRows, random_subset
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.products import SubsetPass, mvae_bound
from jmvae_tf.runtime.randomness import fold, fold_name, split


@keras.saving.register_keras_serializable(package="jmvae_tf")
class MVAE(ExpertsVAE):
    """The multimodal variational autoencoder of Wu and Goodman 2018, arXiv 1802.05335.

    Its objective is the sum of the ELBOs of all modalities, of each one, and of random subsets of
    two or more.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      num_subsets: k, the number of random subsets for each example; there are none of two
        modalities.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        num_subsets: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        if num_subsets < 0:
            raise ValueError(
                f"The number of subsets must not be negative. Received: num_subsets={num_subsets}"
            )
        self.num_subsets = num_subsets
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_MVAE(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        names, batch = list(experts), tf.shape(next(iter(experts.values())).mean())[0]
        subsets = {"": self._pass(experts, names, observed.rows, seed, training)}
        for name in names:
            rows = {name: observed.rows[name]} if name in observed.rows else {}
            subsets[name] = self._pass(experts, [name], rows, fold_name(seed, name), training)
        others = []
        for place in range(self.num_subsets if len(names) > 2 else 0):
            seed_s, seed_z = split(fold(seed, place), 2)
            rows = random_subset(names, observed.rows, batch, seed_s, smallest=2)
            others.append(self._pass(experts, names, rows, seed_z, training))
        beta, a = self.beta * kl_weight, self.likelihood_weights
        bound = mvae_bound(data, subsets, others, self.prior(data), beta, a, observed.masks)
        return bound_where(observed.any_of(self.modalities), bound)

    def _pass(
        self,
        experts: Experts,
        names: Sequence[str],
        rows: ObservedRows,
        seed: tf.Tensor,
        training: bool,
    ) -> SubsetPass:
        """A sample of q(z|x_S), decoded to the modalities that S may have."""
        chosen = {name: experts[name] for name in names}
        q_z_s = product_of_experts(
            list(chosen.values()), [rows.get(name) for name in names], "prior_expert"
        )
        z = reparameterised_sample(q_z_s, seed)  # z ~ q(z|x_S)
        decoders = {name: self.decoders[name] for name in names}
        return SubsetPass(q_z_s, decoded(decoders, z, rows, training), rows)

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The product of the experts and the prior."""
        rows = [observed.rows.get(name) for name in experts]
        return product_of_experts(list(experts.values()), rows, "prior_expert")

    def rows_of_term(self, term: str, found: Observed) -> tf.Tensor | None:
        """See `MultimodalVAE.rows_of_term`."""
        for name in self.modalities:
            if term in (f"kl_prior_of_{name}", f"log_p_{name}_of_{name}"):
                return found.any_of([name])
        if term.startswith("elbo_of_subset_"):  # Of two or more, but not of all that there are.
            return found.has_at_least(3, self.modalities)
        return super().rows_of_term(term, found)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {**super().get_config(), "num_subsets": self.num_subsets}

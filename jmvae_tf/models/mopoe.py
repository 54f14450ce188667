"""MoPoE: a mixture of the products of experts of all subsets of the modalities."""

import itertools
import warnings
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import product_of_experts
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.modalities import Modality
from jmvae_tf.models import subset_limits
from jmvae_tf.models.experts import Experts, ExpertsVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.mixtures import samples_of_each
from jmvae_tf.models.observed import Observed
from jmvae_tf.models.sampling import ImportanceSamples, check_given
from jmvae_tf.models.subsets import has_of, sample_of_one
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.mixtures import mopoe_bound
from jmvae_tf.runtime.randomness import as_seed


@keras.saving.register_keras_serializable(package="jmvae_tf")
class MoPoE(ExpertsVAE):
    """The mixture-of-products-of-experts VAE of Sutter et al. 2021, arXiv 2105.02470.

    In training, z comes from the product of a subset of the observed modalities, drawn for each
    example. Given S, q(z|x_S) is the product of its experts; the prior is one more expert if S has
    all modalities.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality, or there are more
        than 12 modalities.
    """

    def __init__(
        self, modalities: Mapping[str, Modality], latent_dim: int = 64, **kwargs: Any
    ) -> None:
        number = len(modalities)
        if number > subset_limits.MOST:
            rule = subset_limits.rule("MoPoE")
            raise ValueError(f"{rule}. Received: {number}; choose another model, such as MVTCAE")
        if warning := subset_limits.warning("MoPoE", number):
            warnings.warn(warning, stacklevel=2)
        super().__init__(modalities, latent_dim, **kwargs)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_MoPoE(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        q_z_s, in_use = self._of_subsets(experts, observed)
        shares = tf.unstack(tf.math.divide_no_nan(in_use, tf.add_n(in_use)), num=len(q_z_s))
        z = sample_of_one(q_z_s, shares, seed)  # z ~ q(z|x_S), S drawn
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = mopoe_bound(data, q_z_s, shares, p_z, p_x_z, beta, a, observed.masks)
        return bound_where(observed.any_of(self.modalities), bound)

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The product of the experts, and of the prior where all modalities are there."""
        rows = [observed.rows.get(name) for name in experts]
        is_whole = len(experts) == len(self.modalities)
        return product_of_experts(list(experts.values()), rows, "full_only" if is_whole else "none")

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """See `LatentSamples.importance_samples` and `samples_of_each`.

        Components are the products of the subsets of S, as in training: that of S alone is narrower
        than p(z|x_S), which importance weights suffer from.
        """
        check_given(given)
        of_subsets = self._of_subsets(*self.experts_of(self.checked_inputs(given)))
        return samples_of_each(*of_subsets, self.prior({}), num_samples, as_seed(seed))

    def _of_subsets(
        self, experts: Experts, observed: Observed
    ) -> tuple[list[tfd.Distribution], list[tf.Tensor]]:
        """Returns q(z|x_S) of each non-empty subset, and 1 where an example has all of S."""
        batch = tf.shape(next(iter(experts.values())).mean())[0]
        has = has_of(list(experts), observed.rows, batch)
        subsets = [
            names
            for size in range(1, len(experts) + 1)
            for names in itertools.combinations(experts, size)
        ]
        products = [
            self.aggregate({m: experts[m] for m in names}, Observed({}, {})) for names in subsets
        ]
        in_use = [tf.reduce_prod(tf.stack([has[m] for m in names]), axis=0) for names in subsets]
        return products, in_use

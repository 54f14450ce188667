"""The base of models whose q(z|x_S) is the mixture of their experts."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import mixture_of_experts, of_family, scale_of
from jmvae_tf.models.experts import Experts, ExpertsVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed
from jmvae_tf.models.sampling import ImportanceSamples
from jmvae_tf.models.subsets import has_of
from jmvae_tf.objectives.terms import LOG_OF_0
from jmvae_tf.runtime.randomness import as_seed, sample


class MixtureVAE(ExpertsVAE):
    """A model whose q(z|x_S) is the mixture of the experts of S, in equal parts."""

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The mixture of the experts."""
        rows = [observed.rows.get(name) for name in experts]
        return mixture_of_experts(list(experts.values()), self.prior({}), rows)

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """See `LatentSamples.importance_samples`; each expert gives equally many samples.

        Samples of one component, or of components chosen at random, would need more of them. Where
        experts do not divide their number, some give one more. Their density is the mixture of the
        experts by how many samples each gave, which keeps weights unbiased.
        """
        experts, observed = self.experts_of(self.checked_inputs(given))
        prior, first = self.prior({}), next(iter(experts.values()))
        has = tf.stack([*has_of(list(experts), observed.rows, tf.shape(first.mean())[0]).values()])
        number = tf.reduce_sum(has, axis=0)  # |S|
        # The i-th sample comes from observed expert i mod |S|.
        places = tf.range(num_samples, dtype=tf.float32)[:, tf.newaxis]
        place = tf.math.floormod(places, tf.maximum(number, 1.0))
        before = tf.cumsum(has, axis=0, exclusive=True)
        chosen = has * tf.cast(before == place[:, tf.newaxis], tf.float32)  # [i, expert, batch]
        mean, scale = (
            tf.einsum("smb,mbd->sbd", chosen, tf.stack([of(x) for x in experts.values()]))
            for of in (tfd.Distribution.mean, scale_of)
        )
        nothing = number == 0
        scale = tf.where(nothing[:, tf.newaxis], scale_of(prior), scale)
        standard = of_family(first, tf.zeros_like(first.mean()), tf.ones_like(first.mean()))
        z = mean + scale * sample(standard, as_seed(seed), num_samples)
        share = tf.reduce_mean(chosen, axis=0)[:, tf.newaxis]  # [expert, 1, batch]
        log_q = tf.stack([x.log_prob(z) for x in experts.values()])  # [expert, i, batch]
        log_share = tf.math.log(tf.where(share > 0, share, 1.0))
        log_q_z = tf.reduce_logsumexp(tf.where(share > 0, log_q + log_share, LOG_OF_0), axis=0)
        log_p_z = prior.log_prob(z)
        return ImportanceSamples(z, log_p_z, tf.where(nothing, log_p_z, log_q_z))

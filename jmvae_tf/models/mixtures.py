"""The base of models whose q(z|x_S) is the mixture of their experts."""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import mixture_of_experts, of_family, scale_of
from jmvae_tf.models.experts import Experts, ExpertsVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed
from jmvae_tf.models.sampling import ImportanceSamples, check_given
from jmvae_tf.models.subsets import has_of, uniform
from jmvae_tf.objectives.terms import LOG_OF_0
from jmvae_tf.runtime.randomness import as_seed, fold_name, sample


class MixtureVAE(ExpertsVAE):
    """A model whose q(z|x_S) is the mixture of the experts of S, in equal parts."""

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The mixture of the experts."""
        rows = [observed.rows.get(name) for name in experts]
        return mixture_of_experts(list(experts.values()), self.prior({}), rows)

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """See `LatentSamples.importance_samples` and `samples_of_each`; components are experts."""
        check_given(given)
        experts, observed = self.experts_of(self.checked_inputs(given))
        batch = tf.shape(next(iter(experts.values())).mean())[0]
        has = [*has_of(list(experts), observed.rows, batch).values()]
        return samples_of_each([*experts.values()], has, self.prior({}), num_samples, as_seed(seed))

    def rows_of_term(self, term: str, found: Observed) -> tf.Tensor | None:
        """See `MultimodalVAE.rows_of_term`; divergences are each modality's own."""
        names = [name for name in self.modalities if term == f"kl_{name}"]
        return found.any_of(names) if names else super().rows_of_term(term, found)


def samples_of_each(
    components: Sequence[tfd.Distribution],
    in_use: Sequence[tf.Tensor],
    prior: tfd.Distribution,
    num_samples: int,
    seed: tf.Tensor,
) -> ImportanceSamples:
    """Samples equally many z of each component of a mixture, as proposals for importance weights.

    Samples of one component, or of components chosen at random, would need more of them. Where
    components do not divide their number, some give one more; of more components than samples, as
    many give one, evenly spaced. Their density is the mixture of the components by how many samples
    each gave, which keeps weights unbiased.

    Args:
      components: of batch shape [batch], all of one family.
      in_use: 1 where an example has a component, else 0, [batch] each.
      prior: p(z), of the same family, which samples of an example without components come from.
      num_samples: the number of samples per example.
      seed: int32, [2].
    """
    has, first = tf.stack(list(in_use)), components[0].mean()
    number = tf.reduce_sum(has, axis=0)
    # The places of samples among the components that an example has, [i, batch].
    start = uniform(tf.shape(first)[0], fold_name(seed, "start"))
    steps = (tf.range(num_samples, dtype=tf.float32)[:, tf.newaxis] + start) / num_samples
    place = tf.minimum(tf.floor(steps * number), number - 1)
    before = tf.cumsum(has, axis=0, exclusive=True)
    chosen = has * tf.cast(before == place[:, tf.newaxis], tf.float32)  # [i, component, batch]
    mean, scale = (
        tf.einsum("smb,mbd->sbd", chosen, tf.stack([of(x) for x in components]))
        for of in (tfd.Distribution.mean, scale_of)
    )
    nothing = number == 0
    scale = tf.where(nothing[:, tf.newaxis], scale_of(prior), scale)
    standard = of_family(components[0], tf.zeros_like(first), tf.ones_like(first))
    z = mean + scale * sample(standard, seed, num_samples)
    share = tf.reduce_mean(chosen, axis=0)[:, tf.newaxis]  # [component, 1, batch]
    log_q = tf.stack([x.log_prob(z) for x in components])  # [component, i, batch]
    log_share = tf.math.log(tf.where(share > 0, share, 1.0))
    log_q_z = tf.reduce_logsumexp(tf.where(share > 0, log_q + log_share, LOG_OF_0), axis=0)
    log_p_z = prior.log_prob(z)
    return ImportanceSamples(z, log_p_z, tf.where(nothing, log_p_z, log_q_z))

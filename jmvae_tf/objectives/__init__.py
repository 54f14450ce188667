"""Objectives of multimodal VAEs, in nats, one value per example, to be maximised.

`papers` has Eq. 1 to 4 of the papers that this package reproduces, and the objectives of the models
that they compare with. The others came after: `products` has those of models whose q(z|X) is a
product of experts, `mixtures` and `multi_sample` those whose q(z|X) is a mixture or comes from one,
and `joint` those that have a joint encoder, as JMVAE-kl has.

x and w are modalities, z is the latent variable. All functions take mappings from modality name to
tensor or distribution, for any number of modalities. The docstrings of the papers' objectives show
two; in the code, x runs over the names of all. Each expectation E_q is estimated with a single z,
the one for which p(x|z) was made, unless the docstring says how many there are. Functions are pure:
they sample nothing and average nothing over the batch.

The formulas contain weights. In the papers' equations all of them are 1:

    beta      `kl_weight`, raised from 0 to its value by the warm-up
    a_x, a_w  `likelihood_weights`, one per modality
    alpha     the factor in Eq. 4

Each weight is a number, or a tensor [batch] with one weight per example. Where a per-example weight
is 0, the term counts as 0 even if it is not finite.

`masks` maps modality names to masks, which say which values of `data` are observed. A modality
without a mask is observed completely. A mask is bool, [batch] for whole examples or
[batch, *event_shape] for single values. Unobserved values may be anything, even NaN: they change
neither the value nor its gradients. This holds for these functions; the inputs of the encoders must
be finite.

S denotes the modalities that are observed in an example. Where there are masks, log-likelihoods are
those of S, and of observed values. `jmvae_kl_bound_of_observed` and `bound_where` have what else
changes in the papers' objectives in examples that lack modalities.
"""

from jmvae_tf.objectives.papers import (
    cmma_bound,
    cvae_bound,
    jmvae_bound,
    jmvae_h_bound,
    jmvae_kl_bound,
    jmvae_kl_bound_of_observed,
    vae_bound,
)
from jmvae_tf.objectives.terms import Bound, Weight, bound_where

__all__ = [
    "Bound",
    "Weight",
    "bound_where",
    "cmma_bound",
    "cvae_bound",
    "jmvae_bound",
    "jmvae_h_bound",
    "jmvae_kl_bound",
    "jmvae_kl_bound_of_observed",
    "vae_bound",
]

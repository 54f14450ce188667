"""Likelihoods p(x|z) of a modality: they turn a decoder's output into a distribution of events.

To add one, write a class like those of these modules. Its fields are its settings; registering it
lets Keras save it.
"""

from jmvae_tf.likelihoods.base import Likelihood as Likelihood
from jmvae_tf.likelihoods.base import as_mask as as_mask
from jmvae_tf.likelihoods.base import is_weight_by_example as is_weight_by_example
from jmvae_tf.likelihoods.base import observed_log_prob as observed_log_prob
from jmvae_tf.likelihoods.counts import NegativeBinomial as NegativeBinomial
from jmvae_tf.likelihoods.counts import Poisson as Poisson
from jmvae_tf.likelihoods.discrete import Bernoulli as Bernoulli
from jmvae_tf.likelihoods.discrete import Categorical as Categorical
from jmvae_tf.likelihoods.discrete import CategoricalSequence as CategoricalSequence
from jmvae_tf.likelihoods.real import Gaussian as Gaussian
from jmvae_tf.likelihoods.real import Laplace as Laplace
from jmvae_tf.likelihoods.real import LearnedGaussian as LearnedGaussian

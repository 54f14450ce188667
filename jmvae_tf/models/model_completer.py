"""Draws what examples lack with a model of this package."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import observed_key
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.completion import Completer, Data, Draws
from jmvae_tf.runtime.randomness import as_seed, sample, split

KINDS_WITHOUT_NOISE = ("image", "text", "array")
"""Kinds that are drawn as means of p(x|z): noise of each pixel would only hide what z says."""


class ModelCompleter(Completer):
    """Completes with a model.

    If an example has only some values of a modality, these are used if the model was made for that
    (`Modality.partly_observed`); otherwise it counts as missing.

    Args:
      model: a trained model.
    """

    def __init__(self, model: MultimodalVAE) -> None:
        self._model = model
        self.modalities = model.modalities
        self.targets = model.targets
        self.conditions = model.conditions
        self.has_prior = model.has_prior

    def draw(
        self, targets: Sequence[str], given: Data, batch: int, num_samples: int, seed: tf.Tensor
    ) -> dict[str, Draws]:
        """See `Completer`."""
        drawn = draw_targets(self._model, targets, self._known(given), num_samples, seed)
        draws = {}
        for name, tensors in drawn.items():
            shape = (num_samples, batch, *self.modalities[name].event_shape)
            draws[name] = Draws(*(_for_each_example(x.numpy(), shape) for x in tensors))
        return draws

    def moments(self, given: Data, batch: int, seed: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """See `Completer`."""
        moments = self._model.posterior_moments(self._known(given), seed)
        shape = (batch, self._model.latent_dim)
        mean, stddev = (np.broadcast_to(x.numpy(), shape) for x in moments)
        return mean, stddev

    def _known(self, given: Data) -> dict[str, np.ndarray]:
        """Returns what the model takes, with masks."""
        known = {}
        for name, values in given.items():
            there = ~np.isnan(values)
            if there.all():
                known[name] = values
            elif self._model.modalities[name].partly_observed:
                known |= {name: values, observed_key(name): there}
        return known


def draw_targets(
    model: MultimodalVAE,
    targets: Sequence[str],
    given: Mapping[str, tf.Tensor],
    num_samples: int,
    seed: int | tf.Tensor,
) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
    """Samples z ~ q(z|given), and each target from p(x|z).

    Args:
      model: a trained model.
      targets: the names of the modalities to sample.
      given: modality name to [batch, *event_shape], perhaps with masks; may be empty.
      num_samples: the number of z for each example.
      seed: an integer, int32 of shape [2], or of shape [batch, 2] for one sample of each example.

    Returns:
      Target to the means and values of `Draws`; from the prior without the axis of examples.
    """
    seed_z, *seeds = split(as_seed(seed), 1 + len(model.targets))
    seed_of = dict(zip(model.targets, seeds, strict=True))
    z = model.sample_posterior(given, num_samples, seed_z)
    drawn = {}
    for name, p in model.decode(z, targets, given).items():
        means = model.in_range(name, p.mean())
        has_noise = model.modalities[name].kind not in KINDS_WITHOUT_NOISE
        values = model.in_range(name, sample(p, seed_of[name])) if has_noise else means
        drawn[name] = (means, values)
    return drawn


def _for_each_example(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Gives samples of the prior, [samples, *event_shape], an axis of examples."""
    return values if values.ndim == len(shape) else np.broadcast_to(values[:, np.newaxis], shape)

"""The base of JMVAE and JMVAE-h, which fill in missing modalities by iterative sampling."""

import abc
from collections.abc import Mapping
from typing import Any, Literal, get_args

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import by_example, iterative_sampling
from jmvae_tf.layers import conditional
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import (
    network_inputs,
    network_shapes,
    observed_of,
    values_in,
    with_axes_of,
)
from jmvae_tf.models.sampling import ImportanceSamples
from jmvae_tf.models.subsets import has_of, random_subset, uniform
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.randomness import as_seed, fold_name, noise_for_batch, sample, split

SAMPLES_PER_CHAIN = 10
"""Importance samples per chain; sharing a chain saves time and keeps weights unbiased."""

Missing = Literal["noise", "zeros"]
FeedBack = Literal["samples", "means"]


def _zeros(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns zeros instead of noise."""
    del seed
    return tf.zeros(shape)


class IterativelySampledVAE(MultimodalVAE):
    """A model without encoders of single modalities.

    Missing modalities are set to zeros or noise, then filled in by iterative sampling (2018 paper,
    "Complement of a missing modality"), with one chain per sample.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      joint_encoder: the body of q(z|x,w), written in the `notation`, or a Keras layer that takes a
        dictionary; chosen by event shapes if none is given.
      decoders: modality name to the body of p(x|z); see `MultimodalVAE`.
      missing: the start of a missing modality, "noise" or "zeros".
      num_rounds: the number of rounds of iterative sampling; 1 encodes the zeros or noise directly.
      feed_back: whether "samples" or "means" of p(x|z) are fed back between rounds.
      seed: seed of the latent samples drawn in training and testing.
      modality_dropout: the probability with which the joint encoder does not see some modalities of
        an example in training, but what inference starts from; decoders see them. 0 in the papers.
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        joint_encoder: Network | None = None,
        decoders: Mapping[str, Network] | None = None,
        missing: Missing = "noise",
        num_rounds: int = 10,
        feed_back: FeedBack = "samples",
        seed: int = 0,
        modality_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, decoders, seed, **kwargs)
        self.set_inference(missing, num_rounds, feed_back)
        if not 0 <= modality_dropout < 1:
            raise ValueError(
                "Modality dropout is a probability below 1, or training would never see all "
                f"modalities. Received: modality_dropout={modality_dropout}"
            )
        self.modality_dropout = modality_dropout
        self.joint_encoder_network = joint_encoder
        shapes = network_shapes(self.modalities)
        self.joint_encoder = conditional.joint_encoder(joint_encoder, shapes, latent_dim)

    def set_inference(self, missing: Missing, num_rounds: int, feed_back: FeedBack) -> None:
        """Changes how missing modalities are filled in.

        This does not affect training, except that modality dropout fills in what it hides with
        `missing`.

        Raises:
          ValueError: if an argument is out of its range.
        """
        if missing not in get_args(Missing):
            raise ValueError(
                f"A missing modality starts as 'noise' or 'zeros'. Received: missing={missing!r}"
            )
        if num_rounds < 1:
            raise ValueError(
                f"Iterative sampling needs at least one round. Received: num_rounds={num_rounds}"
            )
        if feed_back not in get_args(FeedBack):
            raise ValueError(f"Feed back 'samples' or 'means'. Received: feed_back={feed_back!r}")
        self.missing = missing
        self.num_rounds = num_rounds
        self.feed_back = feed_back

    @abc.abstractmethod
    def sample_z(self, data: Tensors, seed: tf.Tensor) -> tf.Tensor:
        """Samples the decoders' z, [batch, latent_dim], in one round of iterative sampling."""

    @abc.abstractmethod
    def encode_layers(
        self, data: Tensors, batch_shape: Any = (-1,), training: bool = False
    ) -> list[tfd.Distribution]:
        """Returns q(z_l|x,w) of each stochastic layer, its batch axis unfolded to `batch_shape`."""

    @abc.abstractmethod
    def prior_layers(self, z: list[tf.Tensor], training: bool = False) -> list[tfd.Distribution]:
        """Returns p(z_l|z_l+1) of each stochastic layer for the given z_l; the last is p(z_L)."""

    def encode(self, data: Tensors, batch_shape: Any = (-1,)) -> tfd.Distribution:
        """Returns q(z|x,w); for JMVAE-h, the top layer's."""
        return self.encode_layers(data, batch_shape)[-1]

    @property
    def samples_to_infer(self) -> bool:
        """Whether missing modalities start from noise or go through a chain."""
        return self.missing == "noise" or self.num_rounds > 1

    def complement(self, given: Tensors, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns all modalities; the missing ones come from one chain per example.

        Masks say which examples lack a modality. Single values that are hidden stay 0, as in
        training. Networks that learn which values are observed take zeros as missing, and what the
        chain has filled in as observed.

        Args:
          given: at least one modality, [batch, *event_shape] each, and masks beside them.
          seed: int32, [2], or [batch, 2] for one per example.

        Raises:
          ValueError: if nothing is given.
        """
        if not given:
            raise ValueError("At least one modality must be given. Received: nothing")
        if self.has_all(given):
            return dict(given)
        initial, observed = values_in(given), observed_of(given)
        missing = [x for x in self.modalities if x not in initial or x in observed.rows]
        seed_chain, *seeds = split(seed, 1 + len(missing))
        batch = tf.shape(next(iter(given.values())))[0]
        kept, marks = {}, {}
        for name, seed_x in zip(missing, seeds, strict=True):
            modality, rows = self.modalities[name], observed.rows.get(name)
            start = modality.likelihood.noise if self.missing == "noise" else _zeros
            filling = noise_for_batch(start, batch, modality.event_shape, seed_x)
            if rows is None:
                mask, initial[name] = tf.zeros_like(filling, tf.bool), filling
            else:
                kept[name] = with_axes_of(rows, filling)
                mask = with_axes_of(observed.masks[name], filling)
                initial[name] = tf.where(kept[name], initial[name], filling)
            if modality.partly_observed:
                key, filled = observed_key(name), tf.logical_not(kept.get(name, False))
                marks[key] = tf.logical_or(mask, filled)
                initial[key] = mask if self.missing == "zeros" else marks[key]
        return iterative_sampling(
            initial,
            missing,
            self.sample_z,
            lambda z: self.decode(z, missing),
            self.num_rounds,
            seed_chain,
            self.feed_back,
            kept,
            marks,
        )

    def with_dropout(self, data: Tensors, seed: tf.Tensor, training: bool) -> Tensors:
        """Returns what the joint encoder sees of a batch in training, with modality dropout.

        With the probability `modality_dropout`, an example keeps only a random subset of what is
        observed of it, at least one modality and not all. The others become zeros or noise, as
        `complement` starts.
        """
        if not training or not self.modality_dropout:
            return data
        seen, rows, names = dict(data), observed_of(data).rows, list(self.modalities)
        batch = tf.shape(data[names[0]])[0]
        seed_rows, seed_subset, seed_noise = split(fold_name(seed, "dropout"), 3)
        dropped = uniform(batch, seed_rows) < self.modality_dropout
        kept = random_subset(names, rows, batch, seed_subset, smallest=1)
        several = tf.add_n([*has_of(names, rows, batch).values()]) > 1
        for name in names:
            modality, x = self.modalities[name], data[name]
            hidden = tf.logical_and(tf.logical_and(dropped, several), tf.logical_not(kept[name]))
            hidden = with_axes_of(tf.logical_and(hidden, rows.get(name, True)), x)
            seen[name] = tf.where(
                hidden, self._start(modality, batch, fold_name(seed_noise, name)), x
            )
            if modality.partly_observed:
                mask = with_axes_of(data.get(observed_key(name), tf.ones_like(x, tf.bool)), x)
                seen[observed_key(name)] = tf.where(hidden, self.missing == "noise", mask)
        return seen

    def _start(self, modality: Modality, batch: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws what a missing modality starts from, for this replica's examples."""
        start = modality.likelihood.noise if self.missing == "noise" else _zeros
        return replicas.current().part_of_batch(
            lambda number: noise_for_batch(start, number, modality.event_shape, seed), batch
        )

    def has_all(self, given: Tensors) -> bool:
        """Tells whether all modalities are given, without a mask."""
        return len(values_in(given)) == len(self.modalities) and not observed_of(given).masks

    def encode_jointly(
        self, data: Tensors, batch_shape: Any = (-1,), training: bool = False
    ) -> tfd.Distribution:
        """Returns what the joint encoder gives for all modalities; hidden values are zeros."""
        observed = observed_of(data)
        return self.joint_encoder(
            network_inputs(self.modalities, data),
            training=training,
            batch_shape=batch_shape,
            rows=observed.any_of(self.modalities),
            rows_of_branches=observed.rows,
        )

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x,w); missing modalities are filled in by one chain per example.

        Examples of which nothing is observed get the prior.
        """
        return self._or_prior(given, self.encode(self.complement(given, seed)))

    def _or_prior(self, given: Tensors, q: tfd.Distribution) -> tfd.Distribution:
        """Returns q, but the prior for examples of which nothing is observed."""
        some = observed_of(given).any_of(values_in(given))
        return q if some is None else by_example(some, q, self.prior(given))

    def complement_each(
        self, given: Tensors | None, num_samples: int, seed: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tuple[int, int]] | None:
        """Returns all modalities; missing ones come from a separate chain per sample and example.

        Args:
          given: checked modalities; may be empty.
          num_samples: the number of chains per example.
          seed: int32, [2].

        Returns:
          Modality name to [num_samples * batch, *event_shape], and the shape to unfold that axis
          to. None if inference is not random, so that all samples share one distribution.
        """
        if not given or self.has_all(given) or not self.samples_to_infer:
            return None
        tiled = {
            name: tf.tile(tensor, [num_samples] + [1] * (tensor.shape.rank - 1))
            for name, tensor in given.items()
        }
        return self.complement(tiled, seed), (num_samples, -1)

    def posterior_and_samples(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tuple[tfd.Distribution, tf.Tensor]:
        """Samples z ~ q(z|given) with a separate chain for every sample; also returns q."""
        seed_q, seed_z = split(as_seed(seed), 2)
        tensors = self.checked_inputs(given or {})
        complemented = self.complement_each(tensors, num_samples, seed_q)
        if complemented is None:
            return super().posterior_and_samples(given, num_samples, seed)
        q = self._or_prior(tensors, self.encode(*complemented))
        return q, sample(q, seed_z)

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """Samples from q of all layers; if modalities are missing, some samples share a chain.

        A sample is weighted by the distribution at the end of its chain. The mean of the weights is
        therefore unbiased, whatever the chains did.
        """
        seed_q, seed_z = split(as_seed(seed), 2)
        tensors = self.checked_inputs(given)
        num_chains = -(-num_samples // SAMPLES_PER_CHAIN)
        complemented = self.complement_each(tensors, num_chains, seed_q)
        if complemented is None:
            layers = self.encode_layers(self.complement(tensors, seed_q))
            draws = num_samples
        else:
            layers = self.encode_layers(*complemented)
            draws = SAMPLES_PER_CHAIN
        z = [
            q.sample(draws, seed=seed_layer)
            for q, seed_layer in zip(layers, split(seed_z, len(layers)), strict=True)
        ]
        log_p_z = tf.add_n([p.log_prob(x) for p, x in zip(self.prior_layers(z), z, strict=True)])
        log_q_z = tf.add_n([q.log_prob(x) for q, x in zip(layers, z, strict=True)])
        batch = tf.shape(z[0])[-2]
        return ImportanceSamples(
            tf.reshape(z[0], (-1, batch, self.latent_dim))[:num_samples],
            tf.reshape(log_p_z, (-1, batch))[:num_samples],
            tf.reshape(log_q_z, (-1, batch))[:num_samples],
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "joint_encoder": keras.saving.serialize_keras_object(self.joint_encoder_network),
            "missing": self.missing,
            "num_rounds": self.num_rounds,
            "feed_back": self.feed_back,
            "modality_dropout": self.modality_dropout,
        }

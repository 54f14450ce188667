"""The interface of all models: bound, infer, posterior, decode, generate."""

import abc
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.export_format import signature_names
from jmvae_tf.layers import conditional, network_checks, notation
from jmvae_tf.layers.conditional import ConditionalDistribution
from jmvae_tf.layers.default_networks import default_decoder
from jmvae_tf.layers.distributions import LikelihoodHead, standard_normal
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality, check_names
from jmvae_tf.models.inputs import Tensors, new_statistics
from jmvae_tf.models.observed import values_in
from jmvae_tf.models.sampling import LatentSamples
from jmvae_tf.models.trainable import BoundMaximiser
from jmvae_tf.objectives import Bound
from jmvae_tf.runtime.randomness import as_seed, is_by_example, root_seed


def check_weight(name: str, weight: float) -> None:
    """Raises ValueError if the weight of a term is negative or not finite."""
    if not 0 <= weight < math.inf:
        raise ValueError(f"{name} must be finite and not negative. Received: {name}={weight}")


def _check_numbers(latent_dim: int, seed: int, beta: float) -> None:
    if latent_dim < 1:
        raise ValueError(
            f"The latent variable needs at least one value. Received: latent_dim={latent_dim}"
        )
    root_seed(seed)  # Raises for a seed out of range.
    check_weight("beta", beta)


class Direction(NamedTuple):
    """One direction in which a model generates.

    Attributes:
      given: the names of the modalities that must be known.
      target: the name of the modality generated from them.
    """

    given: tuple[str, ...]
    target: str

    @property
    def name(self) -> str:
        """The name of signatures and metrics, for example "label_to_image"."""
        return signature_names.to_generate(self.given, self.target)


class MultimodalVAE(LatentSamples, BoundMaximiser, abc.ABC):
    """A latent variable model of several modalities; each of the papers' models is a subclass.

    Data are dictionaries from modality name to float32 tensors [batch, *event_shape]. A subclass
    makes its encoders in `__init__`, then calls `build_networks`, and defines
    `unchecked_bound` and `infer`.

    Callers pass data and receive generated data in the data's own units. Internally, `standardised`
    modalities have standardised values: encoders take them and distributions are over them.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      decoders: modality name to the body of p(x|z), written in the `notation` or a Keras layer;
        chosen by event shape if none is given.
      seed: seed of the latent samples drawn in training and testing, in [0, 2^31).
      conditions: the modalities that must always be given and are never generated. Only models of
        one direction have any.
      beta: the weight of the divergences that a warm-up weighs; 1 in the papers.
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality, or if two
        exported signatures would have the same name.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        conditions: Sequence[str] = (),
        beta: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_numbers(latent_dim, seed, beta)
        self.modalities = check_names(modalities)
        self.latent_dim = latent_dim
        self.seed = seed
        self.beta = beta
        self.conditions = tuple(conditions)
        self.targets = tuple(name for name in self.modalities if name not in self.conditions)
        images = [name for name, x in self.modalities.items() if x.kind == "image"]
        signature_names.check_distinct(list(self.modalities), images, self.conditions)
        self.decoder_networks = conditional.chosen_networks("decoders", decoders, self.targets)
        self.decoders = {name: self._decoder(self.modalities[name]) for name in self.targets}
        self.statistics = new_statistics(self.modalities)
        self.kl_weight = self.add_weight(
            name="kl_weight", shape=(), initializer="ones", trainable=False, dtype="float32"
        )

    # Subclasses define these.

    def bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """Estimates the model's objective on all modalities, with one z per example.

        Args:
          data: modality name to [batch, *event_shape], as returned by `standardise`.
          seed: int32, [2].
          kl_weight: the warm-up's weight; with 1 it is a lower bound if `objective_is_bound`.
          training: whether batch normalisation uses the batch's statistics.

        Returns:
          Value and terms, [batch] each, nats, to be maximised.

        Raises:
          ValueError: if a modality is unknown or missing, or values are not finite or not events of
            their likelihood. In a graph, values are not checked.
        """
        self.check_standardised(data)
        return self.unchecked_bound(self.without_hidden(data), seed, kl_weight, training)

    @abc.abstractmethod
    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """Computes `bound` without its checks."""

    @abc.abstractmethod
    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|given) for standardised inputs, which include more than the conditions."""

    def prior(self, given: Tensors) -> tfd.Distribution:
        """Returns p(z), or p(z|w) in models of one direction whose prior sees w.

        Args:
          given: the conditions and perhaps other modalities, standardised.

        Returns:
          A distribution of event shape [latent_dim], of batch shape [] without conditions.
        """
        if not self.conditions:
            return standard_normal(self.latent_dim)
        shape = (tf.shape(given[self.conditions[0]])[0], self.latent_dim)
        return tfd.MultivariateNormalDiag(tf.zeros(shape), tf.ones(shape))

    # Use.

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions in which the model generates one modality from others.

        Without conditions these are all ordered pairs, although several others may be given.
        """
        if self.conditions:
            return tuple(Direction(self.conditions, target) for target in self.targets)
        return tuple(
            Direction((given,), target)
            for given in self.modalities
            for target in self.targets
            if given != target
        )

    def posterior(self, given: Tensors | None = None, seed: int | tf.Tensor = 0) -> Any:
        """Returns q(z|given), the approximate posterior given any of the modalities.

        Args:
          given: modality name to [batch, *event_shape]. For the prior, give nothing, or only the
            conditions of a model of one direction.
          seed: seed for models that infer missing modalities by sampling.

        Returns:
          A `tfd.Distribution` of batch shape [batch] ([] for a prior without conditions) and event
          shape [latent_dim]. For JMVAE-h, the distribution of the top layer, z_L.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, or a condition is
            missing.
        """
        tensors = self.checked_inputs(given or {})
        if set(values_in(tensors)) == set(self.conditions):
            return self.prior(tensors)
        return self.infer(tensors, as_seed(seed))

    def decode(
        self,
        z: tf.Tensor,
        targets: Sequence[str] | None = None,
        given: Tensors | None = None,
    ) -> dict[str, tfd.Distribution]:
        """Returns p(x|z) of each modality, or p(x|z,w) in a CVAE.

        Args:
          z: float32, [..., latent_dim]; if conditions are used, [..., batch, latent_dim].
          targets: the names of the modalities to decode; None for all that the model generates.
          given: the conditions, [batch, *event_shape] each; only a CVAE's decoder uses them.

        Returns:
          Modality name to a distribution of batch shape [...] over its events, standardised.

        Raises:
          ValueError: if the model does not generate a target.
        """
        targets = self.targets if targets is None else targets
        for target in targets:
            self._check_target(target)
        z = tf.convert_to_tensor(z, tf.float32)
        inputs = self.decoder_inputs(z, self.checked_inputs(given) if given else {})
        return {name: self.decoders[name](inputs, batch_shape=tf.shape(z)[:-1]) for name in targets}

    def decoder_inputs(self, z: tf.Tensor, given: Tensors) -> Any:
        """Returns the inputs of the decoders' bodies with one batch axis: z, and in a CVAE also w.

        Args:
          z: see `decode`.
          given: the conditions, standardised; may be empty.
        """
        del given
        return tf.reshape(z, (-1, self.latent_dim))

    def generate(
        self,
        target: str,
        given: Tensors | None = None,
        num_samples: int | None = None,
        seed: int | tf.Tensor = 0,
    ) -> tf.Tensor:
        """Generates a modality: means of p(target|z), with z from the posterior given others.

        Args:
          target: the name of the modality to generate.
          given: modality name to [batch, *event_shape]; none to generate from the prior.
          num_samples: the number of z to sample per example; None takes the posterior's mean, which
            gives what the paper calls the average image.
          seed: an integer, or int32 of shape [2]; the same seed gives the same samples. With shape
            [batch, 2] each example has its own seed and gets the same samples as on its own; then
            at most one sample is drawn.

        Returns:
          float32, [num_samples, batch, *event_shape], without the first axis if `num_samples` is
          None and without the second from the prior.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, `num_samples` is
            below 1, or above 1 with a seed for each example, or the model does not generate in that
            direction.
        """
        self._check_target(target)
        if is_by_example(seed) and num_samples not in (None, 1):
            raise ValueError(
                "With a seed for each example, one sample is drawn. "
                f"Received: num_samples={num_samples}"
            )
        if num_samples is None:
            z = self.posterior_mean(given, seed)
        elif num_samples >= 1:
            z = self.sample_posterior(given, num_samples, seed)
        else:
            raise ValueError(f"At least one sample must be drawn. Received: {num_samples=}")
        return self.decoded_mean(target, z, given)

    def decoded_mean(self, target: str, z: tf.Tensor, given: Tensors | None = None) -> tf.Tensor:
        """Returns the mean of p(target|z), [..., *event_shape]; see `decode`."""
        return self.in_range(target, self.decode(z, [target], given)[target].mean())

    def reconstruct(self, data: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Reconstructs every modality: means of p(x|z) at the posterior's mean given `data`.

        Args:
          data: modality name to [batch, *event_shape]; all modalities or some.
          seed: see `posterior`.

        Returns:
          Name of each modality that the model generates to float32 [batch, *event_shape].
        """
        z = self.posterior_mean(data, seed)
        p_x_z = self.decode(z, given=data)
        return {name: self.in_range(name, p.mean()) for name, p in p_x_z.items()}

    def call(self, data: Tensors, training: bool = False) -> dict[str, tf.Tensor]:
        """Returns the model's output, the reconstructions of all modalities."""
        del training
        return self.reconstruct(data)

    # Building and saving.

    def build_networks(self) -> None:
        """Makes all variables and the trackers of the bound's terms; constructors call it last.

        Raises:
          ValueError: if the networks do not fit together, or two of them share weights.
        """
        # Two examples, to detect a network that mixes examples.
        examples = {name: tf.zeros((2, *shape)) for name, shape in self.event_shapes.items()}
        with network_checks.plain_errors():
            terms = self.unchecked_bound(examples, root_seed(0)).terms
        network_checks.check_apart(x for x in self.layers if isinstance(x, ConditionalDistribution))
        self.track_terms(terms)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "modalities": keras.saving.serialize_keras_object(dict(self.modalities)),
            "latent_dim": self.latent_dim,
            "decoders": keras.saving.serialize_keras_object(dict(self.decoder_networks)),
            "seed": self.seed,
            "beta": self.beta,
        }

    @property
    def event_shapes(self) -> dict[str, tuple[int, ...]]:
        """Maps each modality's name to the shape of one example."""
        return {name: modality.event_shape for name, modality in self.modalities.items()}

    @property
    def likelihood_weights(self) -> dict[str, float]:
        """Maps each modality's name to the weight of its log-likelihood in the bound."""
        return {name: modality.likelihood_weight for name, modality in self.modalities.items()}

    def _decoder(self, modality: Modality) -> ConditionalDistribution:
        """Makes p(x|z), with the 2018 paper's body if the user chose none."""
        shape = modality.event_shape
        network = self.decoder_networks.get(modality.name) or default_decoder(shape)
        body = self.decoder_of(network, shape) if isinstance(network, str) else network
        head = LikelihoodHead(modality.likelihood, shape)
        return ConditionalDistribution(body, head, name=f"{modality.name}_decoder")

    def decoder_of(self, text: str, event_shape: Sequence[int]) -> keras.layers.Layer:
        """Makes a decoder's body from its `notation`; its inputs are those of `decoder_inputs`."""
        return notation.body(text, (self.latent_dim,), event_shape)

    def _check_target(self, target: str) -> None:
        if target not in self.targets:
            raise ValueError(
                f"This model generates {' and '.join(self.targets)}. Received: {target!r}"
            )

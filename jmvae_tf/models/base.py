"""What all models share: training and test steps, generation, saving."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf import networks
from jmvae_tf.distributions import (
    ConditionalDistribution,
    GaussianHead,
    LikelihoodHead,
    standard_normal,
)
from jmvae_tf.modalities import Modality, check_names
from jmvae_tf.networks import Network
from jmvae_tf.objectives import Bound
from jmvae_tf.randomness import as_seed, fold, root_seed, split

Tensors = Mapping[str, tf.Tensor]

# The first fold of a model's seed, so that training and testing never share a draw.
_TRAINING, _TEST = 0, 1


class MultimodalVAE(keras.Model, abc.ABC):
    """A latent variable model of several modalities; one subclass for each of the papers' models.

    Data are dictionaries from modality name to float32 tensors [batch, *event_shape]. A subclass
    makes its encoders in `__init__`, then calls `build_networks`, and defines `bound` and
    `infer`.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      decoders: modality name to the body of p(x|z), as a notation of `networks` or a Keras layer;
        by event shape where none is given.
      seed: of the latent samples that training and testing draw, in [0, 2^31).
      **kwargs: of `keras.Model`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(**kwargs)
        if latent_dim < 1:
            raise ValueError(
                f"The latent variable needs at least one value. Received: latent_dim={latent_dim}"
            )
        root_seed(seed)  # Raises for a seed out of range.
        self.modalities = check_names(modalities)
        self.latent_dim = latent_dim
        self.seed = seed
        self.decoder_networks = self._for_each_modality("decoders", decoders)
        self.decoders = {
            name: ConditionalDistribution(
                self._decoder_body(modality),
                LikelihoodHead(modality.likelihood, modality.event_shape),
                name=f"{name}_decoder",
            )
            for name, modality in self.modalities.items()
        }
        self.kl_weight = self.add_weight(
            name="kl_weight", shape=(), initializer="ones", trainable=False, dtype="float32"
        )

    # What a subclass makes of the model.

    @abc.abstractmethod
    def bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """The model's objective on all modalities, estimated with one z an example.

        Args:
          data: modality name to [batch, *event_shape].
          seed: int32, [2].
          kl_weight: the warm-up's weight; at 1 the objective is a lower bound.
          training: whether batch normalisation uses the batch's statistics.

        Returns:
          Value and terms, [batch] each, nats, to be maximised.
        """

    @abc.abstractmethod
    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """q(z|given) for at least one modality; checked inputs, otherwise as `posterior`."""

    # Use.

    def posterior(self, given: Tensors | None = None, seed: int | tf.Tensor = 0) -> Any:
        """q(z|given), the approximate posterior given any of the modalities.

        Args:
          given: modality name to [batch, *event_shape]; none for the prior p(z).
          seed: for models whose inference of missing modalities draws samples.

        Returns:
          A `tfd.Distribution` of batch shape [batch] (of the prior: []), event [latent_dim].

        Raises:
          ValueError: if a name is unknown or a shape is not that of its modality.
        """
        tensors = self._check(given or {})
        if not tensors:
            return standard_normal(self.latent_dim)
        return self.infer(tensors, as_seed(seed))

    def sample_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Draws z ~ q(z|given), independently for each sample and example.

        Args:
          given: as for `posterior`.
          num_samples: how many for each example.
          seed: an integer, or int32 of shape [2]; the same seed draws the same samples.

        Returns:
          float32, [num_samples, batch, latent_dim]; from the prior [num_samples, latent_dim].
        """
        seed_q, seed_z = split(as_seed(seed), 2)
        return self.posterior(given, seed_q).sample(num_samples, seed=seed_z)

    def decode(
        self, z: tf.Tensor, targets: Sequence[str] | None = None
    ) -> dict[str, tfd.Distribution]:
        """p(x|z) for each modality.

        Args:
          z: float32, [..., latent_dim].
          targets: the names of the modalities wanted; None for all.

        Returns:
          Modality name to a distribution of batch shape [...] over its events.
        """
        targets = list(self.modalities) if targets is None else targets
        self._check_known(targets)
        z = tf.convert_to_tensor(z, tf.float32)
        flat = tf.reshape(z, (-1, self.latent_dim))
        return {name: self.decoders[name](flat, batch_shape=tf.shape(z)[:-1]) for name in targets}

    def generate(
        self,
        target: str,
        given: Tensors | None = None,
        num_samples: int | None = None,
        seed: int | tf.Tensor = 0,
    ) -> tf.Tensor:
        """Means of p(target|z), z from the posterior given other modalities.

        Args:
          target: the name of the modality to generate.
          given: modality name to [batch, *event_shape]; none to generate from the prior.
          num_samples: how many z are drawn for each example; None takes the posterior's mean,
            which gives what the paper calls the average image.
          seed: the same seed gives the same samples.

        Returns:
          float32, [num_samples, batch, *event_shape], without the first axis if `num_samples` is
          None and without the second from the prior.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, or `num_samples`
            is below 1.
        """
        if num_samples is None:
            z = self.posterior(given, seed).mean()
        elif num_samples >= 1:
            z = self.sample_posterior(given, num_samples, seed)
        else:
            raise ValueError(
                f"At least one sample must be drawn. Received: num_samples={num_samples}"
            )
        return self.decode(z, [target])[target].mean()

    def reconstruct(self, data: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Means of p(x|z) for every modality at the posterior's mean given `data`.

        Args:
          data: modality name to [batch, *event_shape]; all modalities or some.
          seed: as for `posterior`.

        Returns:
          Modality name to float32 [batch, *event_shape].
        """
        z = self.posterior(data, seed).mean()
        return {name: p.mean() for name, p in self.decode(z).items()}

    def call(self, data: Tensors, training: bool = False) -> dict[str, tf.Tensor]:
        """Reconstructions of all modalities; what Keras calls the model's output."""
        del training
        return self.reconstruct(data)

    # Training, through `fit` and `evaluate`.

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """As `keras.Model.fit`; a `tf.data.Dataset` is taken in the order that it has."""
        if isinstance(x, tf.data.Dataset):
            kwargs.setdefault("shuffle", False)  # Keras warns that it cannot shuffle one.
        return super().fit(x, *args, **kwargs)

    def train_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """One step of gradient ascent on the bound, averaged over the batch."""
        data = self._all_of(data)
        seed = fold(root_seed(self.seed), _TRAINING, self.optimizer.iterations)
        with tf.GradientTape() as tape:
            bound = self.bound(data, seed, self.kl_weight, training=True)
            loss = self.optimizer.scale_loss(-tf.reduce_mean(bound.value))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return self._track(bound)

    def test_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """The bound itself: the divergences have their full weight, whatever the warm-up's."""
        data = self._all_of(data)
        # How many examples this evaluation has seen tells its batches apart.
        seed = fold(root_seed(self.seed), _TEST, self._trackers["bound"].count)
        return self._track(self.bound(data, seed))

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of the bound and its terms, which Keras resets for every epoch."""
        return list(self._trackers.values())

    def _all_of(self, data: Any) -> dict[str, tf.Tensor]:
        """The dictionary out of what Keras hands over; raises ValueError if it is not whole."""
        data, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not isinstance(data, Mapping) or not set(self.modalities) <= set(data):
            raise ValueError(
                f"Training data must be dictionaries of {list(self.modalities)}. "
                f"Received: {list(data) if isinstance(data, Mapping) else type(data).__name__}"
            )
        return self._check({name: data[name] for name in self.modalities})

    def _track(self, bound: Bound) -> dict[str, tf.Tensor]:
        for name, value in {"bound": bound.value, **bound.terms}.items():
            self._trackers[name].update_state(value)
        return {name: tracker.result() for name, tracker in self._trackers.items()}

    # Building and saving.

    def encoder(self, name: str, network: Network) -> ConditionalDistribution:
        """Makes q(z|x) for one modality."""
        shape = self.modalities[name].event_shape
        body = networks.body(network, shape) if isinstance(network, str) else network
        return ConditionalDistribution(body, GaussianHead(self.latent_dim), name=f"{name}_encoder")

    def joint_encoder_of(self, network: Network) -> ConditionalDistribution:
        """Makes q(z|x,w), which takes the dictionary of all modalities."""
        shapes = {name: modality.event_shape for name, modality in self.modalities.items()}
        body = networks.joint_body(network, shapes) if isinstance(network, str) else network
        return ConditionalDistribution(body, GaussianHead(self.latent_dim), name="joint_encoder")

    def build_networks(self) -> None:
        """Makes all variables and the trackers of the bound's terms; to be called last."""
        example = {
            name: tf.zeros((1, *modality.event_shape)) for name, modality in self.modalities.items()
        }
        terms = self.bound(example, root_seed(0)).terms
        self._trackers = {name: keras.metrics.Mean(name=name) for name in ("bound", *terms)}
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Nothing is left to build: the modalities gave all shapes to the constructor."""

    def get_config(self) -> dict[str, Any]:
        """The arguments, for Keras to save."""
        return {
            "modalities": keras.saving.serialize_keras_object(dict(self.modalities)),
            "latent_dim": self.latent_dim,
            "decoders": keras.saving.serialize_keras_object(dict(self.decoder_networks)),
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> "MultimodalVAE":
        """The model, newly initialised, that `get_config` described."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value, custom_objects)
                if isinstance(value, dict)
                else value
                for key, value in config.items()
            }
        )

    @property
    def likelihood_weights(self) -> dict[str, float]:
        """Modality name to what multiplies its log-likelihood in the bound."""
        return {name: modality.likelihood_weight for name, modality in self.modalities.items()}

    def _for_each_modality(
        self, argument: str, chosen: Mapping[str, Network] | None
    ) -> dict[str, Network]:
        """The networks that a user chose; raises ValueError for an unknown modality."""
        chosen = dict(chosen or {})
        unknown = [name for name in chosen if name not in self.modalities]
        if unknown:
            raise ValueError(
                f"{argument} must be keyed by the model's modalities, {list(self.modalities)}. "
                f"Received: {unknown}"
            )
        return chosen

    def _decoder_body(self, modality: Modality) -> keras.layers.Layer:
        shape = modality.event_shape
        network = self.decoder_networks.get(modality.name, networks.default_decoder(shape))
        if isinstance(network, str):
            return networks.body(network, (self.latent_dim,), shape)
        return network

    def _check_known(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self.modalities]
        if unknown:
            raise ValueError(
                f"Modalities must be among {list(self.modalities)}. Received: {unknown}"
            )

    def _check(self, given: Tensors) -> dict[str, tf.Tensor]:
        self._check_known(list(given))
        tensors = {}
        for name, modality in self.modalities.items():
            if name not in given:
                continue
            tensor = tf.cast(tf.convert_to_tensor(given[name]), tf.float32)
            if not tensor.shape[1:].is_compatible_with(modality.event_shape) or not tensor.shape:
                raise ValueError(
                    f"Modality {name!r} must have the shape [batch, "
                    f"{', '.join(map(str, modality.event_shape))}]. Received: {tensor.shape}"
                )
            tensors[name] = tensor
        return tensors

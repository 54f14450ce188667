"""What all models share: training and test steps, generation, saving."""

import abc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.export_format import signature_names
from jmvae_tf.layers import networks
from jmvae_tf.layers.distributions import (
    ConditionalDistribution,
    GaussianHead,
    LikelihoodHead,
    standard_normal,
)
from jmvae_tf.layers.networks import Network
from jmvae_tf.layers.standardisation import Moments, Standardisation
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality, check_names
from jmvae_tf.models import training_data
from jmvae_tf.models.trainable import TrainableModel, steps_taken
from jmvae_tf.objectives import Bound
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.randomness import as_seed, fold, is_by_example, root_seed, sample, split

Tensors = Mapping[str, tf.Tensor]

# The first fold of a model's seed, so that training and testing never share a draw.
_TRAINING, _TEST = 0, 1


class Direction(NamedTuple):
    """One way in which a model generates.

    Attributes:
      given: the names of the modalities that must be known.
      target: the name of the modality that is generated from them.
    """

    given: tuple[str, ...]
    target: str

    @property
    def name(self) -> str:
        """Such as "label_to_image"; of a signature and of figures of merit."""
        return signature_names.to_generate(self.given, self.target)


class ImportanceSamples(NamedTuple):
    """Draws of all latent variables from a proposal, with what their weights need.

    The weight of a draw for modalities x is p(x|z) p(z) / q(z).

    Attributes:
      z: what decoders take, float32 [num_samples, batch, latent_dim].
      log_p_z: log p of all latent variables drawn, [num_samples, batch].
      log_q_z: log q of the same, [num_samples, batch].
    """

    z: tf.Tensor
    log_p_z: tf.Tensor
    log_q_z: tf.Tensor


class MultimodalVAE(TrainableModel, abc.ABC):
    """A latent variable model of several modalities; one subclass for each of the papers' models.

    Data are dictionaries from modality name to float32 tensors [batch, *event_shape]. A subclass
    makes its encoders in `__init__`, then calls `build_networks`, and defines
    `unchecked_bound` and `infer`.

    What is given and generated has the data's own units. Modalities that are `standardised` are
    so in between: encoders take standardised values, and distributions are over them.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      decoders: modality name to the body of p(x|z), as a notation of `networks` or a Keras layer;
        by event shape where none is given.
      seed: of the latent samples that training and testing draw, in [0, 2^31).
      conditions: the modalities that must always be given and are never generated; none but in
        models of one direction.
      **kwargs: of `keras.Model`.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if latent_dim < 1:
            raise ValueError(
                f"The latent variable needs at least one value. Received: latent_dim={latent_dim}"
            )
        root_seed(seed)  # Raises for a seed out of range.
        self.modalities = check_names(modalities)
        self.latent_dim = latent_dim
        self.seed = seed
        self.conditions = tuple(conditions)
        self.targets = tuple(name for name in self.modalities if name not in self.conditions)
        images = [name for name, x in self.modalities.items() if x.kind == "image"]
        others = [name for name in self.modalities if name not in images]
        signature_names.check_distinct(self.directions, images, others)
        self.decoder_networks = self._networks_for("decoders", decoders, self.targets)
        self.decoders = {
            name: ConditionalDistribution(
                self._decoder_body(self.modalities[name]),
                LikelihoodHead(self.modalities[name].likelihood, self.modalities[name].event_shape),
                name=f"{name}_decoder",
            )
            for name in self.targets
        }
        self.statistics = {
            name: Standardisation(
                modality.event_shape, modality.kind == "image", name=f"{name}_statistics"
            )
            for name, modality in self.modalities.items()
            if isinstance(modality.likelihood, Gaussian)
        }
        self.kl_weight = self.add_weight(
            name="kl_weight", shape=(), initializer="ones", trainable=False, dtype="float32"
        )

    # What a subclass makes of the model.

    conditional_equation = 5
    """Which equation of the 2018 paper scores generation: that of `conditional_samples`."""

    @property
    def samples_to_infer(self) -> bool:
        """Whether q(z|given) is random where modalities are missing."""
        return False

    def bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """The model's objective on all modalities, estimated with one z an example.

        Args:
          data: modality name to [batch, *event_shape], as `standardise` gives it.
          seed: int32, [2].
          kl_weight: the warm-up's weight; at 1 the objective is a lower bound.
          training: whether batch normalisation uses the batch's statistics.

        Returns:
          Value and terms, [batch] each, nats, to be maximised.

        Raises:
          ValueError: if values are not finite, or no events of their likelihood; within a graph
            nothing is checked.
        """
        for name, x in data.items():
            if tf.is_tensor(x) and not _is_known(x):
                continue
            if self.modalities[name].standardised:
                _check_finite(name, np.asarray(x))
            else:
                self.modalities[name].check_examples(np.asarray(x))
        return self.unchecked_bound(data, seed, kl_weight, training)

    @abc.abstractmethod
    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """See `bound`."""

    @abc.abstractmethod
    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """q(z|given) for more than the conditions; standardised, otherwise as `posterior`."""

    def prior(self, given: Tensors) -> tfd.Distribution:
        """p(z), or p(z|w) in models of one direction where w reaches it; standardised inputs.

        Args:
          given: the conditions and perhaps other modalities.

        Returns:
          A distribution of event [latent_dim], and of batch shape [] if there are no conditions.
        """
        if not self.conditions:
            return standard_normal(self.latent_dim)
        batch = tf.shape(given[self.conditions[0]])[0]
        shape = (batch, self.latent_dim)
        return tfd.MultivariateNormalDiag(tf.zeros(shape), tf.ones(shape))

    # Use.

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The ways in which the model generates one modality from others.

        Without conditions these are all ordered pairs, though any other modalities may be given.
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
        """q(z|given), the approximate posterior given any of the modalities.

        Args:
          given: modality name to [batch, *event_shape]; nothing, or the conditions of a model of
            one direction, for the prior.
          seed: for models whose inference of missing modalities draws samples.

        Returns:
          A `tfd.Distribution` of batch shape [batch] (of a prior without conditions: []), event
          [latent_dim]; of JMVAE-h's top layer.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, or a condition is
            missing.
        """
        tensors = self.checked_inputs(given or {})
        if set(tensors) == set(self.conditions):
            return self.prior(tensors)
        return self.infer(tensors, as_seed(seed))

    def posterior_and_samples(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tuple[tfd.Distribution, tf.Tensor]:
        """The distribution `posterior` of each sample, and one draw of it.

        Args:
          given: as for `posterior`.
          num_samples: how many draws for each example.
          seed: as for `sample_posterior`.

        Returns:
          q, whose batch shape is [num_samples, batch] or can be broadcast to it, and z, float32
          [num_samples, batch, latent_dim].
        """
        seed_q, seed_z = split(as_seed(seed), 2)
        q = self.posterior(given, seed_q)
        return q, sample(q, seed_z, num_samples)

    def sample_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Draws z ~ q(z|given), independently for each sample and example.

        Args:
          given: as for `posterior`.
          num_samples: how many for each example.
          seed: an integer, or int32 of shape [2]; the same seed draws the same samples.

        Returns:
          float32, [num_samples, batch, latent_dim]; from the prior [num_samples, latent_dim]. What
          decoders take: z_1 of JMVAE-h.
        """
        return self.posterior_and_samples(given, num_samples, seed)[1]

    def posterior_mean(self, given: Tensors | None, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """The mean of q(z|given), [batch, latent_dim]; of JMVAE-h what becomes of it in z_1."""
        return self.posterior(given, seed).mean()

    def layer_means(self, given: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """The means of all latent variables given some modalities, by name, [batch, size] each."""
        return {"z": self.posterior(given, seed).mean()}

    def conditional_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """The z that the papers' test bound averages over: N of them in Eq. 5, N x N in Eq. 6.

        Args:
          given: as for `posterior`.
          num_samples: N.
          seed: as for `sample_posterior`.

        Returns:
          float32, [samples, batch, latent_dim].
        """
        return self.sample_posterior(given, num_samples, seed)

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """Draws from q(z|given) as a proposal for importance weights.

        Args:
          given: all modalities (the papers' "multiple" proposal), or some ("single").
          num_samples: k.
          seed: as for `sample_posterior`.

        Returns:
          Draws, of which `log_p_z` is under the prior, or under p(z|w) in CMMA.
        """
        q, z = self.posterior_and_samples(given, num_samples, seed)
        return ImportanceSamples(
            z, self.prior(self.checked_inputs(given)).log_prob(z), q.log_prob(z)
        )

    def decode(
        self,
        z: tf.Tensor,
        targets: Sequence[str] | None = None,
        given: Tensors | None = None,
    ) -> dict[str, tfd.Distribution]:
        """p(x|z) for each modality, or p(x|z,w) in a CVAE.

        Args:
          z: float32, [..., latent_dim]; if conditions are used, [..., batch, latent_dim].
          targets: the names of the modalities wanted; None for all that the model generates.
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
        """What the bodies of the decoders take, with one batch axis: z alone but in a CVAE.

        Args:
          z: as for `decode`.
          given: standardised, perhaps nothing.
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
        """Means of p(target|z), z from the posterior given other modalities.

        Args:
          target: the name of the modality to generate.
          given: modality name to [batch, *event_shape]; none to generate from the prior.
          num_samples: how many z are drawn for each example; None takes the posterior's mean,
            which gives what the paper calls the average image.
          seed: an integer, or int32 of shape [2]; the same seed gives the same samples. Of shape
            [batch, 2], a seed for each example, which then gets what it would get alone; at most
            one sample is drawn.

        Returns:
          float32, [num_samples, batch, *event_shape], without the first axis if `num_samples` is
          None and without the second from the prior.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, `num_samples` is
            below 1, or above it with a seed for each example, or the model does not generate in
            that direction.
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
            raise ValueError(
                f"At least one sample must be drawn. Received: num_samples={num_samples}"
            )
        return self._shown(target, self.decode(z, [target], given)[target].mean())

    def reconstruct(self, data: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Means of p(x|z) for every modality at the posterior's mean given `data`.

        Args:
          data: modality name to [batch, *event_shape]; all modalities or some.
          seed: as for `posterior`.

        Returns:
          Modality name to float32 [batch, *event_shape], for those that the model generates.
        """
        z = self.posterior_mean(data, seed)
        return {name: self._shown(name, p.mean()) for name, p in self.decode(z, given=data).items()}

    def standardise(self, data: Tensors) -> dict[str, tf.Tensor]:
        """What `bound` takes, and what the distributions of `decode` are over.

        Args:
          data: modality name to [batch, *event_shape], of any of the modalities.

        Returns:
          The same, those that are `standardised` by the statistics of the training set.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, or values are
            outside its support; within a graph values are not checked.
        """
        self._check_known(list(data))
        for name, x in data.items():
            if not tf.is_tensor(x) or _is_known(x):
                modality = self.modalities[name]
                modality.check_values(training_data.as_events(name, x, modality.event_shape))
        return self._standardised(data)

    def _standardised(self, data: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """The same of known names, without a look at values."""
        tensors = {}
        for name, modality in self.modalities.items():
            if name not in data:
                continue
            tensor = tf.convert_to_tensor(data[name])
            training_data.check_numbers(name, np.dtype(tensor.dtype.as_numpy_dtype))
            if tensor.shape.rank is not None:
                training_data.check_shape(name, tensor.shape, modality.event_shape)
            if not tensor.shape[1:].is_fully_defined():  # Within a graph: checked when it runs.
                tensor = tf.ensure_shape(tensor, (None, *modality.event_shape))
            tensor = tf.cast(tensor, tf.float32)
            tensors[name] = self.statistics[name](tensor) if modality.standardised else tensor
        return tensors

    def unstandardise(self, name: str, x: tf.Tensor) -> tf.Tensor:
        """Values of a modality, [..., *event_shape], back in the data's units."""
        return self.statistics[name].invert(x) if self.modalities[name].standardised else x

    def _shown(self, name: str, x: tf.Tensor) -> tf.Tensor:
        """The same, an image within its range."""
        modality, x = self.modalities[name], self.unstandardise(name, x)
        if modality.kind == "image" and modality.value_range:
            return tf.clip_by_value(x, *modality.value_range)
        return x

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Takes the statistics of the training set; `fit` does so where it is still to be done.

        Args:
          data: the training set once, as dictionaries of modality name to [batch, *event_shape]: an
            iterable of them such as a `tf.data.Dataset`, or one with all examples.
          steps: how many batches to take; None for all that there are.

        Raises:
          ValueError: if it is empty or has no end, or examples are not of their modality, not
            finite, or vary too little beside their size for float32.
        """
        moments = {name: Moments(x.event_shape) for name, x in self.statistics.items()}
        count = 0
        for batch in training_data.batches_of(data, steps):
            examples = training_data.examples_of(batch)
            self._check_named(examples, moments)
            arrays = self._arrays_of({name: examples[name] for name in moments})
            for name, values in arrays.items():
                self.modalities[name].check_values(values)
                if len(values):
                    moments[name].add(values)
            count += len(next(iter(arrays.values()), ()))
        if moments:
            training_data.check_number(count)
        for name, x in moments.items():
            lost = x.lost & (x.stddev >= self.statistics[name].smallest(x.stddev))
            if self.modalities[name].standardised and lost.any():
                place = np.unravel_index(np.argmax(lost), lost.shape)
                raise ValueError(
                    f"Values of {name!r} must vary by what float32 can tell beside their size; "
                    "subtract a constant first. Received: a mean of "
                    f"{x.mean[place]:.9g} with a standard deviation of {x.stddev[place]:.3g} at "
                    f"{[int(axis) for axis in place]}"
                )
        for name, x in moments.items():
            self.statistics[name].set_statistics(x.mean, x.stddev)

    @property
    def needs_statistics(self) -> bool:
        """Whether modalities are to be standardised by statistics that nobody has taken."""
        return any(
            self.statistics[name].is_new for name, x in self.modalities.items() if x.standardised
        )

    def check_examples(self, data: Any) -> None:
        """Refuses what `fit` cannot train on; costs nothing within the compiled step.

        Args:
          data: what Keras hands to a step, but in memory.

        Raises:
          ValueError: if there is anything but examples, or none, a modality is missing, a shape is
            not that of its modality, the modalities are of different numbers of examples, or values
            are no events of their likelihood.
        """
        examples = training_data.examples_of(data)
        self._check_named(examples, self.modalities)
        arrays = self._arrays_of({name: examples[name] for name in self.modalities})
        training_data.check_number(len(next(iter(arrays.values()))))
        for name, values in arrays.items():
            self.modalities[name].check_examples(values)

    def _check_named(self, examples: Any, names: Iterable[str]) -> None:
        if not isinstance(examples, Mapping) or not set(names) <= set(examples):
            raise ValueError(
                f"Training data must be dictionaries of {list(names)}. Received: "
                f"{list(examples) if isinstance(examples, Mapping) else type(examples).__name__}"
            )

    def _arrays_of(self, examples: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Events as arrays; raises ValueError for other shapes, or numbers that differ."""
        arrays = {
            name: training_data.as_events(name, x, self.modalities[name].event_shape)
            for name, x in examples.items()
        }
        numbers = {name: len(values) for name, values in arrays.items()}
        if len(set(numbers.values())) > 1:
            raise ValueError(
                "Every modality must have as many examples as the others. Received: "
                + ", ".join(f"{number} of {name!r}" for name, number in numbers.items())
            )
        return arrays

    def call(self, data: Tensors, training: bool = False) -> dict[str, tf.Tensor]:
        """Reconstructions of all modalities; what Keras calls the model's output."""
        del training
        return self.reconstruct(data)

    # Training, through `fit` and `evaluate`.

    def train_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """One step of gradient ascent on the bound, averaged over the batch of all replicas."""
        data = self.examples_of(data)
        seed = self.training_seed(steps_taken(self.optimizer))
        mean = replicas.current().part_of_mean(next(iter(data.values())))
        with tf.GradientTape() as tape:
            bound = self.unchecked_bound(data, seed, self.kl_weight, training=True)
            # Keras's optimisers sum the gradients of the replicas.
            loss = -mean(bound.value)
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return self.track(bound)

    def test_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """The bound itself: the divergences have their full weight, whatever the warm-up's."""
        data = self.examples_of(data)
        return self.track(self.unchecked_bound(data, self.test_seed()))

    def training_seed(self, step: int | tf.Tensor) -> tf.Tensor:
        """The seed of what a training step draws, by how many steps were before it."""
        return fold(root_seed(self.seed), _TRAINING, step)

    def test_seed(self) -> tf.Tensor:
        """The seed of what the next test step draws."""
        # How many examples this evaluation has seen tells its batches apart.
        count = tf.cast(self._trackers["bound"].count, tf.int32)
        seen = tf.reduce_sum(replicas.current().sizes(count))
        return fold(root_seed(self.seed), _TEST, seen)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of the bound and its terms, which Keras resets for every epoch."""
        return list(self._trackers.values())

    def examples_of(self, data: Any) -> dict[str, tf.Tensor]:
        """The standardised examples in what Keras hands to a step.

        Raises:
          ValueError: if there is anything but examples, a modality is missing, or a shape is not
            that of its modality.
        """
        data = training_data.examples_of(data)
        self._check_named(data, self.modalities)
        return self._standardised(data)

    def track(self, bound: Bound) -> dict[str, tf.Tensor]:
        """Adds a batch to the means of the bound and its terms, and gives these by name."""
        for name, value in {"bound": bound.value, **bound.terms}.items():
            self._trackers[name].update_state(value)
        return self.results_of(self._trackers)

    # Building and saving.

    def encoder(self, name: str, network: Network | None) -> ConditionalDistribution:
        """Makes q(z|x) for one modality, with the appendix's body if none is given."""
        body = self.encoder_body(name, network)
        return ConditionalDistribution(body, GaussianHead(self.latent_dim), name=f"{name}_encoder")

    def encoder_body(self, name: str, network: Network | None) -> keras.layers.Layer:
        """The body of an encoder of one modality, the appendix's if none is given."""
        shape = self.modalities[name].event_shape
        network = network or networks.default_encoder(shape)
        return networks.body(network, shape) if isinstance(network, str) else network

    def joint_encoder_of(self, network: Network | None) -> ConditionalDistribution:
        """Makes q(z|x,w), which takes the dictionary of all modalities."""
        shapes = {name: modality.event_shape for name, modality in self.modalities.items()}
        network = network or networks.default_joint_encoder(list(shapes.values()))
        body = networks.joint_body(network, shapes) if isinstance(network, str) else network
        return ConditionalDistribution(body, GaussianHead(self.latent_dim), name="joint_encoder")

    def build_networks(self) -> None:
        """Makes all variables and the trackers of the bound's terms; to be called last.

        Raises:
          ValueError: if the networks do not fit one another, or two of them share weights.
        """
        # Two, so that what mixes up examples shows.
        examples = {
            name: tf.zeros((2, *modality.event_shape)) for name, modality in self.modalities.items()
        }
        with networks.plain_errors():
            terms = self.unchecked_bound(examples, root_seed(0)).terms
        networks.check_apart(x for x in self.layers if isinstance(x, ConditionalDistribution))
        self._trackers = {name: keras.metrics.Mean(name=name) for name in ("bound", *terms)}
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """The arguments, for Keras to save."""
        return {
            **super().get_config(),
            "modalities": keras.saving.serialize_keras_object(dict(self.modalities)),
            "latent_dim": self.latent_dim,
            "decoders": keras.saving.serialize_keras_object(dict(self.decoder_networks)),
            "seed": self.seed,
        }

    @property
    def likelihood_weights(self) -> dict[str, float]:
        """Modality name to what multiplies its log-likelihood in the bound."""
        return {name: modality.likelihood_weight for name, modality in self.modalities.items()}

    def _networks_for(
        self, argument: str, chosen: Mapping[str, Network] | None, names: Sequence[str]
    ) -> dict[str, Network]:
        """The networks that a user chose; raises ValueError if one is for none of `names`."""
        chosen = dict(chosen or {})
        unknown = [name for name in chosen if name not in names]
        if unknown:
            raise ValueError(
                f"{argument} must be keyed by modalities that have one, {list(names)}. "
                f"Received: {unknown}"
            )
        return chosen

    def _decoder_body(self, modality: Modality) -> keras.layers.Layer:
        shape = modality.event_shape
        network = self.decoder_networks.get(modality.name) or networks.default_decoder(shape)
        return self.decoder_of(network, shape) if isinstance(network, str) else network

    def decoder_of(self, notation: str, event_shape: Sequence[int]) -> keras.layers.Layer:
        """The body of a decoder, from what `decoder_inputs` gives."""
        return networks.body(notation, (self.latent_dim,), event_shape)

    def _check_target(self, target: str) -> None:
        if target not in self.targets:
            raise ValueError(
                f"This model generates {' and '.join(self.targets)}. Received: {target!r}"
            )

    def _check_known(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self.modalities]
        if unknown:
            raise ValueError(
                f"Modalities must be among {list(self.modalities)}. Received: {unknown}"
            )

    def checked_inputs(self, given: Tensors) -> dict[str, tf.Tensor]:
        """As `standardise`, and raises ValueError if one of the conditions is not given."""
        tensors = self.standardise(given)
        self.check_conditions(tensors)
        return tensors

    def check_conditions(self, given: Tensors) -> None:
        """Raises ValueError if one of the conditions is not given."""
        if not set(self.conditions) <= set(given):
            raise ValueError(
                f"This model needs {' and '.join(self.conditions)} to be given. "
                f"Received: {list(given) or 'nothing'}"
            )


def _is_known(tensor: Any) -> bool:
    """Whether a tensor has values, and is none of a graph that is being traced."""
    return hasattr(tensor, "numpy")


def _check_finite(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"Values of {name!r} must be finite. Received: NaN or infinite ones")

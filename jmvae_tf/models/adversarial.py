"""The GAN variant of any model: its image decoder is also a generator."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers import default_networks, network_checks, notation, observed_rows
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models import training_data
from jmvae_tf.models.adversarial_losses import discriminator_loss, generator_loss
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import observed_of
from jmvae_tf.models.trainable import (
    TrainableModel,
    counted_weights,
    steps_taken,
    weighted_mean,
)
from jmvae_tf.models.trained_part import TrainedPart
from jmvae_tf.objectives import Bound
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.randomness import fold

# Folded into the seed of a step for fakes from the prior, so that the bound's samples differ.
_PRIOR_FAKES = 0


@keras.saving.register_keras_serializable(package="jmvae_tf")
class Adversarial(TrainableModel):
    """A model whose image decoder p(x|z) is also trained to deceive a discriminator D.

    It is VAE-GAN, CVAE-GAN, CMMA-GAN or JMVAE-GAN of the 2016 paper, depending on the model inside.
    As in the authors' code, each part of the networks is trained on its own loss:

        encoders, p(z|w), p(z_l|z_l+1), other decoders:  -bound
        p(x|z):                                          -bound + adversarial_weight G
        D:                                               the discriminator's loss

    G is the generator's loss (`adversarial_losses`). The losses are means over the batch. Fakes are
    the means of p(x|z) at the bound's samples of z and at as many samples from the model's prior.
    Examples that lack the image, or in CVAE and CMMA a condition, count 0 in both losses.
    Real images are standardised if the modality is. All three parts are updated at once, from the
    same passes; the authors' code updates them one after the other.

    Train and save it like the model inside. To generate, evaluate or export, use that model, `vae`;
    see `without_adversary`.

    Args:
      vae: the model, which becomes a part of this one.
      modality: the name of the image.
      discriminator: the body of D, written in the `notation` or a Keras layer; chosen by event
        shape if none is given. A dense layer to one logit follows it.
      adversarial_weight: the factor of G. Choose it in proportion to the likelihood, which is a sum
        over all values of an image. 1 in the authors' code.
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if the model does not generate that modality, the modality is not an image, or the
        weight is negative or not finite.
    """

    def __init__(
        self,
        vae: MultimodalVAE,
        modality: str,
        discriminator: Network | None = None,
        adversarial_weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        images = [name for name in vae.targets if vae.modalities[name].kind == "image"]
        if modality not in images:
            raise ValueError(
                "A discriminator judges an image that the model generates, one of "
                f"{images or 'none here'}. Received: modality={modality!r}"
            )
        if not 0 <= adversarial_weight < math.inf:
            raise ValueError(
                "The adversarial weight must be finite and not negative. "
                f"Received: adversarial_weight={adversarial_weight}"
            )
        self.vae = vae
        self.modality = modality
        self.discriminator_network = discriminator
        self.adversarial_weight = adversarial_weight
        shape = vae.modalities[modality].event_shape
        network = discriminator or default_networks.default_discriminator(shape)
        self.discriminator = keras.Sequential(
            [
                notation.body(network, shape) if isinstance(network, str) else network,
                keras.layers.Flatten(data_format="channels_last"),
                # In float32, like the heads of distributions.
                keras.layers.Dense(1, name="logit", dtype="float32"),
            ],
            name="discriminator",
        )
        with network_checks.plain_errors():
            self.discriminator(tf.zeros((1, *shape)))
        network_checks.check_apart([vae, self.discriminator])
        self._adversarial_trackers = {
            name: keras.metrics.Mean(name=name) for name in ("discriminator_loss", "generator_loss")
        }
        self.built = True

    # Training, with `fit` and `evaluate`.

    @property
    def modalities(self) -> Mapping[str, Modality]:  # type: ignore[override]
        """The modalities of the model inside."""
        return self.vae.modalities

    @property
    def needs_statistics(self) -> bool:
        """Whether the model inside needs statistics."""
        return self.vae.needs_statistics

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """See `MultimodalVAE.adapt`."""
        self.vae.adapt(data, steps)

    def check_examples(self, data: Any) -> None:
        """See `MultimodalVAE.check_examples`."""
        self.vae.check_examples(data)

    @property
    def kl_weight(self) -> keras.Variable:
        """The weight that the warm-up sets in the model inside."""
        return self.vae.kl_weight

    def compile(
        self,
        optimizer: Any = None,
        decoder_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        **kwargs: Any,
    ) -> None:
        """Compiles the model with one optimiser for each part of the networks.

        Args:
          optimizer: optimiser of everything but the image's decoder and the discriminator.
          decoder_optimizer: optimiser of the image's decoder.
          discriminator_optimizer: optimiser of the discriminator.
          **kwargs: passed to `keras.Model.compile`.

        The default is Adam with learning rate 1e-4 and beta_1 0.5, as in the authors' code.
        """
        super().compile(optimizer=_optimizer(optimizer), **kwargs)
        scaled = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        self.decoder_optimizer = _optimizer(decoder_optimizer, scaled)
        self.discriminator_optimizer = _optimizer(discriminator_optimizer, scaled)
        # Keras would build only the first one, and for all variables.
        for part in self.parts():
            if not part.optimizer.built:
                part.optimizer.build(part.variables)

    def parts(self) -> tuple[TrainedPart, ...]:
        """Returns the three parts: all other networks, the image's decoder, the discriminator."""
        optimizers = (self.optimizer, self.decoder_optimizer, self.discriminator_optimizer)
        return tuple(map(TrainedPart, optimizers, self._variables_of_parts()))

    def _variables_of_parts(self) -> tuple[list[keras.Variable], ...]:
        decoder = self.vae.decoders[self.modality].trainable_variables
        of_decoder = {id(variable) for variable in decoder}
        others = [x for x in self.vae.trainable_variables if id(x) not in of_decoder]
        return others, decoder, self.discriminator.trainable_variables

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        """All trained weights, part by part.

        If optimisers average weights, Keras's `fit` ends with the averages of `optimizer` alone, in
        as many of these as it has.
        """
        return [variable for variables in self._variables_of_parts() for variable in variables]

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains the model; see `TrainableModel.fit`."""
        history = super().fit(*args, **kwargs)
        for part in self.parts()[1:]:  # Keras has done so for the first one.
            part.optimizer.finalize_variable_values(part.variables)
        return history

    def train_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """Takes one step of each part on its own loss."""
        weights, data = training_data.weights_of(data), self.vae.examples_of(data)
        seed = self.vae.training_seed(steps_taken(self.optimizer))
        mean = weighted_mean(data[self.modality], weights)
        with tf.GradientTape(persistent=True) as tape:
            bound = self.vae.unchecked_bound(data, seed, self.kl_weight, training=True)
            adversarial = self._losses_against(data, bound, seed, training=True)
            others_loss = -mean(bound.value)
            decoder_loss = others_loss + self.adversarial_weight * mean(
                adversarial["generator_loss"]
            )
            losses = (others_loss, decoder_loss, mean(adversarial["discriminator_loss"]))
            parts = self.parts()
            scaled = [
                part.optimizer.scale_loss(loss) for part, loss in zip(parts, losses, strict=True)
            ]
        # Each loss trains only its own part, so only those gradients are computed. All are computed
        # before any variable changes.
        gradients = [
            tape.gradient(loss, part.variables) for part, loss in zip(parts, scaled, strict=True)
        ]
        for part, gradient in zip(parts, gradients, strict=True):
            part.apply(gradient)
        return self._track(bound, adversarial, data, weights)

    def test_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """Computes the bound of the model inside and the adversarial losses."""
        weights, data = training_data.weights_of(data), self.vae.examples_of(data)
        seed = self.vae.test_seed()
        bound = self.vae.unchecked_bound(data, seed)
        return self._track(bound, self._losses_against(data, bound, seed), data, weights)

    def _losses_against(
        self, data: Tensors, bound: Bound, seed: tf.Tensor, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """Computes the adversarial losses of a batch, by name, [batch] each, nats."""
        rows = self._rows_with_image(data)
        real = self._logits(data[self.modality], training, rows)
        # Fakes are normalised by their own batch, but do not change the moving statistics.
        with keras.StatelessScope():
            fakes = [
                self._logits(image, training, rows)
                for image in (
                    bound.likelihoods[self.modality].mean(),
                    self._prior_fakes(data, fold(seed, _PRIOR_FAKES), training, rows),
                )
            ]
        losses = {
            "discriminator_loss": discriminator_loss(real, fakes),
            "generator_loss": generator_loss(fakes),
        }
        if rows is None:
            return losses
        return {name: tf.where(rows, loss, 0.0) for name, loss in losses.items()}

    def _rows_with_image(self, data: Tensors) -> tf.Tensor | None:
        """Tells which examples have an image and the conditions to generate it from."""
        return observed_of(data).all_of([self.modality, *self.vae.conditions])

    def _logits(self, image: tf.Tensor, training: bool, rows: tf.Tensor | None) -> tf.Tensor:
        with observed_rows.counting(rows):
            logits = replicas.never_empty(lambda x: self.discriminator(x, training=training), image)
        return tf.squeeze(logits, axis=-1)

    def _prior_fakes(
        self, data: Tensors, seed: tf.Tensor, training: bool, rows: tf.Tensor | None
    ) -> tf.Tensor:
        """Returns means of p(x|z) at samples from the prior, one per example of the batch."""
        if self.vae.conditions:
            z = reparameterised_sample(self.vae.prior(data), seed)
        else:  # In JMVAE-h, from the top layer down.
            z = replicas.current().part_of_batch(
                lambda examples: self.vae.sample_posterior(None, examples, seed),
                tf.shape(data[self.modality])[0],
            )
        inputs = self.vae.decoder_inputs(z, data)
        return self.vae.decoders[self.modality](inputs, training=training, rows=rows).mean()

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of the bound, its terms and the adversarial losses."""
        return [*self.vae.metrics, *self._adversarial_trackers.values()]

    def _track(
        self, bound: Bound, adversarial: Tensors, data: Tensors, weights: tf.Tensor | None
    ) -> dict[str, tf.Tensor]:
        counted = counted_weights(self._rows_with_image(data), weights)
        for name, value in adversarial.items():
            self._adversarial_trackers[name].update_state(value, counted)
        return self.vae.track(bound, data, weights) | self.results_of(self._adversarial_trackers)

    def call(self, data: Tensors, training: bool = False) -> dict[str, tf.Tensor]:
        """Returns the model's output, the reconstructions of all modalities."""
        return self.vae(data, training=training)

    # Building and saving.

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "vae": keras.saving.serialize_keras_object(self.vae),
            "modality": self.modality,
            "discriminator": keras.saving.serialize_keras_object(self.discriminator_network),
            "adversarial_weight": self.adversarial_weight,
        }

    def get_compile_config(self) -> dict[str, Any]:
        """Returns the arguments of `compile`, for Keras to save; empty if not compiled."""
        if not self.compiled:
            return {}
        return super().get_compile_config() | {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in ("decoder_optimizer", "discriminator_optimizer")
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles the model as `get_compile_config` described."""
        self.compile(**keras.saving.deserialize_keras_object(config))


def without_adversary(model: MultimodalVAE | Adversarial) -> MultimodalVAE:
    """Returns the model that generates: the one inside a GAN variant, or the model itself."""
    return model.vae if isinstance(model, Adversarial) else model


def _optimizer(optimizer: Any, scaled: bool = False) -> keras.optimizers.Optimizer:
    """Returns the optimiser, by default the authors'; if `scaled`, wrapped to scale its loss."""
    if optimizer is None:
        optimizer = keras.optimizers.Adam(1e-4, beta_1=0.5)
    optimizer = keras.optimizers.get(optimizer)
    if scaled and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer

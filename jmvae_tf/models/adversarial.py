"""The GAN variant of any model: its image decoder is also a generator."""

import enum
import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers import default_networks, network_checks
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models import training_data
from jmvae_tf.models.adversaries import balance, gradient_penalty
from jmvae_tf.models.adversaries.discriminator import make_discriminator
from jmvae_tf.models.adversaries.opponent import Judged, Opponent, Seen
from jmvae_tf.models.adversaries.parts import ORIGINAL, adversary_of
from jmvae_tf.models.adversaries.projection import Projection
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.three_parts import ThreePartModel
from jmvae_tf.models.trainable import counted_weights, steps_taken, weighted_mean
from jmvae_tf.runtime import replicas

HEAD_START = 300
"""Steps that D takes before the decoder feels it; one that knows nothing would spoil the images."""


class Stage(enum.Enum):
    """What is trained: everything, the model without D, or only the image's decoder and D."""

    TOGETHER = "together"
    BOUND = "bound"
    DECODER = "decoder"


@keras.saving.register_keras_serializable(package="jmvae_tf")
class Adversarial(ThreePartModel):
    """A model whose image decoder p(x|z) is also trained to deceive a discriminator D.

    It is VAE-GAN, CVAE-GAN, CMMA-GAN or JMVAE-GAN of the 2016 paper, depending on the model inside.
    As in the authors' code, each part of the networks is trained on its own loss:

        encoders, p(z|w), p(z_l|z_l+1), other decoders:  -bound + similarity_weight S
        p(x|z):                                          the same + adversarial_weight G
        D:                                               the discriminator's loss + penalty_weight P

    G is the generator's loss (`adversaries.losses`). S, the learned dissimilarity, and P, the
    gradient penalty, are 0 unless the adversary has these parts. All are means over the batch.
    The authors' fakes are the means of p(x|z) at the bound's samples of z, and at as many samples
    from the model's prior. Other adversaries see one of the two for each example, and in place of
    the prior q(z|w) given the other modalities, if there are any. Their D sees values from -1 to 1,
    the authors' standardised ones. Examples without the image or a condition count 0.

    All three parts are updated at once, from the same passes; the authors' code updates them one
    after the other. With a part "balanced", the weight of G is multiplied by `balanced_weight`,
    averaged over steps. D has a head start of `HEAD_START` steps, but for the authors'. `stage`
    chooses what is trained.

    Train and save it like the model inside. To generate, evaluate or export, use that model, `vae`;
    see `without_adversary`.

    Args:
      vae: the model, which becomes a part of this one.
      modality: the name of the image.
      discriminator: the body of D, written in the `notation` or a Keras layer; chosen by event
        shape if none is given. A dense layer to one logit follows it.
      adversarial_weight: the factor of G. Choose it in proportion to the likelihood, which is a sum
        over all values of an image. 1 in the authors' code.
      adversary: a loss, and parts beside it; see `adversaries.parts`.
      similarity_weight: the factor of S.
      penalty_weight: the factor of P.
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if the model does not generate that modality, the modality is not an image, the
        adversary is unknown or does not fit the networks, or a weight is negative or not finite.
    """

    def __init__(
        self,
        vae: MultimodalVAE,
        modality: str,
        discriminator: Network | None = None,
        adversarial_weight: float = 1.0,
        adversary: str = ORIGINAL,
        similarity_weight: float = 1.0,
        penalty_weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        images = [name for name in vae.targets if vae.modalities[name].kind == "image"]
        if modality not in images:
            raise ValueError(
                "A discriminator judges an image that the model generates, one of "
                f"{images or 'none here'}. Received: modality={modality!r}"
            )
        weights = {
            "adversarial_weight": adversarial_weight,
            "similarity_weight": similarity_weight,
            "penalty_weight": penalty_weight,
        }
        for name, weight in weights.items():
            if not 0 <= weight < math.inf:
                raise ValueError(
                    f"A weight must be finite and not negative. Received: {name}={weight}"
                )
        self.vae = vae
        self.modality = modality
        self.discriminator_network = discriminator
        self.adversary = adversary
        self.adversarial_weight = adversarial_weight
        self.similarity_weight = similarity_weight
        self.penalty_weight = penalty_weight
        self._stage = Stage.TOGETHER
        chosen = adversary_of(adversary)
        shape = vae.modalities[modality].event_shape
        spectral = "spectral" in chosen.parts
        self.discriminator = make_discriminator(
            discriminator or default_networks.default_discriminator(shape),
            shape,
            spectral,
        )
        self.projection = Projection(spectral) if "projection" in chosen.parts else None
        self.opponent = Opponent(chosen, vae, modality, self.discriminator, self.projection)
        self.opponent.build()
        network_checks.check_apart([vae, self.discriminator])
        self.balance = balance.AverageWeight() if "balanced" in chosen.parts else None
        if self.balance is not None:
            self.balance.build()
        self._adversarial_trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("discriminator_loss", "generator_loss", "discriminator_accuracy")
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

    @property
    def stage(self) -> Stage:
        """What is trained; everything in a new or loaded model. Change it between epochs."""
        return self._stage

    @stage.setter
    def stage(self, stage: Stage) -> None:
        if stage is self._stage:
            return
        self._stage = stage
        # Graphs that Keras has made are of the stage before.
        if self.train_function is not None:
            self.make_train_function(force=True)
        if self.test_function is not None:
            self.make_test_function(force=True)

    def variables_of_parts(self) -> tuple[list[keras.Variable], ...]:
        """See `ThreePartModel.variables_of_parts`."""
        decoder = self.vae.decoders[self.modality].trainable_variables
        of_decoder = {id(variable) for variable in decoder}
        others = [x for x in self.vae.trainable_variables if id(x) not in of_decoder]
        judging = self.discriminator.trainable_variables
        if self.projection is not None:
            judging = [*judging, *self.projection.trainable_variables]
        return others, decoder, judging

    def train_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """Takes one step of each part that the stage trains, on its own loss."""
        weights, data = training_data.weights_of(data), training_data.examples_of(data)
        examples = self.vae.examples_of(data)
        seed = self.vae.training_seed(steps_taken(self.decoder_optimizer))
        mean = weighted_mean(examples[self.modality], weights)
        # Outside the tape, since inference may decode images.
        if self.stage is Stage.DECODER:
            z, rebuilt = self.opponent.samples_of_decoder(data, examples, seed)
        elif self.stage is Stage.TOGETHER:
            z = self.opponent.samples(data, examples, seed)
        with tf.GradientTape(persistent=True) as tape:
            if self.stage is Stage.DECODER:
                seen, log_p = self.opponent.seen_of_decoder(examples, z, rebuilt, seed)
                # Twice, since about half of the examples are rebuilt.
                loss = -2 * self.vae.likelihood_weights[self.modality] * mean(log_p)
            else:
                bound = self.vae.unchecked_bound(examples, seed, self.kl_weight, training=True)
                loss = -mean(bound.value)
            losses = [loss, loss]
            if self.stage is Stage.TOGETHER:
                seen = self.opponent.seen(examples, bound, z, seed, training=True)
            if self.stage is not Stage.BOUND:
                judged = self.opponent.judged(seen, training=True)
                losses = self._losses_against(seen, judged, loss, mean, tape)
            trained = list(zip(self.parts(), losses, strict=False))
            if self.stage is Stage.DECODER:
                trained = trained[1:]
            scaled = [part.optimizer.scale_loss(loss) for part, loss in trained]
        # Each loss trains only its own part, so only those gradients are computed. All are computed
        # before any variable changes.
        gradients = [
            tape.gradient(loss, part.variables)
            for (part, _), loss in zip(trained, scaled, strict=True)
        ]
        for (part, _), gradient in zip(trained, gradients, strict=True):
            part.apply(gradient)
        if self.stage is Stage.DECODER:
            counted = counted_weights(seen.rebuilt, weights)
            results = self.vae.track_term(f"log_p_{self.modality}", log_p, counted)
        else:
            results = self.vae.track(bound, examples, weights)
        if self.stage is Stage.BOUND:
            return results
        return results | self._track(judged, examples, weights)

    def _losses_against(
        self,
        seen: Seen,
        judged: Judged,
        reconstruction: tf.Tensor,
        mean: Callable[[tf.Tensor], tf.Tensor],
        tape: tf.GradientTape,
    ) -> list[tf.Tensor]:
        """Returns the loss of each part against the adversary; see the class."""
        if "similarity" in self.opponent.adversary.parts:
            reconstruction += self.similarity_weight * mean(judged.dissimilarity)
        generator_loss = mean(judged.generator_loss)
        weight = self._weight_of(generator_loss, reconstruction, tape)
        return [
            reconstruction,
            reconstruction + weight * generator_loss,
            mean(judged.discriminator_loss) + self._penalty(seen, mean),
        ]

    def _weight_of(
        self, generator_loss: tf.Tensor, reconstruction: tf.Tensor, tape: tf.GradientTape
    ) -> float | tf.Tensor:
        """Returns the weight of the generator's loss in this step."""
        weight, step = self.adversarial_weight, steps_taken(self.discriminator_optimizer)
        if self.balance is not None:
            kernel = self.vae.decoders[self.modality].head.parameters.kernel
            # As the losses themselves, lest float16 rounds their slopes to 0.
            scale = self.decoder_optimizer.scale_loss
            scaled = [scale(reconstruction), scale(generator_loss)]
            with tape.stop_recording():
                slopes = [
                    replicas.sum_over_replicas(tape.gradient(loss, kernel) / scale(tf.ones(())))
                    for loss in scaled
                ]
            weight = weight * self.balance(balance.balanced_weight(*slopes), step == 0)
        if self.opponent.adversary.is_original:
            return weight
        return tf.where(step < HEAD_START, 0.0, weight)

    def _penalty(self, seen: Seen, mean: Callable[[tf.Tensor], tf.Tensor]) -> float | tf.Tensor:
        """Returns the weighted gradient penalty, 0 in the steps that go without."""
        if not self.opponent.adversary.penalised:
            return 0.0
        weight = self.penalty_weight * gradient_penalty.EVERY
        return tf.cond(
            steps_taken(self.discriminator_optimizer) % gradient_penalty.EVERY == 0,
            lambda: weight * mean(self.opponent.penalty(seen)),
            lambda: 0.0,
        )

    def test_step(self, data: Tensors) -> dict[str, tf.Tensor]:
        """Computes the bound of the model inside and the adversarial losses."""
        weights, data = training_data.weights_of(data), training_data.examples_of(data)
        examples = self.vae.examples_of(data)
        seed = self.vae.test_seed()
        bound = self.vae.unchecked_bound(examples, seed)
        results = self.vae.track(bound, examples, weights)
        if self.stage is Stage.BOUND:
            return results
        z = self.opponent.samples(data, examples, seed)
        seen = self.opponent.seen(examples, bound, z, seed, training=False)
        judged = self.opponent.judged(seen, training=False)
        return results | self._track(judged, examples, weights)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of the bound, its terms and the adversarial losses."""
        return [*self.vae.metrics, *self._adversarial_trackers.values()]

    def _track(
        self, judged: Judged, data: Tensors, weights: tf.Tensor | None
    ) -> dict[str, tf.Tensor]:
        counted = counted_weights(self.opponent.rows(data), weights)
        for name, tracker in self._adversarial_trackers.items():
            tracker.update_state(getattr(judged, name), counted)
        return self.results_of(self._adversarial_trackers)

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
            "adversary": self.adversary,
            "adversarial_weight": self.adversarial_weight,
            "similarity_weight": self.similarity_weight,
            "penalty_weight": self.penalty_weight,
        }


def without_adversary(model: MultimodalVAE | Adversarial) -> MultimodalVAE:
    """Returns the model that generates: the one inside a GAN variant, or the model itself."""
    return model.vae if isinstance(model, Adversarial) else model

"""Computes what a discriminator makes of a batch: the losses of both sides, and the penalty."""

import math
from typing import NamedTuple

import keras
import tensorflow as tf

from jmvae_tf.layers import observed_rows
from jmvae_tf.models.adversaries import shifts
from jmvae_tf.models.adversaries.discriminator import Opinion, opinion_of, spectral_layers
from jmvae_tf.models.adversaries.gradient_penalty import gradient_penalty
from jmvae_tf.models.adversaries.learned_similarity import learned_dissimilarity
from jmvae_tf.models.adversaries.losses import LOSSES
from jmvae_tf.models.adversaries.parts import Adversary
from jmvae_tf.models.adversaries.projection import Projection
from jmvae_tf.models.adversaries.samples import sample_given, sample_prior
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import (
    network_inputs,
    network_shapes,
    observed_of,
    values_in,
)
from jmvae_tf.objectives import Bound
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.randomness import fold

# Folded into the seed of a step, so that the bound's samples differ.
_FAKES, _SHIFTS, _MIXED, _REBUILT = range(4)


class Seen(NamedTuple):
    """What a discriminator sees of a batch.

    Attributes:
      real: the real images, [batch, height, width, channels].
      fakes: the images of each kind of fakes, of the same shape; the first are reconstructions.
      rebuilt: which of the first kind are reconstructions, bool, [batch], about half; None for all.
      condition: the values of the other modalities, [batch, values]; None without a projection.
      rows: the examples that count, bool, [batch]; None for all.
    """

    real: tf.Tensor
    fakes: list[tf.Tensor]
    rebuilt: tf.Tensor | None
    condition: tf.Tensor | None
    rows: tf.Tensor | None


class Judged(NamedTuple):
    """What comes of it, float32 [batch] each; 0 for examples that do not count.

    Attributes:
      discriminator_loss: to be minimised; see `adversaries.losses`.
      generator_loss: to be minimised; see `adversaries.losses`.
      discriminator_accuracy: the share of images that the discriminator judges rightly. Real images
        count as much as all fakes.
      dissimilarity: of reconstructions and real images, in a layer of the discriminator; nats. If
        only some fakes are reconstructions, twice that, and 0 for the others.
    """

    discriminator_loss: tf.Tensor
    generator_loss: tf.Tensor
    discriminator_accuracy: tf.Tensor
    dissimilarity: tf.Tensor


class Opponent:
    """A discriminator, and how it meets the images of a model.

    Args:
      adversary: the loss, and the parts beside it.
      vae: the model that generates.
      modality: the name of the image.
      discriminator: see `adversaries.discriminator`.
      projection: what compares images with the other modalities; None if it does not see them.
    """

    def __init__(
        self,
        adversary: Adversary,
        vae: MultimodalVAE,
        modality: str,
        discriminator: keras.Sequential,
        projection: Projection | None,
    ) -> None:
        self.adversary = adversary
        self.vae = vae
        self.modality = modality
        self.discriminator = discriminator
        self.projection = projection

    def build(self) -> None:
        """Makes the variables of the projection.

        Raises:
          ValueError: if there is one and no modality but the image, a penalty and a discriminator
            with batch normalisation, or the authors' adversary and a model without a prior.
        """
        if self.adversary.is_original and not self.vae.has_prior:
            raise ValueError(
                "The authors' adversary judges images from the prior; choose another loss, such as "
                f"hinge. Received: original with {type(self.vae).__name__}, which has no prior"
            )
        others = [name for name in self.vae.modalities if name != self.modality]
        if self.projection is not None:
            if not others:
                raise ValueError(
                    "A projection discriminator sees the other modalities; leave projection out. "
                    f"Received: a model of {self.modality!r} alone"
                )
            if self.adversary.is_original and not self.vae.conditions:
                raise ValueError(
                    "A projection discriminator would blame images from the prior for not fitting "
                    "the other modalities; choose another loss, such as hinge. "
                    "Received: original with projection"
                )
            shapes = network_shapes(self.vae.modalities)
            values = sum(math.prod(shapes[name]) for name in others)
            _, flatten, _ = self.discriminator.layers
            self.projection.build(tuple(flatten.output.shape), (None, values))
        normalised = [x for x in self.discriminator.variables if "moving_" in x.path]
        if normalised and self.adversary.penalised:
            raise ValueError(
                "A gradient penalty is of each image alone; use a discriminator without batch "
                f"normalisation (B). Received: {normalised[0].path!r}"
            )

    def samples(self, data: Tensors, examples: Tensors, seed: tf.Tensor) -> tf.Tensor:
        """Samples the z of fakes that are no reconstructions, [batch, latent_dim].

        Call it outside the tape, since inference may decode: no gradient is to pass.

        Args:
          data: a batch in its own units.
          examples: the same, standardised.
          seed: int32, [2].
        """
        seed = fold(seed, _FAKES)
        names = [name for name in self.vae.modalities if name != self.modality]
        if self.adversary.is_original or not names or self.vae.conditions:
            number = tf.shape(examples[self.modality])[0]
            return sample_prior(self.vae, examples, number, seed)
        return sample_given(self.vae, data, names, seed)

    def samples_of_decoder(
        self, data: Tensors, examples: Tensors, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Samples the z of one image for each example, for a decoder that is trained alone.

        The arguments are those of `samples`.

        Returns:
          z, [batch, latent_dim], of q(z|x,w) where the mask is True and as in `samples` elsewhere;
          and the mask, bool [batch].
        """
        others = self.samples(data, examples, seed)
        rebuilt = self._half(others, examples, seed)
        names = list(self.vae.modalities)
        of_all = sample_given(self.vae, data, names, fold(seed, _REBUILT))
        return tf.where(rebuilt[:, tf.newaxis], of_all, others), rebuilt

    def seen(
        self, examples: Tensors, bound: Bound, z: tf.Tensor, seed: tf.Tensor, training: bool
    ) -> Seen:
        """Generates fakes beside the bound's reconstructions, for models that are trained whole.

        Args:
          examples: a batch, standardised.
          bound: the model's bound on it.
          z: as `samples` gives it.
          seed: int32, [2].
          training: whether batch normalisation uses the batch's statistics.
        """
        reconstructions = bound.likelihoods[self.modality].mean()
        if self.adversary.is_original:
            others = self._images(z, examples, training)
            return self._as_seen(examples, [reconstructions, others], None, seed)
        rebuilt = self._half(z, examples, seed)
        # Only what is shown is decoded.
        places = tf.where(~rebuilt)
        chosen = {name: tf.gather_nd(x, places) for name, x in examples.items()}
        others = self._images(tf.gather_nd(z, places), chosen, training)
        mixed = tf.tensor_scatter_nd_update(reconstructions, places, others)
        return self._as_seen(examples, [mixed], rebuilt, seed)

    def seen_of_decoder(
        self, examples: Tensors, z: tf.Tensor, rebuilt: tf.Tensor, seed: tf.Tensor
    ) -> tuple[Seen, tf.Tensor]:
        """Generates one image for each example, for a decoder that is trained alone.

        Args:
          examples: a batch, standardised.
          z: as `samples_of_decoder` gives it.
          rebuilt: the same.
          seed: int32, [2].

        Returns:
          What the discriminator sees, with a mask of the reconstructions in `rebuilt`; and their
          log p(x|z), 0 for all other examples, float32 [batch], nats.
        """
        p_x_z = self.vae.decoders[self.modality](self.vae.decoder_inputs(z, examples))
        likelihood = self.vae.modalities[self.modality].likelihood
        mask = observed_of(examples).masks.get(self.modality)
        log_p = likelihood.log_prob(p_x_z, examples[self.modality], mask)
        rows = self.rows(examples)
        rebuilt = rebuilt if rows is None else rebuilt & rows
        seen = self._as_seen(examples, [p_x_z.mean()], rebuilt, seed)
        return seen, tf.where(rebuilt, log_p, 0.0)

    def rows(self, examples: Tensors) -> tf.Tensor | None:
        """Tells which examples have an image, and what the model reconstructs it from."""
        whole = () if self.vae.reconstructs_incomplete else self.vae.modalities
        return observed_of(examples).all_of({self.modality, *self.vae.conditions, *whole})

    def judged(self, seen: Seen, training: bool) -> Judged:
        """Computes the losses of both sides."""
        loss = LOSSES[self.adversary.loss]
        if training:
            for layer in spectral_layers(self.discriminator, self.projection):
                layer.update()
        real = self._opinion(seen, seen.real, training)
        with keras.StatelessScope():
            fakes = [self._opinion(seen, fake, training) for fake in seen.fakes]
        logits = [fake.logit for fake in fakes]
        dissimilarity = learned_dissimilarity(real.features, fakes[0].features)
        if seen.rebuilt is not None:
            dissimilarity = tf.where(seen.rebuilt, 2 * dissimilarity, 0.0)
        right = [tf.cast(logit < 0, tf.float32) for logit in logits]
        judged = Judged(
            loss.of_discriminator(real.logit, logits),
            loss.of_generator(logits),
            (tf.cast(real.logit > 0, tf.float32) + tf.add_n(right) / len(right)) / 2,
            dissimilarity,
        )
        if seen.rows is None:
            return judged
        return Judged(*(tf.where(seen.rows, x, 0.0) for x in judged))

    def penalty(self, seen: Seen) -> tf.Tensor:
        """Computes the gradient penalty of each example, float32 [batch]."""
        images = {"real": [seen.real], "fake": seen.fakes}
        penalties = []
        for kind in self.adversary.penalised:
            of_kind = [
                gradient_penalty(lambda x: self._opinion(seen, x, training=False).logit, image)
                for image in images[kind]
            ]
            penalties.append(tf.add_n(of_kind) / len(of_kind))
        penalty = tf.add_n(penalties)
        return penalty if seen.rows is None else tf.where(seen.rows, penalty, 0.0)

    def _opinion(self, seen: Seen, images: tf.Tensor, training: bool) -> Opinion:
        def judge(inputs: Tensors) -> tf.Tensor:
            return opinion_of(self.discriminator, self.projection, training=training, **inputs)

        inputs = {"images": images}
        if seen.condition is not None:
            inputs["condition"] = seen.condition
        with observed_rows.counting(seen.rows):
            return replicas.never_empty(judge, inputs)

    def _as_seen(
        self,
        examples: Tensors,
        fakes: list[tf.Tensor],
        rebuilt: tf.Tensor | None,
        seed: tf.Tensor,
    ) -> Seen:
        images = [examples[self.modality], *fakes]
        if not self.adversary.is_original:
            images = [self._on_one_scale(image) for image in images]
        if "shifts" in self.adversary.parts:
            moves = self._shifts(images[0], fold(seed, _SHIFTS))
            images = [shifts.shifted(image, moves) for image in images]
        real, *fakes = images
        return Seen(real, fakes, rebuilt, self._condition(examples), self.rows(examples))

    def _images(self, z: tf.Tensor, examples: Tensors, training: bool) -> tf.Tensor:
        """Returns means of p(x|z)."""
        inputs = self.vae.decoder_inputs(z, examples)
        # They are normalised by their own batch, but do not change the moving statistics.
        with keras.StatelessScope():
            p_x_z = self.vae.decoders[self.modality](
                inputs, training=training, rows=self.rows(examples)
            )
        return p_x_z.mean()

    def _on_one_scale(self, image: tf.Tensor) -> tf.Tensor:
        """Turns standardised pixels into values from -1 to 1, which show no mean image.

        Images without a known range stay as they are.
        """
        value_range = self.vae.modalities[self.modality].value_range
        if value_range is None:
            return image
        lowest, highest = value_range
        values = self.vae.unstandardise(self.modality, image)
        return 2 * (values - lowest) / (highest - lowest) - 1

    def _half(self, z: tf.Tensor, examples: Tensors, seed: tf.Tensor) -> tf.Tensor:
        """Chooses about half of the examples, bool [batch]; never the first, so never all.

        Without a prior, examples of the image alone are chosen too.
        """

        def chosen(number: tf.Tensor) -> tf.Tensor:
            shares = tf.random.stateless_uniform((number,), fold(seed, _MIXED))
            return (shares < 0.5) & (tf.range(number) > 0)

        half = replicas.current().part_of_batch(chosen, tf.shape(z)[0])
        if self.vae.has_prior:
            return half
        others = [name for name in self.vae.modalities if name != self.modality]
        some = observed_of(examples).any_of(others)
        return half if some is None else half | ~some

    def _shifts(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        most = shifts.most_shifts(*images.shape[1:3])
        return replicas.current().part_of_batch(
            lambda number: shifts.draw_shifts(number, most, seed), tf.shape(images)[0]
        )

    def _condition(self, examples: Tensors) -> tf.Tensor | None:
        if self.projection is None:
            return None
        inputs = values_in(network_inputs(self.vae.modalities, examples))
        others = [x for name, x in inputs.items() if name != self.modality]
        return tf.concat([tf.reshape(x, (tf.shape(x)[0], -1)) for x in others], axis=-1)

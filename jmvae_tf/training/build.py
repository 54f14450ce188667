"""Makes a new model from settings and data, compiled for training."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.pipelines import Feed, in_order
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.precision import computing_in
from jmvae_tf.settings import Settings
from jmvae_tf.training import strategies
from jmvae_tf.training.schedules import decoder_rate_of, rate_of

Trained = MultimodalVAE | Adversarial
"""A model to train, alone or against a discriminator."""

_ADVERSARIAL_BETA_1 = 0.5
"""beta_1 of all Adam optimisers if there is a discriminator (the authors' code)."""


def make_model(settings: Settings, data: DataSet) -> Trained:
    """Makes a compiled model; the seed determines its initial weights.

    Call it under a strategy's scope to make the model for that strategy.

    Raises:
      UserError: if the settings do not make a valid model, a batch is larger than the training set,
        or the replicas cannot share it equally.
    """
    with computing_in(settings.precision):
        return _make_model(settings, data)


def _make_model(settings: Settings, data: DataSet) -> Trained:
    feed = feed_of(settings, data, replicas.count())
    keras.utils.set_random_seed(settings.seed)
    row = MODELS[settings.model]
    arguments = {name: getattr(settings, name) for name in row.arguments}
    modalities = {
        name: dataclasses.replace(
            modality, likelihood_weight=settings.likelihood_weights.get(name, 1.0)
        )
        for name, modality in data.modalities.items()
    }
    if row.modalities == "target":
        modalities = {name: x for name, x in modalities.items() if name == settings.target}
    try:
        with strategies.workers_watched(tf.distribute.get_strategy()):
            model: Trained = row.model_class()(modalities, **arguments)
            if model.statistics:
                model.adapt(in_order(data, "train"))
            if row.is_gan:
                own = (
                    "discriminator",
                    "adversary",
                    "adversarial_weight",
                    "similarity_weight",
                    "penalty_weight",
                )
                model = Adversarial(
                    model, judged_image(model), **{name: getattr(settings, name) for name in own}
                )
    except UserError:
        raise
    except (ValueError, OverflowError, MemoryError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError("The settings must make a model", reason, "change them") from error
    model.compile(**_optimizers(settings, feed), **execution_of(settings, feed))
    return model


def judged_image(model: MultimodalVAE) -> str:
    """Returns the image that a discriminator judges: the first that the model generates.

    Raises:
      UserError: if the model generates no image.
    """
    images = [name for name in model.targets if model.modalities[name].kind == "image"]
    if not images:
        raise UserError(
            "A discriminator judges an image that a model generates",
            f"no image among {', '.join(model.targets)}",
            "choose a --target that is an image, or a --model without _gan",
        )
    return images[0]


def feed_of(settings: Settings, data: DataSet, num_replicas: int) -> Feed:
    """Makes the batches for training and evaluating a run.

    Raises:
      UserError: see `Feed`.
    """
    flips: bool | list[str] = bool(settings.flips)
    if settings.flips and settings.flipped_images:
        flips = settings.flipped_images.split(",")
    return Feed(
        data,
        settings.batch_size,
        settings.seed,
        flips,
        num_replicas,
        balanced=settings.balance or "",
        complete_share=settings.complete_share or 0.0,
    )


def execution_of(settings: Settings, feed: Feed) -> dict[str, Any]:
    """Returns the arguments of `compile` that only affect speed."""
    if feed.replicas > 1:
        # XLA cannot compile the reduction over replicas, and Keras cannot loop over it.
        return {"jit_compile": False, "steps_per_execution": 1}
    # An execution must not run past the end of an epoch.
    most = min(feed.steps_per_epoch, settings.steps_per_execution)
    divisors = (x for x in range(1, most + 1) if feed.steps_per_epoch % x == 0)
    return {"jit_compile": settings.jit_compile, "steps_per_execution": max(divisors)}


def _optimizers(settings: Settings, feed: Feed) -> dict[str, keras.optimizers.Optimizer]:
    """Returns the optimisers, as arguments of `compile`."""
    options: dict[str, Any] = {}
    if settings.clip_norm:
        options["global_clipnorm"] = settings.clip_norm
    if settings.ema_momentum:
        options |= {"use_ema": True, "ema_momentum": settings.ema_momentum}

    steps = feed.steps_per_epoch
    rates = {"optimizer": rate_of(settings, settings.learning_rate, steps)}
    if settings.discriminator_learning_rate is not None:
        options["beta_1"] = _ADVERSARIAL_BETA_1
        rates["decoder_optimizer"] = decoder_rate_of(settings, steps)
        rates["discriminator_optimizer"] = rate_of(
            settings, settings.discriminator_learning_rate, steps
        )
    return {name: keras.optimizers.Adam(rate, **options) for name, rate in rates.items()}

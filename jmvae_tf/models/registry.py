"""The models, one row each: class, settings, networks and the papers' values.

Presets, flags, training, model files, the package's public names and the tests follow from these
rows. This module does not need TensorFlow.
"""

import dataclasses
import importlib
import types
from collections.abc import Mapping
from typing import Any, Literal

Which = Literal["all", "target", "others"]
"""All modalities, the one that a model generates, or those that it is given."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRow:
    """A model.

    Attributes:
      name: its value of `--model`.
      module: the module of its class within this package.
      class_name: the name of its class, which `jmvae_tf` exports.
      networks: the settings that shape its weights, other than the size of z, encoders and
        decoders.
      options: its other settings that not all models have.
      preset: the papers' values of settings that do not depend on the data.
      modalities: the modalities that its class takes, "all" or "target".
      encoders: the modalities with an encoder of their own; None for none.
      decoders: the modalities with a decoder and a likelihood weight.
      inside: for a GAN variant, the row of the model that generates; None for other models.
    """

    name: str
    module: str
    class_name: str
    networks: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    preset: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    modalities: Literal["all", "target"] = "all"
    encoders: Which | None = None
    decoders: Literal["all", "target"] = "all"
    inside: "ModelRow | None" = None

    @property
    def has_target(self) -> bool:
        """Whether it generates a single modality, named by the setting `target`."""
        return self.decoders == "target"

    @property
    def by_modality(self) -> dict[str, Which]:
        """Maps each setting with one value per modality to the modalities that have it."""
        encoders: dict[str, Which] = {"encoders": self.encoders} if self.encoders else {}
        return {**encoders, "decoders": self.decoders, "likelihood_weights": self.decoders}

    @property
    def architecture(self) -> tuple[str, ...]:
        """All settings that shape its weights."""
        target = ("target",) if self.has_target else ()
        encoders = ("encoders",) if self.encoders else ()
        return (*target, "latent_dim", *self.networks, *encoders, "decoders")

    @property
    def settings(self) -> frozenset[str]:
        """Its settings, without those of training and data, which all models have."""
        return frozenset((*self.architecture, *self.options))

    @property
    def plain(self) -> "ModelRow":
        """The row of the model that generates: the one inside a GAN variant, or this one."""
        return self.inside or self

    @property
    def is_gan(self) -> bool:
        """Whether the model is also trained against an image discriminator."""
        return self.inside is not None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The settings that the constructor of its class takes."""
        names = (*self.plain.architecture, *self.plain.options, "seed")
        return tuple(x for x in names if x != "target" or self.modalities == "all")

    def model_class(self) -> type:
        """Its class, imported now: a subclass of `MultimodalVAE`, registered with Keras."""
        return getattr(importlib.import_module(f"jmvae_tf.{self.module}"), self.class_name)


_ADVERSARIAL = (
    "adversary_after",
    "adversarial_weight",
    "similarity_weight",
    "penalty_weight",
    "discriminator_learning_rate",
    "decoder_learning_rate",
)


_USUAL_ADVERSARY = {
    "adversary": "original",  # code
    "adversary_after": 0,  # code: all parts are trained together
    "similarity_weight": 1.0,
    "penalty_weight": 1.0,
    "decoder_learning_rate": 3e-4,
}


def gan_of(row: ModelRow) -> ModelRow:
    """Returns the variant of a model that is also trained against an image discriminator."""
    return dataclasses.replace(
        row,
        name=f"{row.name}_gan",
        networks=(*row.networks, "discriminator", "adversary"),
        preset={**row.preset, **_USUAL_ADVERSARY},
        options=(*row.options, *_ADVERSARIAL),
        inside=row,
    )


_ITERATIVE = {
    "missing": "noise",  # 2018, "Complement of a missing modality"
    "feed_back": "samples",  # 2018, the kernel T of "Complement of a missing modality"
}

_ROWS = (
    ModelRow(
        name="vae",
        module="models.vae",
        class_name="VAE",
        modalities="target",
        encoders="target",
        decoders="target",
    ),
    ModelRow(
        name="jmvae",
        module="models.jmvae",
        class_name="JMVAE",
        networks=("joint_encoder",),
        options=("missing", "num_rounds", "feed_back"),
        preset=_ITERATIVE,
    ),
    ModelRow(
        name="jmvae_kl",
        module="models.jmvae_kl",
        class_name="JMVAEKL",
        networks=("joint_encoder",),
        options=("alpha", "anneal_alpha"),
        preset={
            "alpha": 1.0,  # 2018, Eq. 4; the 2016 paper has 0.01, 0.1 and 1
            "anneal_alpha": False,  # code: the alpha term keeps its full weight
        },
        encoders="all",
    ),
    ModelRow(
        name="jmvae_h",
        module="models.jmvae_h",
        class_name="JMVAEH",
        networks=("joint_encoder", "num_layers", "layer_encoder", "layer_prior"),
        options=("missing", "num_rounds", "feed_back"),
        preset=_ITERATIVE | {"num_layers": 2},  # 2018, "JMVAE-h": L = 2
    ),
    ModelRow(
        name="cvae",
        module="models.cvae",
        class_name="CVAE",
        networks=("joint_encoder",),
        decoders="target",
    ),
    ModelRow(
        name="cmma",
        module="models.cmma",
        class_name="CMMA",
        networks=("joint_encoder",),
        encoders="others",
        decoders="target",
    ),
)

PLAIN_MODELS: Mapping[str, ModelRow] = types.MappingProxyType({row.name: row for row in _ROWS})
"""Models without a discriminator, by name; one per class."""

MODELS: Mapping[str, ModelRow] = types.MappingProxyType(
    {row.name: row for row in (*_ROWS, *map(gan_of, _ROWS))}
)
"""All models that can be trained, by name."""

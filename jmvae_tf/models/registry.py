"""The models, one row each: the class, its settings, its networks and the papers' values.

Presets, flags, training, files of models, the package's public names and the tests follow from
these rows. Nothing here needs TensorFlow.
"""

import dataclasses
import importlib
import types
from collections.abc import Mapping
from typing import Any, Literal

Which = Literal["all", "target", "others"]
"""All modalities, the one that a model generates, or the ones that it is given."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRow:
    """A model.

    Attributes:
      name: what `--model` calls it.
      module: the module of its class within this package.
      class_name: the name of its class, which `jmvae_tf` exports.
      networks: the settings that shape its weights, but for the size of z, encoders and decoders.
      options: its other settings that some models lack.
      preset: the papers' values of settings that are the same for all data.
      modalities: the modalities that its class takes, all or the target.
      encoders: the modalities that have an encoder each; None for none.
      decoders: the modalities that have a decoder and a weight of the likelihood each.
      inside: of a GAN variant the row of the model that generates; None for all others.
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
        """Whether it generates one modality, which the setting `target` names."""
        return self.decoders == "target"

    @property
    def by_modality(self) -> dict[str, Which]:
        """The settings that have a value for each of some modalities, and which these are."""
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
        """The settings that it has, but for those of training and of data, which all have."""
        return frozenset((*self.architecture, *self.options))

    @property
    def plain(self) -> "ModelRow":
        """The row of the model that generates: the one inside of a GAN variant, or this one."""
        return self.inside or self

    @property
    def is_gan(self) -> bool:
        """Whether the model is also trained against a discriminator of images."""
        return self.inside is not None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The settings that the constructor of its class takes."""
        names = (*self.plain.architecture, *self.plain.options, "seed")
        return tuple(x for x in names if x != "target" or self.modalities == "all")

    def model_class(self) -> type:
        """Its class, imported now: a subclass of `MultimodalVAE`, registered with Keras."""
        return getattr(importlib.import_module(f"jmvae_tf.{self.module}"), self.class_name)


def gan_of(row: ModelRow) -> ModelRow:
    """The variant of a model that is also trained against a discriminator of images."""
    return dataclasses.replace(
        row,
        name=f"{row.name}_gan",
        networks=(*row.networks, "discriminator"),
        options=(*row.options, "adversarial_weight", "discriminator_learning_rate"),
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
            "anneal_alpha": False,  # code: the term of alpha keeps its full weight
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
"""By name, the models without a discriminator: one for each class."""

MODELS: Mapping[str, ModelRow] = types.MappingProxyType(
    {row.name: row for row in (*_ROWS, *map(gan_of, _ROWS))}
)
"""By name, all that can be trained."""

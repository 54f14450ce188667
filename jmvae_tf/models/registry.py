"""The models, one row each: class, settings, networks and the papers' values.

Presets, flags, training, model files, the package's public names and the tests follow from these
rows. This module does not need TensorFlow.
"""

import dataclasses
import importlib
import types
from collections.abc import Mapping
from typing import Any, Literal

from jmvae_tf.runtime.rules import A_SHARE, Rule, one_of

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
      preset: the papers' values of settings; a data set's own values replace them.
      fixed: the papers' values that no data set replaces, since the setting of the same name means
        something else in the models that the data set's value is for. Users can change them.
      modalities: the modalities that its class takes, "all" or "target".
      encoders: the modalities with an encoder of their own; None for none.
      decoders: the modalities with a decoder and a likelihood weight.
      limits: rules for its values of settings, beside those of all models.
      has_prior: whether there is a p(z), to sample from and for log p(x).
      visits_subsets: whether each step visits all subsets of the modalities; see `subset_limits`.
      inside: for a GAN variant, the row of the model that generates; None for other models.
    """

    name: str
    module: str
    class_name: str
    networks: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    preset: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    modalities: Literal["all", "target"] = "all"
    encoders: Which | None = None
    decoders: Literal["all", "target"] = "all"
    limits: Mapping[str, Rule] = dataclasses.field(default_factory=dict)
    has_prior: bool = True
    visits_subsets: bool = False
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
        names = (*self.plain.architecture, *self.plain.options, "beta", "seed")
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
# The authors' adversary judges samples of the prior.
_WITHOUT_PRIOR = {"adversary": "non_saturating"}


def gan_of(row: ModelRow) -> ModelRow:
    """Returns the variant of a model that is also trained against an image discriminator."""
    return dataclasses.replace(
        row,
        name=f"{row.name}_gan",
        networks=(*row.networks, "discriminator", "adversary"),
        preset={**row.preset, **_USUAL_ADVERSARY, **({} if row.has_prior else _WITHOUT_PRIOR)},
        options=(*row.options, *_ADVERSARIAL),
        inside=row,
    )


_ITERATIVE = {
    "missing": "noise",  # 2018, "Complement of a missing modality"
    "feed_back": "samples",  # 2018, the kernel T of "Complement of a missing modality"
    "modality_dropout": 0.0,  # the papers have none
}

_SEVERAL_SAMPLES = {
    "num_samples": 1,  # the papers
    "gradient": "plain",  # the papers; of one sample there is no other
}
_OF_ONE_ENCODER = {"gradient": one_of("plain", "dreg")}  # DReG is exact for one encoder.

_ROWS = (
    ModelRow(
        name="vae",
        module="models.vae",
        class_name="VAE",
        options=("num_samples", "gradient"),
        preset=_SEVERAL_SAMPLES,
        limits=_OF_ONE_ENCODER,
        modalities="target",
        encoders="target",
        decoders="target",
    ),
    ModelRow(
        name="jmvae",
        module="models.jmvae",
        class_name="JMVAE",
        networks=("joint_encoder",),
        options=(
            *("missing", "num_rounds", "feed_back", "modality_dropout"),
            *("num_samples", "gradient"),
        ),
        preset=_ITERATIVE | _SEVERAL_SAMPLES,
        limits=_OF_ONE_ENCODER,
    ),
    ModelRow(
        name="jmvae_kl",
        module="models.jmvae_kl",
        class_name="JMVAEKL",
        networks=("joint_encoder",),
        options=("alpha", "anneal_alpha", "gamma", "num_samples", "gradient"),
        preset={
            **_SEVERAL_SAMPLES,
            "alpha": 1.0,  # 2018, Eq. 4; the 2016 paper has 0.01, 0.1 and 1
            "anneal_alpha": False,  # code: the alpha term keeps its full weight
            "gamma": 0.0,  # 2018, Eq. 4 has no such term
        },
        limits=_OF_ONE_ENCODER,
        encoders="all",
    ),
    ModelRow(
        name="jmvae_h",
        module="models.jmvae_h",
        class_name="JMVAEH",
        networks=("joint_encoder", "num_layers", "layer_encoder", "layer_prior"),
        options=("missing", "num_rounds", "feed_back", "modality_dropout"),
        preset=_ITERATIVE | {"num_layers": 2},  # 2018, "JMVAE-h": L = 2
    ),
    ModelRow(
        name="jmvae_h_kl",
        module="models.jmvae_h_kl",
        class_name="JMVAEHKL",
        networks=("joint_encoder", "num_layers", "layer_encoder", "layer_prior"),
        options=("alpha",),
        preset={"alpha": 1.0, "num_layers": 2},  # ours, as in jmvae_kl and jmvae_h
        encoders="all",
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
    ModelRow(
        name="mvae",
        module="models.mvae",
        class_name="MVAE",
        options=("num_subsets",),
        preset={"num_subsets": 1},  # Wu and Goodman 2018, Section 2.2: k = 1
        encoders="all",
    ),
    ModelRow(
        name="mmvae",
        module="models.mmvae",
        class_name="MMVAE",
        networks=("posterior",),
        options=("num_samples", "mean_of_weights", "gradient"),
        preset={
            "posterior": "laplace",  # Shi et al. 2019, Section 4
            "num_samples": 10,  # ours; 30 in Shi et al. 2019, Section 4.1
            "mean_of_weights": "looser",  # Shi et al. 2019, code
            "gradient": "plain",  # ours: DReG is biased for several experts
        },
        encoders="all",
    ),
    ModelRow(
        name="mopoe",
        module="models.mopoe",
        class_name="MoPoE",
        encoders="all",
        visits_subsets=True,
    ),
    ModelRow(
        name="mvtcae",
        module="models.mvtcae",
        class_name="MVTCAE",
        options=("alpha",),
        fixed={"alpha": 5 / 6, "beta": 2.5},  # Hwang et al. 2021, Section 5
        limits={"alpha": A_SHARE},
        encoders="all",
    ),
    ModelRow(
        name="crmvae",
        module="models.crmvae",
        class_name="CRMVAE",
        encoders="all",
    ),
    ModelRow(
        name="helvae",
        module="models.helvae",
        class_name="HELVAE",
        encoders="all",
    ),
    ModelRow(
        name="mmjsd",
        module="models.mmjsd",
        class_name="MMJSD",
        encoders="all",
    ),
    ModelRow(
        name="mmvm",
        module="models.mmvm",
        class_name="MMVM",
        options=("divergence",),
        preset={"divergence": "experts"},  # Sutter et al. 2024, code
        encoders="all",
        has_prior=False,
    ),
    ModelRow(
        name="telbo",
        module="models.telbo",
        class_name="TELBO",
        networks=("joint_encoder",),
        encoders="all",
    ),
)

PLAIN_MODELS: Mapping[str, ModelRow] = types.MappingProxyType({row.name: row for row in _ROWS})
"""Models without a discriminator, by name; one per class."""

MODELS: Mapping[str, ModelRow] = types.MappingProxyType(
    {row.name: row for row in (*_ROWS, *map(gan_of, _ROWS))}
)
"""All models that can be trained, by name."""

"""The settings of a run: their definitions, their checks, and reading those of other runs.

A run on a user's own data has a manifest too, which says what its modalities are.

This module does not need TensorFlow, so that programs can check their flags at once.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.preset import USUAL_COUNTS, Counts, check_size
from jmvae_tf.data.registry import DATA_SETS, check_options
from jmvae_tf.models.adversaries import parts
from jmvae_tf.models.model_settings import ModelSettings
from jmvae_tf.models.registry import MODELS
from jmvae_tf.presets import preset_of
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.runtime.rules import (
    A_RATE,
    A_SEED,
    A_SHARE,
    A_WEIGHT,
    AT_LEAST_1,
    BELOW_1,
    NOT_NEGATIVE,
    check_rule,
    check_value,
    one_of,
    setting,
    value_in_message,
)

WITHOUT_EFFECT = ("checkpoint_every", "evaluate_every")
"""Settings that change how often something is kept or measured; without patience, what is learned
stays the same."""

_COLUMNS = "columns"
"""The key of the manifest in a configuration."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(ModelSettings):
    """Everything that determines a run; each field but the first three is a flag of `bin/train`.

    A field is None if the model or the data set does not have that setting. `manifest` says what
    the modalities are if the data are a user's own, which then have the name `data`.
    """

    manifest: Manifest | None = None
    model: str = setting("the name of the model")
    data: str = setting("the data set")

    target: str | None = setting("modality that cvae and cmma generate or vae models", None)
    split: str | None = setting(
        "how the data are split: paper, or authors (data of mnist, trains on 60,000), or "
        "official (celeba); columns.json says it for your own",
        None,
    )
    image_size: int | None = setting("height and width of images in pixels: 32, 64 or 128", None)
    crop: str | None = setting("what to crop from a photograph: face or center", None)
    translated: bool | None = setting("shrink and move the digits (polydigits)", None, before=False)
    incomplete: str | None = setting(
        "what to do with rows of your own data that lack a modality: keep or drop",
        None,
        one_of("keep", "drop"),
        before="keep",
    )
    flips: bool | None = setting("mirror half of the training images, chosen at random", None)
    flipped_images: str | None = setting(
        "which images --flips mirrors, of several of your own data, as NAME,NAME; empty: all",
        None,
        before="",
    )
    balance: str | None = setting(
        "a label of your own data whose classes training sees equally often; empty: none",
        None,
        before="",
    )
    complete_share: float | None = setting(
        "least share of complete rows of your own data in training, drawn again for it up to 20 "
        "times an epoch; 0: draw each row once",
        None,
        A_SHARE,
        before=0.0,
    )

    epochs: int = setting("number of epochs", dataclasses.MISSING, AT_LEAST_1)
    warmup_epochs: int = setting(
        "N_t: epochs until the divergence from the prior has full weight",
        dataclasses.MISSING,
        NOT_NEGATIVE,
    )
    batch_size: int = setting("examples in a batch", dataclasses.MISSING, AT_LEAST_1)
    learning_rate: float = setting("of Adam", dataclasses.MISSING, A_RATE)
    decay_epochs: int = setting(
        "epochs in which learning rates fall to 1 % of their value, along half a cosine; 0: they "
        "are constant",
        0,
        NOT_NEGATIVE,
        before=0,
    )
    clip_norm: float = setting(
        "largest norm of a gradient, over all weights of an optimiser; 0: any norm",
        0.0,
        A_WEIGHT,
        before=0.0,
    )
    ema_momentum: float = setting(
        "momentum of the moving average of the weights, which is evaluated and exported in their "
        "place, while batch normalisation keeps its own moving statistics; 0: no average",
        0.0,
        BELOW_1,
        before=0.0,
    )
    patience: int = setting(
        "epochs without a better bound on the validation set, not counting the warm-up, that end "
        "the training, after which the best epoch is used; 0: nothing ends it early",
        0,
        NOT_NEGATIVE,
        before=0,
    )
    seed: int = setting("seed of all randomness", 0, A_SEED)

    precision: str = setting(
        "precision of the network bodies: float32, mixed_bfloat16 or mixed_float16; "
        "variables, heads, likelihoods and divergences stay in float32",
        "float32",
        one_of("float32", "mixed_bfloat16", "mixed_float16"),
        before="float32",
    )
    jit_compile: bool = setting("compile training steps with XLA")
    steps_per_execution: int = setting(
        "training steps that run before control returns to Python", dataclasses.MISSING, AT_LEAST_1
    )
    checkpoint_every: int = setting("epochs between checkpoints", dataclasses.MISSING, AT_LEAST_1)
    evaluate_every: int = setting(
        "epochs between evaluations on the validation and the test set; the last epoch always has "
        "one, so has each checkpoint where checkpoints are rarer, and --patience at least five",
        1,
        AT_LEAST_1,
        before=1,
    )

    def __post_init__(self) -> None:
        """Checks every field; values may come from an untrusted file.

        Raises:
          UserError: if a value has the wrong type or is out of range, a name is unknown, or a
            setting is missing or does not belong to the model and data set.
        """
        for field in _fields(type(self)):
            check_value(field, getattr(self, field.name))
        self._check_fit()

    def _check_fit(self) -> None:
        preset = preset_of(self.model, self.data, self.target, self.manifest)
        for field in _fields(type(self)):
            value = getattr(self, field.name)
            if field.default is None and (value is None) != (field.name not in preset):
                raise UserError(
                    f"--{field.name} is "
                    + ("needed by " if value is None else "not a setting of ")
                    + f"{self.model} on {self.data}",
                    f"--{field.name}={value_in_message(value)}",
                    "give it a value" if value is None else "leave it out",
                )
            if isinstance(value, Mapping) and value.keys() != preset[field.name].keys():
                names = " and ".join(preset[field.name])
                raise UserError(
                    f"--{field.name} must name {names}, all of them and no others",
                    f"--{field.name} with {', '.join(value) or 'none'}",
                    "change it",
                )
        if self.adversary is not None:
            row, chosen = MODELS[self.model], parts.adversary_of(self.adversary)
            others = row.modalities != "target"
            after = self.adversary_after
            chosen.check_run(self.model, others, row.has_prior, after, self.patience)
        for name, rule in MODELS[self.model].limits.items():
            check_rule(name, rule, getattr(self, name), f" of {self.model}")
        if self.gradient == "exact_dreg" and self.mean_of_weights != "looser":
            raise UserError(
                "--gradient=exact_dreg is the gradient of --mean_of_weights=looser",
                f"--gradient={self.gradient} --mean_of_weights={self.mean_of_weights}",
                "choose another gradient, or the looser mean",
            )
        if self.manifest is None:
            check_options(self.data, self.data_options)

    @property
    def data_options(self) -> dict[str, Any]:
        """Returns the settings of a data set of the registry, as options of `data.load`."""
        return {name: getattr(self, name) for name in DATA_SETS[self.data].options}

    @property
    def columns(self) -> dict[str, Any] | None:
        """Returns the manifest as JSON; None without one."""
        return None if self.manifest is None else self.manifest.to_json()

    def to_config(self) -> dict[str, Any]:
        """Returns what `from_config` reads, for a JSON file."""
        config = {field.name: getattr(self, field.name) for field in _fields(type(self))}
        return config if self.columns is None else config | {_COLUMNS: self.columns}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Reads the settings that a run of this or an earlier version wrote.

        A setting that an earlier version did not have gets the value that reproduces that version.

        Args:
          config: setting to value, and perhaps a manifest; may come from an untrusted file.

        Raises:
          UserError: if settings are unknown or missing, or a value is refused by `Settings`.
        """
        fields = {field.name: field for field in _fields(cls)}
        config = dict(config)
        manifest = None
        if _COLUMNS in config:
            manifest = Manifest.from_json(config.pop(_COLUMNS), _COLUMNS, whole=True)
        has: Mapping[str, Any] = {}
        if "model" in config and "data" in config:
            for name in ("model", "data", "target"):
                check_value(fields[name], config.get(name))
            has = preset_of(config["model"], config["data"], config.get("target"), manifest)
        added: dict[str, Any] = {}
        unknown = [name for name in config if name not in fields]
        missing = []
        for name, field in fields.items():
            before = field.metadata["before"]
            if name in config or (field.default is None and name not in has):
                continue
            if before is dataclasses.MISSING:
                missing.append(name)
            else:
                by_modality = isinstance(has.get(name), Mapping)
                added[name] = dict.fromkeys(has[name], before) if by_modality else before
        if unknown or missing:
            raise UserError(
                "All settings must be there, and no others",
                " and ".join(
                    [f"no {name}" for name in missing] + [f"the unknown {name}" for name in unknown]
                ),
                "change them",
            )
        return cls(manifest=manifest, **{**added, **config})

    def resumed(self, overrides: Mapping[str, Any]) -> Self:
        """Returns the settings to resume this run with, perhaps with more epochs.

        Args:
          overrides: setting to value; see `settings_of`.

        Raises:
          UserError: if anything but the number of epochs would change, because it would be another
            run.
        """
        kept = self.to_config()
        wanted = {
            name: {**kept[name], **value} if isinstance(kept[name], dict) else value
            for name, value in overrides.items()
        }
        changed = {name: x for name, x in wanted.items() if name != "epochs" and kept[name] != x}
        if changed:
            raise UserError(
                "--resume continues with the settings of the run",
                ", ".join(f"--{name}={value} for {kept[name]}" for name, value in changed.items()),
                "leave them out, or train another --run",
            )
        return dataclasses.replace(self, epochs=overrides.get("epochs", self.epochs))


def check_values(overrides: Mapping[str, Any]) -> None:
    """Raises UserError if a value is wrong whatever the data are."""
    for field in setting_fields():
        if field.name in overrides:
            check_value(field, overrides[field.name])


def setting_fields() -> list[dataclasses.Field]:
    """Lists the fields of `Settings` that flags can override: all but model and data."""
    return [field for field in _fields(Settings) if field.name not in ("model", "data")]


def _fields(of: type[Settings]) -> list[dataclasses.Field]:
    """Lists the fields that are settings: all but the manifest."""
    return [field for field in dataclasses.fields(of) if field.metadata]


def settings_of(
    model: str,
    data: str,
    overrides: Mapping[str, Any],
    manifest: Manifest | None = None,
    counts: Counts = USUAL_COUNTS,
) -> Settings:
    """Returns the preset of a model for a data set, with the user's changes.

    Args:
      model: one of `MODELS`.
      data: one of `DATA_SETS`, or the name of a user's own data.
      overrides: setting to value; mappings such as `encoders` may name only some modalities.
      manifest: the resolved manifest of a user's own data.
      counts: the numbers of examples of these data.

    Raises:
      UserError: if the model or data set is unknown, the model does not have a setting, a value is
        out of range, or networks that nobody chose would be very large.
    """
    preset = preset_of(model, data, overrides.get("target"), manifest, counts, overrides)
    of_all = {x.name for x in setting_fields() if x.default is not None}
    for name, value in overrides.items():
        if name not in preset and name not in of_all:
            raise UserError(
                f"--{name} is not a setting of {model} on {data}",
                f"--{name}={value}",
                "leave it out",
            )
        if isinstance(preset.get(name), Mapping):
            for modality in value:
                check_choice(name, modality, preset[name])
            value = {**preset[name], **value}
        preset[name] = value
    if manifest is not None:
        check_size(preset, overrides, manifest)
    if preset.get("image_size"):
        units = 256 * (preset["image_size"] // 16) ** 2
        preset["decoders"] = {
            name: notation.replace("{units}", str(units))
            for name, notation in preset["decoders"].items()
        }
    return Settings(manifest=manifest, model=model, data=data, **preset)

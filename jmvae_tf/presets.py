"""The settings of every model on every data set, each number with its place in the papers.

"2018" is Suzuki et al., arXiv 1801.08702; its appendix gives the networks in the notation that
`networks` reads. "Code" is the authors' code. Nothing here needs TensorFlow, so that programs can
check their flags at once.
"""

import collections.abc
import dataclasses
import difflib
import functools
import math
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from jmvae_tf.data import DATA_SETS, check_options
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.version import __version__

_MOST_CHARACTERS = 1000  # Of a network's notation: the longest of the papers has 64.


class _Rule(NamedTuple):
    """What holds of a value of the right kind.

    Attributes:
      text: what the value must be.
      holds: whether it is.
    """

    text: str
    holds: Callable[[Any], bool]


def _one_of(*choices: str | int) -> _Rule:
    *first, last = map(str, choices)
    return _Rule(f"{', '.join(first)} or {last}", choices.__contains__)


def _at_most(highest: int) -> _Rule:
    return _Rule(f"at most {highest}", lambda x: x <= highest)


_LARGEST = 2**31 - 1
_AT_LEAST_1 = _Rule("at least 1", lambda x: x >= 1)
_NOT_NEGATIVE = _Rule("0 or more", lambda x: x >= 0)
_A_SEED = _Rule(f"from 0 to {_LARGEST}", lambda x: 0 <= x <= _LARGEST)
_A_RATE = _Rule("positive and finite", lambda x: 0 < x < math.inf)
_A_WEIGHT = _Rule("finite and 0 or more", lambda x: 0 <= x < math.inf)

_KINDS: dict[Any, _Rule] = {
    bool: _Rule("true or false", lambda x: isinstance(x, bool)),
    int: _Rule("a whole number", lambda x: isinstance(x, int) and not isinstance(x, bool)),
    float: _Rule(
        "a number",
        lambda x: (
            isinstance(x, float)
            or (isinstance(x, int) and not isinstance(x, bool) and abs(x) <= _LARGEST)
        ),
    ),
    str: _Rule(
        f"a printable text of at most {_MOST_CHARACTERS} characters",
        lambda x: isinstance(x, str) and len(x) <= _MOST_CHARACTERS and x.isprintable(),
    ),
}


def _setting(description: str, default: Any = dataclasses.MISSING, *rules: _Rule) -> Any:
    return dataclasses.field(default=default, metadata={"help": description, "rules": rules})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """All that a run is a function of; each field but the first two is a flag of `bin/train`.

    Fields that a model does not have are None.
    """

    model: str = _setting("which of the papers' models")
    data: str = _setting("which data set")

    target: str | None = _setting("modality that cvae and cmma generate or vae models", None)
    split: str = _setting(
        "how the data are divided: paper, mnist's authors (trains on 60,000), celeba's official"
    )
    image_size: int | None = _setting("pixels of an image's side: 32, 64 or 128", None)
    crop: str | None = _setting("what is cut out of a photograph: face or center", None)
    flips: bool | None = _setting("mirror half of the training images, chosen at random", None)
    latent_dim: int = _setting(
        "number of values of z", dataclasses.MISSING, _AT_LEAST_1, _at_most(65_536)
    )
    joint_encoder: str | None = _setting("q(z|x,w) in the notation of the paper's appendix", None)
    encoders: Mapping[str, str] | None = _setting(
        "q(z|x), in cmma p(z|w), as image=NOTATION,label=NOTATION", None
    )
    decoders: Mapping[str, str] = _setting("p(x|z), as image=NOTATION,label=NOTATION")
    likelihood_weights: Mapping[str, float] = _setting(
        "what multiplies log p(x|z) in the bound, as image=WEIGHT,label=WEIGHT",
        dataclasses.MISSING,
        _A_RATE,
    )
    alpha: float | None = _setting("weight of the divergences between encoders", None, _A_WEIGHT)
    anneal_alpha: bool | None = _setting("let the warm-up's weight multiply alpha too", None)
    missing: str | None = _setting(
        "what a missing modality starts from: noise or zeros", None, _one_of("noise", "zeros")
    )
    num_rounds: int | None = _setting("rounds of iterative sampling", None, _AT_LEAST_1)
    feed_back: str | None = _setting(
        "what goes from round to round: samples or means", None, _one_of("samples", "means")
    )
    num_layers: int | None = _setting("L: stochastic layers", None, _AT_LEAST_1, _at_most(100))
    layer_encoder: str | None = _setting("q(z_l|x,w) from the mean of z_l-1, l >= 2", None)
    layer_prior: str | None = _setting("p(z_l|z_l+1)", None)
    discriminator: str | None = _setting("of real from generated images, as a notation", None)
    adversarial_weight: float | None = _setting(
        "what multiplies the generator's loss where the bound's weight is 1", None, _A_WEIGHT
    )
    discriminator_learning_rate: float | None = _setting(
        "of the discriminator's Adam", None, _A_RATE
    )

    epochs: int = _setting("number of epochs", dataclasses.MISSING, _AT_LEAST_1)
    warmup_epochs: int = _setting(
        "N_t: epochs until the divergence from the prior has full weight",
        dataclasses.MISSING,
        _NOT_NEGATIVE,
    )
    batch_size: int = _setting("examples in a batch", dataclasses.MISSING, _AT_LEAST_1)
    learning_rate: float = _setting("of Adam", dataclasses.MISSING, _A_RATE)
    seed: int = _setting("of all randomness", 0, _A_SEED)

    precision: str = _setting(
        "what the networks' bodies compute in: float32, mixed_bfloat16 or mixed_float16; their "
        "variables, heads, likelihoods and divergences are float32",
        "float32",
        _one_of("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: bool = _setting("compile training steps with XLA")
    steps_per_execution: int = _setting(
        "training steps that run without a return to Python", dataclasses.MISSING, _AT_LEAST_1
    )
    checkpoint_every: int = _setting("epochs between checkpoints", dataclasses.MISSING, _AT_LEAST_1)

    def __post_init__(self) -> None:
        """Checks every field, which may come from anybody's file.

        Raises:
          UserError: for a value of another type or out of its range, an unknown name, or a setting
            that the model on that data set does not have, or lacks.
        """
        for field in dataclasses.fields(self):
            _check_value(field, getattr(self, field.name))
        self._check_fit()

    def _check_fit(self) -> None:
        preset = _preset_of(self.model, self.data, self.target)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.default is None and (value is None) != (field.name not in preset):
                raise UserError(
                    f"--{field.name} is "
                    + ("needed by " if value is None else "not a setting of ")
                    + f"{self.model} on {self.data}",
                    f"--{field.name}={_shown(value)}",
                    "give it a value" if value is None else "leave it out",
                )
            if isinstance(value, Mapping) and value.keys() != preset[field.name].keys():
                names = " and ".join(preset[field.name])
                raise UserError(
                    f"--{field.name} must name {names}, all of them and no others",
                    f"--{field.name} with {', '.join(value) or 'none'}",
                    "change it",
                )
        check_options(self.data, data_options(self))


@functools.cache
def _hints() -> dict[str, Any]:
    return typing.get_type_hints(Settings)


def _check_value(field: dataclasses.Field, value: Any) -> None:
    """Raises UserError if a setting's value is not of its type, or out of its range."""

    def require(rule: _Rule, received: Any, name: str = field.name) -> None:
        if not rule.holds(received):
            raise UserError(
                f"--{name} must be {rule.text}", f"--{name}={_shown(received)}", "change it"
            )

    hint = _hints()[field.name]
    if isinstance(hint, types.UnionType):
        if value is None:
            return
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is collections.abc.Mapping:
        require(_Rule("an object", lambda x: isinstance(x, Mapping)), value)
        hint = typing.get_args(hint)[1]
        values = list(value.values())
    else:
        values = [value]
    for single in values:
        require(_KINDS[hint], single)
        for rule in field.metadata["rules"]:
            require(rule, single)
        if hint is int:
            require(_at_most(_LARGEST), single)


def _shown(value: Any) -> str:
    """A value for a message; of what is deep or no plain value only the type."""
    plain = value is None or isinstance(value, str | int | float)
    return str(value) if plain else f"a {type(value).__name__}"


# 2018, appendix "MNIST": f_MLP of every encoder and decoder; the heads, D64, D784 sigmoid and
# D10 softmax, follow from latent_dim and the modalities.
_MNIST_BODY = "D512R-D512R"
# Ours, for 8x8 images and 1,199 examples.
_DIGITS_BODY = "D256R-D256R"
# 2018, appendix "CelebA"; C64R-C128BR-C256BR-C256BR-F is f_CNN.
_CELEBA_CNN = "C64R-C128BR-C256BR-C256BR-F"
# Ours: CelebA's with a quarter of the channels. With batch normalisation the rarest attributes
# were read off a fifth of the images wrongly.
_TOYFACES_CNN = "C16R-C32R-C64R-C64R-F-D128R"

_BY_DATA: dict[str, dict[str, Any]] = {
    "mnist": {
        "split": "paper",  # 2018, "Datasets": 50,000 train, 10,000 test
        "latent_dim": 64,  # 2018, appendix "MNIST": f_mu and f_sigma^2 are D64
        "joint_encoder": f"({_MNIST_BODY}, {_MNIST_BODY})",  # 2018, appendix "MNIST": q(z|x,w)
        "encoders": {"image": _MNIST_BODY, "label": _MNIST_BODY},  # q(z|x), q(z|w)
        "decoders": {"image": _MNIST_BODY, "label": _MNIST_BODY},  # p(x|z), p(w|z)
        "layer_encoder": _MNIST_BODY,  # 2018, appendix "MNIST": q(z_2|z_1) after z_1's D64
        "layer_prior": _MNIST_BODY,  # 2018, appendix "MNIST": p(z_1|z_2)
        "num_rounds": 10,  # 2018, "MNIST results": iterative sampling 10 times
        "discriminator": _MNIST_BODY.replace("R", "L"),  # code
        "adversarial_weight": 1.0,  # code: the generator's loss is added as it is
        "discriminator_learning_rate": 1e-4,  # code
        "likelihood_weights": {"image": 1.0, "label": 1.0},  # 2018, Eq. 2
        "epochs": 2000,  # 2018, "Settings"
        "warmup_epochs": 200,  # 2018, "Settings": N_t = 200
        "batch_size": 100,  # code
        "learning_rate": 1e-3,  # 2018, "Settings"
        "jit_compile": True,  # benchmarks/train_step.py
        "steps_per_execution": 10,  # benchmarks/train_step.py
        "checkpoint_every": 1,
    },
    "celeba": {
        "split": "paper",  # 2018, "Datasets": 90 % and 10 %
        "image_size": 64,  # 2018, "Datasets"; "Settings" says 32, which the networks do not fit
        "crop": "face",  # 2018, "Datasets": faces found and cropped with OpenCV
        "flips": False,
        "latent_dim": 128,  # 2018, appendix "CelebA": f_mu and f_sigma^2 are D128
        "joint_encoder": f"({_CELEBA_CNN}, D512R-D512BR)-D1024R",  # 2018, appendix "CelebA"
        "encoders": {"image": f"{_CELEBA_CNN}-D1024R", "attributes": "D512R-D512BR-D1024R"},
        # 2018, appendix "CelebA"; D4096R is of 64 x 64 pixels: 256 channels of what four doublings
        # lead to the image.
        "decoders": {"image": "D{units}R-DC256BR-DC128BR-DC64BR", "attributes": "D512R-D4096R"},
        "layer_encoder": "D512R-D512R",  # 2018, appendix "CelebA": q(z_2|.) after z_1's mean
        "layer_prior": "D512R-D512R",  # 2018, appendix "CelebA": p(z_1|z_2)
        "num_rounds": 40,  # 2018, "CelebA results": iterative sampling 40 times
        # Code: leaky ReLU and no batch normalisation in the discriminator.
        "discriminator": "C64L-C128L-C256L-C256L-F-D1024L",
        "adversarial_weight": 1.0,  # code
        "discriminator_learning_rate": 1e-4,  # code
        # Code: the image's log-likelihood is averaged over the three channels.
        "likelihood_weights": {"image": 1 / 3, "attributes": 1.0},
        "epochs": 50,  # 2018, "Settings"
        "warmup_epochs": 20,  # 2018, "Settings": N_t = 20
        "batch_size": 100,  # code
        "learning_rate": 1e-4,  # 2018, "Settings"
        "jit_compile": False,  # XLA's convolutions are slow on CPUs
        "steps_per_execution": 1,
        "checkpoint_every": 1,
    },
    "digits": {  # All ours: the papers have no such data.
        "split": "paper",
        "latent_dim": 16,
        "joint_encoder": f"({_DIGITS_BODY}, {_DIGITS_BODY})",
        "encoders": {"image": _DIGITS_BODY, "label": _DIGITS_BODY},
        "decoders": {"image": _DIGITS_BODY, "label": _DIGITS_BODY},
        "layer_encoder": _DIGITS_BODY,
        "layer_prior": _DIGITS_BODY,
        "num_rounds": 10,
        "discriminator": _DIGITS_BODY.replace("R", "L"),
        "adversarial_weight": 1.0,
        "discriminator_learning_rate": 1e-4,
        # 64 binary pixels say so little that at weight 1 the classes overlap in the latent space.
        "likelihood_weights": {"image": 1.0, "label": 5.0},
        "epochs": 200,
        "warmup_epochs": 20,
        "batch_size": 50,
        "learning_rate": 1e-3,
        "jit_compile": True,
        "steps_per_execution": 23,
        "checkpoint_every": 25,
    },
}

_BY_DATA["toyfaces"] = {  # All ours: the papers have no such data.
    "split": "paper",
    "flips": False,
    "latent_dim": 32,
    "joint_encoder": f"({_TOYFACES_CNN}, D128R-D128R)",
    "encoders": {"image": _TOYFACES_CNN, "attributes": "D128R-D128R"},
    "decoders": {"image": "D256R-D2048R-DC64BR-DC32BR-DC16BR", "attributes": "D128R-D128R"},
    "layer_encoder": "D128R-D128R",
    "layer_prior": "D128R-D128R",
    "num_rounds": 10,
    "discriminator": "C16L-C32L-C64L-C64L-F-D128L",
    # docs/results.md: with 3 coherence is 1.4 points lower than without, with 5 it is 2.3.
    "adversarial_weight": 3.0,
    "discriminator_learning_rate": 1e-4,
    # Chosen so that images at z ~ q(z|attributes) show what was asked for: with 1/3 and 20 it was
    # read off 0.88 of them, balanced, after 9 epochs.
    "likelihood_weights": {"image": 0.2, "attributes": 50.0},
    "epochs": 20,
    "warmup_epochs": 2,
    "batch_size": 50,
    "learning_rate": 1e-3,
    "jit_compile": False,
    "steps_per_execution": 1,
    "checkpoint_every": 1,
}

_ITERATIVE = {
    "missing": "noise",  # 2018, "Complement of a missing modality"
    "feed_back": "samples",  # 2018, the kernel T of "Complement of a missing modality"
}

_BY_MODEL: dict[str, dict[str, Any]] = {
    "vae": {"target": "image"},
    "jmvae": _ITERATIVE,
    "jmvae_kl": {
        "alpha": 1.0,  # 2018, Eq. 4; the 2016 paper has 0.01, 0.1 and 1
        "anneal_alpha": False,  # code: the term of alpha keeps its full weight
    },
    "jmvae_h": _ITERATIVE | {"num_layers": 2},  # 2018, "JMVAE-h": L = 2
    "cvae": {"target": "image"},
    "cmma": {"target": "image"},
}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_GAN = "_gan"
"""Ends the name of a model that is also trained against a discriminator of images."""
_BY_MODEL |= {model + _GAN: preset for model, preset in _BY_MODEL.items()}

# Settings of a data set that not every model has.
_NEEDS = {
    "joint_encoder": ("jmvae", "jmvae_kl", "jmvae_h", "cvae", "cmma"),
    "encoders": ("vae", "jmvae_kl", "cmma"),
    "layer_encoder": ("jmvae_h",),
    "layer_prior": ("jmvae_h",),
    "num_rounds": ("jmvae", "jmvae_h"),
    "discriminator": (_GAN,),
    "adversarial_weight": (_GAN,),
    "discriminator_learning_rate": (_GAN,),
}

# Of which modalities a model with a target has a network or a weight: of the target, or of others.
_OF_TARGET = {
    "vae": ("encoders", "decoders", "likelihood_weights"),
    "cvae": ("decoders", "likelihood_weights"),
    "cmma": ("decoders", "likelihood_weights"),
}
_OF_OTHERS = {"cmma": ("encoders",)}

MODELS = tuple(_BY_MODEL)
DATA = tuple(DATA_SETS)


def setting_fields() -> list[dataclasses.Field]:
    """The fields of `Settings` that flags override: all but model and data."""
    return [field for field in dataclasses.fields(Settings) if field.name not in ("model", "data")]


def preset_values(name: str) -> dict[str, Any]:
    """What the presets have for a setting: value by data set, or by model where those differ."""
    by_data = {data: preset[name] for data, preset in _BY_DATA.items() if name in preset}
    return by_data or {model: x[name] for model, x in _BY_MODEL.items() if name in x}


def settings_of(model: str, data: str, overrides: Mapping[str, Any]) -> Settings:
    """The preset of a model on a data set, with what the user wants otherwise.

    Args:
      model: one of `MODELS`.
      data: one of `DATA`.
      overrides: setting to value; of `encoders` and `decoders` the modalities named.

    Raises:
      UserError: for an unknown model or data set, a setting that the model does not have, or a
        value out of range.
    """
    preset = _preset_of(model, data, overrides.get("target"))
    for name, value in overrides.items():
        if name not in preset and name not in ("seed", "precision"):
            raise UserError(
                f"--{name} is not a setting of {model} on {data}",
                f"--{name}={value}",
                "leave it out",
            )
        if isinstance(preset.get(name), Mapping):
            for modality in value:
                check_choice(name, modality, tuple(preset[name]))
            value = {**preset[name], **value}
        preset[name] = value
    if preset.get("image_size"):
        units = 256 * (preset["image_size"] // 16) ** 2
        preset["decoders"] = {
            name: notation.replace("{units}", str(units))
            for name, notation in preset["decoders"].items()
        }
    return Settings(model=model, data=data, **preset)


def settings_from(config: Mapping[str, Any]) -> Settings:
    """The settings that a run wrote, of this version or an earlier one.

    What an earlier version did not know is as the preset has it.

    Args:
      config: setting to value, from anybody's file.

    Raises:
      UserError: if settings are unknown or missing, or as `Settings`.
    """
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    unknown = [name for name in config if name not in fields]
    missing = [
        name
        for name, field in fields.items()
        if name not in config and field.default is dataclasses.MISSING
    ]
    if unknown or missing:
        raise UserError(
            "All settings must be there, and no others",
            " and ".join(
                [f"no {name}" for name in missing] + [f"the unknown {name}" for name in unknown]
            ),
            "change them",
        )
    for name in ("model", "data", "target"):
        _check_value(fields[name], config.get(name))
    preset = _preset_of(config["model"], config["data"], config.get("target"))
    added = {name: x for name, x in preset.items() if name in fields and name not in config}
    return Settings(**{**added, **config})


def _preset_of(model: str, data: str, target: str | None = None) -> dict[str, Any]:
    """The preset of a model on a data set, and of a target other than the model's usual one.

    Raises:
      UserError: for an unknown model, data set or target, or one that does not fit the model.
    """
    check_choice("model", model, MODELS)
    check_choice("data", data, DATA)
    preset = _BY_DATA[DATA_SETS[data].preset or data] | _BY_MODEL[model]
    kinds = {without_gan(model), _GAN} if is_gan(model) else {model}
    preset = {name: x for name, x in preset.items() if kinds & {*_NEEDS.get(name, kinds)}}
    if "target" not in preset:
        return preset
    preset["target"] = target if target is not None else preset["target"]
    preset |= _of_modalities(without_gan(model), preset, preset["target"])
    if is_gan(model) and preset["target"] != "image":
        raise UserError(
            "Models against a discriminator generate images",
            f"--model={model} --target={target}",
            f"choose --model={without_gan(model)}, or leave --target out",
        )
    return preset


def data_options(settings: Settings) -> dict[str, Any]:
    """The settings that make the data set: what its module's `load` takes."""
    return {name: getattr(settings, name) for name in DATA_SETS[settings.data].options}


def _of_modalities(model: str, preset: Mapping[str, Any], target: str) -> dict[str, Any]:
    """The settings by modality of a model with a target, for the modalities that have one."""
    check_choice("target", target, tuple(preset["likelihood_weights"]))
    return {
        name: {x: value for x, value in preset[name].items() if (x == target) == of_target}
        for table, of_target in ((_OF_TARGET, True), (_OF_OTHERS, False))
        for name in table.get(model, ())
    }


def is_gan(model: str) -> bool:
    """Whether a model is also trained against a discriminator."""
    return model.endswith(_GAN)


def gan_of(model: str) -> str:
    """The name of a model with a discriminator."""
    return f"{model}{_GAN}"


def without_gan(model: str) -> str:
    """The name of the same model without a discriminator."""
    return model.removesuffix(_GAN)


def run_name(data: str, model: str, target: str | None = None) -> str:
    """What the folders of a run and of its SavedModels are called.

    The target is part of it where it is not the model's usual one.

    Raises:
      UserError: if one of them is no plain name, so that the folder would lie elsewhere.
    """
    for name in (data, model, *([] if target is None else [target])):
        if not _PLAIN_NAME.fullmatch(name):
            raise UserError(
                "A run is named by letters, digits, '.', '_' and '-' that begin with none of the "
                "last three",
                name,
                "choose other names",
            )
    usual = _BY_MODEL.get(model, {}).get("target")
    return f"{data}-{model}" + (f"-{target}" if target not in (None, usual) else "")


def resumed(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    """The settings of a run that goes on, perhaps for more epochs.

    Raises:
      UserError: if the user wants anything else changed: the run would not be one run.
    """
    kept = dataclasses.asdict(settings)
    wanted = {
        name: {**kept[name], **value} if isinstance(kept[name], dict) else value
        for name, value in overrides.items()
    }
    changed = {
        name: value for name, value in wanted.items() if name != "epochs" and kept[name] != value
    }
    if changed:
        raise UserError(
            "--resume goes on with the settings of the run",
            ", ".join(f"--{name}={value} for {kept[name]}" for name, value in changed.items()),
            "leave them out, or train another --run",
        )
    return dataclasses.replace(settings, epochs=overrides.get("epochs", settings.epochs))


def check_choice(flag: str, received: str, choices: Sequence[str]) -> None:
    """Raises UserError, with the nearest choice, if `received` is none of them."""
    if received not in choices:
        near = difflib.get_close_matches(received, choices, 1)
        raise UserError(
            f"--{flag} must be one of {', '.join(choices)}",
            f"--{flag}={received}",
            f"did you mean {near[0]}?" if near else "choose one of them",
        )


def versions() -> dict[str, str]:
    """The versions that a run's numbers depend on, read without importing the packages."""
    import importlib.metadata
    import platform

    found = {"jmvae_tf": __version__, "python": platform.python_version()}
    for package in ("tensorflow", "keras", "tensorflow-probability", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # TensorFlow has builds of other names.
            found[package] = "unknown"
    return found

"""Settings for a user's own data, by the sizes of its events and the number of its examples.

All numbers are ours, since the papers have no such data. This module does not need TensorFlow.
"""

import math
import re
import types
from collections.abc import Mapping
from typing import Any, NamedTuple

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.runtime.errors import UserError

MOST_PARAMETERS = 50_000_000
"""Most weights of all networks that nobody chose; CelebA's at 64 x 64 pixels have 18 million."""

_MOST_HALVINGS, _LEAST_SIDE = 8, 4
# Kinds that a larger event would drown. Numbers that learn their variance balance themselves, and a
# weight above 1 narrows the posterior below the one that intervals of predicted values need.
_WEIGHED = ("label", "attributes")
_LARGEST_WEIGHT = 10.0
_FEWEST_STEPS = 6000
_MANY = 10_000  # Examples: from here on networks and trainings grow.


class Counts(NamedTuple):
    """The numbers of examples of a data set.

    Attributes:
      train: of the training set.
      validation: of the validation set.
    """

    train: int
    validation: int


NOTHING: Mapping[str, Any] = types.MappingProxyType({})
"""No settings."""

USUAL_COUNTS = Counts(_MANY, _MANY // 8)
"""Stands for numbers that do not matter, where only the names of settings do."""


def preset_of_manifest(
    manifest: Manifest, counts: Counts = USUAL_COUNTS, chosen: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Returns the settings of all models on data, keyed like those of `presets.py`.

    Args:
      manifest: what the data are.
      counts: the numbers of their examples.
      chosen: the settings that the user gave; some of the others follow from the target, the
        batch size and the number of epochs among them.
    """
    shapes = {name: one.event_shape for name, one in manifest.modalities.items()}
    channels = 16 if counts.train < _MANY else 32
    bodies = {name: _Body.of(shape, channels) for name, shape in shapes.items()}
    encoders = {name: body.encoder for name, body in bodies.items()}
    widest = max(body.width for body in bodies.values())
    between = f"D{widest}R-D{widest}R"
    usual_target = usual_target_of(manifest)
    judged = bodies.get(str(chosen.get("target")), bodies[usual_target])
    has_convolutions = any(body.channels for body in bodies.values())
    usual_size = min(counts.train, 100, max(8, counts.train // 15))
    batch_size = max(1, chosen.get("batch_size", usual_size))
    steps = max(1, counts.train // batch_size)
    usual_epochs = math.ceil(_FEWEST_STEPS * max(1.0, math.sqrt(counts.train / _MANY)) / steps)
    epochs = max(1, chosen.get("epochs", min(400, max(5, usual_epochs))))
    # A discriminator lowers the bound that patience watches.
    waits = counts.validation and not chosen.get("adversary_after")
    preset: dict[str, Any] = {
        "target": usual_target,
        "incomplete": "keep",
        # A joint encoder learns from complete rows alone, which may be few.
        "complete_share": 0.0 if chosen.get("balance") else 0.25,
        "latent_dim": _latent_dim(manifest, 16 if counts.train < _MANY else 64),
        "joint_encoder": f"({', '.join(encoders.values())})-D{widest}R",
        "encoders": encoders,
        "decoders": {name: body.decoder for name, body in bodies.items()},
        "layer_encoder": between,
        "layer_prior": between,
        "num_rounds": 10,
        "discriminator": judged.encoder.replace("R", "L"),
        "adversarial_weight": 1.0,
        "discriminator_learning_rate": 1e-4,
        "alpha": _alpha(len(manifest.modalities)),
        "likelihood_weights": _weights(manifest),
        "epochs": epochs,
        "warmup_epochs": epochs // 10,
        "batch_size": batch_size,
        "learning_rate": 1e-3,
        "decay_epochs": epochs,
        # Over the last twentieth of the training at most: over more, early weights would count.
        "ema_momentum": max(0.0, min(0.999, round(1 - 20 / (epochs * steps), 4))),
        "patience": max(5, epochs // 4) if waits else 0,
        "jit_compile": not has_convolutions,  # XLA's convolutions are slow on CPUs.
        "steps_per_execution": 1 if has_convolutions else 10,
        "checkpoint_every": max(1, min(epochs // 10, 500 // steps)),
        # Of few examples, an epoch takes less time than its evaluation.
        "evaluate_every": max(1, min(epochs // 50, 100 // steps)),
    }
    kinds = kinds_of(manifest)
    if "image" in kinds:
        preset |= {"flips": False, "flipped_images": ""}
    if "label" in kinds:
        preset["balance"] = ""
    return preset


def kinds_of(manifest: Manifest) -> dict[str, list[str]]:
    """Returns each kind with the names of its modalities."""
    kinds: dict[str, list[str]] = {}
    for name, one in manifest.modalities.items():
        kinds.setdefault(one.kind, []).append(name)
    return kinds


def usual_target_of(manifest: Manifest) -> str:
    """Returns what a model with a target generates by default: the first image, or the first."""
    return next(iter(kinds_of(manifest).get("image", manifest.modalities)))


def check_size(networks: Mapping[str, Any], chosen: Mapping[str, Any], manifest: Manifest) -> None:
    """Refuses networks of the preset that are too large to be what the user wants.

    Args:
      networks: the settings `encoders`, `decoders` and `joint_encoder` as far as a model has them.
      chosen: those that the user chose; their networks may be of any size.
      manifest: the data.

    Raises:
      UserError: if they have more than `MOST_PARAMETERS` weights; it names the largest.
    """
    sizes: dict[tuple[str, str], int] = {}
    for name, one in manifest.modalities.items():
        encoder = _Body.of(one.event_shape).encoder
        for setting in ("encoders", "decoders"):
            by_modality = networks.get(setting) or {}
            if name in by_modality and name not in (chosen.get(setting) or {}):
                sizes[setting, name] = num_parameters(encoder, one.event_shape)
        if networks.get("joint_encoder") and not chosen.get("joint_encoder"):
            sizes["joint_encoder", name] = num_parameters(encoder, one.event_shape)
    total = sum(sizes.values())
    if total > MOST_PARAMETERS:
        setting, name = max(sizes, key=lambda key: sizes[key])
        shape = " x ".join(map(str, manifest.modalities[name].event_shape))
        flags = dict.fromkeys(f"--{setting}" for setting, _ in sizes)
        raise UserError(
            f"The networks that nobody chose have at most {MOST_PARAMETERS // 10**6} million "
            "weights",
            f"{total // 10**6} million, {sizes[setting, name] // 10**6} million for an event of "
            f"{name!r} of {shape} values",
            "make the events smaller in columns.json, or choose networks with "
            f"{' and '.join(flags)}",
        )


def num_parameters(encoder: str, shape: tuple[int, ...]) -> int:
    """Counts the weights of a network in the notation of encoders; a decoder has about as many."""
    size, number = list(shape), 0
    for kind, units in re.findall(r"(D|C|K)([0-9]+)", encoder):
        out = int(units)
        if kind == "K":
            number += 3 * 3 * size[-1] * out
            size[-1] = out
        elif kind == "C":
            number += 4 * 4 * size[-1] * out
            size = [-(-side // 2) for side in size[:-1]] + [out]
        else:
            number += math.prod(size) * out
            size = [out]
    return number


class _Body(NamedTuple):
    """The networks of a modality.

    Attributes:
      encoder: of its encoder, in the notation.
      decoder: of its decoder.
      width: the units of its dense layers.
      channels: of its convolutions from the first on; empty without convolutions.
    """

    encoder: str
    decoder: str
    width: int
    channels: tuple[int, ...] = ()

    @classmethod
    def of(cls, shape: tuple[int, ...], first_channels: int = 32) -> "_Body":
        """Chooses them: convolutions as on CelebA for large images, dense layers otherwise."""
        halvings = _halvings(shape)
        if halvings < 2:
            width = _width(math.prod(shape))
            dense = f"D{width}R-D{width}R"
            return cls(dense, dense, width)
        channels = tuple(min(first_channels * 2**i, 4 * first_channels) for i in range(halvings))
        height, width = (side // 2**halvings for side in shape[:2])
        down = "-".join(f"C{number}R" for number in channels)
        up = "-".join(f"DC{number}R" for number in reversed(channels[:-1]))
        units = height * width * channels[-1]
        return cls(f"{down}-F-D256R", f"D256R-D{units}R-{up}", 256, channels)


def _width(size: int) -> int:
    """Returns the units of dense layers: more for more values, fewer again for very many."""
    if size > 4096:
        return 256 if size <= 16_384 else 128
    return min(512, max(128, 2 ** math.ceil(math.log2(2 * size))))


def _halvings(shape: tuple[int, ...]) -> int:
    """Counts how often an image is halved, 0 for what is no image of at least 32 x 32 pixels."""
    if len(shape) != 3 or min(shape[:2]) < 32 or shape[2] > 4:
        return 0
    number = 0
    while number < _MOST_HALVINGS and all(
        side % 2 ** (number + 1) == 0 and side // 2 ** (number + 1) >= _LEAST_SIDE
        for side in shape[:2]
    ):
        number += 1
    return number


def _alpha(number: int) -> float:
    """Returns the weight of each divergence between encoders, by the number of modalities.

    What z knows of a modality alone costs a divergence from the encoder of each other one. All of
    them together weigh as much as the 2018 paper's one, between two modalities.
    """
    return round(1 / max(1, number - 1), 2)


def _latent_dim(manifest: Manifest, largest: int) -> int:
    """Returns 16, 32 or 64, by how much there is to say about an example; at most `largest`."""
    most = {"image": 32, "label": 8, "text": 16, "array": 32}
    values = sum(
        min(math.prod(one.event_shape), most.get(one.kind, 64))
        for one in manifest.modalities.values()
    )
    return min(largest, max(16, 2 ** math.ceil(math.log2(values))))


def _weights(manifest: Manifest) -> dict[str, float]:
    """Returns likelihood weights, of labels and attributes beside larger events more than 1.

    These are the size of the largest event over that of their own, up to 10. The size of a text is
    its length, however many symbols there are.
    """
    sizes = {
        name: one.length or math.prod(one.event_shape) for name, one in manifest.modalities.items()
    }
    largest = max(sizes.values())

    def usual(name: str, kind: str) -> float:
        return min(_LARGEST_WEIGHT, largest / sizes[name]) if kind in _WEIGHED else 1.0

    return {
        name: usual(name, one.kind) if one.likelihood_weight is None else one.likelihood_weight
        for name, one in manifest.modalities.items()
    }

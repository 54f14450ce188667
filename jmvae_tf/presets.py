"""The presets: each model's settings for each data set, with the source of every number.

"2018" is Suzuki et al., arXiv 1801.08702; its appendix gives the networks in the notation that
`layers/notation.py` reads. "Code" is the authors' code. Settings that the papers give for a model
on any data are in its row of `models/registry.py`. This module does not need TensorFlow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.preset import (
    NOTHING,
    USUAL_COUNTS,
    Counts,
    kinds_of,
    preset_of_manifest,
    usual_target_of,
)
from jmvae_tf.data.polydigits import VIEWS
from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models import subset_limits
from jmvae_tf.models.registry import MODELS, PLAIN_MODELS, ModelRow
from jmvae_tf.runtime.errors import UserError, check_choice

# 2018, appendix "MNIST": f_MLP of every encoder and decoder. The heads (D64, D784 sigmoid and D10
# softmax) follow from latent_dim and the modalities.
_MNIST_BODY = "D512R-D512R"
# Ours, for 8x8 images and 1,199 examples.
_DIGITS_BODY = "D256R-D256R"
# 2018, appendix "CelebA"; C64R-C128BR-C256BR-C256BR-F is f_CNN.
_CELEBA_CNN = "C64R-C128BR-C256BR-C256BR-F"
# Ours: CelebA's with a quarter of the channels and without batch normalisation. With it, the rarest
# attributes were predicted wrongly on a fifth of the images.
_TOYFACES_CNN = "C16R-C32R-C64R-C64R-F-D128R"
# Ours, for 28x28 images: 14x14, then 7x7, and back.
_SMALL_CNN, _SMALL_DECODER = "C16R-C32R-F-D256R", "D256R-D1568R-DC16R"
_SMALL_BODY = "D256R-D256R"

_OF_SMALL_CNNS: dict[str, Any] = {
    "layer_encoder": _SMALL_BODY,
    "layer_prior": _SMALL_BODY,
    "num_rounds": 10,
    "adversarial_weight": 1.0,
    "discriminator_learning_rate": 1e-4,
    "epochs": 20,
    "warmup_epochs": 2,
    "batch_size": 100,
    "learning_rate": 1e-3,
    "jit_compile": False,  # XLA's convolutions are slow on CPUs
    "steps_per_execution": 1,
    "checkpoint_every": 1,
}

_BY_DATA: dict[str, dict[str, Any]] = {
    "mnist": {
        "target": "image",
        "split": "paper",  # 2018, "Datasets": 50,000 train, 10,000 test
        "latent_dim": 64,  # 2018, appendix "MNIST": f_mu and f_sigma^2 are D64
        "joint_encoder": f"({_MNIST_BODY}, {_MNIST_BODY})",  # 2018, appendix "MNIST": q(z|x,w)
        "encoders": {"image": _MNIST_BODY, "label": _MNIST_BODY},  # q(z|x), q(z|w)
        "decoders": {"image": _MNIST_BODY, "label": _MNIST_BODY},  # p(x|z), p(w|z)
        "layer_encoder": _MNIST_BODY,  # 2018, appendix "MNIST": q(z_2|z_1) after z_1's D64
        "layer_prior": _MNIST_BODY,  # 2018, appendix "MNIST": p(z_1|z_2)
        "num_rounds": 10,  # 2018, "MNIST results": iterative sampling 10 times
        "discriminator": _MNIST_BODY.replace("R", "L"),  # code
        "adversarial_weight": 1.0,  # code: the generator's loss is added without a weight
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
    "mnist_words": {  # All ours but where it says otherwise.
        "target": "image",
        "split": "paper",
        "latent_dim": 64,
        "joint_encoder": f"({_SMALL_CNN}, {_SMALL_BODY}, {_SMALL_BODY})-D256R",
        "encoders": {"image": _SMALL_CNN, "label": _SMALL_BODY, "word": _SMALL_BODY},
        "decoders": {"image": _SMALL_DECODER, "label": _SMALL_BODY, "word": _SMALL_BODY},
        "discriminator": _SMALL_CNN.replace("R", "L"),
        # The size of the largest modality over its own, of a text its length, as in the code of
        # Sutter et al. 2021 (arXiv 2105.02470): 784, 10 and 8.
        "likelihood_weights": {"image": 1.0, "label": 78.4, "word": 98.0},
        "alpha": 0.5,  # As for own data: all divergences together weigh as one does.
        **_OF_SMALL_CNNS,
    },
    "polydigits": {  # All ours but where it says otherwise.
        "target": VIEWS[0],
        "split": "paper",
        "translated": False,
        "latent_dim": 64,
        "joint_encoder": f"({', '.join([_SMALL_CNN] * len(VIEWS))}, {_SMALL_BODY})-D256R",
        "encoders": dict.fromkeys(VIEWS, _SMALL_CNN) | {"label": _SMALL_BODY},
        "decoders": dict.fromkeys(VIEWS, _SMALL_DECODER) | {"label": _SMALL_BODY},
        "discriminator": _SMALL_CNN.replace("R", "L"),
        # As for mnist_words: 28 x 28 x 3 over 10.
        "likelihood_weights": dict.fromkeys(VIEWS, 1.0) | {"label": 235.2},
        "alpha": 0.2,  # See mnist_words.
        **_OF_SMALL_CNNS,
    },
    "celeba": {
        "target": "image",
        "split": "paper",  # 2018, "Datasets": 90 % and 10 %
        "image_size": 64,  # 2018, "Datasets"; "Settings" says 32, which the networks do not fit
        "crop": "face",  # 2018, "Datasets": faces found and cropped with OpenCV
        "flips": False,
        "latent_dim": 128,  # 2018, appendix "CelebA": f_mu and f_sigma^2 are D128
        "joint_encoder": f"({_CELEBA_CNN}, D512R-D512BR)-D1024R",  # 2018, appendix "CelebA"
        "encoders": {"image": f"{_CELEBA_CNN}-D1024R", "attributes": "D512R-D512BR-D1024R"},
        # 2018, appendix "CelebA". D4096R is for 64 x 64 pixels: 256 channels of 4 x 4 values, which
        # four doublings turn into the image.
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
        "target": "image",
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
        # 64 binary pixels carry so little information that with weight 1 the classes overlap in the
        # latent space.
        "likelihood_weights": {"image": 1.0, "label": 5.0},
        "epochs": 200,
        "warmup_epochs": 20,
        "batch_size": 50,
        "learning_rate": 1e-3,
        "jit_compile": True,
        "steps_per_execution": 23,
        "checkpoint_every": 25,
        "evaluate_every": 5,  # Two evaluations take more than half as long as the steps.
    },
    "toyfaces": {  # All ours: the papers have no such data.
        "target": "image",
        "split": "paper",
        "flips": False,
        "latent_dim": 32,
        "joint_encoder": f"({_TOYFACES_CNN}, D128R-D128R)",
        "encoders": {"image": _TOYFACES_CNN, "attributes": "D128R-D128R"},
        "decoders": {"image": "D256R-D2048R-DC64BR-DC32BR-DC16BR", "attributes": "D128R-D128R"},
        "layer_encoder": "D128R-D128R",
        "layer_prior": "D128R-D128R",
        "num_rounds": 10,
        # Chosen so that images at z ~ q(z|attributes) show the attributes asked for: with 1/3 and
        # 20, a classifier found them with a balanced accuracy of 0.88 after 9 epochs.
        "likelihood_weights": {"image": 0.2, "attributes": 50.0},
        "epochs": 20,
        "warmup_epochs": 2,
        "batch_size": 50,
        "learning_rate": 1e-3,
        "jit_compile": False,
        "steps_per_execution": 1,
        "checkpoint_every": 1,
    },
}

_AGAINST_DISCRIMINATORS: dict[str, dict[str, Any]] = {
    "toyfaces": {  # All ours; docs/results.md compares.
        # Bilinear upsampling at the end, since transposed convolutions weave where there is nothing
        # to see.
        "decoders": {
            "image": "D256S-D1536S-DC64S-DC48S-UC24S-UC12S",
            "attributes": "D128R-D128R",
        },
        "discriminator": "C24S-C48S-C96S-C96S-F-D128S",
        "adversary": "non_saturating+r1+projection+balanced",
        "adversary_after": 30,
        "adversarial_weight": 3.0,
        "discriminator_learning_rate": 6e-4,
        "decoder_learning_rate": 3e-4,
        "ema_momentum": 0.998,
        "epochs": 100,
    },
}
"""What differs in the variants against a discriminator."""

_RECIPES: dict[str, dict[str, dict[str, dict[str, Any]]]] = {
    "paper": {},
    "best": {  # Ours. `settings_of_recipe` adds what follows from the epochs.
        "mnist": {
            "jmvae_kl": {
                "alpha": 0.1,  # 2016, Table 1
                "epochs": 200,
                "ema_momentum": 0.999,  # about the last two epochs
                "num_samples": 1,  # more are to be measured
                "gradient": "plain",
            }
        }
    },
}
"""What differs from the preset in named settings, by name, data set and model."""

TRAINING_RECIPES = tuple(_RECIPES)
"""The names of such settings; "paper" is the preset itself."""

_IMAGES = {"polydigits": VIEWS}
"""The images of data sets that have others than "image"."""

_OF_SOME_MODELS = frozenset().union(*(row.settings for row in MODELS.values()))
"""Settings that a model has only if its row lists them; all models have the others."""


def preset_of(
    model: str,
    data: str,
    target: str | None = None,
    manifest: Manifest | None = None,
    counts: Counts = USUAL_COUNTS,
    chosen: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """Returns a model's settings for a data set, except those that keep the default of `Settings`.

    Args:
      model: one of `MODELS`.
      data: one of `DATA_SETS`, or the name of a user's own data.
      target: the modality to generate; None for the data set's usual one.
      manifest: what the user's own data are.
      counts: the numbers of their examples.
      chosen: the settings that the user gave, which others follow from on their own data.

    Raises:
      UserError: if a name is unknown, or the target does not fit the model.
    """
    check_choice("model", model, MODELS)
    if manifest is None:
        check_choice("data", data, DATA_SETS)
        like = DATA_SETS[data].preset or data
        of_data, images = _BY_DATA[like], list(_IMAGES.get(like, ["image"]))
    else:
        of_data = preset_of_manifest(manifest, counts, chosen)
        images = kinds_of(manifest).get("image", [])
        if len(manifest.modalities) == 1 and MODELS[model].modalities == "all":
            raise UserError(
                "All models but vae join two modalities or more",
                f"--model={model}, and {', '.join(manifest.modalities)} alone in {data}",
                "choose --model=vae, or add columns",
            )
        if MODELS[model].visits_subsets and len(manifest.modalities) > subset_limits.MOST:
            raise UserError(
                subset_limits.rule(model),
                f"--model={model}, and {len(manifest.modalities)} of them in {data}",
                "choose another model, such as --model=mvtcae, or leave columns out",
            )
    row = MODELS[model]
    if row.is_gan and manifest is None:
        of_data = of_data | _AGAINST_DISCRIMINATORS.get(DATA_SETS[data].preset or data, {})
    preset = {
        name: value
        for name, value in {**row.preset, **of_data, **row.fixed}.items()
        if name in row.settings or name not in _OF_SOME_MODELS
    }
    if row.modalities == "target":
        preset.pop("complete_share", None)  # Its examples have their modality, or do not count.
        if row.is_gan:  # Projection shows the discriminator the others, of which there are none.
            preset["adversary"] = preset["adversary"].replace("+projection", "")
    if row.has_target:
        preset["target"] = preset["target"] if target is None else target
        check_choice("target", preset["target"], preset["likelihood_weights"])
    _check_judged(row, preset.get("target"), images)
    for name, which in row.by_modality.items():
        preset[name] = {
            x: value
            for x, value in preset[name].items()
            if which == "all" or (x == preset["target"]) == (which == "target")
        }
    return preset


def settings_of_recipe(
    recipe: str, model: str, data: str, chosen: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Returns the settings of a recipe that differ from the preset, and those that the user chose.

    With "best", the learning rate falls along half a cosine over all epochs, and the warm-up has a
    tenth of them, the papers' share.

    Args:
      recipe: one of `TRAINING_RECIPES`.
      model: one of `MODELS`.
      data: one of `DATA_SETS`, or what the user gave for data of their own.
      chosen: the settings that the user gave, which replace those of the recipe.

    Raises:
      UserError: if there is no such recipe, or none for the data or the model.
    """
    if recipe == "paper":
        return dict(chosen)
    by_data = _RECIPES[recipe]
    for flag, received, having in (("data", data, by_data), ("model", model, by_data.get(data))):
        if having is not None and received not in having:
            raise UserError(
                f"--recipe={recipe} has settings for --{flag}={'|'.join(having)} only",
                f"--{flag}={received}",
                f"leave --recipe out, or choose another --{flag}",
            )
    settings = {**by_data[data][model], **chosen}
    epochs = settings["epochs"]
    return {"decay_epochs": epochs, "warmup_epochs": round(epochs / 10), **settings}


def _check_judged(row: ModelRow, target: str | None, images: Sequence[str]) -> None:
    """Raises UserError if the discriminator of a GAN variant would get no images."""
    if row.is_gan and not (images if target is None else target in images):
        given = "" if target is None else f" --target={target}"
        raise UserError(
            "Models against a discriminator generate images",
            f"--model={row.name}{given}" + ("" if images else ", and data without images"),
            f"choose --model={row.plain.name}" + (", or leave --target out" if images else ""),
        )


def preset_values(name: str, usual: Any) -> dict[str, Any]:
    """Maps data sets to their presets' value of a setting, and models with another to theirs.

    Args:
      name: the setting.
      usual: its value where neither a data set nor a model has one.
    """
    usual = next((row.preset[name] for row in MODELS.values() if name in row.preset), usual)
    of_some = _AGAINST_DISCRIMINATORS if name in _OF_SOME_MODELS else {}
    by_data = {
        data: (of_some.get(data, {}) | preset).get(name, usual) for data, preset in _BY_DATA.items()
    }
    rows = {
        row.name: row.fixed.get(name, row.preset.get(name, usual)) for row in PLAIN_MODELS.values()
    }
    return by_data | {model: value for model, value in rows.items() if value != usual}


def usual_target(model: str, data: str, manifest: Manifest | None = None) -> str | None:
    """Returns the modality that a model generates by default; None for a model without a target."""
    has_target = model in MODELS and MODELS[model].has_target
    if manifest is not None:
        return usual_target_of(manifest) if has_target else None
    of_data = DATA_SETS[data].preset if data in DATA_SETS else None
    return _BY_DATA.get(of_data or data, {}).get("target") if has_target else None

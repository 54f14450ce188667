"""Generates modalities from others with a trained model: pictures, and values as a table.

--given="label=7" draws images of a label, --image=FILE reads the label of an image (JPEG or PNG;
digits white on black as in the data), and neither draws images at z from the prior and tells their
labels. A cvae or cmma must be given all but its target; a vae reconstructs what it is given.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from absl import flags

from jmvae_tf.errors import UserError
from jmvae_tf.presets import check_choice
from jmvae_tf.programs import program
from jmvae_tf.training.run_folder import RunFolder

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.modalities import Modality
    from jmvae_tf.models.base import MultimodalVAE

    Arrays = Mapping[str, np.ndarray]

_RUN = program.define_run()
_CHECKPOINT = program.define_checkpoint()
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7")
_IMAGE = flags.DEFINE_string("image", None, "a file that gives the image")
_NUM_SAMPLES = flags.DEFINE_integer("num_samples", 20, "samples drawn beside the average")
_SEED = flags.DEFINE_integer("seed", 0, "the same seed draws the same samples")
_OUT = flags.DEFINE_string("out", None, "PNG file (default: figures/generated.png of the run)")
program.define_inference()


def main() -> None:
    """Runs the program."""
    folder = RunFolder(pathlib.Path(_RUN.value))
    settings = folder.read_settings()
    checkpoint = folder.choose_checkpoint(_CHECKPOINT.value)
    if _NUM_SAMPLES.value < 1:
        raise UserError(
            "--num_samples must be at least 1", f"--num_samples={_NUM_SAMPLES.value}", "change it"
        )
    if not 0 <= _SEED.value < 2**31:
        raise UserError("--seed must be from 0 to 2147483647", f"--seed={_SEED.value}", "change it")
    out = pathlib.Path(_OUT.value) if _OUT.value else folder.figures / "generated.png"
    if out.suffix != ".png":
        raise UserError("--out must end in .png", f"--out={out}", "choose another name")

    program.load_tensorflow()
    from jmvae_tf.training.train import load_checkpoint

    model = load_checkpoint(checkpoint, settings)
    program.apply_inference(model)
    known = _known(model.modalities)
    for target in _targets(model, known):
        if model.modalities[target].shown_as == "image":
            _draw(model, target, known, out)
        else:
            _print_values(model, target, known)


def _known(modalities: Mapping[str, "Modality"]) -> dict[str, "np.ndarray"]:
    """The values that the flags give, without a batch axis."""
    import numpy as np

    from jmvae_tf.data.image_file import read_image

    known = {}
    if _IMAGE.value:
        image = modalities[_shown_as("image", modalities, f"--image={_IMAGE.value}")[0]]
        known[image.name] = read_image(pathlib.Path(_IMAGE.value), image.event_shape)
    for item in _GIVEN.value:
        name, _, value = item.partition("=")
        check_choice("given", name, _shown_as("label", modalities, f"--given={item}"))
        if name in known:
            raise UserError(
                "A modality is given once", f"--given={','.join(_GIVEN.value)}", "choose one value"
            )
        names = modalities[name].value_names
        if value not in names:
            raise UserError(
                f"--given={name}=… must be one of {', '.join(names)}",
                f"--given={item}",
                "choose one of them",
            )
        known[name] = np.eye(len(names), dtype=np.float32)[names.index(value)]
    return known


def _shown_as(kind: str, modalities: Mapping[str, "Modality"], received: str) -> list[str]:
    """The names of the images or labels of a model; raises UserError if it has none."""
    names = [name for name, modality in modalities.items() if modality.shown_as == kind]
    if not names:
        raise UserError(
            f"This is a model of {' and '.join(modalities)}, without any {kind}",
            received,
            "leave it out",
        )
    return names


def _targets(model: "MultimodalVAE", known: "Arrays") -> Sequence[str]:
    """What is generated from what is known.

    Raises:
      UserError: if the model has no such direction.
    """
    if not model.directions:
        return model.targets
    targets = [name for name in model.targets if name not in known]
    if targets and all(name in known for name in model.conditions):
        return targets
    directions = [f"{target} from {' and '.join(given)}" for given, target in model.directions]
    flag_of = {
        name: "--image" if modality.shown_as == "image" else f"--given={name}"
        for name, modality in model.modalities.items()
    }
    needed = [f"{flag_of[name]}=…" for name in model.conditions]
    raise UserError(
        f"This model generates {' or '.join(directions)}",
        " and ".join(flag_of[name] for name in known) or "neither --image nor --given",
        f"give {' and '.join(needed)} alone" if needed else "leave one of them out",
    )


def _samples(
    model: "MultimodalVAE", target: str, known: "Arrays", number: int | None
) -> "np.ndarray":
    """[number, *event_shape]; of None the average alone, at the mean of the posterior."""
    given = {name: value[None] for name, value in known.items()}
    values = model.generate(target, given, number, _SEED.value).numpy()
    return values.reshape(-1, *model.modalities[target].event_shape)


def _draw(model: "MultimodalVAE", target: str, known: "Arrays", out: pathlib.Path) -> None:
    """Draws samples; before them the average, if anything is given, and what it reconstructs."""
    import numpy as np

    from jmvae_tf import figures

    first = {"given": known[target][None]} if target in known else {}
    if known:
        first["average"] = _samples(model, target, known, None)
    samples = _samples(model, target, known, _NUM_SAMPLES.value)
    title = ", ".join(_GIVEN.value) or _IMAGE.value or "drawn from the prior"
    figures.image_grid(out, _rows(np.concatenate([*first.values(), samples])), title, list(first))
    print(out)


def _rows(images: "np.ndarray") -> "np.ndarray":
    """[images, ...] in rows of at most ten, blank where the last row ends early."""
    import numpy as np

    columns = min(10, len(images))
    blank = np.ones((-len(images) % columns, *images.shape[1:]), images.dtype)
    return np.concatenate([images, blank]).reshape(-1, columns, *images.shape[1:])


def _print_values(model: "MultimodalVAE", target: str, known: "Arrays") -> None:
    """Prints the average's values; from the prior, which is likeliest in each sample."""
    modality = model.modalities[target]
    values = _samples(model, target, known, None if known else _NUM_SAMPLES.value)
    names = modality.value_names or tuple(map(str, range(values.shape[-1])))
    likeliest = " ".join(names[index] for index in values.argmax(axis=-1))
    print(f"{modality.name}: likeliest {likeliest}")
    if known:
        for name, value in zip(names, values[0], strict=True):
            print(f"  {name:<12} {value:.4f}")

"""Generates modalities from others with a trained model: pictures, and values as a table.

--given="label=7" draws images of a label, --image=FILE reads the label of an image (JPEG or PNG;
digits white on black as in the data), and neither draws images at z from the prior.
"""

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from absl import flags

from jmvae_tf.errors import UserError
from jmvae_tf.presets import check_choice
from jmvae_tf.programs import program
from jmvae_tf.training.run_folder import RunFolder

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.modalities import Modality

_RUN = program.define_run()
_CHECKPOINT = program.define_checkpoint()
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7")
_IMAGE = flags.DEFINE_string("image", None, "a file that gives the image")
_NUM_SAMPLES = flags.DEFINE_integer("num_samples", 20, "images drawn beside the average")
_SEED = flags.DEFINE_integer("seed", 0, "the same seed draws the same images")
_OUT = flags.DEFINE_string("out", None, "PNG file (default: figures/generated.png of the run)")


def main() -> None:
    """Runs the program."""
    folder = RunFolder(pathlib.Path(_RUN.value))
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
    from jmvae_tf import figures
    from jmvae_tf.training.train import load_checkpoint

    model = load_checkpoint(checkpoint)
    known = _known(model.modalities)
    targets = [name for name in model.modalities if name not in known]
    if not targets:
        raise UserError(
            "Something must be left to generate",
            f"values of all modalities, {', '.join(known)}",
            "leave out --image or --given",
        )
    given = {name: value[None] for name, value in known.items()}
    for target in targets:
        modality = model.modalities[target]
        if modality.shown_as != "image":
            if given:
                _print_values(modality, model.generate(target, given, seed=_SEED.value)[0].numpy())
            continue
        samples = model.generate(target, given, _NUM_SAMPLES.value, _SEED.value).numpy()
        if given:
            average = model.generate(target, given, seed=_SEED.value).numpy()
            samples = _rows(samples[:, 0], first=average[0])
        else:
            samples = _rows(samples)
        title = ", ".join(_GIVEN.value) or _IMAGE.value or "drawn from the prior"
        figures.image_grid(out, samples, title, ["average"] if given else [])
        print(out)


def _known(modalities: Mapping[str, "Modality"]) -> dict[str, "np.ndarray"]:
    """The values that the flags give, without a batch axis."""
    import numpy as np

    from jmvae_tf.data.image_file import read_image

    known = {}
    if _IMAGE.value:
        image = next(x for x in modalities.values() if x.shown_as == "image")
        known[image.name] = read_image(pathlib.Path(_IMAGE.value), image.event_shape)
    labels = [name for name, modality in modalities.items() if modality.shown_as == "label"]
    for item in _GIVEN.value:
        name, _, value = item.partition("=")
        check_choice("given", name, labels)
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


def _rows(images: "np.ndarray", first: "np.ndarray | None" = None) -> "np.ndarray":
    """[images, ...] in rows of at most ten, blank where the last row ends early."""
    import numpy as np

    if first is not None:
        images = np.concatenate([first[None], images])
    columns = min(10, len(images))
    blank = np.ones((-len(images) % columns, *images.shape[1:]), images.dtype)
    return np.concatenate([images, blank]).reshape(-1, columns, *images.shape[1:])


def _print_values(modality: "Modality", values: "np.ndarray") -> None:
    names = modality.value_names or tuple(map(str, range(len(values))))
    print(f"{modality.name}: likeliest {names[values.argmax()]}")
    for name, value in zip(names, values, strict=True):
        print(f"  {name:<12} {value:.4f}")

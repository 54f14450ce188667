"""Generates modalities from others with a trained model: pictures, and values as a table.

--given draws images: of a label (--given="label=7"), or of attributes by name
(--given="Smiling=1,Eyeglasses=-1"; 1 for yes, -1 for no, up to 3 for very much so, but 0 for no of
attributes that are 0 or 1; those not named are at their mean in the training set). --image=FILE
(JPEG or PNG) reads the label of an image or the attributes of a face. Neither draws images at z
from the prior and tells their labels. A cvae or cmma must be given all but its target; a vae
reconstructs what it is given.

--image=FILE --set="Smiling=1,Male=-2" edits an image: it adds to it by how much the average image
of its attributes changes with them. Each change is drawn alone, and all of them together.

Digits are white on black as in the data. The face in a photograph is found and cut out as it was
for training, unless the run was trained on centre squares.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from absl import flags

from jmvae_tf.programs.common import shared_flags, standard_streams, values_by_name
from jmvae_tf.programs.common.print_values import likeliest, print_table, shown_attributes
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.run_folder import RunFolder

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.modalities import Modality
    from jmvae_tf.models.base import MultimodalVAE

    Arrays = Mapping[str, np.ndarray]

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7 or Smiling=1,Male=-1")
_IMAGE = shared_flags.define_path("image", None, "a JPEG or PNG file, or a pipe")
_SET = flags.DEFINE_list("set", [], "values to give the image instead of its own: an edit")
_NUM_SAMPLES = flags.DEFINE_integer("num_samples", 20, "samples drawn beside the average")
_SEED = flags.DEFINE_integer("seed", 0, "the same seed draws the same samples")
_OUT = shared_flags.define_path("out", None, "PNG file (default: figures/generated.png of the run)")
shared_flags.define_inference()

_EDIT_INCHES = 1.3  # Edits change details.


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
    if _SET.value:
        _check_edit()

    load_tensorflow()
    from jmvae_tf.training.train import load_checkpoint

    model = load_checkpoint(checkpoint, settings)
    shared_flags.apply_inference(model)
    if _SET.value:
        _edit(model, settings.crop, out)
        return
    known = _known(model, settings.crop)
    targets = _targets(model, known)
    images = [target for target in targets if model.modalities[target].kind == "image"]
    for target in images:
        _draw(model, target, known, out)
    for target in targets:
        if target not in images:
            _print_values(model, target, known)


def _check_edit() -> None:
    """Raises UserError if --set does not stand beside --image alone."""
    changes = f"--set={','.join(_SET.value)}"
    if not _IMAGE.value:
        raise UserError(
            "--set edits an image", f"{changes} without --image", "give --image=… or use --given"
        )
    for flag in (_GIVEN, _NUM_SAMPLES):
        if flag.present:
            raise UserError(
                "An edit starts from what the image shows, and has no samples",
                f"{changes} and --{flag.name}",
                f"leave --{flag.name} out",
            )


def _known(model: "MultimodalVAE", crop: str | None) -> dict[str, "np.ndarray"]:
    """The values that the flags give, without a batch axis."""
    import numpy as np

    known = {}
    if _IMAGE.value:
        name = _name_of_image(model.modalities)
        known[name] = _read_image(model.modalities[name], crop)
    for name, values in values_by_name.parse("given", _GIVEN.value, model.modalities).items():
        if np.isnan(values).any():
            values = np.where(np.isnan(values), _usual(model, name), values)
        known[name] = values
    return known


def _usual(model: "MultimodalVAE", name: str) -> "np.ndarray | float":
    """Attributes at their mean in the training set; half-way where the model does not keep it."""
    if name in model.statistics:
        return model.statistics[name].mean.numpy()
    return model.modalities[name].threshold


def _name_of_image(modalities: Mapping[str, "Modality"]) -> str:
    """What a model calls its images; raises UserError if it has none."""
    for name, modality in modalities.items():
        if modality.kind == "image":
            return name
    raise UserError(
        f"This is a model of {' and '.join(modalities)}, without any image",
        f"--image={_IMAGE.value}",
        "leave it out",
    )


def _read_image(modality: "Modality", crop: str | None) -> "np.ndarray":
    from jmvae_tf.data.image_file import read_image
    from jmvae_tf.export_format.value_ranges import to_values

    pixels = read_image(pathlib.Path(_IMAGE.value or ""), modality.event_shape, crop, pipe=True)
    return to_values(pixels, modality.support)


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
    flag_of = {name: _flag_of(modality) for name, modality in model.modalities.items()}
    needed = [f"{flag_of[name]}=…" for name in model.conditions]
    raise UserError(
        f"This model generates {_told(model)}",
        " and ".join(flag_of[name] for name in known) or "neither --image nor --given",
        f"give {' and '.join(needed)} alone" if needed else "leave one of them out",
    )


def _flag_of(modality: "Modality") -> str:
    """The flag that gives a modality, up to its values."""
    if modality.kind == "image":
        return "--image"
    return f"--given={'<name>' if modality.kind == 'attributes' else modality.name}"


def _told(model: "MultimodalVAE") -> str:
    """What a model generates from what."""
    return " or ".join(f"{target} from {' and '.join(given)}" for given, target in model.directions)


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

    from jmvae_tf.reporting.figures.image_grids import image_grid

    first = {"given": known[target][None]} if target in known else {}
    if known:
        first["average"] = _samples(model, target, known, None)
    samples = _samples(model, target, known, _NUM_SAMPLES.value)
    title = ", ".join(_GIVEN.value) or _IMAGE.value or "drawn from the prior"
    image_grid(
        out,
        _rows(np.concatenate([*first.values(), samples])),
        title,
        list(first),
        value_range=model.modalities[target].support,
    )
    print(out)


def _rows(images: "np.ndarray") -> "np.ndarray":
    """[images, ...] in rows of at most ten, NaN where the last row ends early."""
    import numpy as np

    columns = min(10, len(images))
    blank = np.full((-len(images) % columns, *images.shape[1:]), np.nan, images.dtype)
    return np.concatenate([images, blank]).reshape(-1, columns, *images.shape[1:])


def _edit(model: "MultimodalVAE", crop: str | None, out: pathlib.Path) -> None:
    """Draws an image, its edits and the averages between which they differ; tells its values."""
    import numpy as np

    from jmvae_tf.models import editing
    from jmvae_tf.reporting.figures.image_grids import image_grid

    target = _name_of_image(model.modalities)
    wanted = values_by_name.parse("set", _SET.value, model.modalities)
    for condition in wanted:
        if not editing.can_edit(model, target, condition):
            raise UserError(
                f"An edit needs a model that generates {condition} from {target} and {target} from "
                f"{condition}",
                f"one that generates {_told(model) or 'nothing from anything else'}",
                "leave --set out, or use a jmvae_kl, jmvae or jmvae_h",
            )
    if len(wanted) > 1:
        raise UserError(
            "An edit changes one modality", f"{' and '.join(wanted)} by --set", "choose one"
        )
    [condition] = wanted
    image = _read_image(model.modalities[target], crop)[None]
    alone = {item: values_by_name.parse("set", [item], model.modalities) for item in _SET.value}
    changes = {**alone, "together": wanted} if len(alone) > 1 else alone
    edits = {
        name: editing.edit(model, target, image, condition, change[condition], _SEED.value)
        for name, change in changes.items()
    }
    first, *_ = edits.values()
    reconstruction = model.reconstruct({target: image}, _SEED.value)[target]
    rows = [
        [image, reconstruction, *(edit.edited for edit in edits.values())],
        [
            first.average,
            np.full_like(image, np.nan),
            *(edit.changed_average for edit in edits.values()),
        ],
    ]
    support = model.modalities[target].support
    images = np.clip([np.concatenate(row) for row in rows], *support)
    image_grid(
        out,
        images,
        f"{_IMAGE.value}: {', '.join(_SET.value)}",
        ["as it is", "reconstruction", *edits],
        ["image", "average"],
        side=_EDIT_INCHES,
        value_range=support,
    )
    print_table(model.modalities[condition], first.values.numpy()[0])
    print(out)
    standard_streams.require()


def _print_values(model: "MultimodalVAE", target: str, known: "Arrays") -> None:
    """Prints the average's values; from the prior, what is told of each sample."""
    modality = model.modalities[target]
    values = _samples(model, target, known, None if known else _NUM_SAMPLES.value)
    if known:
        print_table(modality, values[0])
    elif modality.kind == "attributes":
        print(f"{modality.name}:")
        for number, sample in enumerate(values, 1):
            print(f"  {number:<3} {shown_attributes(modality, sample)}")
    elif modality.kind == "label":
        print(likeliest(modality, values))
    else:
        for sample in values:
            print_table(modality, sample)
    standard_streams.require()

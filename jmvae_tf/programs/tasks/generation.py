"""Generates modalities and edits images: draws images, prints other values."""

import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jmvae_tf.clients.image_checks import CheckedImage, checked_image
from jmvae_tf.data.image_file import read_image
from jmvae_tf.export.signatures import fixed_seed
from jmvae_tf.export.summarise_training import autoencoded
from jmvae_tf.export_format.training_summary import TrainingSummary
from jmvae_tf.export_format.value_ranges import to_values
from jmvae_tf.modalities import observed_key
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.programs.common import standard_streams, values_by_name
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.common.given_values import all_given, with_given
from jmvae_tf.programs.common.image_warnings import with_checked_images
from jmvae_tf.programs.common.images_by_name import images_of, parse_images, paths_of
from jmvae_tf.programs.common.print_values import print_samples, print_table
from jmvae_tf.programs.tasks.run_model import load_model_of
from jmvae_tf.reporting import walks
from jmvae_tf.reporting.figures.image_grids import image_grid
from jmvae_tf.reporting.training_summaries import summary_of_run
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.run_folder import name_of_epoch

_EDIT_INCHES = 1.3  # Large enough to see details.


class TrainedModel(NamedTuple):
    """A model, and how it was trained to see images.

    Attributes:
      model: the model.
      crops: image to how its files are cropped, see `read_image`; others are fitted.
      summary: what is known of the training data, to warn about images unlike them.
    """

    model: MultimodalVAE
    crops: Mapping[str, str | None]
    summary: TrainingSummary | None = None

    def read(self, path: pathlib.Path, modality: Any) -> np.ndarray:
        """Reads the file of an image."""
        crop = self.crops.get(modality.name)
        return to_values(read_image(path, modality.event_shape, crop, pipe=True), modality.support)

    def given(self, given: GivenFlags) -> dict[str, np.ndarray]:
        """Returns the values that flags give, with the usual ones beside them."""
        usual = functools.partial(_usual_values, self.model)
        return all_given(given, self.model.modalities, self.read, usual)

    def checked(self, known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compares images with those in training, prints what is odd, and returns all values."""

        def check(name: str, values: np.ndarray) -> CheckedImage:
            def autoencode(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                known = {name: images}
                seed = fixed_seed(self.model, known)
                z, reconstructed = autoencoded(self.model, name, known, seed)
                return z.numpy(), reconstructed.numpy()

            usual = self.summary.images.get(name) if self.summary else None
            return checked_image(values, self.model.modalities[name], usual, autoencode)

        return with_checked_images(known, self.model.modalities, check)


def trained_model_of(run: ChosenRun, inference: Mapping[str, Any]) -> TrainedModel:
    """Loads the model of a run.

    Args:
      run: the run.
      inference: see `load_model_of`.

    Raises:
      UserError: if the checkpoint cannot be read, or the model does not have a setting.
    """
    model, _ = load_model_of(run, inference)
    crops: dict[str, str | None] = dict.fromkeys(model.modalities, run.settings.crop)
    if run.settings.manifest:
        crops = {name: x.fit for name, x in run.settings.manifest.modalities.items()}
    if inference:  # Limits hold for the inference that they were found with.
        return TrainedModel(model, crops)
    checkpoint = name_of_epoch(run.folder, run.checkpoint)
    return TrainedModel(model, crops, summary_of_run(model, run.folder, checkpoint))


def generate(
    trained: TrainedModel,
    given: GivenFlags,
    num_samples: int,
    seed: int,
    out: pathlib.Path,
    mixture: LatentMixture | None = None,
) -> None:
    """Draws the images and prints the values that a model generates from its inputs.

    Args:
      trained: the model.
      given: the flags that give any of its modalities.
      num_samples: the number of samples to draw.
      seed: seed of the samples.
      out: the PNG file; for several images, their names are appended.
      mixture: what z is drawn from, with nothing given; None for the prior.

    Raises:
      UserError: if the model does not have a given value, or generates nothing from the inputs.
    """
    model = trained.model
    known = trained.given(given)
    targets = _targets(model, known)
    known = trained.checked(known)
    drawn = [name for name in images_of(model.modalities) if name in targets]
    title = given.title(model.modalities) or f"drawn from the {'mixture' if mixture else 'prior'}"
    batch = _batch(model, known)

    def samples(target: str, number: int | None) -> np.ndarray:
        """Returns [number, *event_shape]; for None the average, at the posterior's mean."""
        if mixture and number:
            return mixture.generate(model, target, number, seed).numpy()
        values = model.generate(target, batch, number, seed).numpy()
        return values.reshape(-1, *model.modalities[target].event_shape)

    for target, path in paths_of(out, drawn).items():
        # Samples come after the image that they reconstruct and after the average.
        first = {"given": known[target][None]} if target in known else {}
        if known:
            first["average"] = samples(target, None)
        image_grid(
            path,
            _rows(np.concatenate([*first.values(), samples(target, num_samples)])),
            title,
            list(first),
            value_range=model.modalities[target].support,
        )
        print(path)
    for target in targets:
        if target in drawn:
            continue
        if known:
            values = with_given(samples(target, None)[0], known.get(target))
            print_table(model.modalities[target], values)
            # A word may begin anywhere; then the average is a mixture of places.
            if model.modalities[target].kind == "text" and target not in known:
                print_samples(model.modalities[target], samples(target, num_samples), "samples")
        else:
            print_samples(model.modalities[target], samples(target, num_samples))
        standard_streams.require_output()


def draw_walk(
    trained: TrainedModel,
    given: GivenFlags,
    wanted: Sequence[str],
    num_samples: int,
    seed: int,
    out: pathlib.Path,
) -> None:
    """Draws the way through the latent space from what is given to other values, as a GIF.

    Args:
      trained: the model.
      given: the flags that give where the walk starts.
      wanted: what is different where it ends: values by name, or files of images.
      num_samples: the number of walks between samples, besides the one between averages.
      seed: seed of the samples; both ends of a walk have the same noise.
      out: the GIF file; for several images, their names are appended.

    Raises:
      UserError: if the model does not have a value, infers no z or generates no image, or the walk
        would start nowhere.
    """
    model = trained.model
    drawn = [name for name in images_of(model.modalities) if name in model.targets]
    if model.conditions or not drawn:
        raise UserError(
            "A walk needs a model that infers z, and generates an image from it",
            f"one that generates {_directions(model) or ' and '.join(model.targets)}",
            "leave --walk out, or use another model, such as jmvae_kl",
        )

    start = trained.given(given)
    files = [x for x in wanted if "=" not in x or x.partition("=")[0] in drawn]
    values = [x for x in wanted if x not in files]
    changes = values_by_name.parse("walk", values, model.modalities)
    for name in changes:
        if name not in start and model.modalities[name].kind == "attributes":
            start[name] = editing.usual_values(model, name)
    paths = parse_images(files, model.modalities, "walk")
    images = {name: trained.read(path, model.modalities[name]) for name, path in paths.items()}
    merged = {name: np.where(np.isnan(x), start.get(name, x), x) for name, x in changes.items()}
    nowhere = [name for name in (*merged, *images) if name not in start]
    if nowhere or not start:
        raise UserError(
            "A walk goes from what is given to what --walk says",
            f"--walk={','.join(wanted)}, and no {' and no '.join(nowhere)} to start from",
            f"give {' and '.join(_flag_of(name, model) + '…' for name in nowhere)} too",
        )
    start = trained.checked(start)
    end = {**start, **merged, **trained.checked(images)}
    ends = []
    for known in (start, end):
        batch = _batch(model, known)
        samples = model.sample_posterior(batch, num_samples, seed)[:, 0]
        ends.append(np.concatenate([model.posterior_mean(batch, seed), samples]))
    title = f"From {given.title(model.modalities) or 'the usual'} to {', '.join(wanted)}"
    for target, path in paths_of(out, drawn).items():
        walks.save(path, walks.walk(model, target, *ends), title=title)
        print(path)


def edit_image(
    trained: TrainedModel,
    images: Sequence[str],
    changes: Sequence[str],
    seed: int,
    out: pathlib.Path,
) -> None:
    """Draws an image, its edits and the averages that define them; prints its values.

    Below the edits, the model draws the whole image again with each change.

    Args:
      trained: the model.
      images: the file of the image; see `parse_images`.
      changes: the new values; see `values_by_name.parse`.
      seed: seed for models that infer missing modalities by sampling.
      out: the PNG file.

    Raises:
      UserError: if the model does not have a given value or cannot edit the image.
    """
    model = trained.model
    paths = parse_images(images, model.modalities)
    if len(paths) > 1:
        raise UserError(
            "An edit changes one image", " ".join(f"--image={x}" for x in images), "choose one"
        )
    [(target, path)] = paths.items()
    wanted = values_by_name.parse("set", changes, model.modalities)
    for condition in wanted:
        if not editing.can_edit(model, target, condition):
            raise UserError(
                f"An edit needs a model that generates {condition} from {target} and {target} from "
                f"{condition}",
                f"one that generates {_directions(model) or 'nothing from anything else'}",
                "leave --set out, or use a jmvae_kl, jmvae or jmvae_h",
            )
    if len(wanted) > 1:
        raise UserError(
            "An edit changes one modality", f"{' and '.join(wanted)} by --set", "choose one"
        )
    [condition] = wanted
    read = trained.read(path, model.modalities[target])
    image = trained.checked({target: read})[target][None]
    alone = {item: values_by_name.parse("set", [item], model.modalities) for item in changes}
    together = {"together": wanted} if len(alone) > 1 else {}
    changed = {name: change[condition] for name, change in {**alone, **together}.items()}
    edits = [editing.edit(model, target, image, condition, x, seed) for x in changed.values()]
    unchanged = np.full(model.modalities[condition].event_shape, np.nan, np.float32)
    rows = [
        [image, *(edit.edited for edit in edits)],
        [
            editing.redrawn(model, target, image, condition, x, seed)
            for x in (unchanged, *changed.values())
        ],
        [edits[0].average, *(edit.changed_average for edit in edits)],
    ]
    support = model.modalities[target].support
    image_grid(
        out,
        np.clip([np.concatenate(row) for row in rows], *support),
        f"{path}: {', '.join(changes)}",
        ["as it is", *changed],
        [target, "redrawn", "average"],
        side=_EDIT_INCHES,
        value_range=support,
    )
    print_table(model.modalities[condition], edits[0].values.numpy()[0])
    print(out)
    standard_streams.require_output()


def _usual_values(model: MultimodalVAE, name: str) -> np.ndarray | None:
    if model.modalities[name].kind == "attributes":
        return editing.usual_values(model, name)
    return editing.known_means(model, name)


def _batch(model: MultimodalVAE, known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns what is known as a batch of one example, with masks of what is known in part."""
    batch = {}
    for name, values in known.items():
        batch[name] = values[np.newaxis]
        if model.modalities[name].partly_observed:
            batch[observed_key(name)] = ~np.isnan(batch[name])
    return batch


def _targets(model: MultimodalVAE, known: Mapping[str, np.ndarray]) -> Sequence[str]:
    """Returns the names of the modalities to generate from the known ones.

    Raises:
      UserError: if the model has no such direction.
    """
    if not model.directions:
        return model.targets
    targets = [name for name in model.targets if name not in known or np.isnan(known[name]).any()]
    if targets and all(name in known for name in model.conditions):
        return targets
    needed = [f"{_flag_of(name, model)}=…" for name in model.conditions]
    raise UserError(
        f"This model generates {_directions(model)}",
        " and ".join(_flag_of(name, model) for name in known) or "neither --image nor --given",
        f"give {' and '.join(needed)} alone" if needed else "leave one of them out",
    )


def _flag_of(name: str, model: MultimodalVAE) -> str:
    """Returns the start of the flag that gives a modality, without its values."""
    modality = model.modalities[name]
    if modality.kind == "image":
        return "--image" if len(images_of(model.modalities)) == 1 else f"--image={name}"
    return f"--given={values_by_name.usual_name(modality, model.modalities)}"


def _directions(model: MultimodalVAE) -> str:
    """Lists what a model generates from what."""
    return " or ".join(f"{target} from {' and '.join(given)}" for given, target in model.directions)


def _rows(images: np.ndarray) -> np.ndarray:
    """Arranges [images, ...] in rows of at most ten; NaN fills the last row."""
    columns = min(10, len(images))
    blank = np.full((-len(images) % columns, *images.shape[1:]), np.nan, images.dtype)
    return np.concatenate([images, blank]).reshape(-1, columns, *images.shape[1:])

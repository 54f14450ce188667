"""Draws the figures of the 2018 paper on CelebA, for any faces with attributes."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from jmvae_tf.data import pipelines
from jmvae_tf.modalities import Modality
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.figure_names import listed
from jmvae_tf.reporting.figures import image_grids, latent_spaces
from jmvae_tf.reporting.figures.png_files import spaced
from jmvae_tf.reproduction import recipes
from jmvae_tf.reproduction.measures import set_rounds
from jmvae_tf.reproduction.paper_table import Cell, PaperFigure, Table, TablePart
from jmvae_tf.reproduction.runs import Runs

_IMAGE, _ATTRIBUTES = "image", "attributes"

# The paper's text on CelebA names the first five; we added others that are easy to see.
_VARIED = (
    *("Male", "Bald", "Smiling", "Eyeglasses", "Mustache"),
    *("Wearing_Hat", "Blond_Hair", "Black_Hair", "Bangs", "Goatee", "Pale_Skin", "Young"),
)
# Also set to "Not". The first one in the data is negated in the second half of Figure 7(b).
_NEGATED = ("Male", "Smiling", "Young")
_MOST_VARIED = 18
"""Most attributes in a figure; if the data have more, only those in `_VARIED` are varied."""

_OF_BASE = "Smiling"
"""What Base has. Otherwise it is typical, so that each other attribute can be seen to change."""

_MOST_COLUMNS = 10

_FAR = 2.0
"""The value of a varied attribute; data are -1 or 1 (2018 paper, Figure 7)."""

_UNCHANGED: Mapping[str, float] = {}

_ROUNDS = (1, 2, 5, 10, 20)
_TEST_FACES = 8
_FACES_SEARCHED = 1000
_RANDOM_ROWS = 3
_PHOTOGRAPHS = 4
_CONDITIONS = 10
"""Conditions in Figure 7(b): as many as there are distinct colours."""


def faces_by_rounds(runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws Figure 6: test faces, and faces generated from their attributes after 1, 2, ... rounds.

    A longer chain starts with the shorter ones; JMVAE-kl has no rounds. The images are means of
    p(x|z), each at one z.
    """
    modality = runs.data.modalities[_ATTRIBUTES]
    faces = pipelines.whole_part(runs.data, "test", number=_FACES_SEARCHED)
    chosen = _faces_with(_varied(modality), modality, faces[_ATTRIBUTES].numpy())
    given = {_ATTRIBUTES: tf.gather(faces[_ATTRIBUTES], list(chosen.values()))}
    rows = {"(a) test faces": tf.gather(faces[_IMAGE], list(chosen.values()))}
    for letter, recipe in zip("bcd", recipes.FIGURES["6"], strict=True):
        model = runs.trained(recipe)
        title = f"({letter}) {recipes.TITLES[recipe.model]}"
        if recipe.model == "jmvae_kl":
            rows[title] = model.generate(_IMAGE, given, 1, runs.seed)[0]
            continue
        most = runs.scale.num_rounds
        for number in [*(rounds for rounds in _ROUNDS if rounds < most), most]:
            set_rounds(model, number)
            name = f"{title}, {number} round{'s' if number > 1 else ''}"
            rows[name] = model.generate(_IMAGE, given, 1, runs.seed)[0]
    path = folder / "figure-6.png"
    image_grids.image_grid(
        path,
        np.stack(list(rows.values())),
        "Faces generated from all attributes of test faces, of which one is named",
        [spaced(name) for name in chosen],
        list(rows),
        note="means of p(x|z), each at one z",
    )
    return PaperFigure((path,), None)


def _faces_with(names: Sequence[str], modality: Modality, attributes: np.ndarray) -> dict[str, int]:
    """Maps some of the names to the index of a face with that attribute, all different."""
    chosen: dict[str, int] = {}
    for name in names:
        has = attributes[:, modality.value_names.index(name)] > 0
        others = [index for index in np.flatnonzero(has) if index not in chosen.values()]
        if others and len(chosen) < _TEST_FACES:
            chosen[name] = int(others[0])
    return chosen


def average_and_random_faces(runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws Figure 7: (a) average and random faces given attributes, (b) z in two dimensions."""
    recipe, collapsed = recipes.FIGURES["7"]
    model = runs.trained(recipe)
    modality = model.modalities[_ATTRIBUTES]
    base = _base(modality, np.asarray(runs.data.train[_ATTRIBUTES]))
    has = [spaced(name) for name, x in zip(modality.value_names, base, strict=True) if x > 0]
    changes = {"Base": _UNCHANGED, **_changes(modality)}
    asked = [editing.with_values(modality, base, change) for change in changes.values()]
    grids = {
        "": _averages_and_samples(model, asked, _RANDOM_ROWS, runs.seed),
        "JMVAE: ": _averages_and_samples(runs.trained(collapsed), asked, 1, runs.seed),
    }
    paths = (folder / "figure-7a.png", folder / "figure-7b.png")
    image_grids.image_grid(
        paths[0],
        np.concatenate(list(grids.values())),
        "Faces generated from attributes by JMVAE-kl-GAN, and in the last two rows by JMVAE",
        [spaced(name) for name in changes],
        [
            f"{name}{row}"
            for name, images in grids.items()
            for row in ("average", *(f"random {number}" for number in range(1, len(images))))
        ],
        most_columns=_MOST_COLUMNS,
        note=f"Base: the most typical smiling face in training, {listed(has)} and nothing else. In "
        f"each other column one attribute is {_FAR:g} (Not: −{_FAR:g}); a row has the same noise",
    )
    _latent_conditions(runs, model, base, paths[1])
    return PaperFigure(paths, None)


def _base(modality: Modality, rows: np.ndarray) -> np.ndarray:
    """Chooses the most typical attributes of faces that smile, if there are any.

    Args:
      modality: the attributes.
      rows: those of the training faces, -1 or 1, [faces, attributes].
    """
    if _OF_BASE in modality.value_names:
        has = rows[:, modality.value_names.index(_OF_BASE)] > 0
        rows = rows[has] if has.any() else rows
    return editing.most_typical(rows)


def _latent_conditions(
    runs: Runs, model: MultimodalVAE, base: np.ndarray, path: pathlib.Path
) -> None:
    """Draws Figure 7(b): principal components of z ~ q(z|w), for Base and for Base with one Not."""
    modality = model.modalities[_ATTRIBUTES]
    varied = _varied(modality)
    negated = next((name for name in _NEGATED if name in varied), varied[0])
    conditions = ["Base", *(name for name in varied if name != negated)][:_CONDITIONS]
    not_base = editing.with_values(modality, base, {negated: -_FAR})
    samples, means = {}, {}
    for title, values in {"Base": base, f"Not {negated}": not_base}.items():
        asked = [
            editing.with_values(modality, values, {} if name == "Base" else {name: _FAR})
            for name in conditions
        ]
        given = {_ATTRIBUTES: tf.constant(np.stack(asked))}
        z = model.sample_posterior(given, runs.scale.num_points or 1000, runs.seed)
        samples[title] = z.numpy().swapaxes(0, 1)
        means[title] = model.posterior_mean(given, runs.seed).numpy()
    components = PCA(2).fit(np.concatenate(list(samples.values())).reshape(-1, model.latent_dim))
    share = components.explained_variance_ratio_.sum()

    def flat(z: np.ndarray) -> np.ndarray:
        return components.transform(z.reshape(-1, model.latent_dim)).reshape(*z.shape[:-1], 2)

    latent_spaces.latent_conditions(
        path,
        {title: (flat(samples[title]), flat(means[title])) for title in samples},
        [spaced(name) for name in conditions],
        f"z ~ q(z|w) of JMVAE-kl-GAN and its mean (ringed), by the attribute at {_FAR:g}, on two "
        f"principal components ({100 * share:.0f} % of the variance)",
    )


def edited_faces(runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws Figure 8: photographs with generated attributes, and with some of them changed."""
    [recipe] = recipes.FIGURES["8"]
    model = runs.trained(recipe)
    modality = model.modalities[_ATTRIBUTES]
    shown = pipelines.whole_part(runs.data, "test", number=_PHOTOGRAPHS)
    photographs = shown[_IMAGE]
    unchanged = np.full(modality.event_shape, np.nan)
    edits = {
        name: editing.edit(
            model,
            _IMAGE,
            photographs,
            _ATTRIBUTES,
            editing.with_values(modality, unchanged, change),
            runs.seed,
        )
        for name, change in _changes(modality).items()
    }
    first = next(iter(edits.values()))
    columns = {
        "photograph": photographs,
        "rebuilt": model.reconstruct({_IMAGE: photographs}, runs.seed)[_IMAGE],
        "average": tf.clip_by_value(first.average, *model.modalities[_IMAGE].support),
    } | {name: edit.edited for name, edit in edits.items()}
    path = folder / "figure-8.png"
    image_grids.image_grid(
        path,
        np.stack(list(columns.values()), axis=1),
        "Test faces, and edits of them by JMVAE-kl-GAN",
        [spaced(name) for name in columns],
        [str(number) for number in range(1, len(photographs) + 1)],
        most_columns=_MOST_COLUMNS,
        note="average: of the attributes generated from the face. Edits: x + (x̄′ - x̄) with one "
        f"attribute at {_FAR:g} (Not: −{_FAR:g})",
    )
    rows: dict[str, list[Cell]] = {
        name: [
            round(float(value), 2)
            for vectors in zip(first.values.numpy(), shown[_ATTRIBUTES].numpy(), strict=True)
            for value in (vector[place] for vector in vectors)
        ]
        for place, name in enumerate(modality.value_names)
    }
    return PaperFigure(
        (path,),
        Table(
            f"Figure 8 of the 2018 paper, {runs.data_name}: attributes of the faces in it",
            [
                TablePart(
                    "attributes",
                    "generated from each face, and true",
                    tuple(
                        f"face {number}{kind}"
                        for number in range(1, len(photographs) + 1)
                        for kind in ("", ", true")
                    ),
                    rows,
                )
            ],
            [runs.summary("celeba")],
        ),
    )


def _varied(modality: Modality) -> list[str]:
    """Lists the attributes that the figures vary."""
    names = modality.value_names
    chosen = [name for name in _VARIED if name in names]
    others = [name for name in names if name not in chosen]
    return chosen + (others if len(names) <= _MOST_VARIED else [])


def _changes(modality: Modality) -> dict[str, Mapping[str, float]]:
    """Maps the name of each column to the attribute that it changes and the new value."""
    varied = _varied(modality)
    return {
        **{name: {name: _FAR} for name in varied},
        **{f"Not {name}": {name: -_FAR} for name in _NEGATED if name in varied},
    }


def _averages_and_samples(
    model: MultimodalVAE, asked: Sequence[np.ndarray], number: int, seed: int
) -> np.ndarray:
    return editing.averages_and_samples(model, _IMAGE, _ATTRIBUTES, asked, number, seed)

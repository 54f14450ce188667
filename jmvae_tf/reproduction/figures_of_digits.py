"""Draws the figures of the 2018 paper on MNIST and collects their numbers."""

import pathlib

import numpy as np
import tensorflow as tf
from sklearn.neighbors import KNeighborsClassifier

from jmvae_tf.evaluation.estimate import Estimate, estimate
from jmvae_tf.reporting.figures import curves, image_grids, latent_spaces
from jmvae_tf.reproduction import published, recipes
from jmvae_tf.reproduction.measures import by_rounds, set_rounds, test_examples
from jmvae_tf.reproduction.paper_table import Cell, PaperFigure, Table, TablePart
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.runtime.randomness import as_seed, split


def latent_representations(runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws Figure 3: z given both modalities (left) and given only the label (right)."""
    names = runs.data.modalities["label"].value_names
    test = test_examples(runs, runs.scale.num_points)
    classes = np.argmax(test["label"], axis=1)
    seed_q, seed_z = split(as_seed(runs.seed), 2)
    panels = {}
    for number, recipe in enumerate(recipes.FIGURES["3"]):
        model = runs.trained(recipe)
        panels[f"({'abc'[number]}) {recipes.TITLES[recipe.model]}"] = [
            model.posterior(given, seed_q).sample(seed=seed_z).numpy()
            for given in (test, {"label": test["label"]})
        ]
    path = folder / "figure-3.png"
    latent_spaces.latent_scatters(
        path,
        panels,
        classes,
        names,
        ("image and label given: z ~ q(z|x,w)", "image missing: z ~ q(z|w)"),
        "2-D latent representation of test digits",
    )
    rows: dict[str, list[Cell]] = {
        name: [
            *(round(_spread(points), 3) for points in columns),
            *(_labels_told(points, classes) for points in columns),
        ]
        for name, columns in panels.items()
    }
    table = Table(
        "Figure 3 of the 2018 paper in numbers",
        [
            TablePart(
                "latent_space",
                "z of two values, of test digits",
                (
                    "spread",
                    "spread, image missing",
                    "labels told",
                    "labels told, image missing",
                ),
                rows,
            )
        ],
        [
            "spread: root of the summed variances of both values of z",
            "labels told: share of points whose label their five nearest neighbours tell; 0.1 is "
            "chance",
            runs.summary(),
        ],
    )
    return PaperFigure((path,), table)


def _spread(points: np.ndarray) -> float:
    """Computes the root mean square distance of points [points, 2] from their mean."""
    return float(np.sqrt(points.astype(np.float64).var(axis=0).sum()))


def _labels_told(points: np.ndarray, classes: np.ndarray) -> Estimate:
    """Computes the share of the second half of points [points, 2] that the first half predicts."""
    half = len(points) // 2
    judge = KNeighborsClassifier(n_neighbors=5).fit(points[:half], classes[:half])
    return estimate(judge.predict(points[half:]) == classes[half:])


def images_by_rounds(runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws Figure 4: one chain per label, after 1, 2, ... rounds; JMVAE-kl has no rounds.

    A longer chain starts with the shorter ones. The images are means of p(x|z).
    """
    names = runs.data.modalities["label"].value_names
    labels = tf.eye(len(names))
    panels: dict[str, np.ndarray] = {}
    row_names: dict[str, list[str]] = {}
    for number, recipe in enumerate(recipes.FIGURES["4"]):
        model = runs.trained(recipe)
        title = f"({'abc'[number]}) {recipes.TITLES[recipe.model]}"
        rounds = range(1, runs.scale.num_rounds + 1) if recipe.model != "jmvae_kl" else [None]
        images = []
        for num_rounds in rounds:
            if num_rounds is not None:
                set_rounds(model, num_rounds)
                row_names.setdefault(title, []).append(str(num_rounds))
            images.append(model.generate("image", {"label": labels}, 1, runs.seed)[0])
        panels[title] = np.stack(images)
    path = folder / "figure-4.png"
    image_grids.image_panels(
        path,
        panels,
        names,
        row_names,
        "rounds of iterative sampling",
        "Images generated from labels: means of p(x|z)",
    )
    return PaperFigure((path,), None)


def log_likelihood_by_rounds(runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws Figure 5: Eq. 5 (JMVAE-h: Eq. 6) by rounds of iterative sampling, both directions."""
    rounds = range(1, runs.scale.num_rounds + 1)
    found = {
        recipes.TITLES[recipe.model]: [by_rounds(runs, recipe, number) for number in rounds]
        if recipe.model != "jmvae_kl"
        else [by_rounds(runs, recipe)]
        for recipe in recipes.FIGURES["5"]
    }
    directions = {"label_to_image": "label → image", "image_to_label": "image → label"}
    values = {
        direction: {name: [point[direction] for point in points] for name, points in found.items()}
        for direction in directions
    }
    path = folder / "figure-5.png"
    curves.error_bars(
        path,
        {
            title: {
                name: (
                    np.array([point.mean for point in points]),
                    np.array([point.standard_error for point in points]),
                )
                for name, points in values[direction].items()
            }
            for direction, title in directions.items()
        },
        rounds,
        "rounds of iterative sampling",
        "log-likelihood in nats (Eq. 5; JMVAE-h: Eq. 6)",
        "Log-likelihood of test digits by number of rounds",
    )
    parts = []
    for direction, title in directions.items():
        rows: dict[str, list[Cell]] = {
            f"round {number}": [
                points[number - 1] if number <= len(points) else None
                for points in values[direction].values()
            ]
            for number in rounds
        }
        paper = published.TABLE_1_2018[direction]
        rows["paper, Table 1"] = [paper[name] for name in values[direction]]
        parts.append(TablePart(direction, title, tuple(values[direction]), rows))
    number = runs.scale.num_chain_examples
    table = Table(
        "Figure 5 of the 2018 paper in numbers: test log-likelihoods in nats",
        parts,
        [
            f"Eq. 5, N = {runs.scale.num_samples}, JMVAE-h: Eq. 6, over "
            f"{f'the first {number}' if number else 'all'} test examples; JMVAE-kl has no rounds",
            "the papers' values at each round are in no table; those of Table 1 are after 10",
            runs.summary(),
        ],
    )
    return PaperFigure((path,), table)

"""A comparison whose runs are done: their measures are there, and no model."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.evaluation.estimate import Estimate, value_as_json
from jmvae_tf.evaluation.protocol import Protocol
from jmvae_tf.reproduction.compared_models import recipes_of
from jmvae_tf.reproduction.compared_runs import ComparedRuns
from jmvae_tf.reproduction.measures import COMPARED
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.runs import PROTOCOL
from jmvae_tf.runtime.files import write_json

SEEDS = {"jmvae_kl": [0, 1], "jmvae": [0], "vae": [0]}


def runs_of(path: pathlib.Path, hidden: float = 0.0) -> ComparedRuns:
    """Comparison of digits after two epochs."""
    return ComparedRuns(path, data_source_of("digits"), pathlib.Path("data"), 2, hidden)


def measures_of(model: str, seed: int = 0) -> dict[str, Estimate]:
    """Measures of a model of images and labels, better with the seed; of a VAE but likelihoods."""
    if model == "vae":
        return {"log_p_image_single_image": Estimate(-20.0, 0.5)}
    better = 0.01 * seed + (0.125 if model == "jmvae_kl" else 0.0)
    return {
        "conditional_coherence_1_given": Estimate(0.75 + better, 0.02),
        "joint_coherence": Estimate(0.5 + better, 0.03),
        "joint_coherence_mixture": Estimate(0.75 + better, 0.03),
        "class_judge_accuracy_image": Estimate(0.98, 0.01),
        "label_coherence": Estimate(0.75 + better, 0.01),
        "classifier_accuracy": Estimate(0.97, 0.01),
        "linear_probe_z_given_image": Estimate(0.9, 0.01),
        "label_diversity": Estimate(0.85, 0.01),
        "frechet_distance": Estimate(12.0 - 8 * better, 0.4),
        "frechet_distance_real": Estimate(0.5, 0.1),
        "log_p_joint_multiple": Estimate(-22.0 + better, 0.5),
        "log_p_image_single_image": Estimate(-21.0, 0.5),
    }


def finish(
    runs: ComparedRuns,
    recipe: Recipe,
    measures: Mapping[str, Estimate],
    durations: Mapping[str, float],
) -> None:
    """Makes the folder of a run whose epochs are done and measured."""
    folder, settings = runs.folder(recipe), runs.settings(recipe)
    folder.start(settings)
    runs.record_data()
    folder.checkpoints.mkdir()
    folder.checkpoint_of(settings.epochs).touch()
    scale = runs.scale
    protocol = Protocol(
        num_samples=scale.num_samples,
        num_importance_samples=scale.num_importance_samples,
        num_prior_samples=scale.num_prior_samples,
        seed=runs.seed,
    )
    identity = {
        **dataclasses.asdict(protocol),
        "num_examples": scale.num_likelihood_examples,
        "epoch": settings.epochs,
        "protocol": PROTOCOL,
    }
    taken = {name: value_as_json(value) for name, value in measures.items()}
    write_json(folder.path / "measures" / f"{COMPARED}.json", {"of": identity, "measures": taken})
    write_json(folder.path / "measures" / "durations.json", durations)


def finished(path: pathlib.Path) -> tuple[ComparedRuns, Sequence[Recipe]]:
    """Makes all runs of a comparison."""
    runs, recipes = runs_of(path), recipes_of(SEEDS)
    for recipe in recipes:
        measures = measures_of(recipe.model, recipe.overrides["seed"])
        finish(runs, recipe, measures, {"training": 90.0, "epochs": 2, "measuring": 30.0})
    return runs, recipes

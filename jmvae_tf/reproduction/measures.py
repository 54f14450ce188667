"""The measures of a run for tables and figures, stored in the run's folder."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from jmvae_tf.data import pipelines
from jmvae_tf.evaluation.estimate import estimate, value_as_json, value_from_json
from jmvae_tf.evaluation.evaluate import evaluate_for_comparison
from jmvae_tf.evaluation.metrics.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from jmvae_tf.evaluation.older_metric_names import with_current_names
from jmvae_tf.evaluation.protocol import Protocol
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.iterative import IterativelySampledVAE
from jmvae_tf.reporting import metrics_file
from jmvae_tf.reporting.mixtures import mixture_if_possible
from jmvae_tf.reproduction.compared_runs import ComparedRuns
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.runtime.errors import UserError

Measures = Mapping[str, Any]
"""Maps the name of a metric to an `Estimate` or a count."""

COMPARED = "comparison"
"""The name of the measures of a compared run."""

GENERATION = "generation"
"""The name of the measures of `generation`."""

ZEROS: Mapping[str, Any] = {"missing": "zeros", "num_rounds": 1, "feed_back": "samples"}
"""JMVAE-zero's inference: missing values are 0, encoded once (2016 paper, section 3.3)."""


def generation(runs: Runs, recipe: Recipe) -> Measures:
    """Computes all metrics of `evaluate` except those with importance weights.

    Args:
      runs: the runs of one scale.
      recipe: the recipe of the run.

    Returns:
      Metric name to value.
    """
    return _evaluated(runs, recipe, GENERATION, 0, runs.scale.num_generation_examples, {})


def likelihoods(runs: Runs, recipe: Recipe, inference: Mapping[str, Any] | None = None) -> Measures:
    """Computes all metrics of `evaluate`, including likelihoods with importance weights.

    Args:
      runs: the runs of one scale.
      recipe: the recipe of the run.
      inference: arguments of `set_inference`, if they differ from the run's.

    Returns:
      Metric name to value.
    """
    scale = runs.scale
    return _evaluated(
        runs,
        recipe,
        likelihoods_name(inference),
        scale.num_importance_samples,
        scale.num_likelihood_examples,
        inference or {},
    )


def likelihoods_name(inference: Mapping[str, Any] | None = None) -> str:
    """Returns the name of the measures of `likelihoods`."""
    return "likelihoods" + "".join(f"-{value}" for value in (inference or {}).values())


def for_comparison(runs: ComparedRuns, recipe: Recipe) -> Measures:
    """Computes the metrics of `evaluate_for_comparison`.

    The mixture in the latent space is fitted to what the run was trained on, and kept beside the
    checkpoint.

    Args:
      runs: the runs of a comparison.
      recipe: the recipe of the run.

    Returns:
      Metric name to value.
    """
    scale = runs.scale
    protocol = _protocol(runs, scale.num_importance_samples)

    def measure(model: MultimodalVAE) -> dict[str, Any]:
        folder = runs.folder(recipe)
        checkpoint = folder.checkpoint_of(runs.settings(recipe).epochs).name
        mixture = mixture_if_possible(model, runs.training_data, folder, checkpoint)
        examples, _ = metrics_file.to_measure(runs.data, scale.num_likelihood_examples)
        return metrics_as_json(
            evaluate_for_comparison(model, examples, protocol, runs.target, mixture)
        )

    of = {**dataclasses.asdict(protocol), "num_examples": scale.num_likelihood_examples}
    return _as_estimates(runs.remembered(recipe, COMPARED, of, measure))


def by_rounds(runs: Runs, recipe: Recipe, num_rounds: int | None = None) -> Measures:
    """Computes Eq. 5 or Eq. 6 in every direction after some rounds of iterative sampling.

    Args:
      runs: the runs of one scale.
      recipe: the recipe of a run of JMVAE or JMVAE-h, or without rounds of another model.
      num_rounds: the number of rounds; None for a model without rounds.

    Returns:
      Direction name to estimate.
    """
    scale = runs.scale

    def measure(model: MultimodalVAE) -> dict[str, Any]:
        if num_rounds is not None:
            set_rounds(model, num_rounds)
        test = test_examples(runs, scale.num_chain_examples)
        return {
            direction.name: value_as_json(
                estimate(
                    conditional_log_likelihoods(
                        model, test, direction.target, direction.given, scale.num_samples, runs.seed
                    ).mean_log
                )
            )
            for direction in model.directions
        }

    of = {
        "num_examples": scale.num_chain_examples,
        "num_samples": scale.num_samples,
        "num_rounds": num_rounds,
        "seed": runs.seed,
    }
    name = "conditional" if num_rounds is None else f"conditional-round-{num_rounds:02d}"
    return _as_estimates(runs.remembered(recipe, name, of, measure))


def set_rounds(model: MultimodalVAE, num_rounds: int) -> None:
    """Sets the number of rounds in which a model fills in missing modalities.

    Raises:
      TypeError: if the model does not use iterative sampling.
    """
    if not isinstance(model, IterativelySampledVAE):
        raise TypeError(f"A model with iterative sampling was expected. Received: {type(model)}")
    model.set_inference(model.missing, num_rounds, model.feed_back)


def test_examples(runs: Runs, num_examples: int | None) -> dict[str, tf.Tensor]:
    """Returns the first test examples (all if None), binarised once, as for likelihoods."""
    whole = pipelines.whole_part(runs.data, "test")
    return {name: x[:num_examples] for name, x in whole.items()}


def _evaluated(
    runs: Runs,
    recipe: Recipe,
    name: str,
    num_importance_samples: int,
    num_examples: int | None,
    inference: Mapping[str, Any],
) -> Measures:
    protocol = _protocol(runs, num_importance_samples)
    tables: list[str] = []  # Printed once the measures are written.

    def measure(model: MultimodalVAE) -> dict[str, Any]:
        if inference:
            model.set_inference(**inference)
        sections, number = metrics_file.measure(model, runs.data, protocol, num_examples)
        heading = f"{recipe.name}: {number} test examples, mean ± standard error"
        tables.append(f"\n{heading}\n\n{metrics_as_text(sections)}\n\n")
        return metrics_as_json(sections)

    of = {**dataclasses.asdict(protocol), "num_examples": num_examples, **inference}
    measures = runs.remembered(recipe, name, of, measure)
    print(*tables, sep="", end="", flush=True)
    return _as_estimates(measures)


def _protocol(runs: Runs, num_importance_samples: int) -> Protocol:
    return Protocol(
        num_samples=runs.scale.num_samples,
        num_importance_samples=num_importance_samples,
        num_prior_samples=runs.scale.num_prior_samples,
        seed=runs.seed,
    )


def _as_estimates(measures: Mapping[str, Any]) -> Measures:
    named = with_current_names(measures)
    return _Remembered({name: value_from_json(value) for name, value in named.items()})


class _Remembered(dict[str, Any]):
    """Measures by name; a file that was edited may lack some."""

    def __missing__(self, name: str) -> Any:
        raise UserError(
            "The measures of a run must include all that a table or a figure needs",
            f"some without {name}",
            "delete the run's folder measures/ to compute them again",
        )

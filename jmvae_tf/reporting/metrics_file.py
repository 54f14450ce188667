"""Evaluates a model and writes its metrics to a file, `metrics.json` of a run."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.duration import announcement
from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate
from jmvae_tf.evaluation.metrics_table import Section, metrics_as_json, metrics_as_text
from jmvae_tf.evaluation.protocol import protocol_entry
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.reporting.data_summary import summary_of
from jmvae_tf.runtime.files import read_json, write_json, written_atomically
from jmvae_tf.training.run_folder import RunFolder, table_beside


def write_metrics(
    model: MultimodalVAE,
    data: DataSet,
    protocol: Protocol,
    path: pathlib.Path,
    num_examples: int | None = None,
    about: Mapping[str, Any] | None = None,
    verbose: bool = True,
    mixture: LatentMixture | None = None,
) -> dict[str, Any]:
    """Evaluates a model on the test set and writes the metrics to a file, and as a table beside it.

    Args:
      model: a trained model.
      data: the data that it was trained on.
      protocol: the numbers of samples.
      path: path of the JSON file.
      num_examples: the number of test examples, from the first; None for all.
      about: entries to add to the file.
      verbose: whether to print the table.
      mixture: see `evaluate`.

    Returns:
      The content of the file.
    """
    sections, number = measure(model, data, protocol, num_examples, mixture)
    metrics = {
        "protocol": {**dataclasses.asdict(protocol), "num_examples": number},
        **(about or {}),
        "data": summary_of(model, data),
        **metrics_as_json(sections),
    }
    table = f"{number} test examples, mean ± standard error\n\n{metrics_as_text(sections)}\n"
    write_json(path, metrics)
    with written_atomically(table_beside(path)) as temporary:
        temporary.write_text(table, encoding="utf-8")
    if verbose:
        print(f"\n{table}", flush=True)
    return metrics


def measure(
    model: MultimodalVAE,
    data: DataSet,
    protocol: Protocol,
    num_examples: int | None = None,
    mixture: LatentMixture | None = None,
) -> tuple[list[Section], int]:
    """Evaluates a model on the test set.

    Says before what it measures, and how long that takes if it is long.

    Args:
      model: a trained model.
      data: the data that it was trained on.
      protocol: the numbers of samples.
      num_examples: the number of test examples, from the first; None for all.
      mixture: see `evaluate`.

    Returns:
      The metrics, and the number of test examples.
    """
    examples, number = to_measure(data, num_examples)
    print(*announcement(model, examples, protocol), sep="\n", flush=True)
    return evaluate(model, examples, protocol, mixture), number


def to_measure(data: DataSet, num_examples: int | None = None) -> tuple[EvaluationData, int]:
    """Takes the first test examples of a data set, all if None; returns them and their number."""
    available = data.num_examples("test")
    number = min(num_examples or available, available)
    return EvaluationData(*pipelines.for_evaluation(data, number), data.redraw, data.empty), number


def is_evaluated(folder: RunFolder, checkpoint: str) -> bool:
    """Tells whether bin/evaluate, which computes more than training does, saw a checkpoint."""
    try:
        metrics = read_json(folder.metrics_file)
    except (OSError, ValueError):
        return False
    number = protocol_entry(metrics, "num_importance_samples")
    return metrics.get("checkpoint") == checkpoint and isinstance(number, int) and number > 0

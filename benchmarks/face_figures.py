"""The figures by which benchmarks compare models of drawn faces."""

import pathlib

import pandas as pd

from jmvae_tf.runtime.files import read_json

_LARGEST = 1 << 24  # Bytes of a metrics.json.

_METRICS = {
    "sharpness / real": "image_sharpness_attributes_to_image_over_real",
    "empty corners": "image_sharpness_attributes_to_image_where_empty",
    "coherence": "attributes_to_image_coherence",
    "diversity": "attributes_to_image_diversity",
    "Fréchet": "attributes_to_image_frechet_distance",
    "its floor": "attributes_to_image_frechet_distance_real",
    "Eq. 5": "attributes_to_image_log_likelihood",
    "attributes right": "image_to_attributes_balanced_accuracy",
}


def figures_of(metrics_file: pathlib.Path) -> dict[str, str]:
    """Reads the figures of a run, as texts with their standard errors, by title."""
    metrics = read_json(metrics_file, _LARGEST)
    figures = {}
    for title, name in _METRICS.items():
        value, error = metrics[name]["mean"], metrics[name]["standard_error"]
        figures[title] = f"{value:.4g}" + (f" ± {error:.2g}" if error else "")
    return figures


def print_table(rows: dict[str, dict[str, str]]) -> None:
    """Prints a row of figures for each model."""
    print(pd.DataFrame.from_dict(rows, orient="index").fillna("").to_string())

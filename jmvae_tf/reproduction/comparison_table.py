"""The table of a comparison: one row for each model, one column for each measure."""

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.reproduction.paper_table import Cell, OverSeeds, TablePart

JOINT_COHERENCE, ASKED_FOR = "joint_coherence", "asked_for"
FRECHET_DISTANCE, LOG_P = "frechet_distance", "log_p_joint"
"""Keys of columns that the picture shows too."""

_ONE, _NO_PRIOR = "- (one modality)", "- (no p(z))"


class MeasuredModel(NamedTuple):
    """A model with the measures of all its runs.

    Attributes:
      name: its value of `--model`.
      seeds: the seeds of the runs.
      measures: the measures of each run, by name.
      minutes: the minutes that the training of a run took, on average; None if unknown.
    """

    name: str
    seeds: Sequence[int]
    measures: Sequence[Mapping[str, Any]]
    minutes: float | None

    def value(self, names: Sequence[str]) -> OverSeeds | None:
        """Averages metrics over their names and over the runs.

        Args:
          names: names of metrics; those that the runs do not have do not count.

        Returns:
          The mean; None if the runs have none of these metrics. Its standard error is the mean of
          those of the metrics, since these are of the same test examples.
        """
        of_runs = [
            np.mean([x for name in names if isinstance(x := found.get(name), Estimate)], axis=0)
            for found in self.measures
            if any(isinstance(found.get(name), Estimate) for name in names)
        ]
        if not of_runs:
            return None
        mean, error = np.mean(of_runs, axis=0)
        several = len(of_runs) > 1
        spread = float(np.std([x for x, _ in of_runs], ddof=1)) if several else None
        return OverSeeds(Estimate(float(mean), float(error)), spread)


class MeasureColumn(NamedTuple):
    """A column of the table.

    Attributes:
      key: its name in CSV.
      title: its name for readers.
      metrics: the names of metrics whose mean stands in it.
    """

    key: str
    title: str
    metrics: Sequence[str]

    def cell(self, model: MeasuredModel) -> Cell:
        """Returns the mean of a model, or the reason why it has none."""
        value = model.value(self.metrics)
        if value is not None:
            return value
        row = PLAIN_MODELS[model.name]
        if row.modalities == "target":
            return _ONE
        needs_prior = self.key == JOINT_COHERENCE or self.key.startswith("log_p")
        return _NO_PRIOR if needs_prior and not row.has_prior else None


def coherence_key(number: int) -> str:
    """Returns the key of the column of coherence with a number of modalities given."""
    return f"conditional_coherence_{number}_given"


def measure_columns(modalities: Sequence[str], target: str) -> dict[str, list[MeasureColumn]]:
    """Lists the columns for data with these modalities, by the title of their part.

    Args:
      modalities: the names of the modalities, in the order of the data.
      target: the modality whose own log-likelihood has a column.
    """

    def of_classes(name: str) -> list[str]:
        return [name, *(f"{label}_{name}" for label in modalities)]

    def of_images(of_label: str, of_attributes: str) -> list[str]:
        pairs = list(itertools.permutations(modalities, 2))
        return [
            of_label,
            *(f"{image}_{label}_{of_label}" for image, label in pairs),
            *(f"{given}_to_{image}_{of_attributes}" for image, given in pairs),
        ]

    probes = [
        f"linear_probe_{layer}_given_{given}" for layer in ("z", "z1") for given in modalities
    ]
    return {
        "Coherence": [
            *(
                MeasureColumn(
                    coherence_key(number), f"{number} given", of_classes(coherence_key(number))
                )
                for number in range(1, len(modalities))
            ),
            MeasureColumn(JOINT_COHERENCE, "joint", of_classes(JOINT_COHERENCE)),
            MeasureColumn(
                "joint_coherence_mixture", "joint, mixture", of_classes("joint_coherence_mixture")
            ),
            MeasureColumn(ASKED_FOR, "as asked", of_images("label_coherence", "coherence")),
            MeasureColumn(
                "linear_probe", "probe of z", [x for name in probes for x in of_classes(name)]
            ),
        ],
        "Images, likelihood and time": [
            MeasureColumn("diversity", "diversity", of_images("label_diversity", "diversity")),
            MeasureColumn(
                FRECHET_DISTANCE, "Fréchet distance", of_images(FRECHET_DISTANCE, FRECHET_DISTANCE)
            ),
            MeasureColumn(LOG_P, f"log p({', '.join(modalities)})", ["log_p_joint_multiple"]),
            MeasureColumn("log_p_target", f"log p({target})", [f"log_p_{target}_single_{target}"]),
        ],
    }


def columns_with_numbers(
    columns: Mapping[str, Sequence[MeasureColumn]], models: Sequence[MeasuredModel]
) -> dict[str, list[MeasureColumn]]:
    """Leaves out columns that no model has, and parts without any."""
    kept = {
        title: [x for x in of_part if any(model.value(x.metrics) for model in models)]
        for title, of_part in columns.items()
    }
    return {title: of_part for title, of_part in kept.items() if of_part}


def table_parts(
    columns: Mapping[str, Sequence[MeasureColumn]], models: Sequence[MeasuredModel]
) -> list[TablePart]:
    """Makes the parts of the table; the last one has the minutes of training too."""
    parts = [
        TablePart(
            title,
            title,
            [column.title for column in of_part],
            {model.name: [column.cell(model) for column in of_part] for model in models},
        )
        for title, of_part in (columns or {"Time": []}).items()
    ]
    minutes = {x.name: None if x.minutes is None else round(x.minutes, 1) for x in models}
    last = parts[-1]
    rows = {name: [*cells, minutes[name]] for name, cells in last.rows.items()}
    return [*parts[:-1], last._replace(columns=[*last.columns, "minutes"], rows=rows)]


def table_as_csv(
    columns: Mapping[str, Sequence[MeasureColumn]], models: Sequence[MeasuredModel]
) -> str:
    """Formats the table in CSV: a row for each model, its seeds joined by blanks.

    Each measure has its mean, its standard error over test examples and its spread over seeds,
    empty where there is none.
    """
    shown = [column for of_part in columns.values() for column in of_part]
    heads = [f"{x.key}{end}" for x in shown for end in ("", "_standard_error", "_spread")]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["model", "seeds", *heads, "training_minutes"])
    for model in models:
        values = [model.value(column.metrics) for column in shown]
        numbers = [x for value in values for x in ((*value[0], value[1]) if value else (None,) * 3)]
        seeds = " ".join(map(str, model.seeds))
        writer.writerow([model.name, seeds, *numbers, model.minutes])
    return file.getvalue()

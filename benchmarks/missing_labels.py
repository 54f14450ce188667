#!/usr/bin/env python3
"""MNIST with 1,000 labels of 60,000: models on all rows against complete rows alone.

Labels are drawn by the seed; 50,000 digits are for training and 10,000 for validation, with their
share of the labels. Trainings on complete rows alone (`--incomplete=drop`) may take as many steps
as those on all rows, and end when the bound on the complete validation rows has not been better for
--patience epochs; the best epoch is measured. All else is the preset for own data.

    .venv/bin/python benchmarks/missing_labels.py --data_dir=DIR --runs=DIR --seeds=0,1,2
    .venv/bin/python benchmarks/missing_labels.py --data_dir=DIR --models=mvae,mopoe --labels=30000

All runs are measured on the 10,000 test digits with their labels. The judge of generated images
learns from the 50,000 training digits and all of their labels, which the models never saw. It
prints a table of each model: means over seeds, the standard error of these means, and each run.
What a model does not have stays empty. Runs that are in the folder already are resumed, or measured
as they are.
"""

import json
import pathlib
import subprocess
import sys

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

import pandas as pd  # noqa: E402
from absl import app, flags  # noqa: E402
from mnist_with_gaps import with_labels  # noqa: E402

_DATA_DIR = flags.DEFINE_string("data_dir", "data", "folder of MNIST's four idx files")
_RUNS = flags.DEFINE_string("runs", "runs/missing_labels", "folder of the runs")
_MODELS = flags.DEFINE_list("models", ["jmvae_kl"], "which models")
_SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "seeds of the labels and of the training")
_LABELS = flags.DEFINE_integer("labels", 1000, "labels of the 60,000 digits")
_EPOCHS = flags.DEFINE_integer("epochs", 40, "epochs on all rows")
_PATIENCE = flags.DEFINE_integer("patience", 200, "patience on complete rows alone, epochs")
_IMPORTANCE_SAMPLES = flags.DEFINE_integer("importance_samples", 100, "k of log-likelihoods")

_BATCH = 100
_WAYS = {"all rows": "keep", "complete rows alone": "drop"}
_METRICS = {
    "labels right": "generated_label_accuracy",
    "log p(label|image), Eq. 5": "image_to_label_log_likelihood",
    "log p(label|image), log-mean-exp": "image_to_label_log_mean_exp",
    "labels read off generated images": "label_coherence",
    "log p(image|label), Eq. 5": "label_to_image_log_likelihood",
    "log p(image|label), log-mean-exp": "label_to_image_log_mean_exp",
    "log p(image|label), importance weights": "log_p_image_given_label_multiple",
    "diversity of images of a label": "label_diversity",
    "log p(image), importance weights": "log_p_image_single_image",
    "the judge on real images": "classifier_accuracy",
}
_FUNCTIONS = """\
import pathlib
import sys

sys.path.insert(0, {benchmarks!r})
from mnist_with_gaps import with_labels

DATA_DIR = pathlib.Path({data_dir!r})


def with_gaps():
    return with_labels(DATA_DIR, {labels}, {seed}, num_tests=1000)


def whole():
    return with_labels(DATA_DIR, 60_000, {seed}, num_tests=10_000)
"""


def _run(log, name, *arguments):
    command = [sys.executable, str(_ROOT / "bin" / name), *arguments]
    with log.open("a") as out:
        subprocess.run(command, check=True, stdout=out, stderr=subprocess.STDOUT)


def _train(folder, model, seed, incomplete):
    """Trains a model, or resumes its training, and measures it; returns what it printed of both."""
    folder.mkdir(parents=True, exist_ok=True)
    run, metrics, log = folder / "run", folder / "metrics.json", folder / "log.txt"
    functions = folder / "functions.py"
    data_dir = pathlib.Path(_DATA_DIR.value).resolve()
    functions.write_text(
        _FUNCTIONS.format(
            benchmarks=str(_ROOT / "benchmarks"),
            data_dir=str(data_dir),
            labels=_LABELS.value,
            seed=seed,
        )
    )
    places = [
        f"--data={functions}:with_gaps",
        f"--run={run}",
        f"--export_dir={folder / 'exports'}",
    ]
    if run.exists():
        _run(log, "train", *places, "--resume")
    else:
        epochs = patience = _EPOCHS.value
        if incomplete == "drop":
            data = with_labels(data_dir, _LABELS.value, seed, num_tests=1000)
            complete = int(data.observed("train")["label"].sum())
            steps = _EPOCHS.value * (data.num_examples("train") // _BATCH)
            epochs, patience = steps // (complete // _BATCH), _PATIENCE.value
        _run(
            log,
            "train",
            *places,
            f"--model={model}",
            f"--incomplete={incomplete}",
            f"--seed={seed}",
            f"--batch_size={_BATCH}",
            f"--epochs={epochs}",
            f"--patience={patience}",
        )
    if not metrics.exists():
        _run(
            log,
            "evaluate",
            f"--data={functions}:whole",
            f"--run={run}",
            f"--num_importance_samples={_IMPORTANCE_SAMPLES.value}",
            f"--out={metrics}",
        )
    return json.loads(metrics.read_text()), pd.read_csv(run / "history.csv")


def main(_):
    """Prints the tables."""
    print(f"MNIST, {_LABELS.value} of 60,000 labels, {_EPOCHS.value} epochs on all rows")
    for model in _MODELS.value:
        _print_model(model)


def _print_model(model):
    values, errors = {}, {}
    for seed in map(int, _SEEDS.value):
        for way, incomplete in _WAYS.items():
            folder = pathlib.Path(_RUNS.value) / f"{model}-{_LABELS.value}-{incomplete}-{seed}"
            metrics, history = _train(folder, model, seed, incomplete)
            best = history["validation_bound"].idxmax()
            found = {name: metrics[key] for name, key in _METRICS.items() if key in metrics}
            values[way, seed] = {
                "epochs trained": len(history),
                "epoch measured": int(history["epoch"][best]),
                **{name: metric["mean"] for name, metric in found.items()},
            }
            errors[way, seed] = {name: metric["standard_error"] for name, metric in found.items()}
            print(f"{model}, {way}, seed {seed}: {values[way, seed]}", file=sys.stderr, flush=True)
    table, errors = pd.DataFrame(values), pd.DataFrame(errors)
    for way in _WAYS:
        runs = table[way]
        summary = pd.DataFrame(
            {
                "mean": runs.mean(axis=1),
                "± of the mean": runs.sem(axis=1),
                "± over digits": errors[way].mean(axis=1),
                **{f"seed {seed}": runs[seed] for seed in runs},
            }
        ).reindex(runs.index)
        print(f"\n{model}, {way}\n{summary.round(4).to_string(na_rep='')}", flush=True)


if __name__ == "__main__":
    app.run(main)

#!/usr/bin/env python3
"""CelebA as a user's own folder and table, against `--data=celeba --crop=center`.

The same photographs are laid out twice: as the official files, and as a folder with a
`metadata.csv` of their names, parts and 40 attributes, and a `columns.json` that asks for 64 x 64
pixels. Both are prepared, compared pixel by pixel, and trained with celeba's preset, which flags
give for the own folder.

    .venv/bin/python benchmarks/own_folder.py --source=DIR --number=24000

It prints how many examples are equal, how far the metrics of both trainings are apart, and what the
own folder costs against the built-in data set: in preparation, and per step of training. CPU time
is what all processes together used; wall times mean something only on an idle machine. The start
of a program is timed by preparing what is prepared.
"""

import csv
import dataclasses
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from absl import app, flags  # noqa: E402
from idle import load  # noqa: E402

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow  # noqa: E402
from jmvae_tf.settings import settings_of  # noqa: E402
from jmvae_tf.training.run_folder import RunFolder  # noqa: E402

_SOURCE = flags.DEFINE_string("source", None, "folder of CelebA's official files", required=True)
_NUMBER = flags.DEFINE_integer("number", 2000, "photographs, of each part its share")
_EPOCHS = flags.DEFINE_integer("epochs", 3, "epochs of the trainings that are compared")
_STEPS = flags.DEFINE_integer("steps", 5, "steps of one timing of training")
_TURNS = flags.DEFINE_integer("turns", 3, "timings of each kind")

_IMAGES, _ATTRIBUTES = "img_align_celeba", "list_attr_celeba.txt"
_PARTITIONS = "list_eval_partition.txt"
_PARTS = ("train", "validation", "test")


def _chosen(source):
    """Takes photographs evenly from the list; returns their names, parts and attributes."""
    lines = (source / _ATTRIBUTES).read_text().splitlines()
    names, rows = lines[1].split(), [line.split() for line in lines[2:]]
    parts = dict(line.split() for line in (source / _PARTITIONS).read_text().splitlines())
    number = min(_NUMBER.value, len(rows))
    rows = [rows[place * len(rows) // number] for place in range(number)]
    return names, [(row[0], int(parts[row[0]]), row[1:]) for row in rows]


def _lay_out(source, folder):
    """Writes the official layout and the own folder, whose images are the same files."""
    names, rows = _chosen(source)
    official, own = folder / "official", folder / "faces"
    (official / _IMAGES).mkdir(parents=True)
    own.mkdir()
    with zipfile.ZipFile(source / f"{_IMAGES}.zip") as archive:
        for name, _, _ in rows:
            content = archive.read(f"{_IMAGES}/{name}")
            (official / _IMAGES / name).write_bytes(content)
            os.link(official / _IMAGES / name, own / name)
    lines = [str(len(rows)), " ".join(names), *(f"{x} {' '.join(of)}" for x, _, of in rows)]
    (official / _ATTRIBUTES).write_text("\n".join(lines) + "\n")
    (official / _PARTITIONS).write_text("".join(f"{x} {part}\n" for x, part, _ in rows))
    with (own / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "split", *names])
        table.writerows([name, _PARTS[part], *of] for name, part, of in rows)
    manifest = {
        "image": {"kind": "image", "column": "file_name", "size": [64, 64]},
        "attributes": {"kind": "attributes", "columns": names},
    }
    (own / "columns.json").write_text(json.dumps(manifest))
    return official, own


def _seconds():
    """Wall time, and CPU time of this process and those that have ended."""
    used = [resource.getrusage(x) for x in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(x.ru_utime + x.ru_stime for x in used)


def _timed(action):
    """Returns wall and CPU seconds of a call."""
    before = _seconds()
    action()
    return [after - start for start, after in zip(before, _seconds(), strict=True)]


def _run(name, *arguments):
    command = [sys.executable, str(_ROOT / "bin" / name), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _print_times(title, kinds):
    """Prints medians of wall and CPU seconds, and returns them."""
    print(f"\n{title}, medians of {len(next(iter(kinds.values())))}")
    medians = {
        kind: [statistics.median(x) for x in zip(*times, strict=True)]
        for kind, times in kinds.items()
    }
    for kind, (wall, cpu) in medians.items():
        print(f"  {kind:<28}{wall:>9.3f} s wall{cpu:>9.3f} s CPU")
    return medians


def _compare_preparation(official, own, folder):
    def program(kind, data_dir):
        if kind == "own folder":
            return lambda: _run("prepare", f"--data={own}", f"--data_dir={data_dir}")
        options = (f"--source={official}", f"--data_dir={data_dir}", "--crop=center")
        return lambda: _run("prepare_celeba", *options)

    times = {"built in": [], "own folder": [], "start of a program": []}
    for _ in range(_TURNS.value):
        for kind in ("built in", "own folder"):
            data_dir = folder / kind.replace(" ", "_")
            shutil.rmtree(data_dir, ignore_errors=True)
            times[kind].append(_timed(program(kind, data_dir)))
        times["start of a program"].append(_timed(program("built in", folder / "built_in")))
    medians = _print_times(f"preparation of {len(list(own.glob('*.jpg')))} photographs", times)
    for name, place in (("wall", 0), ("CPU", 1)):
        built_in, of_own, start = (of[place] for of in medians.values())
        net = (of_own - start) / (built_in - start)
        print(f"  own folder / built in, {name}: {of_own / built_in:.3f}; without start {net:.3f}")


def _compare_examples(sets):
    import numpy as np

    for part in _PARTS:
        built_in, of_own = (
            data.prepare({x: getattr(data, part)[x][:] for x in data.modalities})
            for data in sets.values()
        )
        equal = ", ".join(
            f"{name} of {int(np.all(x == of_own[name], axis=tuple(range(1, x.ndim))).sum())}"
            for name, x in ((name, x.numpy()) for name, x in built_in.items())
        )
        number = sets["built in"].num_examples(part)
        print(f"equal among {number} examples of {part}: {equal}")


def _flags_of(settings):
    """Writes the settings that own data have too as flags of `bin/train`."""
    values = dataclasses.asdict(settings)
    for name in ("manifest", "model", "data", "split", "image_size", "crop"):
        del values[name]
    given = []
    for name, value in values.items():
        if isinstance(value, dict):
            value = ",".join(f"{modality}={x}" for modality, x in value.items())
        if value is not None:
            given.append(f"--{name}={value}")
    return given


def _compare_trainings(own, folder):
    """Trains on both, and returns the settings of the runs."""
    chosen = {"crop": "center", "split": "official", "epochs": _EPOCHS.value, "warmup_epochs": 1}
    settings = settings_of("jmvae_kl", "celeba", chosen)
    given = {
        "built in": ["--data=celeba", "--crop=center", "--split=official"],
        "own folder": [f"--data={own}"],
    }
    runs = {kind: folder / f"run-{kind.replace(' ', '-')}" for kind in given}
    for kind, options in given.items():
        _run(
            "train",
            *options,
            *_flags_of(settings),
            f"--data_dir={folder / kind.replace(' ', '_')}",
            f"--run={runs[kind]}",
            f"--export_dir={folder / 'exports'}",
        )
    histories = {
        kind: list(csv.DictReader((run / "history.csv").open())) for kind, run in runs.items()
    }
    print("\nbounds of the epochs, train, validation and test")
    for built_in, of_own in zip(*histories.values(), strict=True):
        for kind, row in (("built in", built_in), ("own folder", of_own)):
            bounds = ", ".join(row[f"{part}_bound"] for part in _PARTS)
            print(f"  epoch {row['epoch']}, {kind:<12}{bounds}")
    built_in, of_own = (json.loads((run / "metrics.json").read_text()) for run in runs.values())
    apart = {
        name: abs(one["mean"] - of_own[name]["mean"]) / (one["standard_error"] or 1.0)
        for name, one in built_in.items()
        if isinstance(one, dict) and "standard_error" in one
    }
    furthest = max(apart, key=apart.get)
    print(
        f"{len(apart)} metrics; {sum(x == 0 for x in apart.values())} are equal, the furthest is "
        f"{apart[furthest]:.3f} standard errors apart ({furthest})"
    )
    return {kind: RunFolder(run).read_settings() for kind, run in runs.items()}


def _compare_steps(sets, settings):
    from jmvae_tf.data.pipelines import Feed
    from jmvae_tf.training.build import make_model

    def training(kind):
        data = sets[kind]
        model = make_model(settings[kind], data)
        batches = Feed(data, settings[kind].batch_size).training_batches()

        def fit():
            model.fit(batches, epochs=1, steps_per_epoch=_STEPS.value, verbose=0)

        fit()
        return fit

    kinds = {kind: training(kind) for kind in sets}
    times = {kind: [] for kind in kinds}
    for _ in range(_TURNS.value):
        for kind, fit in kinds.items():
            times[kind].append([x / _STEPS.value for x in _timed(fit)])
    built_in, of_own = _print_times(
        f"a step of training, batches of {settings['built in'].batch_size}", times
    ).values()
    for name, one, other in zip(("wall", "CPU"), of_own, built_in, strict=True):
        print(f"  own folder / built in, {name}: {one / other:.3f}")


def main(_):
    """Compares and prints."""
    print(f"{load():.2f} of {os.cpu_count()} cores are busy before the start")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        official, own = _lay_out(pathlib.Path(_SOURCE.value), folder)
        _compare_preparation(official, own, folder)
        load_tensorflow()
        from jmvae_tf.data.celeba import loading
        from jmvae_tf.data.own import path_source

        sets = {
            "built in": loading.load(folder / "built_in", "official", 64, "center"),
            "own folder": path_source.load(own, folder / "own_folder", say=lambda text: None),
        }
        print()
        _compare_examples(sets)
        settings = _compare_trainings(own, folder)
        _compare_steps(sets, settings)


if __name__ == "__main__":
    app.run(main)

#!/usr/bin/env python3
"""Rate of the input pipeline alone against what training consumes of it.

Batches are drawn from the pipeline as fast as it gives them, from memory and, with --streamed,
from disk; then compiled training steps are timed on one batch that is there already. Both take
turns, and medians over the turns are printed.

    .venv/bin/python benchmarks/pipeline.py --data=toyfaces
    .venv/bin/python benchmarks/pipeline.py --data=celeba --data_dir=DIR --streamed

It waits until the machine is idle.
"""

import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from absl import app, flags
from idle import wait_until_idle

from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_MODEL = flags.DEFINE_enum("model", "jmvae_kl", list(MODELS), "which model")
_DATA = flags.DEFINE_enum("data", "toyfaces", list(DATA_SETS), "which data set")
_DATA_DIR = flags.DEFINE_string("data_dir", "data", "where data lie")
_STREAMED = flags.DEFINE_bool("streamed", False, "also read celeba from disk")
_BATCHES = flags.DEFINE_integer("batches", 200, "batches of one timing of the pipeline")
_STEPS = flags.DEFINE_integer("steps", 20, "steps of one timing of training")
_TURNS = flags.DEFINE_integer("turns", 5, "timings of each kind")


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import tensorflow as tf

    from jmvae_tf.data import pipelines
    from jmvae_tf.data import registry as data_sets
    from jmvae_tf.training.build import make_model

    settings = settings_of(_MODEL.value, _DATA.value, {})
    options = settings.data_options
    folder = pathlib.Path(_DATA_DIR.value)
    sources = {"in memory": data_sets.load(_DATA.value, folder, options)}
    if _STREAMED.value:
        from unittest import mock

        from jmvae_tf.data.celeba import prepared_faces

        with mock.patch.object(prepared_faces, "available_memory", return_value=0):
            sources["from disk"] = data_sets.load("celeba", folder, options)

    size = settings.batch_size
    seconds = {}

    def pipeline(data):
        batches = iter(pipelines.Feed(data, size, 0, bool(settings.flips)).training_batches())
        next(batches)

        def timed():
            start = time.perf_counter()
            for _ in range(_BATCHES.value):
                next(batches)
            return (time.perf_counter() - start) / (size * _BATCHES.value)

        return timed

    def training(data):
        model = make_model(settings, data)
        model.optimizer.build(model.trainable_variables)
        batch = next(iter(pipelines.Feed(data, size).training_batches()))
        step = tf.function(lambda: model.train_step(batch), jit_compile=settings.jit_compile)
        step()

        def timed():
            start = time.perf_counter()
            for _ in range(_STEPS.value):
                logs = step()
            float(logs["bound"])  # Waits for the last step.
            return (time.perf_counter() - start) / (size * _STEPS.value)

        return timed

    kinds = {f"pipeline, {name}": pipeline(data) for name, data in sources.items()}
    kinds["training"] = training(sources["in memory"])
    for _ in range(_TURNS.value):
        for kind, timed in kinds.items():
            seconds.setdefault(kind, []).append(timed())
    rates = {kind: 1 / statistics.median(values) for kind, values in seconds.items()}
    print(
        f"{_MODEL.value} on {_DATA.value}, batch {size}: examples a second, medians of "
        f"{_TURNS.value} timings"
    )
    for kind, rate in rates.items():
        print(f"  {kind:<22}{rate:>9.0f}  {rate / rates['training']:>6.1f} times training")


if __name__ == "__main__":
    app.run(main)

#!/usr/bin/env python3
"""Training rate through `fit` against a bare compiled step of the same graph.

The bare step runs again and again on one batch that is already in memory: no data, no callbacks,
no Keras loop. What `fit` reaches of its rate is what input and loop leave of the machine. Both are
timed in turns, without and with XLA, and medians over the turns are printed. The data are random
bytes of MNIST's shape that go through MNIST's own pipeline, so that no files are needed.

    .venv/bin/python benchmarks/train_step.py --model=jmvae_kl

Run it on an otherwise idle machine; the load at the start is printed.
"""

import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from absl import app, flags

from jmvae_tf import presets
from jmvae_tf.programs import program

_MODEL = flags.DEFINE_enum("model", "jmvae_kl", presets.MODELS, "which model")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 100, "examples in a batch")
_STEPS = flags.DEFINE_integer("steps", 300, "steps of one timing")
_TURNS = flags.DEFINE_integer("turns", 7, "timings of each kind")
_STEPS_PER_EXECUTION = flags.DEFINE_list("steps_per_execution", ["1", "10"], "of fit")


def _random_data():
    """A data set of MNIST's modalities and pipeline, 20,000 examples of random bytes."""
    import numpy as np

    from jmvae_tf.data import handwritten
    from jmvae_tf.data.data_set import DataSet

    rng = np.random.default_rng(0)
    examples = {
        "image": rng.integers(0, 256, (20_000, 28, 28, 1), np.uint8),
        "label": rng.integers(0, 10, 20_000, np.uint8),
    }
    return DataSet(
        "random",
        handwritten.modalities(28),
        train=examples,
        validation={},
        test=examples,
        prepare=handwritten.prepare(255),
    )


def main(argv):
    """Times and prints."""
    del argv
    print(f"load before the start: {os.getloadavg()[0]:.2f}, {os.cpu_count()} cores")
    program.load_tensorflow()
    import keras
    import tensorflow as tf

    from jmvae_tf.data import pipelines
    from jmvae_tf.training.callbacks import FiniteTerms, StopAtBatch
    from jmvae_tf.training.train import make_model

    data = _random_data()
    batch_size, steps = _BATCH_SIZE.value, _STEPS.value
    overrides = {"batch_size": batch_size, "steps_per_execution": 1}

    class Clock(keras.callbacks.Callback):
        """Times each epoch without what comes before and after it."""

        def __init__(self):
            super().__init__()
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

    def make(jit_compile, steps_per_execution):
        settings = presets.settings_of(
            _MODEL.value, "mnist", {**overrides, "jit_compile": jit_compile}
        )
        model = make_model(settings, data)
        model.compile(
            optimizer=keras.optimizers.Adam(settings.learning_rate),
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
        )
        return model

    def bare(jit_compile):
        model = make(jit_compile, 1)
        model.optimizer.build(model.trainable_variables)
        batch = next(iter(pipelines.training_batches(data, batch_size, 0)))
        step = tf.function(lambda: model.train_step(batch), jit_compile=jit_compile)
        step()

        def timed():
            start = time.perf_counter()
            for _ in range(steps):
                logs = step()
            float(logs["bound"])  # Waits for the last step.
            return time.perf_counter() - start

        return timed

    def through_fit(jit_compile, steps_per_execution):
        model = make(jit_compile, steps_per_execution)
        batches = pipelines.training_batches(data, batch_size, 0)
        clock = Clock()

        def timed():
            model.fit(
                batches,
                epochs=1,
                steps_per_epoch=steps,
                verbose=0,
                callbacks=[clock, FiniteTerms(), StopAtBatch()],
            )
            return clock.seconds[-1]

        timed()
        return timed

    kinds = {}
    for jit_compile in (False, True):
        kinds[jit_compile, "bare step"] = bare(jit_compile)
        for number in map(int, _STEPS_PER_EXECUTION.value):
            kinds[jit_compile, f"fit, {number} steps per execution"] = through_fit(
                jit_compile, number
            )
    seconds = {kind: [] for kind in kinds}
    for _ in range(_TURNS.value):
        for kind, timed in kinds.items():
            seconds[kind].append(timed())
    rates = {
        kind: batch_size * steps / statistics.median(values) for kind, values in seconds.items()
    }
    print(
        f"{_MODEL.value}, MNIST's networks, batch {batch_size}: examples a second, medians of "
        f"{_TURNS.value} timings of {steps} steps"
    )
    for (jit_compile, name), rate in rates.items():
        share = rate / rates[jit_compile, "bare step"]
        print(f"  {'XLA' if jit_compile else 'no XLA':<7}{name:<30}{rate:>8.0f}  {share:>6.1%}")


if __name__ == "__main__":
    app.run(main)

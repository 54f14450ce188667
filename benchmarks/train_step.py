#!/usr/bin/env python3
"""Training rate through `fit` against a bare compiled step of the same graph.

The bare step runs again and again on one batch that is already in memory: no data, no callbacks,
no Keras loop. What `fit` reaches of its rate is what input and loop leave of the machine. What the
bare step reaches of the floor's (`floor.py`) is what all but multiplications leaves. All are timed
in turns, and the least time of each is printed: a shared machine is at times half as fast for a
while, which medians of few turns share unequally. The data are random bytes of the data set's
shapes that go through its own pipeline.

    .venv/bin/python benchmarks/train_step.py --networks=celeba

It waits until the machine is idle.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import floor
from absl import app, flags
from epoch_clock import make_clock
from idle import wait_until_idle
from preset_step import NAMES, data_of

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_NETWORKS = flags.DEFINE_enum("networks", "mnist", NAMES, "whose networks")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", None, "examples in a batch [as the preset]")
_STEPS = flags.DEFINE_integer(
    "steps", None, "steps of one timing [mnist: 300, toyfaces: 50, celeba: 5]"
)
_TURNS = flags.DEFINE_integer("turns", 7, "timings of each kind")
_STEPS_PER_EXECUTION = flags.DEFINE_list(
    "steps_per_execution", ["1", "10"], "of fit, where the preset has several"
)
_XLA = flags.DEFINE_list("xla", None, "no, yes or no,yes [as the preset has it]")


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import tensorflow as tf

    from jmvae_tf.data import pipelines
    from jmvae_tf.models.term_checks import FiniteTerms
    from jmvae_tf.training.build import make_model
    from jmvae_tf.training.stop_on_signal import StopOnSignal

    networks = _NETWORKS.value
    steps = _STEPS.value or {"mnist": 300, "toyfaces": 50, "celeba": 5}[networks]
    data = data_of(networks, {"mnist": 20_000, "celeba": 1_000}.get(networks, 0))
    preset = settings_of("jmvae_kl", networks, {})
    batch_size = _BATCH_SIZE.value or preset.batch_size

    def make(xla, steps_per_execution):
        model = make_model(preset, data)
        model.jit_compile, model.steps_per_execution = xla, steps_per_execution
        return model

    def bare(xla):
        model = make(xla, 1)
        model.optimizer.build(model.trainable_variables)
        batch = next(iter(pipelines.Feed(data, batch_size).training_batches()))
        step = tf.function(lambda: model.train_step(batch), jit_compile=xla)
        step()

        def timed():
            start = time.perf_counter()
            for _ in range(steps):
                logs = step()
            float(logs["bound"])  # Waits for the last step.
            return time.perf_counter() - start

        return timed

    def through_fit(xla, steps_per_execution):
        model = make(xla, steps_per_execution)
        batches = pipelines.Feed(data, batch_size).training_batches()
        clock = make_clock()

        def timed():
            model.fit(
                batches,
                epochs=1,
                steps_per_epoch=steps,
                verbose=0,
                callbacks=[clock, FiniteTerms(), StopOnSignal()],
            )
            return clock.seconds[-1]

        timed()
        return timed

    kinds = {}
    chosen = _XLA.value or ["yes" if preset.jit_compile else "no"]
    executions = map(int, _STEPS_PER_EXECUTION.value) if preset.steps_per_execution > 1 else [1]
    executions = list(executions)
    for name in chosen:
        kinds[name, "bare step"] = bare(name == "yes")
        for each in executions:
            kinds[name, f"fit, {each} steps per execution"] = through_fit(name == "yes", each)
    seconds = {kind: [] for kind in kinds}
    for _ in range(_TURNS.value):
        for kind, timed in kinds.items():
            seconds[kind].append(timed())
    rates = {kind: batch_size * steps / min(values) for kind, values in seconds.items()}
    rate = floor.matrix_product_rate()
    operations = floor.operations_of_step(make(False, 1))
    least = rate / operations
    print(
        f"{networks}'s networks, JMVAE-kl, batch {batch_size}: examples a second, best of "
        f"{_TURNS.value} timings of {steps} steps\n"
        f"  floor: {operations / 1e6:.1f} MFLOP an example at {rate / 1e9:.0f} GFLOP/s of a matrix "
        f"product are {least:.0f} examples a second"
    )
    for (xla, name), found in rates.items():
        print(
            f"  {'XLA' if xla == 'yes' else 'no XLA':<7}{name:<30}{found:>8.1f}"
            f"  {found / rates[xla, 'bare step']:>6.1%} of the bare step"
            f"  {found / least:>6.1%} of the floor's rate"
        )


if __name__ == "__main__":
    app.run(main)

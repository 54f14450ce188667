#!/usr/bin/env python3
"""What fused batch normalisation saves in a training step of CelebA's networks.

JMVAE-kl on random data, with this package's layer and with Keras's, in turns, each in a process of
its own. Printed are the least processor seconds of a step, which other work on the machine changes
little, and the peak memory.

    .venv/bin/python benchmarks/batch_normalization.py
"""

import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import random_data
from absl import app, flags

_TURNS = flags.DEFINE_integer("turns", 3, "processes of each kind")
_STEPS = flags.DEFINE_integer("steps", 8, "timed steps of a process")
_LAYER = flags.DEFINE_enum("layer", None, ["fused", "keras"], "time this one alone")


def _time_steps(layer):
    """The least processor seconds of a step, and the peak memory in MiB."""
    from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

    load_tensorflow()
    import keras

    from jmvae_tf.data import pipelines
    from jmvae_tf.layers.batch_normalization import BatchNormalization
    from jmvae_tf.settings import settings_of
    from jmvae_tf.training.build import make_model

    if layer == "keras":
        BatchNormalization.call = keras.layers.BatchNormalization.call
        BatchNormalization._moments = keras.layers.BatchNormalization._moments
    settings = settings_of("jmvae_kl", "celeba", {})
    data = random_data.data_set("celeba", random_data.stored("celeba", 200))
    model = make_model(settings, data)
    batch = next(iter(pipelines.Feed(data, settings.batch_size).training_batches()))
    seconds = []
    for _ in range(2 + _STEPS.value):  # The first ones trace and allocate.
        start = time.process_time()
        model.train_on_batch(batch)
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return min(seconds[2:]), peak


def main(argv):
    """Times and prints."""
    if _LAYER.value:
        print(*_time_steps(_LAYER.value))
        return
    found = {"fused": [], "keras": []}
    for _ in range(_TURNS.value):
        for layer, results in found.items():
            command = [sys.executable, argv[0], f"--layer={layer}", f"--steps={_STEPS.value}"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds, peak = done.stdout.split()[-2:]
            results.append((float(seconds), int(peak)))
    for layer, results in found.items():
        times, peaks = zip(*results, strict=True)
        print(f"{layer}: {min(times):.3f} processor seconds a step, peak {min(peaks)} MiB")
    ratio = min(found["keras"])[0] / min(found["fused"])[0]
    print(f"Keras's layer takes {ratio:.3f} times the processor time")


if __name__ == "__main__":
    app.run(main)

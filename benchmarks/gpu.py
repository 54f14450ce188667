#!/usr/bin/env python3
"""Rates, utilisation and memory of every preset on a GPU, in float32 and mixed precision.

    .venv/bin/python benchmarks/gpu.py

It begins no row after --limit seconds, and needs no data: it trains on drawn faces, on
scikit-learn's digits and on random bytes in the shapes of the others. Each row is one preset,
trained through `fit` in the preset's batches and in larger ones. Its columns:

    examples/s     the best epoch of some, each of at least --seconds
    GPU %          how busy the GPU was meanwhile, by nvidia-smi: mean of readings
    MiB            the most that TensorFlow held on the GPU
    bound          in nats per example, in the last epoch: a row that computes nonsense shows

Rows that no time is left for are named. Without a GPU it measures the processor; utilisation and
memory are then left open.
"""

import contextlib
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import random_data
from absl import app, flags
from epoch_clock import make_clock

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_PRESETS = ("mnist", "celeba", "toyfaces", "digits", "mnist_words", "polydigits")
_DATA = flags.DEFINE_list("data", list(_PRESETS), "whose presets")
_MODELS = flags.DEFINE_list("models", ["jmvae_kl"], "which models")
_PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32", "mixed_bfloat16"], "also mixed_float16 if you like"
)
_XLA = flags.DEFINE_list("xla", ["no", "yes"], "no, yes or both")
_BATCHES = flags.DEFINE_list("batches", ["1", "10"], "how many times the preset's batch")
_SECONDS = flags.DEFINE_float("seconds", 1.0, "the least time of an epoch that counts")
_LIMIT = flags.DEFINE_float("limit", 260.0, "seconds after which no row is begun")


def main(argv):
    """Measures and prints a row at a time."""
    del argv
    start = time.monotonic()
    load_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(x).get("device_name", "?") for x in gpus]
    print(f"{', '.join(names) or 'no GPU: the processor'}; tensorflow {tf.__version__}")
    heads = ("data", "model", "precision", "XLA", "batch", "examples/s", "GPU %", "MiB", "bound")
    line = "{:<12}{:<14}{:<15}{:<5}{:>6}{:>12}{:>7}{:>8}{:>11}".format
    print(line(*heads), flush=True)
    left_out = []
    with tempfile.TemporaryDirectory() as folder:
        random_data.write_mnist(pathlib.Path(folder))
        # What all have comes first, so that a slow machine measures the presets themselves.
        rows = sorted(_rows(), key=lambda row: (int(row[4]), row[3] != _usual_xla(*row[:2])))
        loaded = {}
        for row in rows:
            if time.monotonic() - start > _LIMIT.value:
                left_out.append(" ".join(row))
                continue
            if row[0] not in loaded:
                loaded[row[0]] = random_data.load_preset(row[0], pathlib.Path(folder), 4000)
            measured = _measure(loaded[row[0]], *row, on_gpu=bool(gpus))
            print(line(*row[:4], *measured), flush=True)
    if left_out:
        print(f"no time was left for {len(left_out)} rows: {'; '.join(left_out)}")
    print(f"{time.monotonic() - start:.0f} s in all")


def _rows():
    return [
        (data, model, precision, xla, times)
        for data in _DATA.value
        for model in _MODELS.value
        for precision in _PRECISIONS.value
        for xla in _XLA.value
        for times in _BATCHES.value
    ]


def _usual_xla(data, model):
    return "yes" if settings_of(model, data, {}).jit_compile else "no"


def _measure(data, name, model_name, precision, xla, times, *, on_gpu):
    """Trains an epoch to warm up and then some; returns the batch size and the measures."""
    import keras
    import tensorflow as tf

    from jmvae_tf.training.build import feed_of, make_model

    usual = settings_of(model_name, name, {}).batch_size
    batch_size = min(usual * int(times), len(next(iter(data.train.values()))))
    changed = {"precision": precision, "jit_compile": xla == "yes", "batch_size": batch_size}
    settings = settings_of(model_name, name, changed)
    keras.backend.clear_session()
    if on_gpu:
        tf.config.experimental.reset_memory_stats("GPU:0")
    feed = feed_of(settings, data, 1)
    model = make_model(settings, data)
    per_epoch = feed.steps_per_epoch // model.steps_per_execution * model.steps_per_execution
    few = model.steps_per_execution

    def train(steps, epochs):
        """Returns the seconds of the fastest step but those of the first epoch, and the bound."""
        clock = make_clock()
        history = model.fit(
            feed.training_batches(),
            steps_per_epoch=steps,
            epochs=epochs,
            verbose=0,
            callbacks=[clock],
        ).history
        return min(clock.seconds[1:]) / steps, history["bound"][-1]

    a_step, _ = train(few, epochs=3)  # The first traces and compiles.
    steps = min(per_epoch, few * max(1, round(_SECONDS.value / a_step / few)))
    with _utilisation(on_gpu) as readings:
        a_step, bound = train(steps, epochs=3)
    memory = tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20 if on_gpu else None
    return (
        batch_size,
        f"{batch_size / a_step:.0f}",
        f"{sum(readings) / len(readings):.0f}" if readings else "-",
        "-" if memory is None else f"{memory:.0f}",
        f"{bound:.1f}",
    )


@contextlib.contextmanager
def _utilisation(on_gpu):
    """Gives a list that is filled with how busy the GPU is, in percent, five times a second."""
    readings = []
    if not on_gpu:
        yield readings
        return
    asked = ["nvidia-smi", "--id=0", "--query-gpu=utilization.gpu", "--loop-ms=200"]
    asked += ["--format=csv,noheader,nounits"]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=lambda: readings.extend(map(float, process.stdout)))
        reader.start()
        try:
            yield readings
        finally:
            process.terminate()
            reader.join()


if __name__ == "__main__":
    app.run(main)

#!/usr/bin/env python3
"""Cost of training against batch size, latent size, and numbers of modalities and of replicas.

JMVAE-kl with MNIST's networks on random data, by `fit` without XLA, so that replicas can be
compared with one device. Modalities are equal strips of the image, each with encoder and decoder of
its own, and the label. Replicas are logical devices that share this machine's cores: what they cost
is what sharing costs, not what several GPUs would gain.

    .venv/bin/python benchmarks/scaling.py

Each case is timed once in every turn, and the least of its times is printed: a shared machine is at
times half as fast for a while, which medians of different cases would share unequally. It waits
until the machine is idle.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import random_data
from absl import app, flags
from idle import wait_until_idle

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

_TURNS = flags.DEFINE_integer("turns", 9, "timings of each case")
_STEPS = flags.DEFINE_integer("steps", 40, "steps of one timing")
_BATCH_SIZES = (25, 50, 200, 400)
_REPLICAS = flags.DEFINE_list("replicas", ["1", "2"], "numbers of replicas")


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import keras
    import numpy as np
    import tensorflow as tf

    import jmvae_tf
    from jmvae_tf.data import handwritten, pipelines
    from jmvae_tf.data.data_set import DataSet
    from jmvae_tf.likelihoods import Bernoulli
    from jmvae_tf.modalities import Modality
    from jmvae_tf.training import strategies

    most = max(map(int, _REPLICAS.value))
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(most)]
    )
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    whole = random_data.data_set(
        "mnist", random_data.stored("mnist", _STEPS.value * max(_BATCH_SIZES))
    )

    def in_strips(number):
        """The images cut into strips, and the labels."""
        if number == 1:
            return whole
        height = 28 // number
        names = [f"strip{strip}" for strip in range(number)]
        modalities = {
            name: Modality(name, (height, 28, 1), Bernoulli(), kind="image") for name in names
        }

        strips = np.split(whole.train["image"], number, axis=1)
        train = {**dict(zip(names, strips, strict=True)), "label": whole.train["label"]}

        def prepare(stored):
            label = handwritten.values_of_digits(255)(
                {"image": stored[names[0]], "label": stored["label"]}
            )
            images = {name: tf.cast(stored[name], tf.float32) / 255 for name in names}
            return {**images, "label": label["label"]}

        modalities["label"] = whole.modalities["label"]
        return DataSet("strips", modalities, train, {}, {}, prepare)

    def case(batch_size=100, latent_dim=64, strips=1, replicas=1):
        strategy = (
            tf.distribute.MirroredStrategy(devices[:replicas])
            if replicas > 1
            else tf.distribute.get_strategy()
        )
        data = in_strips(strips)
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = jmvae_tf.JMVAEKL(data.modalities, latent_dim=latent_dim)
            model.compile(optimizer=keras.optimizers.Adam(1e-3), jit_compile=False)
        feed = pipelines.Feed(data, batch_size, replicas=replicas)
        batches = strategies.distributed(
            strategy,
            lambda shares: feed.training_batches(shares=shares),
        )
        timed = {"steps_per_epoch": _STEPS.value, "verbose": 0}
        model.fit(batches, epochs=1, **timed)  # Warm-up.

        def seconds():
            start = time.perf_counter()
            model.fit(batches, epochs=1, **timed)
            return (time.perf_counter() - start) / _STEPS.value

        return seconds

    usual = {"batch_size": 100, "latent_dim": 64, "modalities": 2, "replicas": 1}
    cases = {tuple(usual.values()): case()}
    for size in _BATCH_SIZES:
        cases[tuple((usual | {"batch_size": size}).values())] = case(batch_size=size)
    for size in (2, 16, 256):
        cases[tuple((usual | {"latent_dim": size}).values())] = case(latent_dim=size)
    for strips in (2, 4, 7):
        cases[tuple((usual | {"modalities": strips + 1}).values())] = case(strips=strips)
    for replicas in map(int, _REPLICAS.value):
        if replicas > 1:
            cases[tuple((usual | {"replicas": replicas}).values())] = case(replicas=replicas)
    measured = {values: [] for values in cases}
    for _ in range(_TURNS.value):
        for values, seconds in cases.items():
            measured[values].append(seconds())
    base = min(measured[tuple(usual.values())])
    print("".join(f"{name:>12}" for name in usual) + "   ms a step   examples/s   to the first")
    for values, found in measured.items():
        step = min(found)
        print(
            "".join(f"{value:>12}" for value in values)
            + f"{1000 * step:>12.2f}{values[0] / step:>13.0f}{step / base:>15.2f}"
        )


if __name__ == "__main__":
    app.run(main)

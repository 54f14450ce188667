#!/usr/bin/env python3
"""How long an exported signature takes, against the bare calls of its networks.

The model is JMVAE-kl with a preset's networks and weights as they are before training, which cost
what trained ones do. The bare calls are the same Keras encoder and decoder in one `tf.function`,
without checks, names, standardisation or files; and, to tell what loading costs by itself, this
very function as a SavedModel's signature. All run in one process, in turns call by call.

    .venv/bin/python benchmarks/latency.py --data=toyfaces

Files are JPEG photographs of CelebA's size, 178x218, of noise that is as hard to decode as they
come. It waits until the machine is idle.
"""

import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from absl import app, flags
from idle import wait_until_idle

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_DATA = flags.DEFINE_enum("data", "toyfaces", ("digits", "toyfaces"), "whose networks")
_CALLS = flags.DEFINE_integer("calls", 1000, "calls of each kind at batch 1, a fifth at 64")
_BATCHES = (1, 64)
_WARM_UP = 20


def _timed(calls, number):
    """Milliseconds of each of several calls, [calls, number], taken in turns."""
    import numpy as np

    for _ in range(_WARM_UP):
        for call in calls:
            call()
    seconds = np.empty((len(calls), number))
    for turn in range(number):
        for row, call in enumerate(calls):
            start = time.perf_counter()
            call()
            seconds[row, turn] = time.perf_counter() - start
    return 1e3 * seconds


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import cv2
    import numpy as np
    import tensorflow as tf

    from jmvae_tf.data import registry as data_sets
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.training.build import make_model

    settings = settings_of("jmvae_kl", _DATA.value, {})
    data = data_sets.load(_DATA.value, pathlib.Path("data"), settings.data_options)
    model = make_model(settings, data)
    [other] = [name for name in model.modalities if name != "image"]
    with tempfile.TemporaryDirectory() as folder:
        loaded = tf.saved_model.load(str(export_saved_model(model, folder)))

    def bare(given, target):
        """The networks, compiled, and the same function saved and loaded."""
        encoder, decoder = model.encoders[given], model.decoders[target]
        spec = tf.TensorSpec((None, *model.modalities[given].event_shape), tf.float32, name="x")
        networks = tf.function(
            lambda x: {"y": decoder(encoder(x).mean()).mean()}, input_signature=[spec]
        ).get_concrete_function()
        module = tf.Module()
        module.used = list(networks.graph.variables)
        with tempfile.TemporaryDirectory() as folder:
            tf.saved_model.save(module, folder, {"bare": networks})
            return networks, tf.saved_model.load(folder).signatures["bare"]

    rng = np.random.default_rng(0)
    print(
        f"JMVAE-kl with the networks of {_DATA.value}; milliseconds a call, median and 99th "
        "percentile; ratios are of medians"
    )
    for batch in _BATCHES:
        image = tf.constant(
            rng.uniform(0, 1, (batch, *model.modalities["image"].event_shape)), tf.float32
        )
        values = tf.constant(
            rng.uniform(0, 1, (batch, *model.modalities[other].event_shape)), tf.float32
        )
        noise = rng.integers(0, 256, (218, 178, 3), np.uint8)
        file = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        files = tf.constant([file] * batch)
        for name, inputs, (networks, loaded_networks), x in (
            (f"{other}_to_image", {other: values}, bare(other, "image"), values),
            (f"image_to_{other}", {"image": image}, bare("image", other), image),
            (f"encoded_image_to_{other}", {"image_bytes": files}, bare("image", other), image),
        ):
            signature = loaded.signatures[name]
            times = _timed(
                (
                    lambda: next(iter(signature(**inputs).values())).numpy(),  # noqa: B023
                    lambda: networks(x)["y"].numpy(),  # noqa: B023
                    lambda: loaded_networks(x=x)["y"].numpy(),  # noqa: B023
                ),
                _CALLS.value if batch == 1 else _CALLS.value // 5,
            )
            medians, slowest = np.percentile(times, (50, 99), axis=1)
            print(
                f"  batch {batch:<3}{name:<30}{medians[0]:8.2f} {slowest[0]:8.2f}   "
                f"bare {medians[1]:8.2f} {slowest[1]:8.2f}   ratio {medians[0] / medians[1]:.2f}, "
                f"to the bare signature {medians[0] / medians[2]:.2f}"
            )


if __name__ == "__main__":
    app.run(main)

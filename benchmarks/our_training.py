#!/usr/bin/env python3
"""Rate of training through `fit` with a preset's networks and settings, on an .npz file.

`benchmarks/peers.py` starts it. One argument, a JSON object:

    networks    "mnist" or "celeba"
    model       which
    data        an .npz file, modality name to what that data set stores of it
    batch_size  examples in a batch
    epochs      how many, of which the first is a warm-up

It prints one line of JSON: examples a second in each epoch but the first, of the training loop
alone, and the peak of memory in MiB. The callbacks that act on every batch of `bin/train` do so
here too.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import random_data
from epoch_clock import make_clock
from peak_memory import peak_mebibytes

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of


def main(argv):
    """Trains and prints."""
    request = json.loads(argv[1])
    load_tensorflow()
    import numpy as np
    import tensorflow as tf

    from jmvae_tf.data import pipelines
    from jmvae_tf.models.term_checks import FiniteTerms
    from jmvae_tf.training.build import make_model
    from jmvae_tf.training.progress import Progress
    from jmvae_tf.training.schedules import KLWarmUp
    from jmvae_tf.training.stop_on_signal import StopOnSignal

    networks = request["networks"]
    settings = settings_of(request["model"], networks, {"batch_size": request["batch_size"]})
    with np.load(request["data"]) as arrays:
        examples = {name: arrays[name] for name in arrays}
    data = random_data.data_set(networks, examples)
    clock = make_clock()
    feed = pipelines.Feed(data, settings.batch_size, settings.seed)
    steps = feed.steps_per_epoch
    make_model(settings, data).fit(
        feed.training_batches(),
        epochs=request["epochs"],
        steps_per_epoch=steps,
        verbose=0,
        callbacks=[clock, KLWarmUp(20), FiniteTerms(), Progress(), StopOnSignal()],
    )
    print(
        json.dumps(
            {
                "rates": [steps * settings.batch_size / x for x in clock.seconds[1:]],
                "mebibytes": peak_mebibytes(),
                "version": f"tensorflow {tf.__version__}",
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv)

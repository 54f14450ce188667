#!/usr/bin/env python3
"""Where the time of `bin/evaluate` goes: what each metric takes.

An untrained JMVAE-kl with a preset's networks is measured, since the time does not depend on what
was learned: on random data of the shapes and numbers of MNIST or of 24,000 images of CelebA, or on
the drawn faces of toyfaces. What several metrics need counts for the first of them.

    .venv/bin/python benchmarks/evaluation_parts.py --data=mnist

It waits until the machine is idle.
"""

import collections
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import random_data
from absl import app, flags
from idle import wait_until_idle

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_DATA = flags.DEFINE_enum("data", "mnist", ["mnist", "toyfaces", "celeba"], "which data")
_EXAMPLES = flags.DEFINE_integer("examples", None, "test examples [all; celeba: 500]")
_SAMPLES = flags.DEFINE_integer("samples", None, "importance samples [as bin/evaluate]")
_SHOWN = flags.DEFINE_integer("shown", 12, "metrics to print")

_CELEBA = (20_000, 2_000)
"""Numbers of images to train on and to test with."""


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    from jmvae_tf.evaluation.metrics.importance import usual_num_samples
    from jmvae_tf.evaluation.protocol import Protocol
    from jmvae_tf.evaluation.sections import gather
    from jmvae_tf.reporting.metrics_file import measure
    from jmvae_tf.training.build import make_model

    settings = settings_of("jmvae_kl", _DATA.value, {})
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if _DATA.value == "mnist":
            random_data.write_mnist(folder)
        data = random_data.load_preset(_DATA.value, folder, *_CELEBA)
    model = make_model(settings, data)
    seconds, declared = collections.Counter(), gather.metrics_under

    def timed(measure):
        def measured(*arguments):
            start = time.perf_counter()
            lines = list(measure(*arguments))
            seconds[measure.__name__] += time.perf_counter() - start
            return lines

        return measured

    gather.metrics_under = lambda heading: [
        each._replace(measure=timed(each.measure)) for each in declared(heading)
    ]
    protocol = Protocol(num_importance_samples=_SAMPLES.value or usual_num_samples(model))
    number = _EXAMPLES.value or (500 if _DATA.value == "celeba" else None)
    start = time.perf_counter()
    _, number = measure(model, data, protocol, number)
    whole = time.perf_counter() - start
    k = protocol.num_importance_samples
    print(f"{_DATA.value}: {number} test examples, k = {k}: {whole:.1f} s")
    shown = seconds.most_common(_SHOWN.value)
    for name, spent in [*shown, ("else", whole - sum(spent for _, spent in shown))]:
        print(f"  {name:<40}{spent:>8.1f} s{spent / whole:>8.1%}")


if __name__ == "__main__":
    app.run(main)

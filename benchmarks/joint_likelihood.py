#!/usr/bin/env python3
"""Rate of the importance-weighted joint log-likelihood against MultiVae's own.

JMVAE with the 2018 paper's networks for MNIST, latent variable of 64, k samples an example from the
joint encoder, random weights (they change the value, not the work), random binary images. MultiVae
(PyTorch) runs in an environment of its own, as it is and tuned, with each number of threads; see
`multivae_joint_likelihood.py`. Ours and theirs are timed in turns, and medians are printed.

    .venv/bin/python benchmarks/joint_likelihood.py --peer_python=DIR/bin/python

Without --peer_python only our rate is printed. The floor is what the multiplications of the
decoders would take at the rate of a matrix product; see `floor.py`. It waits until the machine is
idle.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import floor
from absl import app, flags
from idle import wait_until_idle

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

_PEER_PYTHON = flags.DEFINE_string("peer_python", None, "a Python that has MultiVae")
_K = flags.DEFINE_integer("k", 1000, "samples of z for each example")
_EXAMPLES = flags.DEFINE_integer("examples", 300, "examples of one timing")
_TURNS = flags.DEFINE_integer("turns", 3, "timings of each kind")

_PEER = pathlib.Path(__file__).with_name("multivae_joint_likelihood.py")


def _peer_rate(data, threads, tuned):
    request = {
        "k": _K.value,
        "examples": _EXAMPLES.value,
        "threads": threads,
        "tuned": tuned,
        "data": str(data),
    }
    command = [_PEER_PYTHON.value, str(_PEER), json.dumps(request)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])["samples_per_second"]


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import keras
    import numpy as np

    import jmvae_tf
    from jmvae_tf.data import handwritten
    from jmvae_tf.evaluation.metrics.importance import importance_weighted_log_likelihoods

    keras.utils.set_random_seed(0)
    model = jmvae_tf.JMVAE(handwritten.digit_modalities(28), latent_dim=64)
    rng = np.random.default_rng(0)
    examples = {
        "image": rng.integers(0, 2, (_EXAMPLES.value, 28, 28, 1)).astype(np.float32),
        "label": np.eye(10, dtype=np.float32)[rng.integers(0, 10, _EXAMPLES.value)],
    }

    def our_rate():
        start = time.perf_counter()
        importance_weighted_log_likelihoods(model, examples, ("image", "label"), _K.value)
        return _EXAMPLES.value * _K.value / (time.perf_counter() - start)

    kinds = {"jmvae_tf": our_rate}
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "examples.npz"
        np.savez(data, **examples)
        if _PEER_PYTHON.value:
            for tuned in (False, True):
                for threads in range(1, os.cpu_count() + 1):
                    how = "tuned" if tuned else "as it is"
                    kinds[f"MultiVae {how}, {threads} threads"] = (
                        lambda threads=threads, tuned=tuned: _peer_rate(data, threads, tuned)
                    )
        rates = {name: [] for name in kinds}
        our_rate()  # Warm-up.
        for _ in range(_TURNS.value):
            for name, rate in kinds.items():
                rates[name].append(rate())
    ours = statistics.median(rates["jmvae_tf"])
    least = floor.matrix_product_rate() / floor.operations_of_decoding(model)
    print(
        f"floor: decoding alone is {least:.0f} samples/s, of which jmvae_tf has {ours / least:.1%}"
    )
    for name, measured in rates.items():
        median = statistics.median(measured)
        print(
            f"{name:<30} {median:9.0f} samples/s  ({min(measured):.0f} to {max(measured):.0f})"
            f"  ratio {ours / median:.2f}"
        )


if __name__ == "__main__":
    app.run(main)

#!/usr/bin/env python3
"""Rate and memory of training a model, here and with MultiVae's own trainer.

Both train the same networks with Adam on random data of the same shapes, batch 100: the 2018
paper's for MNIST, or for CelebA at 64 x 64. MultiVae (PyTorch) runs in an environment of its own
(`multivae_networks.py` says how to make it), with every number of threads up to the number of
cores, of which the best counts. All take turns, each run in a process of its own that starts when
the machine is idle; medians over the turns are printed.

    .venv/bin/python benchmarks/peers.py --peer_python=DIR/bin/python

Rates are of the loop over batches alone, without an epoch's end, after an epoch of warm-up. Ours
reads bytes and makes floats of them, on MNIST binary ones drawn anew; MultiVae is given the floats.

Objectives are those of our presets, MMVAE's with K = 10 samples of each encoder, Laplace posteriors
and the plain gradient; `peer_objectives.py` shows that MultiVae's are the same. It has shorter
warm-ups or none, sums MMVAE's loss over the batch, encodes each modality again for every subset of
MVAE, and gives each part of a batch one subset in MoPoE, where ours draws one for each example.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np
import random_data
from absl import app, flags
from idle import wait_until_idle

_PEER_PYTHON = flags.DEFINE_string("peer_python", None, "a Python that has MultiVae", required=True)
_NETWORKS = flags.DEFINE_list("networks", ["mnist"], "whose networks: mnist, celeba")
_MODELS = flags.DEFINE_list("models", ["jmvae_kl", "mvae", "mmvae", "mopoe", "mvtcae"], "which")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 100, "examples in a batch")
_TURNS = flags.DEFINE_integer("turns", 5, "runs of each")

_HERE = pathlib.Path(__file__).resolve().parent
_LEARNING_RATES = {"mnist": 1e-3, "celeba": 1e-4}
# Examples of an epoch and epochs, the first of them a warm-up.
_LENGTHS = {"mnist": (10_000, 5), "celeba": (500, 4)}
_SHARES = {"mmvae": 0.1}
"""Of these examples, for a model that decodes 20 values of z for each of them."""


def _floats(networks, stored):
    """The same examples as a library needs them that does not make floats of bytes itself."""
    if networks == "mnist":
        floats = {"image": stored["image"] > 127, "label": np.eye(10)[stored["label"]]}
    else:
        floats = {"image": stored["image"] / 255, "attributes": stored["attributes"]}
    return {name: x.astype(np.float32) for name, x in floats.items()}


def _measured(python, script, request):
    """What a script prints of one run."""
    busy = wait_until_idle()
    command = [python, str(_HERE / script), json.dumps(request)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(printed.splitlines()[-1])
    return {**result, "rate": statistics.median(result["rates"]), "load": busy}


def _compare(networks, model, folder):
    number, epochs = _LENGTHS[networks]
    stored = random_data.stored(networks, int(number * _SHARES.get(model, 1)))
    files = {name: str(folder / f"{networks}-{name}.npz") for name in ("stored", "floats")}
    np.savez(files["stored"], **stored)
    np.savez(files["floats"], **_floats(networks, stored))
    request = {
        "networks": networks,
        "model": model,
        "batch_size": _BATCH_SIZE.value,
        "epochs": epochs,
    }
    theirs = request | {"data": files["floats"], "learning_rate": _LEARNING_RATES[networks]}
    kinds = {"jmvae_tf": (sys.executable, "our_training.py", request | {"data": files["stored"]})}
    for threads in range(1, os.cpu_count() + 1):
        kinds[f"MultiVae, {threads} threads"] = (
            _PEER_PYTHON.value,
            "multivae_training.py",
            theirs | {"threads": threads},
        )
    runs = {kind: [] for kind in kinds}
    for _ in range(_TURNS.value):
        for kind, arguments in kinds.items():
            runs[kind].append(_measured(*arguments))
    print(f"\n{model}, {networks}'s networks, medians of {_TURNS.value} runs:")
    medians = {
        kind: statistics.median(run["rate"] for run in found) for kind, found in runs.items()
    }
    for kind, found in runs.items():
        rates = [run["rate"] for run in found]
        memory = statistics.median(run["mebibytes"] for run in found)
        loads = [run["load"] for run in found]
        print(
            f"  {kind:<22}{medians[kind]:8.1f} examples/s ({min(rates):.1f} to {max(rates):.1f}), "
            f"peak {memory:.0f} MiB, load before at most {max(loads):.2f}  {found[0]['version']}"
        )
    best = max((kind for kind in kinds if kind != "jmvae_tf"), key=medians.get)
    peak = {k: statistics.median(run["mebibytes"] for run in runs[k]) for k in (best, "jmvae_tf")}
    print(
        f"  ratio to {best}: rate {medians['jmvae_tf'] / medians[best]:.2f}, "
        f"memory {peak['jmvae_tf'] / peak[best]:.2f}",
        flush=True,
    )


def main(argv):
    """Compares and prints."""
    del argv
    with tempfile.TemporaryDirectory() as folder:
        for networks in _NETWORKS.value:
            for model in _MODELS.value:
                _compare(networks, model, pathlib.Path(folder))


if __name__ == "__main__":
    app.run(main)

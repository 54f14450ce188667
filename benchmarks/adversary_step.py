#!/usr/bin/env python3
"""What an adversary costs: processor time and memory of a training step on drawn faces.

    .venv/bin/python benchmarks/adversary_step.py

The step without an adversary, as the decoders of the GAN preset have it, is compared with the
preset's step against its adversary, in which only the image decoder is trained; with the same
adversary where everything is trained; and with the authors' adversary. Each runs on one thread in a
process of its own, on one batch of 50 faces that is in memory. The least time of some turns is
printed, the most memory that each process held, and both divided by those without an adversary.
"""

import concurrent.futures
import multiprocessing
import pathlib
import sys
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pandas as pd
from absl import app, flags
from peak_memory import peak_mebibytes

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_TURNS = flags.DEFINE_integer("turns", 5, "timings of each step")

_STEPS = 8
"""In a timing: gradient penalties come in every eighth step."""

_WITHOUT = "without"
_ROWS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    _WITHOUT: ("jmvae_kl", None, {}),
    "preset, the decoder alone": ("jmvae_kl_gan", "decoder", {}),
    "preset, all together": ("jmvae_kl_gan", "together", {}),
    "original": ("jmvae_kl_gan", "together", {"adversary": "original", "adversary_after": 0}),
}


def time_of_step(row: str, turns: int) -> tuple[float, float]:
    """Returns the processor seconds of a step, and the peak memory in MiB."""
    load_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from jmvae_tf.data.registry import load
    from jmvae_tf.models.adversarial import Adversarial, Stage
    from jmvae_tf.training.build import make_model

    name, stage, options = _ROWS[row]
    data = load("toyfaces", pathlib.Path(), {"split": "paper"})
    decoders = settings_of("jmvae_kl_gan", "toyfaces", {}).decoders
    model = make_model(settings_of(name, "toyfaces", {"decoders": decoders, **options}), data)
    if isinstance(model, Adversarial):
        model.stage = Stage(stage)
    batch = data.prepare({x: tf.constant(rows[:50]) for x, rows in data.train.items()})
    step = tf.function(model.train_step)
    seconds = []
    for _ in range(turns + 1):  # The first traces.
        start = time.process_time()
        for _ in range(_STEPS):
            step(batch)
        seconds.append((time.process_time() - start) / _STEPS)
    return min(seconds[1:]), peak_mebibytes()


def main(argv: list[str]) -> None:
    """Times each step in a process of its own, and prints."""
    del argv
    measured = {}
    for row in _ROWS:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            measured[row] = pool.submit(time_of_step, row, _TURNS.value).result()
    seconds, mebibytes = measured[_WITHOUT]
    rows = {
        row: {
            "ms": f"{1000 * took:.0f}",
            "times": f"{took / seconds:.2f}",
            "MiB": f"{held:.0f}",
            "times the MiB": f"{held / mebibytes:.2f}",
        }
        for row, (took, held) in measured.items()
    }
    print(pd.DataFrame.from_dict(rows, orient="index").to_string())


if __name__ == "__main__":
    app.run(main)

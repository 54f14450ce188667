#!/usr/bin/env python3
"""Where the time of a training step of MNIST's networks goes.

The forward pass, the gradient, Adam and the whole step of JMVAE-kl, each compiled by XLA by itself,
and the rates of the matrix products that such a step has: of a layer, of the gradient of its
kernel, and of that of its inputs; also of the products 784 to 512 of two encoders made as one. The
least time of some turns is printed.

    .venv/bin/python benchmarks/step_parts.py

It waits until the machine is idle.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import floor
from absl import app, flags
from idle import wait_until_idle
from preset_step import model_and_batch

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

_TURNS = flags.DEFINE_integer("turns", 6, "timings of each part")
_RUNS = flags.DEFINE_integer("runs", 40, "runs of one timing")
_LAYERS = ((784, 512), (784, 1024), (512, 512), (512, 784), (1024, 64))
_PRODUCTS = 16
"""Of one kind, run together: calling a compiled function takes as long as some of them."""


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import tensorflow as tf

    model, batch = model_and_batch("mnist")
    gradients = [tf.Variable(tf.zeros_like(x.value)) for x in model.trainable_variables]

    def forward():
        seed = model.training_seed(model.optimizer.iterations)
        examples = model.examples_of(batch)
        return tf.reduce_mean(model.bound(examples, seed, model.kl_weight, training=True).value)

    def gradient():
        with tf.GradientTape() as tape:
            bound = forward()
        for to, value in zip(
            gradients, tape.gradient(bound, model.trainable_variables), strict=True
        ):
            to.assign(value)
        return bound

    def adam():
        model.optimizer.apply([x.read_value() for x in gradients], model.trainable_variables)
        return model.optimizer.iterations

    def least_seconds(function, runs):
        last = function()
        seconds = []
        for _ in range(_TURNS.value):
            start = time.perf_counter()
            for _ in range(runs):
                last = function()
            tf.nest.flatten(last)[-1].numpy()  # Waits for the last one.
            seconds.append((time.perf_counter() - start) / runs)
        return min(seconds)

    parts = {
        "forward pass": forward,
        "gradient": gradient,
        "Adam": adam,
        "step": lambda: model.train_step(batch)["bound"],
    }
    for name, part in parts.items():
        seconds = least_seconds(tf.function(part, jit_compile=True), _RUNS.value)
        print(f"{name:<16}{1000 * seconds:>6.1f} ms")

    kinds = {
        "layer": lambda x, g, w: tf.matmul(x, w),
        "of its kernel": lambda x, g, w: tf.matmul(x, g, transpose_a=True),
        "of its inputs": lambda x, g, w: tf.matmul(g, w, transpose_b=True),
    }
    print(f"GFLOP/s at best {floor.matrix_product_rate() / 1e9:.0f}; with a batch of 100:")
    for inputs, outputs in _LAYERS:
        xs, gs = (
            [tf.random.normal((100, size)) for _ in range(_PRODUCTS)] for size in (inputs, outputs)
        )
        w = tf.random.normal((inputs, outputs))
        rates = {}
        for name, product in kinds.items():
            products = tf.function(
                lambda xs, gs, w, product=product: [
                    product(x, g, w) for x, g in zip(xs, gs, strict=True)
                ],
                jit_compile=True,
            )
            seconds = least_seconds(lambda f=products: f(xs, gs, w), _RUNS.value // 4)  # noqa: B023
            rates[name] = _PRODUCTS * 2 * 100 * inputs * outputs / seconds
        shown = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in rates.items())
        print(f"  {inputs} to {outputs}: {shown}")


if __name__ == "__main__":
    app.run(main)

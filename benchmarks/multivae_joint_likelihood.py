#!/usr/bin/env python3
"""Speed of MultiVae's joint log-likelihood, on a JMVAE with the paper's networks for MNIST.

What is timed is its own `JMVAE.compute_joint_nll`: importance-weighted with k samples of z from the
joint encoder. The weights are random, which changes the value but not the work.

`benchmarks/joint_likelihood.py` starts it, with a Python that has MultiVae; see
`multivae_networks.py`.

One argument, a JSON object:

    k         samples of z for each example
    examples  how many examples, the first ones of the file
    threads   threads that PyTorch computes with
    tuned     false: everything as the library leaves it. true: gradients and the checks of
              torch.distributions are off, and `batch_size_K` is the fastest of several
    data      an .npz file of `image` [n, 28, 28, 1], zeros and ones, and `label` [n, 10], one-hot

It prints one line of JSON. In both cases only some examples go into a call, so that their samples
of z stay small.
"""

import contextlib
import json
import sys
import time

import multivae_networks
import numpy as np
import torch

BATCH_SIZES = (100, 250, 500, 1000)  # Of z decoded at once: `batch_size_K`.
DEFAULT_BATCH_SIZE = 100
EXAMPLES_PER_CALL = 20
TRIAL_SAMPLES = 20_000  # In examples times k; the examples are at least one.
TRIAL_TURNS = 5


def load(path, examples):
    """The first examples of the file, images as [n, 1, 28, 28]."""
    with np.load(path) as arrays:
        image, label = arrays["image"][:examples], arrays["label"][:examples]
    if not len(image) == len(label) == examples:
        raise ValueError(f"{path} has {len(image)} images and {len(label)} labels, not {examples}")
    return {
        "image": torch.from_numpy(image.astype(np.float32).transpose(0, 3, 1, 2).copy()),
        "label": torch.from_numpy(label.astype(np.float32)),
    }


def log_likelihood(model, data, k, batch_size_k, tuned):
    """Sum over the examples of the estimates of log p(x, w), by MultiVae."""
    from multivae.data.datasets import MultimodalBaseDataset

    total = 0.0
    with torch.no_grad() if tuned else contextlib.nullcontext():
        for start in range(0, len(data["image"]), EXAMPLES_PER_CALL):
            part = {name: x[start : start + EXAMPLES_PER_CALL] for name, x in data.items()}
            dataset = MultimodalBaseDataset(part)
            # MultiVae sums over the examples, and gives the negative.
            total -= float(model.compute_joint_nll(dataset, K=k, batch_size_K=batch_size_k))
    return total


def seconds_of(*arguments):
    """Seconds of one `log_likelihood`, and its value."""
    start = time.perf_counter()
    value = log_likelihood(*arguments)
    return time.perf_counter() - start, value


def fastest_batch_size(model, data, k):
    """Tries each `batch_size_K` in turns; the turn before the first does not count."""
    trial = {name: values[: max(1, TRIAL_SAMPLES // k)] for name, values in data.items()}
    seconds = {size: [] for size in sorted({min(size, k) for size in BATCH_SIZES})}
    for turn in range(1 + TRIAL_TURNS):
        for size, times in seconds.items():
            elapsed, _ = seconds_of(model, trial, k, size, True)
            if turn:
                times.append(elapsed)
    return min(seconds, key=lambda size: min(seconds[size]))


def main(argv):
    """Chooses `batch_size_K`, times and prints."""
    request = json.loads(argv[1])
    k, examples, tuned = request["k"], request["examples"], request["tuned"]
    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    if tuned:
        torch.distributions.Distribution.set_default_validate_args(False)
    data = load(request["data"], examples)
    model = multivae_networks.make_model("mnist", "jmvae_kl").eval()
    batch_size = fastest_batch_size(model, data, k) if tuned else DEFAULT_BATCH_SIZE
    warm_up = {name: values[:EXAMPLES_PER_CALL] for name, values in data.items()}
    seconds_of(model, warm_up, k, batch_size, tuned)
    seconds, total = seconds_of(model, data, k, batch_size, tuned)
    print(
        json.dumps(
            {
                "samples_per_second": examples * k / seconds,
                "batch_size_K": batch_size,
                "mean_joint_log_likelihood": total / examples,
                "torch": torch.__version__,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv)

#!/usr/bin/env python3
"""Rate of training with MultiVae's own trainer, on a model with the 2018 paper's networks.

`benchmarks/peers.py` starts it, with a Python that has MultiVae; see `multivae_networks.py`.

One argument, a JSON object:

    networks    "mnist" or "celeba"
    model       its name in jmvae_tf
    data        an .npz file, modality name to float32 [examples, ...], channels last
    batch_size  examples in a batch
    epochs      how many, of which the first is a warm-up
    threads     threads that PyTorch computes with

It prints one line of JSON: examples a second in each epoch but the first, of the training loop
alone, and the peak of memory in MiB.
"""

import json
import logging
import sys
import tempfile
import time

import multivae_networks
import numpy as np
import torch
from peak_memory import peak_mebibytes


def main(argv):
    """Trains and prints."""
    request = json.loads(argv[1])
    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    with np.load(request["data"]) as arrays:
        data = {name: torch.from_numpy(arrays[name]) for name in arrays}
    data["image"] = data["image"].permute(0, 3, 1, 2).contiguous()
    model = multivae_networks.make_model(request["networks"], request["model"])

    from multivae.data.datasets import MultimodalBaseDataset
    from multivae.trainers import BaseTrainer, BaseTrainerConfig

    logging.disable(logging.INFO)
    seconds = []

    class Timed(BaseTrainer):
        """The library's trainer with a clock around an epoch's loop."""

        def train_step(self, epoch):
            start = time.perf_counter()
            result = super().train_step(epoch)
            seconds.append(time.perf_counter() - start)
            return result

    number = len(data["image"])
    with tempfile.TemporaryDirectory() as folder:
        Timed(
            model,
            MultimodalBaseDataset(data),
            training_config=BaseTrainerConfig(
                output_dir=folder,
                per_device_train_batch_size=request["batch_size"],
                num_epochs=request["epochs"],
                learning_rate=request["learning_rate"],
                drop_last=True,
                no_cuda=True,
            ),
        ).train()
    batches = number // request["batch_size"]
    print(
        json.dumps(
            {
                "rates": [batches * request["batch_size"] / x for x in seconds[1:]],
                "mebibytes": peak_mebibytes(),
                "version": f"torch {torch.__version__}",
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv)

#!/usr/bin/env python3
"""MultiVae's loss and its slopes at given weights, drawn several times, and its inference.

`benchmarks/peer_objectives.py` starts it, with a Python that has MultiVae; see
`multivae_networks.py`.

One argument, a JSON object:

    networks  "mnist" or "three"
    model     its name in jmvae_tf
    options   arguments of its configuration
    draws     how often the loss is drawn
    arrays    an .npz file: examples as data/NAME, channels last; of each network the weights as
              NETWORK/MODALITY/NUMBER, in the order of its layers, and the direction in which a
              slope is taken as toward/NETWORK/MODALITY/NUMBER

It prints one line of JSON: of each draw the objective (minus the loss, per example) and its slope
along the direction in the weights of encoders and of decoders; and the mean of q(z|x_S) for each
subset S of the modalities.
"""

import collections
import itertools
import json
import sys

import multivae_networks
import numpy as np
import torch


def _parameters(model):
    """Each network's parameters by name, in the order of its layers."""
    networks = {"decoders": model.decoders, "encoders": model.encoders}
    if hasattr(model, "joint_encoder"):
        networks["encoders"] = {**model.encoders, "joint": model.joint_encoder}
    found = {
        f"{kind}/{name}/{place}": parameter
        for kind, parts in networks.items()
        for name, network in parts.items()
        for place, parameter in enumerate(network.parameters())
    }
    if hasattr(model, "prior_log_var"):
        found["decoders/prior/0"] = model.prior_log_var
    return found


def main(argv):
    """Computes and prints."""
    request = json.loads(argv[1])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (MultiVae draws subsets with it)
    model = multivae_networks.make_model(
        request["networks"], request["model"], **request["options"]
    )

    from multivae.data.datasets import MultimodalBaseDataset

    with np.load(request["arrays"]) as arrays:
        given = {name: torch.from_numpy(arrays[name]) for name in arrays}
    data = {name: given[f"data/{name}"] for name in model.encoders}
    data["image"] = data["image"].permute(0, 3, 1, 2).contiguous()
    parameters = _parameters(model)
    weights = {name for name in given if not name.startswith(("data/", "toward/"))}
    if weights != parameters.keys():
        raise ValueError(f"There are weights of {sorted(weights ^ parameters.keys())} on one side")
    for name, parameter in parameters.items():
        parameter.data.copy_(given[name].reshape(parameter.shape))
    # Of complete data MoPoE gives each part of a batch another subset: each example gets all here.
    subsets = 2 ** len(data) - 1 if request["model"] == "mopoe" else 1
    batch = {name: x.repeat(subsets, *[1] * (x.dim() - 1)) for name, x in data.items()}
    # MMVAE's loss is a sum over the batch, the others' a mean.
    examples = len(data["image"]) if request["model"] == "mmvae" else 1

    printed = collections.defaultdict(list)
    for _ in range(request["draws"]):
        model.zero_grad()
        objective = -model(MultimodalBaseDataset(batch)).loss / examples
        objective.backward()
        printed["objective"].append(float(objective.detach()))
        for kind in ("encoders", "decoders"):
            slope = sum(
                float((parameter.grad * given[f"toward/{name}"].reshape(parameter.shape)).sum())
                for name, parameter in parameters.items()
                if name.startswith(kind)
            )
            printed[kind].append(slope)
    model.eval()
    means = {}
    for size in range(1, len(data) + 1):
        for names in itertools.combinations(data, size):
            with torch.no_grad():
                z = model.encode(
                    MultimodalBaseDataset(data), cond_mod=list(names), return_mean=True
                ).z
            means[" ".join(names)] = z.tolist()
    print(json.dumps({**printed, "means": means}))


if __name__ == "__main__":
    main(sys.argv)

#!/usr/bin/env python3
"""Whether the models that `peers.py` times have MultiVae's objectives, gradients and inference.

Both libraries get the same weights and examples: MNIST's networks of the 2018 paper, and small ones
of three modalities, where products of two experts and random subsets are neither of one nor of all.
The weights are random, so that experts differ. Compared are, over draws of z,

    objective   of an example, in nats
    encoders    its slope along a random direction of the encoders' weights
    decoders    the same for the decoders', and for MMVAE's prior
    q(z|x_S)    its mean for each subset S of the modalities

The script ends with status 1 if one of the first three is more than four standard errors apart, or
a mean more than 1e-5. Three differences are known, and marked:

- Trained by DReG, MultiVae's MMVAE reports sum_k w_k log w_k, which is no bound.
- MultiVae's JMVAE multiplies experts of some of the modalities as if no prior was in them.
- MultiVae's MoPoE has the mean of the mixture where all modalities are given, ours of the product.

MultiVae (PyTorch) runs in an environment of its own; `multivae_networks.py` says how to make it.

    .venv/bin/python benchmarks/peer_objectives.py --peer_python=DIR/bin/python
"""

import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np
from absl import app, flags

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

_PEER_PYTHON = flags.DEFINE_string("peer_python", None, "a Python that has MultiVae", required=True)

_PEER = pathlib.Path(__file__).with_name("multivae_objectives.py")
_EXAMPLES = 50
# Values of z, bodies, and how often z is drawn for all examples.
_NETWORKS = {"three": (4, "D16R-D16R", 1000), "mnist": (64, "D512R-D512R", 200)}
_COMPARED = ("objective", "encoders", "decoders")
_STANDARD_ERRORS, _MEANS_APART = 4.0, 1e-5

# A model, our options and MultiVae's.
_CASES = (
    ("jmvae_kl", {"beta": 0.7}, {"beta": 0.7, "warmup": 0}),
    ("mvae", {"beta": 0.7}, {"beta": 0.7, "warmup": 0}),
    ("mmvae", {"num_samples": 5}, {"K": 5}),
    ("mmvae", {"num_samples": 5, "gradient": "dreg"}, {"K": 5, "loss": "dreg_looser"}),
    ("mopoe", {"beta": 0.7}, {"beta": 0.7}),
    ("mvtcae", {"beta": 2.5}, {}),
)


def _modalities(networks):
    from jmvae_tf.data import handwritten
    from jmvae_tf.likelihoods import Gaussian
    from jmvae_tf.modalities import Modality

    if networks == "mnist":
        return handwritten.digit_modalities(28)
    return handwritten.digit_modalities(6) | {"vector": Modality("vector", (3,), Gaussian())}


def _our_model(networks, name, options):
    from jmvae_tf.models.registry import PLAIN_MODELS

    modalities, (latent_dim, body, _) = _modalities(networks), _NETWORKS[networks]
    bodies = dict.fromkeys(modalities, body)
    joint = {"joint_encoder": f"({', '.join(bodies.values())})"} if name == "jmvae_kl" else {}
    return PLAIN_MODELS[name].model_class()(
        modalities, latent_dim, encoders=bodies, decoders=bodies, **joint, **options
    )


def _examples(modalities, rng):
    """Random events, modality name to array."""
    values = {name: rng.normal(size=(_EXAMPLES, *x.event_shape)) for name, x in modalities.items()}
    values["image"] = values["image"] > 0
    values["label"] = np.eye(10)[np.argmax(values["label"], axis=1)]
    return {name: x.astype(np.float32) for name, x in values.items()}


def _variables(model):
    """Each network's variables by name, in the order of its layers."""
    parts = {"encoders": dict(model.encoders), "decoders": dict(model.decoders)}
    if hasattr(model, "joint_encoder"):
        parts["encoders"]["joint"] = model.joint_encoder
    found = {
        f"{kind}/{name}/{place}": variable
        for kind, networks in parts.items()
        for name, network in networks.items()
        for place, variable in enumerate(network.trainable_variables)
    }
    if hasattr(model, "prior_scale"):
        found["decoders/prior/0"] = model.prior_scale
    return found


def _ours(model, data, toward, draws):
    """What `multivae_objectives.py` prints, of our model."""
    import tensorflow as tf

    variables = _variables(model)

    @tf.function
    def draw(seed):
        with tf.GradientTape() as tape:
            objective = tf.reduce_mean(model.bound(data, seed, training=True).value)
        gradients = tape.gradient(objective, list(variables.values()))
        slopes = dict.fromkeys(_COMPARED[1:], 0.0)
        for name, gradient in zip(variables, gradients, strict=True):
            slopes[name.split("/")[0]] += tf.reduce_sum(gradient * toward[name])
        return {"objective": objective, **slopes}

    drawn = [draw(tf.constant([0, place])) for place in range(draws)]
    means = {
        " ".join(names): model.posterior({name: data[name] for name in names}).mean().numpy()
        for size in range(1, len(data) + 1)
        for names in itertools.combinations(data, size)
    }
    return {**{what: [float(x[what]) for x in drawn] for what in _COMPARED}, "means": means}


def _theirs(request, data, weights, toward):
    """What `multivae_objectives.py` prints."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "arrays.npz"
        # PyTorch stores the weights of a dense layer the other way round.
        np.savez(
            path,
            **{f"data/{name}": x for name, x in data.items()},
            **{name: x.T for name, x in weights.items()},
            **{f"toward/{name}": x.T for name, x in toward.items()},
        )
        command = [_PEER_PYTHON.value, str(_PEER), json.dumps(request | {"arrays": str(path)})]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def _compare(networks, name, options, peer_options):
    """Prints a comparison, and tells whether all agrees that is not known to differ."""
    model, draws = _our_model(networks, name, options), _NETWORKS[networks][-1]
    rng = np.random.default_rng(0)
    data, weights, toward = _examples(model.modalities, rng), {}, {}
    for path, variable in _variables(model).items():
        shape = variable.shape
        spread = 1 / math.sqrt(shape[0]) if len(shape) == 2 else 1 / 3
        weights[path] = rng.normal(scale=spread, size=shape).astype(np.float32)
        toward[path] = rng.normal(size=shape).astype(np.float32)
        variable.assign(weights[path])
    request = {"networks": networks, "model": name, "options": peer_options, "draws": draws}
    peer = _theirs(request, data, weights, toward)
    ours = _ours(model, data, toward, draws)

    is_dreg = options.get("gradient") == "dreg"
    print(f"\n{name}{', DReG' if is_dreg else ''}, networks of {networks}, {draws} draws")
    agrees = True
    for what in _COMPARED:
        (a, error_a), (b, error_b) = _mean_and_error(ours[what]), _mean_and_error(peer[what])
        errors = abs(a - b) / math.hypot(error_a, error_b)
        is_known = is_dreg and what == "objective"
        agrees &= is_known or errors < _STANDARD_ERRORS
        print(
            f"  {what:<10}{a:11.4f} +- {error_a:.4f}, MultiVae {b:11.4f} +- {error_b:.4f}: "
            f"{errors:.1f} standard errors apart{', known' if is_known else ''}"
        )
    for subset, mean in ours["means"].items():
        size, most = len(subset.split()), len(data)
        apart = np.abs(mean - np.asarray(peer["means"][subset])).max()
        is_known = size == most if name == "mopoe" else name == "jmvae_kl" and 1 < size < most
        agrees &= is_known or apart < _MEANS_APART
        print(f"  mean of q(z|{subset}): {apart:.1e} apart{', known' if is_known else ''}")
    sys.stdout.flush()
    return agrees


def _mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / math.sqrt(len(values))


def main(argv):
    """Compares and prints."""
    del argv
    load_tensorflow()
    agree = [_compare(networks, *case) for networks in _NETWORKS for case in _CASES]
    if not all(agree):
        raise SystemExit("error: the libraries differ where they should not")


if __name__ == "__main__":
    app.run(main)

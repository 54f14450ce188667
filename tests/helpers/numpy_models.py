"""Recomputes small models in NumPy with their own samples."""

import numpy as np
from scipy.special import log_softmax

# One sample of the missing modality's z per weight, from one distribution.
ZEROS = {"missing": "zeros", "num_rounds": 1}

# Sums of about ten float32 values of order 10.
GOLDEN = {"rtol": 1e-5, "atol": 1e-5}


class Recorder:
    """Records the inputs of a model's layer."""

    def __init__(self, monkeypatch, layer):
        self.inputs = []
        call = layer.call

        def recording(inputs, *arguments, **options):
            self.inputs.append(np.array(inputs, np.float64))
            return call(inputs, *arguments, **options)

        monkeypatch.setattr(layer, "call", recording)


def dense(weights, x):
    """Computes a dense layer."""
    matrix, offset = weights
    return x @ matrix.astype(np.float64) + offset


def relu_dense(weights, x):
    """Computes a dense layer with ReLU."""
    return np.maximum(dense(weights, x), 0)


def gaussian_of(part, *inputs):
    """Computes mean and variance of q(z|.) or p(z_1|z_2): a ReLU layer per input and a head."""
    *bodies, mean_matrix, mean_offset, variance_matrix, variance_offset = part.get_weights()
    pairs = [bodies[i : i + 2] for i in range(0, len(bodies), 2)]
    features = np.concatenate(
        [relu_dense(pair, x) for pair, x in zip(pairs, inputs, strict=True)], axis=-1
    )
    a = dense((variance_matrix, variance_offset), features)
    return dense((mean_matrix, mean_offset), features), np.log1p(np.exp(a)) + 1e-6


def log_normal(z, mean, variance):
    """Computes log N(z; mean, variance) of independent values."""
    return -0.5 * (np.log(2 * np.pi * variance) + (z - mean) ** 2 / variance).sum(axis=-1)


def log_p_of(model, z, image, label):
    """Computes log p(image|z) and log p(label|z) for z [..., batch, 3]."""
    body, head = (model.decoders["image"].get_weights()[i : i + 2] for i in (0, 2))
    logits = dense(head, relu_dense(body, z))
    log_p_image = (image * logits - np.log1p(np.exp(logits))).sum(axis=-1)
    body, head = (model.decoders["label"].get_weights()[i : i + 2] for i in (0, 2))
    log_p_label = (label * log_softmax(dense(head, relu_dense(body, z)), axis=-1)).sum(axis=-1)
    return {("image",): log_p_image, ("label",): log_p_label}

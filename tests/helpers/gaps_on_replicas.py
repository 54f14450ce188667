"""Trains on examples that lack modalities, on one replica or two, in a process of its own."""

import keras
import numpy as np
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality, observed_key
from tests.helpers.small_models import examples, small_model

_MODALITIES = {
    "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
    "species": Modality("species", (3,), Categorical(), kind="label"),
    "sizes": Modality("sizes", (4,), Gaussian(), kind="numbers", partly_observed=True),
}


def _examples(number):
    """Random examples; what they lack is NaN. The first half has no photo."""
    places = np.arange(number)
    masks = {
        "photo": places >= number // 2,
        "species": places % 3 > 0,
        "sizes": (places[:, np.newaxis] + np.arange(4)) % 3 > 0,
    }
    data = {}
    for name, x in examples(_MODALITIES, number).items():
        mask = masks[name]
        by_value = mask.reshape(*mask.shape, *[1] * (x.shape.rank - mask.ndim))
        data |= {name: np.where(by_value, x, np.float32(np.nan)), observed_key(name): mask}
    return data


def run(request):
    """Takes a step and writes the terms and all weights, with batch normalisation's statistics.

    Args:
      request: `replicas`, 1 or 2; and `out`, the .npz file to write. Two logical CPU devices stand
        for two GPUs.
    """
    keras.utils.set_random_seed(0)
    strategy = tf.distribute.get_strategy()
    if request["replicas"] == 2:
        [cpu] = tf.config.list_physical_devices("CPU")
        halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
        tf.config.set_logical_device_configuration(cpu, halves)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        model = small_model("jmvae_kl", _MODALITIES, body="D8BR")
        model.compile(optimizer="sgd", jit_compile=False)
    batch = tf.data.Dataset.from_tensor_slices(_examples(9)).batch(9)  # Parts of 5 and 4.
    terms = model.fit(batch, verbose=0).history
    weights = {f"weight {x.path}": x.numpy() for x in model.weights}
    np.savez(request["out"], **weights, **{f"term {name}": x for name, x in terms.items()})

"""Takes steps on one replica or two, in a process of its own. Logical devices stand for GPUs."""

import functools

import keras
import numpy as np
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models import adversarial
from jmvae_tf.models.adversarial import Adversarial, Stage
from jmvae_tf.models.trained_part import TrainedPart
from tests.helpers.small_models import examples, small_model

_MODALITIES = {
    "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
    "species": Modality("species", (3,), Categorical(), kind="label"),
    "sizes": Modality("sizes", (4,), Gaussian(), kind="numbers", partly_observed=True),
}

GRADIENTS = ([[3.0, -4.0], [0.5, 0.0]], [[1.0, 2.0], [-0.1, 0.2]])
"""Of each replica, of two variables."""


def _examples(number):
    """Random examples; what they lack is NaN. The first half has no photo."""
    places = np.arange(number)
    masks = {
        "photo": places >= number // 2 + 1,
        "species": places % 3 > 0,
        "sizes": (places[:, np.newaxis] + np.arange(4)) % 3 > 0,
    }
    data = {}
    for name, x in examples(_MODALITIES, number).items():
        mask = masks[name]
        by_value = mask.reshape(*mask.shape, *[1] * (x.shape.rank - mask.ndim))
        data |= {name: np.where(by_value, x, np.float32(np.nan)), observed_key(name): mask}
    return data


def _strategy_of(replicas):
    if replicas == 1:
        return tf.distribute.get_strategy()
    [cpu] = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    tf.config.set_logical_device_configuration(cpu, halves)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def _against(model, adversary):
    if adversary is None:
        return Adversarial(model, "photo", discriminator="D8BL")
    adversarial.HEAD_START = 0
    return Adversarial(model, "photo", discriminator="C4L-C4L-F-D8L", adversary=adversary)


def train_with_gaps(request):
    """Takes a step and writes the terms and how all weights and moving statistics changed.

    Args:
      request: `replicas`, 1 or 2; `model`, and arguments of its own `inside` it; `options` of the
        optimisers; `adversary`, if it is not the authors'; its `stage`; and `out`, the .npz file to
        write.
    """
    keras.utils.set_random_seed(0)
    strategy = _strategy_of(request["replicas"])

    def sgd():
        return keras.optimizers.SGD(1.0, **request["options"])  # So changes are gradients.

    with strategy.scope():
        name, inside = request["model"].removesuffix("_gan"), request.get("inside", {})
        model = small_model(name, _MODALITIES, body="D8BR", **inside)
        optimizers = {"optimizer": sgd()}
        if request["model"].endswith("_gan"):
            model = _against(model, request.get("adversary"))
            optimizers |= {"decoder_optimizer": sgd(), "discriminator_optimizer": sgd()}
            model.stage = Stage(request.get("stage", "together"))
        model.compile(**optimizers, jit_compile=False)
    before = {x.path: x.numpy() for x in model.weights}
    batch = tf.data.Dataset.from_tensor_slices(_examples(9)).batch(9)  # Parts of 5 and 4.
    terms = model.fit(batch, verbose=0, validation_data=batch).history
    changes = {f"change {x.path}": x.numpy() - before[x.path] for x in model.weights}
    np.savez(request["out"], **changes, **{f"term {name}": x for name, x in terms.items()})


def _apply_own(part):
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    part.apply([*tf.unstack(tf.constant(GRADIENTS)[replica]), None])


def clip(request):
    """Writes what two replicas clip `GRADIENTS` to.

    Args:
      request: `limits`, arguments of an optimiser, by their names; and `out`, the .npz file to
        write.
    """
    strategy, found = _strategy_of(2), {}
    for name, limit in request["limits"].items():
        with strategy.scope():
            variables = [keras.Variable(np.zeros(2, np.float32)) for _ in range(3)]
            optimizer = keras.optimizers.SGD(1.0, **{name: limit})
            optimizer.build(variables)
        part = TrainedPart(optimizer, variables)
        strategy.run(tf.function(functools.partial(_apply_own, part)))
        found[name] = [-x.numpy() for x in variables]
    np.savez(request["out"], **found)

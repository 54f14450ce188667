"""The least time that a computation can take: its multiplications at the machine's best rate."""

import math
import time

BACKWARD = 2
"""A layer's gradients, of its kernel and of its inputs, cost as much each as the layer itself."""


def _of_layer(layer, input_size):
    """Floating-point operations of one example through a layer that has a kernel.

    Args:
      layer: dense, convolutional or transposed convolutional.
      input_size: height times width of what it takes, or 1.
    """
    strides = getattr(layer, "strides", (1, 1))
    transposed = type(layer).__name__ == "Conv2DTranspose"
    places = input_size if transposed or input_size == 1 else input_size / math.prod(strides)
    return 2 * math.prod(layer.kernel.shape) * places


def _of_body(body, takes_data):
    """Operations of a training step through a Sequential; no gradient is taken of data."""
    total = 0
    for layer in body.layers:
        if hasattr(layer, "kernel"):
            size = math.prod(layer.input.shape[1:-1])
            total += _of_layer(layer, size) * (BACKWARD if takes_data else 1 + BACKWARD)
            takes_data = False
    return total


def _of_head(head):
    """Operations of a training step through the linear layers that end a network."""
    if not hasattr(head, "parameters"):
        return (1 + BACKWARD) * (_of_layer(head.mean, 1) + _of_layer(head.variance, 1))
    transposed = len(head.parameters.kernel.shape) == 4
    size = math.prod(head.event_shape[:2]) // 4 if transposed else 1
    return (1 + BACKWARD) * _of_layer(head.parameters, size)


def operations_of_step(model):
    """Floating-point operations of one example's training step, by the layers' shapes.

    Args:
      model: a JMVAE-kl; only its matrix products and convolutions are counted, each multiplication
        and addition as one operation.
    """
    joint = model.joint_encoder.body
    total = sum(_of_body(branch, True) for branch in joint.branches.values())
    total += _of_body(joint.trunk, False) if joint.trunk is not None else 0
    total += sum(_of_body(encoder.body, True) for encoder in model.encoders.values())
    total += sum(_of_body(decoder.body, False) for decoder in model.decoders.values())
    networks = [model.joint_encoder, *model.encoders.values(), *model.decoders.values()]
    return total + sum(_of_head(network.head) for network in networks)


def operations_of_decoding(model):
    """Floating-point operations of one z through all decoders of a model, by the layers' shapes."""
    decoders = model.decoders.values()
    step = sum(_of_body(each.body, False) + _of_head(each.head) for each in decoders)
    return step / (1 + BACKWARD)


def matrix_product_rate(size=2048, turns=15):
    """Floating-point operations a second of the fastest of some float32 products."""
    import tensorflow as tf

    factor = tf.random.stateless_normal((size, size), (0, 0))
    seconds = []
    for _ in range(turns):
        start = time.perf_counter()
        tf.matmul(factor, factor)[0, 0].numpy()
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)

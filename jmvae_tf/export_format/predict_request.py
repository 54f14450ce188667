"""Makes TensorFlow Serving's requests, for gRPC clients and for the warm-up of servers.

Unlike the other modules of this package, this one needs TensorFlow.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2


def predict_request(
    model: str, signature: str, inputs: Mapping[str, np.ndarray]
) -> predict_pb2.PredictRequest:
    """Makes the protocol buffer of a request.

    Args:
      model: the name under which the model is served.
      signature: its name.
      inputs: arrays by name, [batch, ...] each; files as an array of bytes objects.
    """
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    return request

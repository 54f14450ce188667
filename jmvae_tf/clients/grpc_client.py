"""A client of TensorFlow Serving's gRPC interface, by its official protocol buffers."""

from collections.abc import Mapping, Sequence

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from jmvae_tf.clients.client import refused, unexpected, unreachable

_LARGEST_MESSAGE = 256 * 2**20  # Bytes; gRPC's own limit of 4 MB is some 80 images of CelebA.
_NOT_THERE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class GrpcClient:
    """Asks one model of a server over gRPC, unencrypted; see `client.Client`.

    Args:
      address: such as "localhost:8500".
      model: the name that it is served under.
      timeout: in seconds.
    """

    def __init__(self, address: str, model: str, timeout: float = 60.0) -> None:
        """See the class."""
        self.address = address
        self.model = model
        self.timeout = timeout

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """See `client.Client`."""
        options = [
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ]
        with grpc.insecure_channel(self.address, options) as channel:
            service = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            try:
                reply = service.Predict(
                    request_of(self.model, signature, inputs), timeout=self.timeout
                )
            except grpc.RpcError as error:
                if error.code() in _NOT_THERE:
                    reason = "no connection or no answer in time"
                    raise unreachable(f"grpc://{self.address}", reason) from error
                raise refused(self.model, signature, error.details() or str(error)) from error
        if not set(outputs) <= set(reply.outputs):
            raise unexpected(self.model, signature, f"with {sorted(reply.outputs)}")
        return {name: tf.make_ndarray(reply.outputs[name]) for name in outputs}


def request_of(
    model: str, signature: str, inputs: Mapping[str, np.ndarray]
) -> predict_pb2.PredictRequest:
    """The protocol buffer of a request.

    Args:
      model: the name that it is served under.
      signature: the name of what is asked.
      inputs: by name, [batch, ...] each; files as an array of bytes objects.
    """
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    return request

"""A client of TensorFlow Serving's gRPC interface, using its official protocol buffers."""

import math
from collections.abc import Mapping

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2

from jmvae_tf.clients.client import Client, late, refused, unexpected, unreachable
from jmvae_tf.clients.expected_outputs import ExpectedOutput, largest_reply
from jmvae_tf.clients.server_url import ServerUrl, parse_server_url
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.predict_request import predict_request

_METHOD = "/tensorflow.serving.PredictionService/Predict"
_LARGEST_REQUEST = 256 * 2**20  # Bytes; gRPC's default of 4 MB is about 80 images of CelebA.
_BYTES_OF_NUMBER = 4


class GrpcClient(Client):
    """Sends requests to one model of a server over gRPC, unencrypted.

    Args:
      address: host and port, for example "localhost:8500".
      model: see `Client`.
      timeout: see `Client`.
      modalities: see `Client`.

    Raises:
      UserError: if the address is invalid.
      ValueError: see `Client`.
    """

    def __init__(
        self,
        address: str,
        model: str,
        timeout: float = 60.0,
        modalities: Mapping[str, DescribedModality] | None = None,
    ) -> None:
        super().__init__(parse_server_url(f"grpc://{address}"), model, timeout, modalities)

    def _ask(
        self, signature: str, inputs: Mapping[str, np.ndarray], expected: list[ExpectedOutput]
    ) -> dict[str, np.ndarray]:
        request = predict_request(self.model, signature, inputs)
        limit = largest_reply(expected, self.modalities, _BYTES_OF_NUMBER, 1)
        with grpc.insecure_channel(self.server.address, _options(self.server, limit)) as channel:
            # Receive only bytes, since gRPC would log a message that cannot be parsed with a
            # traceback.
            call = channel.unary_unary(_METHOD, predict_pb2.PredictRequest.SerializeToString)
            try:
                content = call(request, timeout=self.timeout)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise late(self.server.url, self.timeout) from error
                if error.code() == grpc.StatusCode.UNAVAILABLE:
                    raise unreachable(self.server.url, "no connection") from error
                raise refused(self.model, signature, error.details() or str(error)) from error
        try:
            reply = predict_pb2.PredictResponse.FromString(content)
            missing = [x.name for x in expected if x.name not in reply.outputs]
            if missing:
                raise ValueError(f"without {' and '.join(missing)}")
            return {x.name: x.checked(_array(x, reply.outputs[x.name])) for x in expected}
        except DecodeError as error:
            raise unexpected(self.model, signature, "that is no such message") from error
        except ValueError as error:
            raise unexpected(self.model, signature, error) from error


def _options(server: ServerUrl, limit: int) -> list[tuple[str, int]]:
    return [
        ("grpc.max_send_message_length", _LARGEST_REQUEST),
        ("grpc.max_receive_message_length", limit),
        # Packed messages are not unpacked, since their size gives no limit; they count as invalid.
        ("grpc.per_message_decompression", 0),
        ("grpc.enable_http_proxy", 0 if server.is_loopback else 1),
        ("grpc.enable_retries", 0),
    ]


def _array(answer: ExpectedOutput, proto: tensor_pb2.TensorProto) -> np.ndarray:
    """Unpacks the values of an output after checking its type and shape.

    Raises:
      ValueError: if the type or shape is wrong, or the shape does not match the number of values.
    """
    if proto.dtype != (tf.string if answer.is_file else tf.float32).as_datatype_enum:
        raise ValueError(f"with {answer.name} of the type {proto.dtype}")
    shape = [axis.size for axis in proto.tensor_shape.dim]
    answer.check_shape(shape)
    number = math.prod(shape)
    if answer.is_file:
        whole = len(proto.string_val) == number
    elif proto.tensor_content:
        whole = len(proto.tensor_content) == _BYTES_OF_NUMBER * number
    else:
        whole = len(proto.float_val) == number
    if not whole:
        raise ValueError(f"with {answer.name} of the shape {shape} and not as many values")
    return tf.make_ndarray(proto)

"""What a SavedModel's file says of its signatures, read as data: nothing is loaded or run."""

import pathlib
from functools import cache
from typing import Any, NamedTuple

from jmvae_tf.files import read_limited

_LARGEST_FILE = 2**28  # Bytes of a graph; the values of its variables are elsewhere.


class NamedTensor(NamedTuple):
    """An input or an output of a signature.

    Attributes:
      name: of the tensor.
      dtype: the number of its type in TensorFlow.
      shape: with -1 for any size; None for any shape.
      is_input: whether it goes in.
    """

    name: str
    dtype: int
    shape: tuple[int, ...] | None
    is_input: bool


def read_signatures(version: pathlib.Path) -> dict[str, list[NamedTensor]]:
    """Signature name to its inputs and outputs.

    Args:
      version: the folder of a SavedModel.

    Raises:
      OSError: if it has no readable `saved_model.pb`.
      ValueError: if that is damaged.
    """
    from google.protobuf.message import DecodeError

    content = read_limited(version / "saved_model.pb", _LARGEST_FILE)
    try:
        graphs = _message().FromString(content).meta_graphs
    except DecodeError as error:
        raise ValueError("saved_model.pb is none") from error
    return {
        name: [
            *(_tensor(x, info, True) for x, info in signature.inputs.items()),
            *(_tensor(x, info, False) for x, info in signature.outputs.items()),
        ]
        for graph in graphs
        for name, signature in graph.signature_def.items()
    }


def _tensor(name: str, info: Any, is_input: bool) -> NamedTensor:
    shape = info.tensor_shape
    sizes = None if shape.unknown_rank else tuple(axis.size for axis in shape.dim)
    return NamedTensor(name, info.dtype, sizes, is_input)


@cache
def _message() -> Any:
    """The class of TensorFlow's `SavedModel` message.

    TensorBoard has what is in it without TensorFlow, which takes seconds to import.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from tensorboard.compat.proto import meta_graph_pb2

    file = descriptor_pb2.FileDescriptorProto(
        name="jmvae_tf/saved_model.proto",
        package="jmvae_tf",
        syntax="proto3",
        dependency=[meta_graph_pb2.DESCRIPTOR.name],
    )
    file.message_type.add(name="SavedModel").field.add(
        name="meta_graphs",
        number=2,
        label=descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED,
        type=descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
        type_name=".tensorboard.MetaGraphDef",
    )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("jmvae_tf.SavedModel"))

"""Reads the signatures in `saved_model.pb` as data, without loading or running the graph."""

import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from jmvae_tf.runtime.files import read_limited

_LARGEST_FILE = 2**28  # Bytes of a graph; the values of its variables are elsewhere.
_MOST_FIELDS = 100_000  # In a message that is searched.
_MOST_OF_SIGNATURES = 2**22  # Bytes; parsed, they take fifty times as much memory.

# Field numbers in TensorFlow's messages.
_META_GRAPHS = 2  # In `SavedModel`.
_SIGNATURES = 5  # In `MetaGraphDef`.


class SignatureTensor(NamedTuple):
    """An input or an output of a signature.

    Attributes:
      name: its name.
      dtype: the number of its type in TensorFlow.
      shape: its axes, -1 for any size; None for any shape.
      is_input: whether it is an input.
    """

    name: str
    dtype: int
    shape: tuple[int, ...] | None
    is_input: bool


def read_signatures(version: pathlib.Path) -> dict[str, list[SignatureTensor]]:
    """Maps each signature's name to its inputs and outputs.

    Args:
      version: the folder of a SavedModel.

    Raises:
      OSError: if it has no readable `saved_model.pb`.
      ValueError: if it is damaged.
    """
    from google.protobuf.message import DecodeError

    # TensorBoard has this message without TensorFlow, which takes seconds to import.
    from tensorboard.compat.proto.meta_graph_pb2 import MetaGraphDef

    content = memoryview(read_limited(version / "saved_model.pb", _LARGEST_FILE))
    packed = b"".join(
        whole
        for meta_graph in _fields(content, _META_GRAPHS)
        for whole in _fields(meta_graph, _SIGNATURES, whole=True)
    )
    if len(packed) > _MOST_OF_SIGNATURES:
        raise ValueError(f"saved_model.pb with signatures of {len(packed)} bytes")
    try:
        signatures = MetaGraphDef.FromString(packed).signature_def
    except DecodeError as error:
        raise ValueError("saved_model.pb is not a SavedModel") from error
    return {
        name: [
            *(_tensor(x, info, True) for x, info in signature.inputs.items()),
            *(_tensor(x, info, False) for x, info in signature.outputs.items()),
        ]
        for name, signature in signatures.items()
    }


def _fields(message: memoryview, wanted: int, whole: bool = False) -> Iterator[memoryview]:
    """Yields the fields with one number in a protocol buffer message; parses no others.

    Args:
      message: the packed message.
      wanted: the number of the fields.
      whole: whether to include each field's number and length.

    Raises:
      ValueError: if it is damaged or has too many fields.
    """
    place = 0
    for _ in range(_MOST_FIELDS):
        if place == len(message):
            return
        start = place
        key, place = _number(message, place)
        kind = key & 7
        content = place
        if kind == 0:
            _, place = _number(message, place)
        elif kind == 2:
            length, content = _number(message, place)
            place = content + length
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise ValueError("saved_model.pb is not a SavedModel")
        if place > len(message):
            raise ValueError("saved_model.pb is not a SavedModel")
        if key >> 3 == wanted and kind == 2:
            yield message[start if whole else content : place]
    raise ValueError(f"saved_model.pb with more than {_MOST_FIELDS} fields in a message")


def _number(message: memoryview, place: int) -> tuple[int, int]:
    """Reads a number of variable length; returns it and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        if place == len(message):
            break
        byte, place = message[place], place + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("saved_model.pb is not a SavedModel")


def _tensor(name: str, info: Any, is_input: bool) -> SignatureTensor:
    shape = info.tensor_shape
    sizes = None if shape.unknown_rank else tuple(axis.size for axis in shape.dim)
    return SignatureTensor(name, info.dtype, sizes, is_input)

"""The data that `fit`, `evaluate` and `adapt` take, as batches to check beforehand."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sized
from types import GeneratorType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_ROWS = 1000  # Of arrays that are taken in parts.

MOST_BATCHES = 100_000
"""Most batches of data that do not say where they end; more count as endless."""


def check_alone(what: str, **others: Any) -> None:
    """Refuses what Keras takes beside examples.

    Args:
      what: whose they are, for the message.
      **others: name to what was given; None for nothing.

    Raises:
      ValueError: if something was given.
    """
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ValueError(
            f"{what} are examples alone, dictionaries of modality name to values: models have no "
            "targets apart from them, and weigh all examples alike; leave out the rest. "
            f"Received: {' and '.join(given)}"
        )


def examples_of(data: Any) -> Any:
    """Returns the examples in what Keras hands to a step.

    Raises:
      ValueError: if there are targets or weights beside them.
    """
    examples, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    check_alone("Training data", targets=y, sample_weight=sample_weight)
    return examples


def with_first_batch(data: Any) -> tuple[Any, Any]:
    """Reads a batch to check before training; none of the data is lost.

    A `tf.data.Dataset` is started once more for it, so it reads its first batch twice, and one that
    reshuffles is a pass ahead: TensorFlow cannot put a batch back. A dataset with the batch in
    front would lose its sharding over workers and its number of batches, and read it again in
    every epoch.

    Args:
      data: the `x` of Keras's `fit`.

    Returns:
      All that is in memory, otherwise the first batch; None where only Keras can read it, as with
      data that several replicas share already. Then the data.

    Raises:
      ValueError: if there is no batch.
    """
    if data is None:
        raise _without_examples()
    if isinstance(data, tf.data.Dataset):
        return _first(iter(data)), data
    if isinstance(data, keras.utils.PyDataset):
        return data[0], data
    if isinstance(data, GeneratorType):
        first = _first(data)
        batches = itertools.chain([first], data)
        # Keras takes nothing but tuples from a generator.
        return first, (x if isinstance(x, tuple) else (x,) for x in batches)
    if isinstance(data, Mapping | list | tuple | np.ndarray | tf.Tensor):
        return data, data
    return None, data


def check_number(examples: int) -> None:
    """Raises ValueError if there are none."""
    if not examples:
        raise _without_examples()


def _first(batches: Iterator[Any]) -> Any:
    for batch in batches:
        return batch
    raise _without_examples()


def _without_examples() -> ValueError:
    return ValueError(
        "There must be at least one example, in dictionaries of modality name to values. "
        "Received: none"
    )


def batches_of(data: Any, steps: int | None = None) -> Iterator[Any]:
    """Yields all batches of a training set, once.

    Args:
      data: as `fit` takes it, or any iterable of batches.
      steps: how many batches make it up; None for all that there are.

    Raises:
      ValueError: if it has no end, or is none at all.
    """
    batches: Iterable[Any]
    if data is None:
        raise _without_examples()
    ends = steps is not None
    if isinstance(data, Mapping):
        number = max((len(x) for x in data.values()), default=0)
        starts = range(0, number, _ROWS)
        batches = ({name: x[i : i + _ROWS] for name, x in data.items()} for i in starts)
        ends = True
    elif isinstance(data, tf.data.Dataset):
        batches, cardinality = data, int(data.cardinality())
        ends = ends or cardinality >= 0
        if cardinality == tf.data.INFINITE_CARDINALITY and steps is None:
            raise _endless("a dataset without end")
    elif isinstance(data, keras.utils.PyDataset):
        if data.num_batches is None and steps is None:
            raise _endless("a PyDataset without end")
        batches = (data[i] for i in itertools.islice(itertools.count(), data.num_batches))
    else:
        batches, ends = data, ends or isinstance(data, Sized)
    for number, batch in enumerate(itertools.islice(batches, steps)):
        if number == MOST_BATCHES and not ends:
            raise _endless(f"{MOST_BATCHES:,} batches and more")
        yield batch


def check_lasting(data: Any) -> None:
    """Raises ValueError if a pass over the `x` of `fit` would leave nothing to train on."""
    if not isinstance(data, Mapping | tf.data.Dataset | keras.utils.PyDataset):
        raise ValueError(
            "Standardised modalities need the training set's statistics, and a pass over data that "
            "can be read only once would leave nothing to train on; call adapt before fit. "
            f"Received: a {type(data).__name__}"
        )


def _endless(received: str) -> ValueError:
    return ValueError(
        "Statistics need the training set once: leave out repeat(), or say with "
        f"model.adapt(data, steps=…) how many batches to take. Received: {received}"
    )


def as_events(name: str, values: Any, event_shape: tuple[int, ...]) -> np.ndarray:
    """Returns the events of one modality in a batch, as an array.

    Args:
      name: of the modality.
      values: array, tensor or list, [batch, *event_shape].
      event_shape: the shape of one event.

    Raises:
      ValueError: if they are no real numbers, or not of that shape.
    """
    if isinstance(values, tf.RaggedTensor | tf.SparseTensor):
        raise ValueError(_no_numbers(name, f"a {type(values).__name__}"))
    try:
        events = np.asarray(values)
    except ValueError as error:  # Rows of unequal lengths.
        raise ValueError(_no_numbers(name, str(error))) from error
    check_numbers(name, events.dtype)
    check_shape(name, events.shape, event_shape)
    return events


def check_numbers(name: str, dtype: np.dtype) -> None:
    """Raises ValueError if values are not of a type of real numbers."""
    if dtype.kind not in "biuf" and dtype != tf.bfloat16.as_numpy_dtype:
        raise ValueError(_no_numbers(name, dtype.name))


def _no_numbers(name: str, received: str) -> str:
    return (
        f"Modality {name!r} must hold real numbers, equally many an example. Received: {received}"
    )


def check_shape(name: str, shape: tf.TensorShape, event_shape: tuple[int, ...]) -> None:
    """Raises ValueError if a batch of events has another shape than [batch, *event_shape]."""
    shape = tf.TensorShape(shape)
    if shape.rank == len(event_shape) + 1 and shape[1:].is_compatible_with(event_shape):
        return
    remedy = ""
    if shape.is_compatible_with(event_shape):
        remedy = "; batch the data, as with dataset.batch(100)"
    elif len(event_shape) == 1 and shape.rank in (1, 2) and (*shape, 1)[1] == 1:
        remedy = "; make numbers of classes one-hot, as with keras.utils.to_categorical"
    raise ValueError(
        f"Modality {name!r} must have the shape [batch, {', '.join(map(str, event_shape))}]"
        f"{remedy}. Received: {shape}"
    )

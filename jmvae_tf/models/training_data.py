"""Reads the data of `fit`, `evaluate` and `adapt` in batches, to check them first."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sized
from types import GeneratorType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import SAMPLE_WEIGHT
from jmvae_tf.runtime.errors import one_line

_ROWS = 1000  # Of arrays that are read in parts.

MOST_BATCHES = 100_000
"""Limit on batches of data of unknown length; longer data count as endless."""


def check_alone(what: str, **others: Any) -> None:
    """Refuses data other than examples, which Keras would accept.

    Args:
      what: the data's name, for the message.
      **others: name to the data given; None if not given.

    Raises:
      ValueError: if something was given.
    """
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ValueError(
            f"{what} must be examples only, dictionaries of modality name to values: models have "
            f"no separate targets, and weights stand in the same dictionary under "
            f"{SAMPLE_WEIGHT!r}; leave out the rest. "
            f"Received: {' and '.join(given)}"
        )


def examples_of(data: Any) -> Any:
    """Returns the examples of the data that Keras passes to a step.

    Raises:
      ValueError: if targets or weights are given too.
    """
    examples, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    check_alone("Training data", targets=y, sample_weight=sample_weight)
    return examples


def weights_of(data: Any) -> Any | None:
    """Returns the weights of the examples that Keras passes to a step, [batch]; None if all are 1.

    Raises:
      ValueError: if they can be read and are not finite numbers from 0 on.
    """
    examples = examples_of(data)
    weights = examples.get(SAMPLE_WEIGHT) if isinstance(examples, Mapping) else None
    if weights is not None and (not tf.is_tensor(weights) or hasattr(weights, "numpy")):
        array = np.asarray(weights)
        if array.ndim != 1 or not np.isfinite(array).all() or (array < 0).any():
            raise ValueError(
                f"{SAMPLE_WEIGHT!r} must have a finite number for each example, 0 or more. "
                f"Received: {one_line(repr(weights))}"
            )
    return weights


def with_first_batch(data: Any) -> tuple[Any, Any]:
    """Reads a batch to check before training, without losing any data.

    A `tf.data.Dataset` is started once more for this, because TensorFlow cannot put a batch back.
    It reads its first batch twice, and one that reshuffles is a pass ahead. Putting the batch in
    front of the dataset would lose its sharding over workers and its number of batches, and would
    read the batch again in every epoch.

    Args:
      data: the `x` of Keras's `fit`.

    Returns:
      All data if they are in memory, otherwise the first batch; None if only Keras can read it, for
      example if the data are already distributed over replicas. Then the data.

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
        # Keras accepts only tuples from a generator.
        return first, (x if isinstance(x, tuple) else (x,) for x in batches)
    if isinstance(data, Mapping | list | tuple | np.ndarray | tf.Tensor):
        return data, data
    return None, data


def check_number(examples: int) -> None:
    """Raises ValueError if there are no examples."""
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
      data: the data as for `fit`, or any iterable of batches.
      steps: the number of batches in the training set; None for all.

    Raises:
      ValueError: if the data are endless or not a training set.
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
    """Raises ValueError if a pass over the `x` of `fit` would use up the data."""
    if not isinstance(data, Mapping | tf.data.Dataset | keras.utils.PyDataset):
        raise ValueError(
            "Standardised modalities need the training set's statistics, and a pass over data that "
            "can be read only once would leave nothing to train on; call adapt before fit. "
            f"Received: a {type(data).__name__}"
        )


def _endless(received: str) -> ValueError:
    return ValueError(
        "Statistics need one pass over the training set: leave out repeat(), or set the "
        f"number of batches with model.adapt(data, steps=…). Received: {received}"
    )


def as_events(name: str, values: Any, event_shape: tuple[int, ...]) -> np.ndarray:
    """Returns the events of one modality in a batch, as an array.

    Args:
      name: the name of the modality.
      values: an array, tensor or list, [batch, *event_shape].
      event_shape: the shape of one event.

    Raises:
      ValueError: if they are not real numbers or have another shape.
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
        f"Modality {name!r} must hold real numbers, as many in each example. Received: {received}"
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

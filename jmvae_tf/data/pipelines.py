"""Batches of a data set: dictionaries from modality name to float32 tensor.

Modalities with a Bernoulli likelihood are drawn from their grey values: again in every epoch of
training, once and for all for validation and test (2018 paper, "Settings"). Examples that do not
fit into memory are read from disk batch by batch.

Every draw is a function of the seed, the epoch and the step, so that training can start at any
epoch and see what it would have seen.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.data import augment
from jmvae_tf.data.data_set import DataSet, Rows
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.randomness import fold, root_seed
from jmvae_tf.runtime.replicas import WHOLE, Share

# What a seed is folded with first, so that no two uses share a draw.
_SHUFFLE, _BINARISE, _FLIP = 0, 1, 2

TEST_SEED = 0
"""Of the one binarisation of validation and test sets: the same data for every run."""

Examples = dict[str, tf.Tensor]
"""Modality name to float32 [examples, *event_shape]."""

_PREFETCHED = 16
"""Batches made ahead at most: enough for one execution of several training steps."""

_PREFETCHED_VALUES = 2**22
"""Values in those batches at most, unless they are only two: 16 MiB, three batches of 100 faces."""

_EVALUATED_VALUES = 2**22
"""Values in a batch that is evaluated: of 1,000 digits, of 341 faces of 64 x 64 pixels."""

_COMPARED_VALUES = 2**28
"""Values of real examples that evaluation compares with: 1 GiB, all of MNIST, 21,774 faces."""


@dataclasses.dataclass(frozen=True)
class Feed:
    """The batches of a data set, for training and for evaluation, shared by some replicas.

    Attributes:
      data: the data set.
      batch_size: the examples in a training batch, of all replicas together.
      seed: of shuffles, binarisation and flips.
      flips: whether training images are mirrored, left to right, with a probability of a half.
      replicas: how many share every batch. Methods that make batches take the `shares` of those to
        feed: each batch is given in these parts, one after the other, and no other rows are read.
        The parts of all replicas together are the whole batch.
    """

    data: DataSet
    batch_size: int
    seed: int = 0
    flips: bool = False
    replicas: int = 1

    def __post_init__(self) -> None:
        """Checks that there are batches and that the replicas can share them.

        Raises:
          UserError: if a batch is larger than the training set, replicas cannot share it equally,
            or they are more than the examples of a set that is evaluated.
        """
        for part in ("validation", "test"):
            if 0 < self.data.num_examples(part) < self.replicas:
                raise UserError(
                    f"Every replica needs examples of the {part} set",
                    f"{self.data.num_examples(part)} for {self.replicas} of them",
                    "train on fewer devices",
                )
        if self.batch_size % self.replicas:
            raise UserError(
                "All replicas must have equal parts of a batch",
                f"--batch_size={self.batch_size} for {self.replicas} of them",
                f"choose a multiple of {self.replicas}",
            )
        if self.steps_per_epoch == 0:
            number = self.data.num_examples("train")
            raise UserError(
                "A batch cannot be larger than the training set",
                f"--batch_size={self.batch_size} for {number} examples of {self.data.name}",
                "choose a smaller --batch_size",
            )

    @property
    def steps_per_epoch(self) -> int:
        """The number of whole batches in the training set; each epoch leaves out other examples."""
        return self.data.num_examples("train") // self.batch_size

    def training_batches(
        self, first_epoch: int = 0, shares: Sequence[Share] = (WHOLE,)
    ) -> tf.data.Dataset:
        """Batches of one epoch after the other, without end.

        Args:
          first_epoch: the epoch to begin with, counted from 0.
          shares: of the replicas to feed.

        Returns:
          A dataset of dictionaries of float32 tensors [batch_size / replicas, *event_shape].
        """
        data, batch_size, steps = self.data, self.batch_size, self.steps_per_epoch
        replicas = self.replicas
        rows_of = {name: _reader(stored) for name, stored in data.train.items()}
        root = root_seed(self.seed)

        def batches_of(epoch: tf.Tensor) -> tf.data.Dataset:
            order = tf.random.experimental.stateless_shuffle(
                tf.range(data.num_examples("train")), fold(root, _SHUFFLE, epoch)
            )
            rows = tf.reshape(
                order[: steps * batch_size], (steps, replicas, batch_size // replicas)
            )
            rows = tf.gather(rows, [share.replica for share in shares], axis=1)
            return (
                tf.data.Dataset.from_tensor_slices(tf.reshape(rows, (-1, batch_size // replicas)))
                .enumerate()
                .map(lambda place, indices: (epoch, place, indices))
            )

        def batch(epoch: tf.Tensor, place: tf.Tensor, indices: tf.Tensor) -> dict[str, tf.Tensor]:
            step, number = place // len(shares), place % len(shares)
            share = Share(shares[0].replica + tf.cast(number, tf.int32), replicas)
            prepared = data.prepare({name: read(indices) for name, read in rows_of.items()})
            if self.flips:
                prepared = augment.flip(
                    prepared, data.modalities, fold(root, _FLIP, epoch, step), share
                )
            return augment.binarise(
                prepared, data.modalities, fold(root, _BINARISE, epoch, step), share
            )

        epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
        return (
            epochs.flat_map(batches_of)
            .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
            .prefetch(
                max(2, min(_PREFETCHED, _PREFETCHED_VALUES // (batch_size * _num_values(data))))
            )
        )

    def evaluation_batches(
        self, part: str, batch_size: int | None = None, shares: Sequence[Share] = (WHOLE,)
    ) -> tf.data.Dataset:
        """The validation or test set in its order, binarised once.

        Args:
          part: "validation" or "test".
          batch_size: of all but the last; None for as many as fit easily. Replicas have batches
            that are as equal as can be, of no more.
          shares: of the replicas to feed.
        """
        data, replicas = self.data, self.replicas
        examples = whole_part(data, part)
        number, batch_size = data.num_examples(part), batch_size or _evaluated_at_once(data)
        steps = self.evaluation_steps(part, batch_size)
        if replicas == 1:
            places = np.minimum(np.arange(steps + 1) * batch_size, number)
        else:  # As equal as can be: an empty part would be an error to some ops.
            places = np.arange(steps * replicas + 1) * number // (steps * replicas)
        limits = [
            places[step * replicas + share.replica :][:2]
            for step in range(steps)
            for share in shares
        ]
        return (
            tf.data.Dataset.from_tensor_slices(np.reshape(limits, (-1, 2)).astype(np.int64))
            .map(lambda limit: {name: x[limit[0] : limit[1]] for name, x in examples.items()})
            .prefetch(1)
        )

    def evaluation_steps(self, part: str, batch_size: int | None = None) -> int:
        """Counts the batches that `evaluation_batches` has for each replica."""
        number = self.data.num_examples(part)
        steps = math.ceil(number / (batch_size or _evaluated_at_once(self.data)))
        return steps if self.replicas == 1 else min(steps, number // self.replicas)


def _reader(stored: np.ndarray | Rows) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function from indices to the examples stored there, for use within a graph."""
    if isinstance(stored, np.ndarray):
        values = tf.constant(stored)
        return lambda indices: tf.gather(values, indices)

    def read(indices: tf.Tensor) -> tf.Tensor:
        rows = tf.numpy_function(lambda i: stored[i], [indices], tf.as_dtype(stored.dtype), False)
        return tf.ensure_shape(rows, (None, *stored.shape[1:]))

    return read


def in_order(data: DataSet, part: str) -> Iterator[dict[str, tf.Tensor]]:
    """A part in its order, batch by batch, values of Bernoulli modalities as the grey they are."""
    number, size = data.num_examples(part), _evaluated_at_once(data)
    for start in range(0, number, size):
        yield _prepared(data, part, start, min(start + size, number))


def _prepared(data: DataSet, part: str, start: int, stop: int) -> dict[str, tf.Tensor]:
    arrays: Mapping[str, np.ndarray | Rows] = getattr(data, part)
    indices = np.arange(start, stop)
    return data.prepare({name: tf.constant(array[indices]) for name, array in arrays.items()})


def _num_values(data: DataSet) -> int:
    """Counts the values of one example."""
    return sum(math.prod(modality.event_shape) for modality in data.modalities.values())


def _evaluated_at_once(data: DataSet) -> int:
    return max(1, min(1000, _EVALUATED_VALUES // _num_values(data)))


def whole_part(
    data: DataSet, part: str, binarised: bool = True, number: int | None = None
) -> dict[str, tf.Tensor]:
    """All examples of the validation or the test set (or of the training set).

    Args:
      data: the data set.
      part: "train", "validation" or "test".
      binarised: whether modalities with a Bernoulli likelihood are drawn, by a seed that is the
        same for every run, or stay the grey values they are.
      number: how many, from the first; None for all. What is drawn depends on it.

    Returns:
      Modality name to float32 [examples, *event_shape].
    """
    available = data.num_examples(part)
    prepared = _prepared(data, part, 0, min(number or available, available))
    if not binarised:
        return prepared
    return augment.binarise(prepared, data.modalities, fold(root_seed(TEST_SEED), _BINARISE))


def for_evaluation(data: DataSet, num_test: int) -> tuple[Examples, Examples, Examples]:
    """The first examples of the test set, binarised and grey, and training ones, grey.

    Of a training set too large for memory they are the first.
    """
    test, grey = (
        {name: x[:num_test] for name, x in whole_part(data, "test", binarised).items()}
        for binarised in (True, False)
    )
    number = max(1, _COMPARED_VALUES // _num_values(data))
    return test, grey, whole_part(data, "train", binarised=False, number=number)

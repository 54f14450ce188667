"""Batches of a data set: dictionaries from modality name to float32 tensor.

Where values may be missing, a batch has their masks too, under `observed_key(name)`; a `Feed` adds
the weights of the examples under `SAMPLE_WEIGHT` if the data set has them.

Modalities with a Bernoulli likelihood are binarised at random from their grey values: in every
epoch for training, only once for validation and test (2018 paper, "Settings"). Examples that do not
fit into memory are read from disk batch by batch.

Every random value is a function of the seed, the epoch and the step. So training can resume at any
epoch and get the same batches as without a break.
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.data import augment, balance
from jmvae_tf.data.data_set import DataSet, Rows
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.randomness import fold, root_seed
from jmvae_tf.runtime.replicas import WHOLE, Share

# Folded into a seed first, so that no two uses share random values.
_SHUFFLE, _BINARISE, _FLIP = 0, 1, 2

TEST_SEED = 0
"""Seed of the binarisation of validation and test sets, which is the same for every run."""

Examples = dict[str, tf.Tensor]
"""Modality name to float32 [examples, *event_shape]; the key of a mask to bool."""

_PREFETCHED = 16
"""Most batches prepared ahead: enough for one execution of several training steps."""

_PREFETCHED_VALUES = 2**22
"""Most values in those batches, if more than two: 16 MiB, or three batches of 100 faces."""

_EVALUATED_VALUES = 2**22
"""Values in an evaluation batch: 1,000 digits would have fewer, 341 faces of 64 x 64 as many."""

_COMPARED_VALUES = 2**28
"""Most values of real examples that evaluation compares with: 1 GiB, or 21,774 faces."""


@dataclasses.dataclass(frozen=True)
class Feed:
    """The training and evaluation batches of a data set, shared by several replicas.

    Attributes:
      data: the data set.
      batch_size: the number of examples in a training batch, over all replicas.
      seed: seed of shuffles, binarisation and flips.
      flips: whether training images are mirrored left to right with probability 1/2; or the names
        of those that are.
      replicas: the number of replicas that share every batch. Methods that make batches take the
        `shares` of the replicas to feed: they return each batch in these parts, one after the
        other, and read no other rows. The parts of all replicas together are the whole batch.
      balanced: a label whose classes training sees equally often, by drawing examples again; empty
        for none.
      complete_share: the least share of complete examples in an epoch; if there are fewer, they are
        drawn again. 0 for as many as there are. Not with `balanced`.

    Without these two, each example comes once in an epoch.
    """

    data: DataSet
    batch_size: int
    seed: int = 0
    flips: bool | Collection[str] = False
    replicas: int = 1
    balanced: str = ""
    complete_share: float = 0.0

    def __post_init__(self) -> None:
        """Checks that there are batches and that replicas can share them.

        Raises:
          UserError: if a batch is larger than the training set, the replicas cannot share it
            equally, an evaluation set has fewer examples than there are replicas, what is mirrored
            is no image, what is balanced is no label, or both decide how often an example comes.
        """
        images = self._mirrored()
        for flag, names, kind in (
            ("flipped_images", images, "image"),
            ("balance", [self.balanced], "label"),
        ):
            of_kind = [name for name, x in self.data.modalities.items() if x.kind == kind]
            for name in filter(None, names):
                if name not in of_kind:
                    raise UserError(
                        f"--{flag} names a modality of kind {kind}",
                        f"{name}, and {', '.join(of_kind) or 'none'} in {self.data.name}",
                        "change it, or leave it out",
                    )
        if self.balanced and self.complete_share:
            raise UserError(
                "Either --balance or --complete_share decides how often an example comes",
                f"--balance={self.balanced} and --complete_share={self.complete_share:g}",
                "leave one of them out",
            )
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
        """The number of full batches in the training set; each epoch leaves out other examples."""
        return self.data.num_examples("train") // self.batch_size

    def training_batches(
        self, first_epoch: int = 0, shares: Sequence[Share] = (WHOLE,)
    ) -> tf.data.Dataset:
        """Makes endless batches, epoch after epoch.

        Args:
          first_epoch: the epoch to begin with, counted from 0.
          shares: the shares of the replicas to feed.

        Returns:
          A dataset of dictionaries of float32 tensors [batch_size / replicas, *event_shape]; masks
          are bool, and weights float32 [batch_size / replicas].

        Raises:
          ValueError: if the shares are of another number of replicas.
        """
        self._check_shares(shares)
        data, batch_size, steps = self.data, self.batch_size, self.steps_per_epoch
        replicas = self.replicas
        rows_of = {name: _reader(stored) for name, stored in data.values("train").items()}
        beside_of = {key: _reader(stored) for key, stored in self._beside("train").items()}
        root, images = root_seed(self.seed), self._mirrored()
        order_of = self._order()

        def batches_of(epoch: tf.Tensor) -> tf.data.Dataset:
            order = order_of(fold(root, _SHUFFLE, epoch))
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
            if images:
                prepared = augment.flip(prepared, images, fold(root, _FLIP, epoch, step), share)
            drawn = augment.binarise(
                prepared, data.modalities, fold(root, _BINARISE, epoch, step), share
            )
            return {**drawn, **{key: read(indices) for key, read in beside_of.items()}}

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
        """Makes batches of the validation or test set in its order, binarised once.

        Args:
          part: "validation" or "test".
          batch_size: the size of all batches but the last; None chooses it by memory. With
            replicas, the parts of a batch are as equal as possible and no larger.
          shares: the shares of the replicas to feed.

        Raises:
          ValueError: if the shares are of another number of replicas.
        """
        self._check_shares(shares)
        data, replicas = self.data, self.replicas
        number, batch_size = data.num_examples(part), batch_size or _evaluated_at_once(data)
        steps = self.evaluation_steps(part, batch_size)
        if replicas == 1:
            places = np.minimum(np.arange(steps + 1) * batch_size, number)
        else:  # As equal as possible, since some ops fail on an empty part.
            places = np.arange(steps * replicas + 1) * number // (steps * replicas)
        limits = [
            places[step * replicas + share.replica :][:2]
            for step in range(steps)
            for share in shares
        ]
        return (
            tf.data.Dataset.from_tensor_slices(np.reshape(limits, (-1, 2)).astype(np.int64))
            .map(self._rows_between(part))
            .prefetch(1)
        )

    def evaluation_steps(self, part: str, batch_size: int | None = None) -> int:
        """Counts the batches of `evaluation_batches` for each replica."""
        number = self.data.num_examples(part)
        steps = math.ceil(number / (batch_size or _evaluated_at_once(self.data)))
        return steps if self.replicas == 1 else min(steps, number // self.replicas)

    def _mirrored(self) -> Collection[str]:
        """Returns the names of the images that are mirrored."""
        if not isinstance(self.flips, bool):
            return self.flips
        images = [name for name, x in self.data.modalities.items() if x.kind == "image"]
        return images if self.flips else ()

    def _order(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function that draws the order of an epoch from a seed."""
        if self.balanced:
            return balance.order_by(self.data, self.balanced)
        if self.complete_share:
            return balance.order_with_complete(self.data, self.complete_share) or self._shuffled
        return self._shuffled

    def _shuffled(self, seed: tf.Tensor) -> tf.Tensor:
        """Returns the indices of all training examples in a random order."""
        return tf.random.experimental.stateless_shuffle(
            tf.range(self.data.num_examples("train")), seed
        )

    def _rows_between(self, part: str) -> Callable[[tf.Tensor], Examples]:
        """Makes a function from two places in a part to the examples between them."""
        data = self.data
        on_disk = any(not isinstance(x, np.ndarray) for x in data.values(part).values())
        if not on_disk or _binarises(data):  # What is drawn for an example depends on its place.
            weights = {key: tf.constant(x) for key, x in data.weights(part).items()}
            examples = {**whole_part(data, part), **weights}
            return lambda limit: {name: x[limit[0] : limit[1]] for name, x in examples.items()}
        rows_of = {name: _reader(stored) for name, stored in data.values(part).items()}
        beside_of = {key: _reader(stored) for key, stored in self._beside(part).items()}

        def read(limit: tf.Tensor) -> Examples:
            indices = tf.range(limit[0], limit[1])
            prepared = data.prepare({name: read(indices) for name, read in rows_of.items()})
            return {**prepared, **{key: read(indices) for key, read in beside_of.items()}}

        return read

    def _beside(self, part: str) -> dict[str, np.ndarray]:
        """Returns the masks and weights of a part, as batches have them."""
        return {**self.data.masks(part), **self.data.weights(part)}

    def _check_shares(self, shares: Sequence[Share]) -> None:
        numbers = {share.replicas for share in shares}
        if numbers != {self.replicas}:
            raise ValueError(
                f"Shares must be those of {self.replicas} replicas, as the feed is. "
                f"Received: shares of {sorted(numbers)}"
            )


def _reader(stored: np.ndarray | Rows) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes a function from indices to stored examples, for use in a graph."""
    if isinstance(stored, np.ndarray):
        values = tf.constant(stored)
        return lambda indices: tf.gather(values, indices)

    def read(indices: tf.Tensor) -> tf.Tensor:
        rows = tf.numpy_function(lambda i: stored[i], [indices], tf.as_dtype(stored.dtype), False)
        return tf.ensure_shape(rows, (None, *stored.shape[1:]))

    return read


def in_order(data: DataSet, part: str) -> Iterator[dict[str, tf.Tensor]]:
    """Yields a part in its order, batch by batch; Bernoulli modalities stay grey values."""
    number, size = data.num_examples(part), _evaluated_at_once(data)
    for start in range(0, number, size):
        yield _prepared(data, part, np.arange(start, min(start + size, number)))


def spread(data: DataSet, part: str, number: int) -> Iterator[dict[str, tf.Tensor]]:
    """Yields batches of examples spread evenly over a part; all of it if it has no more."""
    available, size = data.num_examples(part), _evaluated_at_once(data)
    rows = np.linspace(0, available - 1, min(number, available)).astype(int)
    for start in range(0, len(rows), size):
        yield _prepared(data, part, rows[start : start + size])


def _prepared(data: DataSet, part: str, indices: np.ndarray) -> dict[str, tf.Tensor]:
    stored = {name: tf.constant(array[indices]) for name, array in data.values(part).items()}
    masks = {key: tf.constant(mask[indices]) for key, mask in data.masks(part).items()}
    return {**data.prepare(stored), **masks}


def _num_values(data: DataSet) -> int:
    """Counts the values of one example."""
    return sum(math.prod(modality.event_shape) for modality in data.modalities.values())


def _binarises(data: DataSet) -> bool:
    """Tells whether some values are drawn from grey ones."""
    return any(modality.likelihood.is_binarised for modality in data.modalities.values())


def _evaluated_at_once(data: DataSet) -> int:
    return max(1, min(1000, _EVALUATED_VALUES // _num_values(data)))


def whole_part(
    data: DataSet, part: str, binarised: bool = True, number: int | None = None
) -> dict[str, tf.Tensor]:
    """Returns all examples of a part, or the first ones, in memory.

    Args:
      data: the data set.
      part: "train", "validation" or "test".
      binarised: whether Bernoulli modalities are binarised, with the same seed for every run, or
        stay grey values.
      number: the number of examples from the start; None for all. The binarisation depends on it.

    Returns:
      Modality name to float32 [examples, *event_shape], and the masks of what may be missing.
    """
    available = data.num_examples(part)
    prepared = _prepared(data, part, np.arange(min(number or available, available)))
    if not binarised:
        return prepared
    return augment.binarise(prepared, data.modalities, fold(root_seed(TEST_SEED), _BINARISE))


def for_evaluation(data: DataSet, num_test: int) -> tuple[Examples, Examples, Examples]:
    """Returns the first test examples, binarised and grey, and training examples, grey.

    If the training set is too large for memory, only its first examples are returned.
    """
    if _binarises(data):
        test, grey = (
            {name: x[:num_test] for name, x in whole_part(data, "test", binarised).items()}
            for binarised in (True, False)
        )
    else:
        test = grey = whole_part(data, "test", number=num_test)
    number = max(1, _COMPARED_VALUES // _num_values(data))
    return test, grey, whole_part(data, "train", binarised=False, number=number)

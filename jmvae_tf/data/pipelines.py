"""From a data set to batches of dictionaries, modality name to float32 tensor.

Modalities with a Bernoulli likelihood are drawn from their grey values: anew in every epoch of
training, once and for all for validation and test (2018 paper, "Settings").

Every draw is a function of the seed, the epoch and the step, so that training can start at any
epoch and see what it would have seen.
"""

from collections.abc import Mapping

import tensorflow as tf

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.errors import UserError
from jmvae_tf.likelihoods import Bernoulli
from jmvae_tf.modalities import Modality
from jmvae_tf.randomness import fold, root_seed, split

# What a seed is folded with first, so that no two uses share a draw.
_SHUFFLE, _BINARISE = 0, 1

TEST_SEED = 0
"""Of the one binarisation of validation and test sets: the same data for every run."""

Examples = dict[str, tf.Tensor]
"""Modality name to float32 [examples, *event_shape]."""

_PREFETCHED = 16
"""Batches made ahead: enough for one execution of several training steps."""


def steps_per_epoch(data: DataSet, batch_size: int) -> int:
    """How many whole batches the training set gives; each epoch leaves out other examples.

    Raises:
      UserError: if it gives none.
    """
    steps = data.num_examples("train") // batch_size
    if steps == 0:
        raise UserError(
            "A batch cannot be larger than the training set",
            f"--batch_size={batch_size} for {data.num_examples('train')} examples of {data.name}",
            "choose a smaller --batch_size",
        )
    return steps


def training_batches(
    data: DataSet, batch_size: int, seed: int, first_epoch: int = 0
) -> tf.data.Dataset:
    """Batches of one epoch after the other, without end.

    Args:
      data: whose training set is shuffled for every epoch.
      batch_size: of every batch; `steps_per_epoch` of them make an epoch.
      seed: of shuffles and binarisation.
      first_epoch: the epoch to begin with, counted from 0.

    Returns:
      A dataset of dictionaries of float32 tensors [batch_size, *event_shape].

    Raises:
      UserError: if a batch is larger than the training set.
    """
    steps = steps_per_epoch(data, batch_size)
    stored = {name: tf.constant(array) for name, array in data.train.items()}
    root = root_seed(seed)

    def batches_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(
            tf.range(data.num_examples("train")), fold(root, _SHUFFLE, epoch)
        )
        rows = tf.reshape(order[: steps * batch_size], (steps, batch_size))
        return (
            tf.data.Dataset.from_tensor_slices(rows)
            .enumerate()
            .map(lambda step, indices: (fold(root, _BINARISE, epoch, step), indices))
        )

    def batch(seed_pair: tf.Tensor, indices: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = {name: tf.gather(values, indices) for name, values in stored.items()}
        return binarise(data.prepare(rows), data.modalities, seed_pair)

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    return (
        epochs.flat_map(batches_of)
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(_PREFETCHED)
    )


def whole_part(data: DataSet, part: str, binarised: bool = True) -> dict[str, tf.Tensor]:
    """All examples of the validation or the test set (or of the training set).

    Args:
      data: the data set.
      part: "train", "validation" or "test".
      binarised: whether modalities with a Bernoulli likelihood are drawn, by a seed that is the
        same for every run, or stay the grey values they are.

    Returns:
      Modality name to float32 [examples, *event_shape].
    """
    arrays: Mapping = getattr(data, part)
    prepared = data.prepare({name: tf.constant(array) for name, array in arrays.items()})
    if not binarised:
        return prepared
    return binarise(prepared, data.modalities, fold(root_seed(TEST_SEED), _BINARISE))


def for_evaluation(data: DataSet, num_test: int) -> tuple[Examples, Examples, Examples]:
    """The first examples of the test set, binarised and grey, and the training set, grey."""
    test, grey = (
        {name: x[:num_test] for name, x in whole_part(data, "test", binarised).items()}
        for binarised in (True, False)
    )
    return test, grey, whole_part(data, "train", binarised=False)


def evaluation_batches(data: DataSet, part: str, batch_size: int = 1000) -> tf.data.Dataset:
    """The validation or test set in its order, binarised once, the last batch shorter."""
    examples = whole_part(data, part)
    return tf.data.Dataset.from_tensor_slices(examples).batch(batch_size).cache().prefetch(1)


def binarise(
    batch: Mapping[str, tf.Tensor], modalities: Mapping[str, Modality], seed: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Draws each value of a Bernoulli modality as 1 with the probability that is its grey value."""
    drawn = dict(batch)
    for (name, modality), seed_x in zip(
        modalities.items(), split(seed, len(modalities)), strict=True
    ):
        if isinstance(modality.likelihood, Bernoulli):
            uniform = tf.random.stateless_uniform(tf.shape(batch[name]), seed_x)
            drawn[name] = tf.cast(uniform < batch[name], tf.float32)
    return drawn

"""Training on several devices: strategies of `tf.distribute` and their replicas' batches."""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.replicas import WHOLE, Share
from jmvae_tf.training import cluster

Batches = Any
"""A `tf.data.Dataset`, or a `tf.distribute.DistributedDataset`."""


def strategy_of(distribute: str | None) -> tf.distribute.Strategy:
    """Returns the strategy of --distribute; call it before TensorFlow computes anything.

    Args:
      distribute: "mirrored" for all GPUs of this machine (or, without one, its logical CPU
        devices), "multi_worker" for this and the other processes of `TF_CONFIG`, None for one
        device.

    Raises:
      UserError: see `cluster.from_environment`.
    """
    if distribute is None:
        return tf.distribute.get_strategy()
    # TensorFlow does not check what it reads from the environment, so check it here.
    if distribute == "multi_worker" and len(cluster.from_environment().workers) > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    kinds = (tf.config.list_logical_devices(kind) for kind in ("GPU", "CPU"))
    devices = next(devices for devices in kinds if devices)
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether this process writes files: the first worker, or the only process."""
    resolver = strategy.cluster_resolver
    return resolver is None or not resolver.task_id


def distributed(
    strategy: tf.distribute.Strategy, batches: Callable[[Sequence[Share]], tf.data.Dataset]
) -> Batches:
    """Returns the batches of this process's replicas; endless if there are several.

    Keras cannot count the steps of such a dataset, so give them to `fit`.

    Args:
      strategy: the strategy of training.
      batches: makes the batches of some shares, for example `Feed.training_batches` with the epoch
        given.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return batches([WHOLE])

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = replicas // context.num_input_pipelines
        first = local * context.input_pipeline_id
        shares = [Share(replica, replicas) for replica in range(first, first + local)]
        return batches(shares).repeat()

    return strategy.distribute_datasets_from_function(of_worker)


class LostWorkerError(UserError):
    """Another worker was lost."""


@contextlib.contextmanager
def workers_watched(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Names the lost worker if TensorFlow fails because of it.

    Raises:
      LostWorkerError: if a worker was lost.
    """
    try:
        yield
    except (
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.InternalError,
        tf.errors.UnavailableError,
    ) as error:
        among_workers = "collective" in str(error).lower()
        own_fault = isinstance(error, tf.errors.InternalError) and not among_workers
        if strategy.cluster_resolver is None or own_fault:
            raise
        raise LostWorkerError(
            "All workers must stay alive until the end of training",
            _what_was_lost(str(error), cluster.from_environment()),
            "start all of them again with --resume",
        ) from error


def _what_was_lost(message: str, among: cluster.Cluster) -> str:
    """Finds the lost worker in TensorFlow's message, which is mostly a stack trace."""
    tasks = [int(task) for task in re.findall(r"/task:(\d+)", message)]
    others = [task for task in tasks if task != among.task and task < len(among.workers)]
    who = f"worker {others[0]} ({among.workers[others[0]]})" if others else "another worker"
    reason = next((line for line in message.splitlines() if "aborted by" in line), "")
    return f"{who} did not answer: {reason.partition('aborted by: ')[2] or message.split(' [')[0]}"


def check_agreement(strategy: tf.distribute.Strategy, epoch: int) -> None:
    """Refuses to continue if workers found checkpoints of different epochs.

    Args:
      strategy: the strategy of training; all workers must call this.
      epoch: the epoch that this worker found.

    Raises:
      UserError: on every worker, if they differ.
      LostWorkerError: if a worker was lost.
    """
    if strategy.cluster_resolver is None:
        return
    with workers_watched(strategy):
        found = strategy.run(lambda: tf.constant([epoch, epoch**2], tf.float64))
        total, squares = strategy.reduce("SUM", found, axis=None).numpy()
    if strategy.num_replicas_in_sync * squares != total**2:  # That is, if they differ.
        raise UserError(
            "All workers must continue from the same checkpoint",
            f"that of epoch {epoch} here, another elsewhere",
            "give all of them the same run folder, and start all of them again",
        )

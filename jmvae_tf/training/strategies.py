"""Training on several devices: strategies of `tf.distribute`, and the batches of their replicas."""

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
    """The strategy that --distribute names; to be asked for before TensorFlow computes anything.

    Args:
      distribute: "mirrored" for all GPUs of this machine (or, without one, its logical CPU
        devices), "multi_worker" for this and the other processes of `TF_CONFIG`, None for one
        device.

    Raises:
      UserError: as `cluster.from_environment`.
    """
    if distribute is None:
        return tf.distribute.get_strategy()
    # What TensorFlow would take from the environment as it comes is checked here.
    if distribute == "multi_worker" and len(cluster.from_environment().workers) > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    kinds = (tf.config.list_logical_devices(kind) for kind in ("GPU", "CPU"))
    devices = next(devices for devices in kinds if devices)
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes: the first worker, or the only process."""
    resolver = strategy.cluster_resolver
    return resolver is None or not resolver.task_id


def distributed(
    strategy: tf.distribute.Strategy, batches: Callable[[Sequence[Share]], tf.data.Dataset]
) -> Batches:
    """The batches of this process's replicas; without end where there are several.

    Keras cannot count the steps of such a dataset, so give them to `fit`.

    Args:
      strategy: of training.
      batches: of some shares, such as `Feed.training_batches` with the epoch given.
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
    """Another worker is gone."""


@contextlib.contextmanager
def workers_watched(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Names the lost worker where TensorFlow fails because one is gone.

    Raises:
      LostWorkerError: if that is so.
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
    """Finds the lost worker in TensorFlow's message, which is mostly a stack of calls."""
    tasks = [int(task) for task in re.findall(r"/task:(\d+)", message)]
    others = [task for task in tasks if task != among.task and task < len(among.workers)]
    who = f"worker {others[0]} ({among.workers[others[0]]})" if others else "another worker"
    reason = next((line for line in message.splitlines() if "aborted by" in line), "")
    return f"{who} did not answer: {reason.partition('aborted by: ')[2] or message.split(' [')[0]}"


def check_agreement(strategy: tf.distribute.Strategy, epoch: int) -> None:
    """Refuses to continue where workers have found checkpoints of different epochs.

    Args:
      strategy: of training; all workers must call this.
      epoch: that this worker has found.

    Raises:
      UserError: on every worker, if they differ.
      LostWorkerError: if one is gone.
    """
    if strategy.cluster_resolver is None:
        return
    with workers_watched(strategy):
        found = strategy.run(lambda: tf.constant([epoch, epoch**2], tf.float64))
        total, squares = strategy.reduce("SUM", found, axis=None).numpy()
    if strategy.num_replicas_in_sync * squares != total**2:  # That is: if they vary.
        raise UserError(
            "All workers must continue from the same checkpoint",
            f"that of epoch {epoch} here, another elsewhere",
            "let all see the same run folder, and start all of them again",
        )

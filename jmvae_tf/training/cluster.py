"""The workers that train together, read from `TF_CONFIG`; needs no TensorFlow."""

import json
import os
from typing import NamedTuple

from jmvae_tf.runtime.errors import UserError


class Cluster(NamedTuple):
    """The workers and the index of this process among them.

    Attributes:
      workers: "host:port" of each worker.
      task: the index of this process. The first worker is the chief; only the chief writes files.
    """

    workers: list[str]
    task: int


def from_environment() -> Cluster:
    """Reads `TF_CONFIG` and refuses mistakes, which TensorFlow would not report.

    Raises:
      UserError: if it is not set or does not have the form that TensorFlow documents.
    """
    value = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(value)
        [(kind, workers)] = config["cluster"].items()
        index = int(config["task"]["index"])
        whole = (
            (kind, config["task"]["type"]) == ("worker", "worker")
            and isinstance(workers, list)
            and all(isinstance(worker, str) and ":" in worker for worker in workers)
            and 0 <= index < len(workers)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise UserError(
            "--distribute=multi_worker needs TF_CONFIG, which names all workers and this one",
            f"TF_CONFIG={value or '(not set)'}",
            'set it like {"cluster": {"worker": ["HOST1:PORT", "HOST2:PORT"]}, "task": {"type": '
            '"worker", "index": 0}}; docs/distributed.md has examples',
        )
    return Cluster(workers, index)

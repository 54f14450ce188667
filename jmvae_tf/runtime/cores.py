"""The processor's cores that this process may use."""

import os


def usable_cores() -> int:
    """Returns the number of cores that the system lets this process use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    # Here no process is bound to some of the cores.
    return os.cpu_count() or 1

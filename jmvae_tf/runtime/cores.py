"""The processor's cores that this process may use."""

import os


def usable_cores() -> int:
    """Returns the number of cores that the system lets this process use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS binds no process to cores.


def cores_in_words() -> str:
    """Returns their number with its noun, such as "1 core" or "2 cores"."""
    number = usable_cores()
    return f"{number} core" if number == 1 else f"{number} cores"

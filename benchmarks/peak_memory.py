"""The most memory that a process has held."""

import pathlib


def peak_mebibytes():
    """Of this process, its resident set at its largest (`ru_maxrss` would count the parent's)."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024

"""Whether the machine is idle: what runs beside a benchmark would be measured with it."""

import os
import pathlib
import time


def _busy_seconds():
    """What all cores together have computed since the start."""
    fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def load(seconds=5):
    """How many cores are busy, on average over the next seconds."""
    before, start = _busy_seconds(), time.monotonic()
    time.sleep(seconds)
    return (_busy_seconds() - before) / (time.monotonic() - start)


def wait_until_idle(limit=0.3, patience=600):
    """Waits until fewer cores than `limit` are busy, and gives how many those are.

    Raises:
      SystemExit: if that is not so within `patience` seconds.
    """
    start = time.monotonic()
    while (busy := load()) >= limit:
        if time.monotonic() - start > patience:
            raise SystemExit(f"error: {busy:.2f} cores are busy; benchmarks need an idle machine")
        print(f"waiting: {busy:.2f} cores are busy", flush=True)
    return busy

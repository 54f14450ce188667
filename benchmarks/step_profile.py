#!/usr/bin/env python3
"""What the operations of a training step of MNIST's networks take, by XLA's own records.

JMVAE-kl's step, compiled by XLA, is recorded by TensorFlow's profiler. Printed are the milliseconds
of a step in each kind of operation, and the operations that take longest. On several cores,
operations overlap, and what one waits for counts as its own; on one they can be added up:

    OMP_NUM_THREADS=1 taskset -c 0 .venv/bin/python benchmarks/step_profile.py

It waits until the machine is idle.
"""

import collections
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from absl import app, flags
from idle import wait_until_idle
from mnist_step import model_and_batch

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

_STEPS = flags.DEFINE_integer("steps", 30, "steps to record")
_SHOWN = flags.DEFINE_integer("shown", 12, "operations to print")

_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%([\w.\-]+) = (\S+) ([\w\-]+)\(.*?(op_name=\"[^\"]*\"|$)")


def main(argv):
    """Records and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import tensorflow as tf

    model, batch = model_and_batch()
    step = tf.function(lambda: model.train_step(batch), jit_compile=True)
    compiled = step.experimental_get_compiler_ir()(stage="optimized_hlo")
    kinds = {}
    for line in compiled.splitlines():
        if found := _INSTRUCTION.match(line):
            name, shape, operation, source = found.groups()
            kinds[name] = (_kind_of(operation, source), f"{operation} {shape}")
    for _ in range(10):
        logs = step()
    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=3)
        tf.profiler.experimental.start(folder, options)
        for _ in range(_STEPS.value):
            logs = step()
        float(logs["bound"])  # Waits for the last step.
        tf.profiler.experimental.stop()
        milliseconds = _recorded(pathlib.Path(folder))
    by_kind = collections.Counter()
    for name, (kind, _) in kinds.items():
        by_kind[kind] += milliseconds[name]
    print(f"a step has {sum(by_kind.values()):.1f} ms of operations")
    for kind, spent in by_kind.most_common():
        print(f"  {kind:<28}{spent:>7.2f} ms")
    print("the longest of them")
    longest = collections.Counter({name: milliseconds[name] for name in kinds})
    for name, spent in longest.most_common(_SHOWN.value):
        print(f"  {name:<34}{kinds[name][1]:<34}{spent:>7.2f} ms")


def _kind_of(operation, source):
    """What an operation is for, by its name and that of the TensorFlow operation it comes from."""
    if operation == "dot":
        return "matrix products"
    if operation == "copy":
        return "copies of weights"
    if "stateless" in source.lower():
        return "random numbers"
    return "Adam" if "adam" in source.lower() else "other, element by element"


def _recorded(folder):
    """Milliseconds of a step by the name of its operation."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space, milliseconds = xplane_pb2.XSpace(), collections.Counter()
    [file] = folder.rglob("*.xplane.pb")
    space.ParseFromString(file.read_bytes())
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                milliseconds[name] += event.duration_ps / 1e9 / _STEPS.value
    return milliseconds


if __name__ == "__main__":
    app.run(main)

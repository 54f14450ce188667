#!/usr/bin/env python3
"""What the operations of a training step take, by TensorFlow's profiler.

JMVAE-kl's step is recorded, compiled by XLA if the preset has it so. Printed are the milliseconds
of a step in each kind of operation, and the operations that take longest. On several cores,
operations overlap, and what one waits for counts as its own; on one they can be added up:

    OMP_NUM_THREADS=1 taskset -c 0 .venv/bin/python benchmarks/step_profile.py --networks=celeba

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
from preset_step import NAMES, model_and_batch

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_NETWORKS = flags.DEFINE_enum("networks", "mnist", NAMES, "whose networks")
_STEPS = flags.DEFINE_integer("steps", None, "steps to record [mnist, toyfaces: 30, celeba: 3]")
_SHOWN = flags.DEFINE_integer("shown", 12, "operations to print")

_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%([\w.\-]+) = (\S+) ([\w\-]+)\(.*?(op_name=\"[^\"]*\"|$)")
_OPERATION = re.compile(r"([\w./\-]+):(\w+)")


def main(argv):
    """Records and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import tensorflow as tf

    model, batch = model_and_batch(_NETWORKS.value)
    xla = settings_of("jmvae_kl", _NETWORKS.value, {}).jit_compile
    steps = _STEPS.value or (3 if _NETWORKS.value == "celeba" else 30)
    step = tf.function(lambda: model.train_step(batch), jit_compile=xla, autograph=False)
    for _ in range(3):
        logs = step()
    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=3 if xla else 2)
        tf.profiler.experimental.start(folder, options)
        for _ in range(steps):
            logs = step()
        float(logs["bound"])  # Waits for the last step.
        tf.profiler.experimental.stop()
        milliseconds = _recorded(pathlib.Path(folder), steps)
    kinds = _kinds_in_xla(step) if xla else _kinds_of_kernels(milliseconds)
    by_kind = collections.Counter()
    for name, (kind, _) in kinds.items():
        by_kind[kind] += milliseconds[name]
    whole = sum(by_kind.values())
    print(f"a step of {_NETWORKS.value}'s networks has {whole:.1f} ms of operations")
    for kind, spent in by_kind.most_common():
        print(f"  {kind:<42}{spent:>8.2f} ms{spent / whole:>8.1%}")
    print("the longest of them")
    longest = collections.Counter({name: milliseconds[name] for name in kinds})
    for name, spent in longest.most_common(_SHOWN.value):
        print(f"  {kinds[name][1]:<90}{spent:>8.2f} ms")


def _kinds_in_xla(step):
    """Maps the names of XLA's instructions to what they are for, and a text about them."""
    kinds = {}
    for line in step.experimental_get_compiler_ir()(stage="optimized_hlo").splitlines():
        if found := _INSTRUCTION.match(line):
            name, shape, operation, source = found.groups()
            kinds[name] = (_kind_of(operation, source.lower()), f"{name} {operation} {shape}")
    return kinds


def _kind_of(operation, source):
    """What an instruction is for, by its name and that of the operation it comes from."""
    if operation == "dot":
        return "matrix products"
    if operation == "copy":
        return "copies of weights"
    if "stateless" in source:
        return "random numbers"
    return "Adam" if "adam" in source else "other, element by element"


def _kinds_of_kernels(names):
    """The same of TensorFlow's kernels, which are recorded as NAME:KERNEL."""
    kinds = {}
    for name in names:
        if found := _OPERATION.fullmatch(name):
            source, kernel = found.groups()
            kinds[name] = (_kind_of_kernel(kernel, source), name)
    return kinds


def _kind_of_kernel(kernel, source):
    if source.startswith("adam/"):
        return "Adam"
    for part, kind in (
        ("Conv2D", "convolutions"),
        ("MatMul", "matrix products"),
        ("BatchNorm", "batch normalisation"),
        ("Relu", "rectifiers and their gradients"),
        ("Random", "random numbers"),
    ):
        if part in kernel:
            return kind
    return "other, element by element"


def _recorded(folder, steps):
    """Milliseconds of a step by the name of its operation."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space, milliseconds = xplane_pb2.XSpace(), collections.Counter()
    [file] = folder.rglob("*.xplane.pb")
    space.ParseFromString(file.read_bytes())
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                milliseconds[name] += event.duration_ps / 1e9 / steps
    return milliseconds


if __name__ == "__main__":
    app.run(main)

"""The precision that layers compute in, set by Keras's policies."""

import contextlib
import pathlib
from collections.abc import Iterator

import keras

_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Names of Linux for instructions for products in bfloat16, on x86-64 and, the last, on Arm."""


@contextlib.contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Makes layers built inside the block compute in a precision.

    Args:
      precision: the name of a Keras policy, for example "float32" or "mixed_bfloat16".
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def processor_has_bfloat16(cpuinfo: pathlib.Path = pathlib.Path("/proc/cpuinfo")) -> bool:
    """Tells whether the processor has instructions for products in bfloat16.

    Args:
      cpuinfo: the file in which Linux describes processors. Elsewhere the answer is no.
    """
    try:
        lines = cpuinfo.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    described = (line.partition(":") for line in lines)
    features = (text for name, _, text in described if name.strip() in ("flags", "Features"))
    return not _BFLOAT16.isdisjoint(next(features, "").split())


def note_on_bfloat16(precision: str, jit_compile: bool, has_bfloat16: bool) -> str:
    """Says which flags would suit the processor better; empty if these do.

    docs/performance.md has what they gain.

    Args:
      precision: the name of a Keras policy.
      jit_compile: whether XLA compiles the training step.
      has_bfloat16: what `processor_has_bfloat16` returned.
    """
    if not has_bfloat16:
        if precision != "mixed_bfloat16":
            return ""
        return (
            "note: this processor has no instructions for bfloat16; --precision=float32 may train "
            "many times faster, see Precision in docs/performance.md"
        )
    if precision == "float32":
        missing = "--precision=mixed_bfloat16" + (" --nojit_compile" if jit_compile else "")
    elif precision == "mixed_bfloat16" and jit_compile:
        missing = "--nojit_compile"
    else:
        return ""
    return (
        f"note: this processor has instructions for bfloat16; {missing} may train faster, see "
        "Precision in docs/performance.md"
    )

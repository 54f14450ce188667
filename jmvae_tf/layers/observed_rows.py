"""The rows of a batch that batch normalisation takes statistics of, where modalities are missing.

A network computes something for every row, also where its modality is missing. Such rows must not
change the statistics. So models name the rows that count, and `BatchNormalization` reads them.
"""

import contextlib
import contextvars
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import tensorflow as tf


class _Rows(NamedTuple):
    counted: tf.Tensor | None = None
    of_branches: Mapping[str, tf.Tensor] = {}


_ALL = _Rows()

_ROWS: contextvars.ContextVar[_Rows] = contextvars.ContextVar("rows", default=_ALL)


@contextlib.contextmanager
def counting(
    rows: tf.Tensor | None, of_branches: Mapping[str, tf.Tensor] | None = None
) -> Iterator[None]:
    """Makes only some rows count in networks that are called inside the block.

    Args:
      rows: bool, [batch]; None for all.
      of_branches: modality name to the rows that count in its branch of a joint network; in other
        branches all do.
    """
    token = _ROWS.set(_Rows(rows, of_branches or {}))
    try:
        yield
    finally:
        _ROWS.reset(token)


@contextlib.contextmanager
def counting_in_branch(name: str) -> Iterator[None]:
    """Makes the rows count that belong to a branch of the joint network that is called."""
    with counting(_ROWS.get().of_branches.get(name)):
        yield


def counted() -> tf.Tensor | None:
    """Returns the rows that count in the network that is called, bool [batch]; None for all."""
    return _ROWS.get().counted

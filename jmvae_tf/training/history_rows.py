"""The rows of a run's `history.csv`: one per epoch, one column per term."""

import csv
import io
import itertools
import math
import pathlib
from collections.abc import Mapping, Sequence

from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_limited, written_atomically

_LARGEST = 1 << 24  # Bytes of a file; a row has about 200.
_LONGEST_COLUMN = 200
_MOST_ROWS = 200_000  # Each takes a hundred times its length in memory.


def read_rows(path: pathlib.Path) -> list[dict[str, float]]:
    """Reads the rows of a file; none if it is missing.

    Raises:
      UserError: if it is damaged.
    """
    if not path.is_file():
        return []
    try:
        text = read_limited(path, _LARGEST).decode("utf-8")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        _check_columns(rows.fieldnames or ["epoch"])
        read = [_checked_row(row) for row in itertools.islice(rows, _MOST_ROWS)]
        if next(rows, None) is not None:
            raise ValueError(f"more than {_MOST_ROWS} rows")
        return read
    except (csv.Error, TypeError, ValueError) as error:
        raise UserError(
            "The history.csv of a run must be rows of finite numbers",
            f"{path}: {error}",
            "restore the file, or train again with --overwrite",
        ) from error


def write_rows(path: pathlib.Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Replaces the file. The first column is `epoch`; missing values stay empty."""
    with (
        written_atomically(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        columns = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(file, fieldnames=list(columns) or ["epoch"])
        writer.writeheader()
        writer.writerows({**row, "epoch": int(row["epoch"])} for row in rows)


def _check_columns(names: Sequence[str]) -> None:
    if "epoch" not in names:
        raise ValueError("there is no column epoch")
    for name in names:
        if not (name.isidentifier() and len(name) <= _LONGEST_COLUMN):
            raise ValueError(f"a column is called {name!r}")


def _checked_row(row: Mapping[str, str]) -> dict[str, float]:
    numbers = {name: float(value) for name, value in row.items() if value != ""}
    bad = [name for name, value in numbers.items() if not math.isfinite(value)]
    epoch = numbers.get("epoch", math.nan)
    if bad or not (epoch.is_integer() and 1 <= epoch < 2**31):
        raise ValueError(f"{bad[0] if bad else 'epoch'} is {row[bad[0] if bad else 'epoch']}")
    return numbers

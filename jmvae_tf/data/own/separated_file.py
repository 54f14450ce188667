"""Reads CSV and TSV tables of anybody's in chunks, as spreadsheets of all countries write them."""

import csv
import dataclasses
import io
import pathlib
import re
from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from jmvae_tf.data.own.table_file import (
    BYTES_AT_ONCE,
    LONGEST_ROW,
    MISSING,
    Chunk,
    TableFile,
    TextAmongNumbersError,
    check_column_names,
    lengths_of,
    without_marks,
)
from jmvae_tf.runtime.errors import UserError

_SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_SAMPLE = 2**20  # Bytes that decide on the separator and on types.
_SHOWN = 40  # Characters of a cell in a message.

csv.field_size_limit(LONGEST_ROW)  # Its own is an eighth of that.

_MARKS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a spreadsheet or a zip",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"PAR1": "Parquet",
}
_BOM = b"\xef\xbb\xbf"

_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)", re.ASCII | re.I)
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?", re.ASCII)
_CODE = re.compile(r"[+-]?0\d+", re.ASCII)  # Such as 007, which is no number.
_SEPARATOR_LINE = re.compile(r'"?sep=.\s*"?[\r\n]', re.I)
_CONVERSION = re.compile(r"In CSV column #(\d+): .*conversion error to double", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class SeparatedFile(TableFile):
    """A CSV or TSV table.

    Attributes:
      names: the names of the columns.
      separator: the character between cells.
      decimal: the character before decimals.
      numbers: columns that are numbers as far as the start of the file tells.
      header_lines: the lines of the header; a quoted name may have a line break at its end.
      spaced: columns of numbers with cells of spaces, or with spaces around marks such as NA.
      has_mark: whether it begins with the mark of UTF-8, by which Excel knows it.
      is_looked_through: whether all of it decided on `numbers`, not its start alone.
    """

    names: tuple[str, ...] = ()
    separator: str = ","
    decimal: str = "."
    numbers: frozenset[str] = frozenset()
    header_lines: int = 1
    has_mark: bool = False
    spaced: frozenset[str] = frozenset()
    is_looked_through: bool = False

    @classmethod
    def open(cls, path: pathlib.Path) -> "SeparatedFile":
        """Reads the header, and finds how the table is written.

        Raises:
          UserError: if it is not such a table.
        """
        start, is_whole, has_mark = _start(path)
        if _SEPARATOR_LINE.match(start):
            raise UserError(
                "The first row of a table has the names of its columns",
                f"{path}: {start.splitlines()[0]}, which only Excel reads",
                "remove this row",
            )
        separator = "\t" if path.suffix.lower() == ".tsv" else _separator(start)
        try:
            reader = csv.reader(io.StringIO(start, newline=""), delimiter=separator)
            names = [name.strip() for name in next(reader, [])]
            header_lines = reader.line_num
            rows = [row for row in reader if row]
        except csv.Error as error:
            raise UserError(
                "A .csv table has rows of cells", f"{path}: {error}", "save it again"
            ) from error
        if not is_whole:
            rows = rows[:-1]
        if names and not names[0]:
            names[0] = "unnamed"  # The index that pandas writes.
        check_column_names(path, names)
        if len(names) == 1:
            _check_one_column(path, names[0])
        if all(map(_NUMBER.fullmatch, names)):
            raise UserError(
                "The first row of a table has the names of its columns",
                f"{path}: {', '.join(names[:5])}",
                "add such a row",
            )
        columns = list(zip(*(row for row in rows if len(row) == len(names)), strict=True))
        decimal = "," if separator == ";" and any(map(_has_commas, columns)) else "."
        numbers = [
            name
            for name, column in zip(names, columns, strict=False)
            if _are_numbers(column, decimal)
        ]
        return cls(
            path,
            frozenset(),
            tuple(names),
            separator,
            decimal,
            frozenset(numbers),
            header_lines,
            has_mark,
            is_looked_through=is_whole,
        )

    @property
    def first_row(self) -> int:
        """See the base class."""
        return 2

    def chunks(self) -> Iterator[Chunk]:
        """See the base class."""
        for batch in self._batches(self.numbers - self.spaced, strings_can_be_null=True):
            yield {
                name: column if pa.types.is_floating(column.type) else self._read(name, column)
                for name, column in zip(self.names, batch.columns, strict=True)
            }

    def _read(self, name: str, column: pa.Array) -> pa.Array:
        texts = without_marks(column)
        if name not in self.numbers:
            return texts
        try:
            return self.numbers_of(texts)
        except pa.ArrowInvalid:
            raise TextAmongNumbersError(name) from None

    def as_text(self, column: str) -> "SeparatedFile":
        """See the base class; a column of numbers is first read with spaces in its cells."""
        if column in self.numbers - self.spaced:
            return dataclasses.replace(self, spaced=self.spaced | {column})
        return dataclasses.replace(self, numbers=self.numbers - {column})

    @property
    def has_codes(self) -> bool:
        """See the base class; columns with a code in the start of the file are texts."""
        return not self.is_looked_through

    def with_texts(self, columns: Collection[str]) -> "SeparatedFile":
        """See the base class."""
        return dataclasses.replace(self, numbers=self.numbers.difference(columns))

    def numbers_of(self, texts: pa.Array) -> pa.Array:
        """See the base class."""
        return pc.replace_substring(texts, self.decimal, ".").cast(pa.float64())

    def as_written(self) -> Iterator[pa.RecordBatch]:
        """Reads the rows in order like `chunks`, with all cells as texts, as they are written."""
        return self._batches(frozenset(), strings_can_be_null=False)

    def _batches(
        self, numbers: Collection[str], strings_can_be_null: bool
    ) -> Iterator[pa.RecordBatch]:
        bad_rows: list[pyarrow.csv.InvalidRow] = []

        def refuse(row: pyarrow.csv.InvalidRow) -> str:
            bad_rows.append(row)
            return "error"

        done, last = 0, ""
        try:
            with pyarrow.csv.open_csv(
                self.path,
                pyarrow.csv.ReadOptions(
                    use_threads=False,
                    block_size=BYTES_AT_ONCE,
                    skip_rows=self.header_lines,
                    column_names=self.names,
                ),
                pyarrow.csv.ParseOptions(
                    delimiter=self.separator,
                    newlines_in_values=True,
                    invalid_row_handler=refuse,
                ),
                pyarrow.csv.ConvertOptions(
                    column_types={
                        name: pa.float64() if name in numbers else pa.string()
                        for name in self.names
                    },
                    null_values=list(MISSING),
                    strings_can_be_null=strings_can_be_null,
                    decimal_point=self.decimal,
                ),
            ) as reader:
                for batch in reader:
                    if batch.num_rows:
                        self.check_lengths(lengths_of(batch.columns, batch.num_rows), done)
                        yield batch
                        done += batch.num_rows
                        last = str(batch.column(-1)[-1])
        except pa.ArrowInvalid as error:
            text = str(error)
            conversion = _CONVERSION.search(text)
            if conversion:
                raise TextAmongNumbersError(self.names[int(conversion[1])]) from None
            if text.startswith(("Empty CSV", "Could not skip initial")):
                return  # Nothing behind the header.
            raise self._fault(text, bad_rows, done) from error
        if "\n" in last and not _ends_in_quotes(self.path):
            raise UserError(
                "Quotes around a cell end before the next cell",
                f"{self.cell(done - 1, self.names[-1])}: {last[:_SHOWN]}…, which goes on to the "
                "end of the file",
                "close these quotes, or write two for one that is part of the text",
            )

    def _fault(self, text: str, bad_rows: Sequence[pyarrow.csv.InvalidRow], done: int) -> UserError:
        if bad_rows:
            [bad] = bad_rows[:1]
            where = (
                f"row {bad.number - self.header_lines - 1 + self.first_row}"
                if bad.number is not None
                else f"a row after row {done + self.first_row - 1}"
            )
            return UserError(
                "Each row of a table has a cell for each column",
                f"{self.path}: {where} with {bad.actual_columns} cells for {bad.expected_columns} "
                f"columns: {bad.text[:80]}",
                f"put quotes around a cell that holds {_SEPARATORS[self.separator]}"
                if bad.actual_columns > bad.expected_columns
                else "add the missing cells",
            )
        if "straddl" in text:
            return UserError(
                f"A row of a table has at most {LONGEST_ROW} bytes",
                f"{self.path}: a row after row {done + self.first_row - 1} with more",
                "close quotes that are left open, or save what is long as files",
            )
        if "UTF8" in text:
            return _not_utf8(self.path)
        return UserError(
            "A .csv table has rows of cells",
            f"{self.path}: after row {done + self.first_row - 1}: {text}",
            "mend that row, or save the table again",
        )


def _start(path: pathlib.Path) -> tuple[str, bool, bool]:
    """Returns the start of the file, whether it is the whole file, and whether it has a mark."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE + 1)
    for mark, what in _MARKS.items():
        if start.startswith(mark):
            raise UserError(
                "A .csv table is text in UTF-8",
                f"{path}, which is {what}",
                "save it as CSV UTF-8",
            )
    has_mark = start.startswith(_BOM)
    start = start.removeprefix(_BOM)
    if not start.strip():
        raise UserError("A table has rows", f"{path}, which is empty", "name another file")
    if b"\0" in start:
        raise UserError("A .csv table is text", f"{path} with bytes of 0", "save it as CSV UTF-8")
    is_whole = len(start) + len(_BOM) * has_mark <= _SAMPLE
    try:
        return start.decode("utf-8"), is_whole, has_mark
    except UnicodeDecodeError as error:
        if is_whole or error.start < len(start) - 4:
            raise _not_utf8(path) from error
        return start.decode("utf-8", "ignore"), False, has_mark


def _ends_in_quotes(path: pathlib.Path) -> bool:
    """Tells whether the last cell of a file is in quotes that are closed."""
    with path.open("rb") as file:
        file.seek(-min(_SAMPLE, path.stat().st_size), io.SEEK_END)
        return file.read().rstrip().endswith(b'"')


def _not_utf8(path: pathlib.Path) -> UserError:
    """Makes the error for text in another encoding; it names the first such row and column."""
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(LONGEST_ROW), b"")
        for number, line in enumerate(lines, start=1):
            if number == 1:
                header = line.decode("latin-1")
                separator = _separator(header)
                names = [name.strip() for name in header.split(separator)]
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                place = line[: error.start].decode("utf-8").count(separator)
                column = f"column {names[place]!r}" if place < len(names) else f"cell {place + 1}"
                cell = line.decode("latin-1").split(separator)[place].strip()
                return UserError(
                    "A .csv table is text in UTF-8",
                    f"{path}: row {number}, {column}: {cell}, perhaps in Latin-1",
                    "save it as CSV UTF-8",
                )
    return UserError("A .csv table is text in UTF-8", path, "save it as CSV UTF-8")


def _separator(start: str) -> str:
    """Finds the character between cells: the most frequent one of the header."""
    header = start.split("\n", 1)[0]
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_SEPARATORS, key=bare.count)


def _check_one_column(path: pathlib.Path, name: str) -> None:
    for character in " :":
        if character in name.strip():
            raise UserError(
                f"Cells are separated by {', '.join(_SEPARATORS.values())}",
                f"{path}: one column, {name!r}",
                "save it as CSV with commas, and with the names of the columns in its first row",
            )


def _are_numbers(column: Sequence[str], decimal: str) -> bool:
    cells = [cell.strip() for cell in column]
    cells = [cell for cell in cells if cell not in MISSING]
    if decimal == ",":
        cells = [cell.replace(",", ".") for cell in cells]
    return all(_NUMBER.fullmatch(cell) and not _CODE.fullmatch(cell) for cell in cells)


def _has_commas(column: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in column]
    cells = [cell for cell in cells if cell not in MISSING]
    return any(map(_COMMA_NUMBER.fullmatch, cells)) and _are_numbers(cells, ",")

"""Tables whose cells have types, read as the text that a CSV file would have: JSON and Parquet."""

from __future__ import annotations

import datetime
import itertools
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import quote

from descend.datasets.compressed import ENDINGS, find_size, find_suffix, open_bytes, open_text, tell_unreadable
from descend.datasets.csv_reader import CELL, MAX_CELLS, CsvTable, check_names, shorten_cell
from descend.datasets.csv_stream import CELLS
from descend.datasets.memory import TooLarge, check_memory
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import pyarrow.parquet

JSON, PARQUET = (".jsonl", ".ndjson", ".json"), (".parquet", ".pq")
SUFFIXES = JSON + PARQUET
TAKE = "limit=N takes the first N rows"

Row = tuple[int, dict[str, Any]]
"""The line or the place of a row, from 1, and its values by the names of the columns."""


class Nesting(NamedTuple):
    """Names of columns whose cells may hold more than a single value, which becomes JSON: of those in ``anything`` any
    list or object, as they are not learned from; of those in ``lists`` a list of single values."""

    anything: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()


Nests = Callable[[Sequence[str]], Nesting]
"""Which they are, of the names of all columns."""


def nest_nothing(names: Sequence[str]) -> Nesting:
    """No column nests."""
    return Nesting()


class Number(str):
    """A number as a file has it, which is none that someone wrote as text."""

    __slots__ = ()


def read_records(file: Path, limit: int = 0, nests: Nests = nest_nothing, decimal: str = ".") -> CsvTable:
    """The table in ``file``, its ``limit`` first rows or all.

    Args:
        decimal: the decimal mark of numbers that are text, with which the others are written, too.

    Raises:
        DescendError: it cannot be read, or is not such a table; the sentence says where.
    """
    columns: list[list[str]] = []
    lines: list[int] = []
    names: list[str] = []
    for piece in stream_records(file, nests=nests, decimal=decimal):
        names, columns = piece.names, columns or [[] for _ in piece.names]
        lines += piece.lines
        for column, cells in zip(columns, piece.columns, strict=True):
            column += cells
        if limit and len(lines) >= limit:
            break
        if len(lines) * len(names) > MAX_CELLS:
            raise TooLarge(f"{file.name} has more than {MAX_CELLS:,} cells; {TAKE}.")
        check_memory(len(lines) * len(names) * CELL, file.name, TAKE)
    keep = limit or len(lines)
    notes = [] if find_suffix(file) in JSON else ["Rows are counted from 1 where a line is named."]
    return CsvTable(file, names, [column[:keep] for column in columns], lines[:keep], True, notes)


def stream_records(
    file: Path, cells: int = CELLS, nests: Nests = nest_nothing, decimal: str = "."
) -> Iterator[CsvTable]:
    """The table in ``file`` in pieces of about so many ``cells``; a table without rows is one empty piece.

    Raises:
        DescendError: as `read_records`.
    """
    stream = _stream_json if find_suffix(file) in JSON else _stream_parquet
    try:
        with tell_unreadable(file):
            yield from stream(file, cells, nests, decimal)
    except UnicodeError:
        raise DescendError(f"{file.name} is not in UTF-8, as JSON has to be; save it so.") from None


def _stream_json(file: Path, cells: int, nests: Nests, decimal: str) -> Iterator[CsvTable]:
    keys = list(dict.fromkeys(name for _, row in _read_objects(file) for name in row))  # a row may lack some
    names = _name_columns(file, keys)
    if not names:
        raise DescendError(f"{file.name} has no row; a table is an object in each line, or a list of objects.")
    rows, nesting = _read_objects(file), nests(names)
    size = max(1, cells // len(names))
    while piece := list(itertools.islice(rows, size)):
        columns = [
            [write_cell(file, line, name, row.get(key), nesting, decimal) for line, row in piece]
            for key, name in zip(keys, names, strict=True)
        ]
        yield CsvTable(file, names, columns, [line for line, _ in piece], True)


def _read_objects(file: Path) -> Iterator[Row]:
    """The objects in ``file``, one in each line, or in a list."""
    with open_text(file, "utf-8-sig") as stream:
        first, begin = stream.read(1), 1
        while first.isspace():
            begin += first == "\n"
            first = stream.read(1)
        if first == "[":
            check_memory(20 * find_size(file), file.name, "a file with an object in each line takes less")
            found = _parse(file, begin, first + stream.read())
            yield from ((place, _require_object(file, place, one)) for place, one in enumerate(found, 1))
            return
        for line, text in enumerate(stream, begin):
            whole = first + text if line == begin else text
            if whole.strip():  # without its end, or what lacks there would be missed in the next line
                yield line, _require_object(file, line, _parse(file, line, whole.rstrip()))


def _parse(file: Path, line: int, text: str) -> Any:
    """What ``text`` says; numbers as they are written, so that no digit is lost."""
    try:
        return json.loads(
            text, parse_int=Number, parse_float=Number, parse_constant=lambda word: None, object_pairs_hook=_make_object
        )
    except _RepeatedName as error:
        raise DescendError(
            f"Line {line:,} of {file.name} has an object with two values called '{shorten_cell(str(error))}'; "
            "rename one."
        ) from None
    except json.JSONDecodeError as error:
        where = line + error.lineno - 1
        raise DescendError(
            f"Line {where:,} of {file.name} is no JSON: {error.msg.removesuffix(' at')} at character {error.colno}."
        ) from None
    except (RecursionError, ValueError):
        raise DescendError(f"Line {line:,} of {file.name} is no JSON that can be read.") from None


class _RepeatedName(Exception):
    """An object has two values of one name."""


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedName(next(name for name in names if names.count(name) > 1))
    return found


def _require_object(file: Path, line: int, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise DescendError(
            f'Line {line:,} of {file.name} holds no object; a row of a table is one, such as {{"size": 5}}.'
        )
    return found


def _name_columns(file: Path, keys: list[str]) -> list[str]:
    """The names of columns as a CSV file has them."""
    names = [key.strip() or f"column {place}" for place, key in enumerate(keys, 1)]
    check_names(file, names, [], [])
    return names


def _stream_parquet(file: Path, cells: int, nests: Nests, decimal: str) -> Iterator[CsvTable]:
    with _unpack(file) as opened:
        yield from _stream_opened(file, opened, cells, nests, decimal)


@contextmanager
def _unpack(file: Path) -> Iterator[BinaryIO]:
    """The content of ``file``; Parquet is read from its end, which a packed file has to be unpacked for, on disk."""
    with open_bytes(file) as packed:
        if file.suffix.lower() not in ENDINGS:
            yield packed
            return
        with tempfile.TemporaryFile() as whole:
            shutil.copyfileobj(packed, whole)
            whole.seek(0)
            yield whole


def _stream_opened(file: Path, opened: BinaryIO, cells: int, nests: Nests, decimal: str) -> Iterator[CsvTable]:
    source = _open_parquet(file, opened)
    names = _name_columns(file, source.schema_arrow.names)
    start, nesting = 1, nests(names)
    for batch in _read_batches(file, source, max(1, cells // max(1, len(names)))):
        columns = [
            [
                write_cell(file, start + at, name, value, nesting, decimal)
                for at, value in enumerate(_list_values(column))
            ]
            for name, column in zip(names, batch.columns, strict=True)
        ]
        yield CsvTable(file, names, columns, list(range(start, start + batch.num_rows)), True)
        start += batch.num_rows
    if start == 1:
        yield CsvTable(file, names, [[] for _ in names], [], True)


def _open_parquet(file: Path, opened: BinaryIO) -> pyarrow.parquet.ParquetFile:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DescendError("Parquet needs the package pyarrow; `pip install 'descend[parquet]'`.") from None
    try:
        return pyarrow.parquet.ParquetFile(opened)
    except pyarrow.ArrowException as error:
        raise DescendError(f"{file.name} is no Parquet file that can be read ({_shorten(error)}).") from None


def _read_batches(file: Path, source: pyarrow.parquet.ParquetFile, rows: int) -> Iterable[Any]:
    import pyarrow

    try:
        yield from source.iter_batches(batch_size=rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise DescendError(f"{file.name} is damaged ({_shorten(error)}).") from None


def _list_values(column: Any) -> list[Any]:
    """The values of a ``column``; of times to the microsecond, as Python has none that are more exact."""
    import pyarrow

    kind = column.type
    if getattr(kind, "unit", "") == "ns":
        if pyarrow.types.is_timestamp(kind):
            rounded: Any = pyarrow.timestamp("us", kind.tz)
        else:
            rounded = pyarrow.time64("us") if pyarrow.types.is_time(kind) else pyarrow.duration("us")
        column = column.cast(rounded, safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _shorten(error: BaseException) -> str:
    return shorten_cell(str(error).strip().partition("\n")[0].rstrip("."))


def write_cell(file: Path, line: int, name: str, value: Any, nesting: Nesting, decimal: str = ".") -> str:
    """``value`` as the text of a cell; what is missing, or no number, is empty.

    Args:
        decimal: the decimal mark to write numbers with.

    Raises:
        DescendError: it is a list, an object or bytes, and the column is none that may hold such.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (Number, float, Decimal)):
        return write_number(value, decimal)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, (list, dict, bytes)):
        if name in nesting.anything:
            return json.dumps(value, default=str, ensure_ascii=False)
        plain = isinstance(value, list) and not any(isinstance(one, (list, dict, bytes)) for one in value)
        if plain and name in nesting.lists:
            words = [write_cell(file, line, name, one, nesting, decimal) for one in value]
            return json.dumps(list(filter(None, words)), ensure_ascii=False)
        kind = {list: "a list", dict: "an object"}.get(type(value), "bytes")
        labels = f", or say target={quote(name)} if it lists labels to predict" if plain else ""
        raise DescendError(
            f"Line {line:,} of {file.name} has {kind} in '{shorten_cell(name)}'; a cell of a table is a single value, "
            f"so make columns of it, or leave it out with ignore={quote(name)}{labels}."
        )
    return str(value)


def write_number(value: Any, decimal: str) -> str:
    """A number as text with this ``decimal`` mark, and without one between groups of digits."""
    return str(value).replace(".", decimal)

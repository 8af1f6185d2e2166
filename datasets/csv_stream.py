"""A CSV file in pieces, for tables of any length: the same text as `csv_reader` reads, a bounded part at a time."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from descend.datasets.csv_reader import CsvTable, check_names, describe_ragged, iterate_records, open_lines, strip_row
from descend.datasets.delimiters import SEPARATOR
from descend.datasets.encodings import detect_encoding
from descend.datasets.lines import TableLines
from descend.engine.base.errors import DescendError

CELLS = 500_000
"""Cells of a piece, about."""
CHARACTERS = 1 << 24
"""… and characters; the first piece has `FIRST` rows at most, as it is not known yet how long they are."""
FIRST = 1000


def stream_csv(
    file: Path,
    *,
    named: bool = True,
    delimiter: str = "",
    encoding: str = "",
    skip: int = 0,
    footer: int = 0,
    comment: str = "",
    cells: int = CELLS,
) -> Iterator[CsvTable]:
    """Yield the rows of ``file`` in pieces of about so many ``cells``; a table without rows is one empty piece.

    Args:
        named: whether the first line names the columns, or a comment above it.

    The others are as `csv_reader.read_csv` takes them.

    Raises:
        DescendError: it cannot be read, or is not such a table; the sentence says in which line and what to do.
    """
    with open_lines(file, detect_encoding(file, encoding), delimiter, skip, comment) as (source, _):
        yield from _cut(source, _drop_footer(_iterate_rows(source), footer), named, cells)


Row = tuple[int, list[str]]


def _iterate_rows(source: TableLines) -> Iterator[Row]:
    """The rows that are not empty, stripped, each with the line where it begins."""
    for line, row in iterate_records(source):
        stripped = strip_row(row)
        if any(stripped) and not (line == 1 and stripped[:1] == [SEPARATOR]):
            yield line, stripped


def _drop_footer(rows: Iterator[Row], footer: int) -> Iterator[Row]:
    waiting: deque[Row] = deque()
    for row in rows:
        waiting.append(row)
        if len(waiting) > footer:
            yield waiting.popleft()


def _cut(source: TableLines, rows: Iterator[Row], named: bool, cells: int) -> Iterator[CsvTable]:
    file = source.file
    if (first := next(rows, None)) is None:
        raise DescendError(f"{file.name} is empty; a table has a line of names and a line for each sample.")
    source.width = width = len(first[1])
    above = source.names() if named else []
    names = above or first[1] if named else [""] * width
    names = [name or f"column {place}" for place, name in enumerate(names, 1)]
    if above or not named:
        rows = itertools.chain([first], rows)
    most, begun = max(1, cells // width), False
    size = min(most, FIRST)
    while piece := list(itertools.islice(rows, size)):
        if odd := next((row for row in piece if len(row[1]) != width), None):
            raise describe_ragged(source, *odd, *first)
        table = [row for _, row in piece]
        if not begun:
            check_names(file, names, table, [line for line, _ in piece])
        columns = [list(column) for column in zip(*table, strict=True)]
        yield CsvTable(file, names, columns, [line for line, _ in piece], named)
        begun = True
        characters = sum(sum(map(len, column)) for column in columns)
        size = max(1, min(most, CHARACTERS * len(piece) // max(1, characters)))
    if not begun:
        yield CsvTable(file, names, [[] for _ in names], [], named)

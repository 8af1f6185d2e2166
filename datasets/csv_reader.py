"""The cells of a CSV file as text: its encoding, its delimiter, its header, and where a line breaks the format."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from descend.datasets.compressed import find_size, open_text, tell_unreadable
from descend.datasets.data_shape import format_count
from descend.datasets.dataset import WARNING
from descend.datasets.delimiters import SEPARATOR, count_cells, find_delimiter, name_delimiter, split_cells
from descend.datasets.encodings import SAMPLE, describe_undecodable, detect_encoding
from descend.datasets.forms import hold_numbers, is_number
from descend.datasets.lines import TableLines, drop_comments
from descend.datasets.memory import SHARE, TooLarge, check_memory, free_memory
from descend.datasets.other_formats import find_other_format
from descend.datasets.reporting import tell
from descend.datasets.tabular import take_whole_lines
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean

TOLD = 10_000
"""Rows after which it is told how far reading has come."""
MAX_CELLS = 10_000_000
"""Cells read at once, at most; longer tables are streamed (`streamed_table`)."""
FOOTER = 20
"""Lines below a table at most, for an advice to pass them over."""
CELL = 100
"""Bytes that one takes as text and as a number."""
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"
"""Marks of byte order, of zero width, of direction, and where a word may be split."""


@dataclass
class CsvTable:
    """A table of text.

    Attributes:
        file: where it comes from.
        names: name of each column.
        columns: for each column, the stripped text of its cells.
        lines: for each row, the line of the file where it begins, from 1.
        named: whether the file names its columns.
        notes: sentences on what was assumed.
        of: how many rows there are in all, if these are a sample; else 0.
    """

    file: Path
    names: list[str]
    columns: list[list[str]]
    lines: list[int]
    named: bool
    notes: list[str] = field(default_factory=list)
    of: int = 0


def read_csv(
    file: Path,
    *,
    delimiter: str = "",
    encoding: str = "",
    header: str = "",
    limit: int = 0,
    skip: int = 0,
    footer: int = 0,
    comment: str = "",
) -> CsvTable:
    """Read a CSV file; "" leaves the choice to what is found in it.

    Args:
        delimiter: one of `delimiters.SAID` or the mark itself.
        header: "yes" or "no".
        limit: data rows to read at most, 0 for all.
        skip: lines to skip before the table begins.
        footer: lines to skip at the end, of those that are not empty.
        comment: what a line to skip begins with, or "no".

    Raises:
        DescendError: it cannot be read, or is not such a table; the sentence says in which line and what to do.
        UsageError: there is no such encoding or delimiter.
    """
    encoding = detect_encoding(file, encoding)
    notes: list[str] = []
    with open_lines(file, encoding, delimiter, skip, comment) as (source, sample):
        delimiter = source.delimiter
        check_size(file, sample, delimiter, limit)
        rows, lines = collect_rows(file, iterate_records(source), source, limit, footer, notes)
    if len(rows[0]) < 2:
        raise DescendError(
            f"{file.name} has a single column ('{shorten_cell(rows[0][0])}' in line {lines[0]}); a "
            f"table needs one to predict "
            "and one to learn from, and delimiter=… sets what separates them."
        )
    if delimiter != ",":
        notes.append(f"Columns are separated by {name_delimiter(delimiter)}.")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file is read as {encoding}.")
    above = source.names() if header != "no" and not has_header(rows) else []
    notes.extend(source.said(bool(above)))
    has_names = bool(above) or (has_header(rows) if not header else header == "yes")
    if has_names:
        names = [name or f"column {place}" for place, name in enumerate(above or rows[0], 1)]
        if not above:
            rows, lines = rows[1:], lines[1:]
        if not above and not header and has_title(names, rows):
            raise DescendError(
                f"The first line of {file.name} seems to be a title, and line {lines[0]:,} to name the columns; say "
                f"skip={lines[0] - 1}, or header=yes if the first names them."
            )
        if not above and not header:
            notes.append("The first line names the columns; header=no takes it as data.")
    else:
        names = [f"column {place}" for place in range(1, len(rows[0]) + 1)]
        notes.append("The columns have no names" + ("." if header else "; header=yes takes the first line for them."))
    if has_names:
        check_names(file, names, rows, lines)
        rows, lines = drop_repeated_names(names, rows, lines, notes)
    if limit:
        rows, lines = rows[:limit], lines[:limit]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    return CsvTable(file, names, columns, lines, has_names, notes)


@contextmanager
def open_lines(file: Path, encoding: str, delimiter: str, skip: int, comment: str) -> Iterator[tuple[TableLines, str]]:
    """The lines of a table's file, and a sample of its beginning; what fails while they are read is one sentence.

    Raises:
        DescendError: it cannot be read, or is not a table.
        UsageError: there is no such delimiter.
    """
    with tell_unreadable(file):
        try:
            with open_text(file, encoding, newline="") as stream:
                skip_lines(stream, skip)
                sample = stream.read(SAMPLE)
            if what := find_other_format(sample):
                raise DescendError(f"{file.name} is not a table but {what}.")
            delimiter = find_delimiter(drop_comments(take_whole_lines(sample), comment), delimiter)
            with open_text(file, encoding, newline="") as stream:
                skip_lines(stream, skip)
                yield TableLines(file, stream, comment, MAX_CELLS, skip, delimiter), sample
        except UnicodeError:
            raise DescendError(describe_undecodable(file, encoding)) from None


def check_names(file: Path, names: list[str], rows: list[list[str]], lines: list[int]) -> None:
    """Raise DescendError if two columns have the same name; the first of the ``rows`` may hold better ``names``."""
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if places.setdefault(name, place) == place:
            continue
        lower = rows[0] if rows and not any(map(is_number, rows[0])) else []
        skip = f", or say skip={lines[0] - 1} if line {lines[0]:,} names them" if len(set(lower)) == len(names) else ""
        raise DescendError(
            f"Columns {places[name]} and {place} of {file.name} are both called '{shorten_cell(name)}'; "
            f"rename one{skip}."
        )


def drop_repeated_names(
    names: list[str], rows: list[list[str]], lines: list[int], notes: list[str]
) -> tuple[list[list[str]], list[int]]:
    """The ``rows`` and ``lines`` without those that repeat the ``names``, as where files were joined."""
    again = [place for place, row in enumerate(rows) if row == names]
    if not again:
        return rows, lines
    notes.append(
        f"{WARNING}the names of the columns are repeated in {format_count(len(again), 'line')}, the first "
        f"{lines[again[0]]:,}, skipped."
    )
    kept = sorted(set(range(len(rows))) - set(again))
    return [rows[place] for place in kept], [lines[place] for place in kept]


def check_size(file: Path, sample: str, delimiter: str, limit: int) -> None:
    """Check that there is room for as many cells as the file has if all its lines are like those of the ``sample``.

    Raises:
        DescendError: there are too many, or they take too much memory.
    """
    lines = take_whole_lines(sample)
    found = count_cells(lines, delimiter)
    if len(sample) < SAMPLE or len(lines) < 2 or not found or 2 * sum(map(len, lines)) < SAMPLE:
        return  # it is small, or its lines are long and counted as they are read
    width = max(found)
    rows = find_size(file) * len(found) / sum(len(line.encode()) for line in lines)
    cells = width * (min(rows, limit) if limit else rows)
    take = "limit=N takes the first N rows, at most {:,}".format
    if cells > MAX_CELLS:
        raise TooLarge(
            f"{file.name} has about {cells:,.0f} cells, more than {MAX_CELLS:,}; {take(MAX_CELLS // width)}."
        )
    check_memory(cells * CELL, file.name, take(int(SHARE * free_memory() / CELL / width)))


def collect_rows(
    file: Path, found: Iterator[tuple[int, list[str]]], source: TableLines, limit: int, footer: int, notes: list[str]
) -> tuple[list[list[str]], list[int]]:
    """The rows that are not empty, stripped, and the line where each begins; one more than ``limit``, for the names.

    Raises:
        DescendError: a row has a different number of cells from the others, there are too many, or none.
    """
    rows: list[list[str]] = []
    lines: list[int] = []
    blank, size = 0, 0.0  # and about how many rows there are, once it is told
    wide = False  # whether every row has one cell more than there are names
    most = min(MAX_CELLS, SHARE * free_memory() / CELL)
    waiting: deque[tuple[int, list[str]]] = deque()  # what may turn out to be the footer
    for line, row in found:
        cells = strip_row(row)
        if line == 1 and cells[:1] == [SEPARATOR]:
            continue
        if not any(cells):
            blank += bool(cells)
            continue
        waiting.append((line, cells))
        if len(waiting) <= footer:
            continue
        line, cells = waiting.popleft()
        if len(rows) == 1 and len(cells) == len(rows[0]) + 1:
            wide = not any(map(is_number, rows[0]))
        source.width = len(rows[0]) + wide if rows else len(cells)
        if len(cells) != source.width:
            if wide and len(rows) == 2:  # the line before was the irregular one
                line, cells = lines[1], rows[1]
                wide = False
            below = find_odd_below(itertools.chain(waiting, found), source.width)
            raise describe_ragged(source, line, cells, lines[wide], rows[wide], below)
        rows.append(cells)
        lines.append(line)
        if len(rows) % TOLD == 0:
            size = size or find_size(file) / sum(len(cell) + 1 for row in rows for cell in row) * len(rows)
            tell(f"reading {file.name}", len(rows) / size)
        if limit and len(rows) > limit:
            break
        if len(rows) * len(rows[0]) > most:
            raise TooLarge(
                f"{file.name} has more than {most:,.0f} cells (reached in line {line:,}), "
                f"{'which is the maximum' if most == MAX_CELLS else 'for which there is memory'}; limit=N takes the "
                f"first N rows, at most {int(most) // len(rows[0]):,}."
            )
    if not rows:
        raise DescendError(f"{file.name} is empty; a table has a line of names and a line for each sample.")
    if wide and not any(row[-1] for row in rows[1:]):  # every line but the first ends in a delimiter
        rows[0].append("")
    elif wide and len({row[0] for row in rows[1:]}) == len(rows) - 1:  # as R writes the names of rows
        rows[0].insert(0, "")
    elif wide:
        raise describe_ragged(source, lines[1], rows[1], lines[0], rows[0])
    if blank:
        notes.append(f"{blank:,} empty rows were skipped.")
    if footer:
        notes.append(f"The last {format_count(footer, 'line')} skipped, as requested.")
    return rows, lines


def find_odd_below(found: Iterator[tuple[int, list[str]]], width: int) -> int:
    """Lines from an irregular one on, if those ``found`` below it are few and not of ``width`` either; else 0."""
    below = [row for _, row in itertools.islice(found, FOOTER + 1) if any(map(str.strip, row))]
    return 0 if len(below) > FOOTER or any(len(row) == width for row in below) else len(below) + 1


def describe_ragged(
    source: TableLines, line: int, cells: list[str], other: int, others: list[str], below: int = 0
) -> DescendError:
    """The sentence on a ``line`` that has not as many cells as the ``other``.

    Args:
        below: lines that may be a footer; 0 if there is no footer.
    """
    quotes = (
        f" (a cell with {name_delimiter(source.delimiter)} in it stands in double quotes)" if len(cells) > 1 else ""
    )
    advice = [f"fix it{quotes}"]
    if len(cells) > len(others):
        advice.append(f"or say skip={line - 1} if the table begins there")
    if below:
        advice.append(f"or say footer={below} if the table has ended there")
    if cells[0].startswith(source.marks()):
        advice.append(f"or say comment={source.marked(cells[0])} if it is a comment")
    return DescendError(
        f"Line {line:,} of {source.file.name} has {format_count(len(cells), 'cell')} where line "
        f"{other} has {len(others)}; "
        f"{', '.join(advice)}."
    )


def strip_cell(cell: str) -> str:
    """A cell's text without blanks or invisible characters around it."""
    return cell.strip().strip(INVISIBLE).strip()


def strip_row(row: list[str]) -> list[str]:
    """The cells of a ``row``, each as `strip_cell` leaves it."""
    return [cell.strip() if cell.isascii() else strip_cell(cell) for cell in row]


def skip_lines(stream: TextIO, lines: int) -> None:
    """Read ``lines`` of a stream to discard them."""
    for _ in range(lines):
        stream.readline()


def iterate_records(source: TableLines) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each record begins and its cells.

    Raises:
        DescendError: a quote is not closed, or followed by something other than the delimiter.
    """
    source.begin()
    file = source.file
    reader = split_cells(source, source.delimiter, strict=True)
    while True:
        source.fresh = True
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = source.start
            if "field limit" in str(error) and source.number == line:
                raise DescendError(
                    f"Line {line:,} of {file.name} has a cell of more than {csv.field_size_limit():,} characters; cut "
                    "it, or close the quote that begins it."
                ) from None
            if "end of data" in str(error) or "field limit" in str(error):
                raise DescendError(
                    f"A quote that is opened in line {line:,} of {file.name} is never closed; close it, or write a "
                    'quote within a cell as "".'
                ) from None
            raise DescendError(
                f"Line {source.number:,} of {file.name} has text after a closing quote; write a quote within a cell as "
                '"".'
            ) from None
        yield source.start, row


def has_title(names: list[str], rows: list[list[str]]) -> bool:
    """Whether the first line is a title, of one cell, and the first of the ``rows`` below it names the columns."""
    unnamed = sum(name == f"column {place}" for place, name in enumerate(names, 1))
    first = rows[0] if rows else []
    return (
        unnamed == len(names) - 1
        and all(first)
        and not any(map(is_number, first))
        and any(hold_numbers(column) for column in zip(*rows[1:101], strict=True))
    )


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first of ``rows`` names the columns: it has no number but for years that follow one another, and its
    words do not come again below."""
    first, below = rows[0], [row for row in rows[1:101] if row != rows[0]]
    numbered = [str(place) for place in range(len(first))]
    if below and (first == numbered or first == ["", *numbered[:-1]]):
        return True  # names that a program gave
    begins = {row[0] for row in below}
    if below and len(set(first)) == len(first) > 2 and not first[0] and "" not in begins and len(begins) == len(below):
        return True  # numbers as names, above the names of rows
    again = any(cell and cell == row[place] for place, cell in enumerate(first) for row in below)
    if numbers := [cell for cell in first if is_number(cell)]:
        years = [int(cell) for cell in numbers if cell.isdecimal()]
        follow = len(years) == len(numbers) > 2 and years == list(range(years[0], years[0] + len(years)))
        return follow and len(years) < len(first) == len(set(first)) and not again
    if not below or any(is_number(cell) for row in below for cell in row):
        return True
    return not again and len(set(first)) == len(first)


def shorten_cell(text: str) -> str:
    """A cell's text for a sentence, cut after 40 characters."""
    text = clean(text)
    return text if len(text) <= 40 else f"{text[:39]}…"

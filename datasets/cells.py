"""The cells of a CSV file as text: its encoding, its delimiter, its header, and where a line breaks the form."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from descend.datasets.shape import counted
from descend.engine.errors import DescendError, UsageError
from descend.engine.text import clean

MOST_CELLS = 10_000_000
"""Cells read at most: as text they take about 700 MB."""
SAMPLE = 2**16
"""Bytes looked at to find the delimiter."""
SEPARATOR = "sep="
"""Some spreadsheets begin a file with it and the delimiter."""
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " "}
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # which begins as the next does
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHERS = {
    b"PK\x03\x04": "it is a ZIP archive, as spreadsheets are; save the sheet as CSV",
    b"\x1f\x8b": "it is compressed with gzip; unpack it first",
    b"\xd0\xcf\x11\xe0": "it is an old spreadsheet; save the sheet as CSV",
    b"PAR1": "it is a Parquet file; save it as CSV",
    b"version https://git-lfs": "it only points to a file in Git LFS; run `git lfs pull`",
    b"\x93NUMPY": "it is a NumPy array; save it in an .npz with x and y",
}

NO_TABLES = {
    "<!doctype": "a web page; download the file itself",
    "<html": "a web page; download the file itself",
    "{": "JSON; save it as CSV",
    "[{": "JSON; save it as CSV",
    "%pdf": "a PDF; save the table in it as CSV",
}


@dataclass
class Cells:
    """A table of text.

    Attributes:
        file: where it comes from.
        names: name of each column.
        columns: for each column, the stripped text of its cells.
        lines: for each row, the line of the file where it begins, from 1.
        notes: sentences on what was assumed.
    """

    file: Path
    names: list[str]
    columns: list[list[str]]
    lines: list[int]
    notes: list[str] = field(default_factory=list)


def read(
    file: Path, *, delimiter: str = "", encoding: str = "", header: str = "", limit: int = 0, skip: int = 0
) -> Cells:
    """Read a CSV file; "" leaves the choice to what is found in it.

    Args:
        delimiter: one of `DELIMITERS` or the character itself.
        header: "yes" or "no".
        limit: data rows to read at most, 0 for all.
        skip: lines to pass over before the table begins.

    Raises:
        DescendError: it cannot be read, or is no such table; the sentence says in which line and what to do.
        UsageError: there is no such encoding or delimiter.
    """
    encoding = encoding_of(file, encoding)
    notes: list[str] = []
    try:
        with open(file, encoding=encoding, newline="") as stream:
            passed_over(stream, skip)
            sample = stream.read(SAMPLE)
        for start, what in NO_TABLES.items():
            if sample.lstrip().lower().startswith(start):
                raise DescendError(f"{file.name} is no table but {what}.")
        delimiter = delimiter_of(sample, delimiter)
        with open(file, encoding=encoding, newline="") as stream:
            passed_over(stream, skip)
            rows, lines = filled(file, records(file, stream, delimiter, skip), delimiter, limit, notes)
    except UnicodeError:
        raise DescendError(undecodable(file, encoding)) from None
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror or error}).") from None
    if len(rows[0]) < 2:
        raise DescendError(
            f"{file.name} has a single column ('{shown(rows[0][0])}' in line {lines[0]}); a table needs one to predict "
            "and one to learn from, and delimiter=… says what stands between them."
        )
    if delimiter != ",":
        notes.append(f"Columns are parted by {spoken(delimiter)}.")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file is read as {encoding}.")
    if named(rows) if not header else header == "yes":
        names = [name or f"column {place}" for place, name in enumerate(rows[0], 1)]
        rows, lines = rows[1:], lines[1:]
        if not header:
            notes.append("The first line names the columns; header=no takes it for data.")
    else:
        names = [f"column {place}" for place in range(1, len(rows[0]) + 1)]
        notes.append("The columns have no names" + ("." if header else "; header=yes takes the first line for them."))
    for place, name in enumerate(names):
        if name in names[:place]:
            raise DescendError(
                f"Columns {names.index(name) + 1} and {place + 1} of {file.name} are both called '{shown(name)}'; "
                "rename one."
            )
    if limit:
        rows, lines = rows[:limit], lines[:limit]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    return Cells(file, names, columns, lines, notes)


def filled(
    file: Path, found: Iterator[tuple[int, list[str]]], delimiter: str, limit: int, notes: list[str]
) -> tuple[list[list[str]], list[int]]:
    """The rows that are not empty, stripped, and the line where each begins; one more than ``limit``, for the names.

    Raises:
        DescendError: a row has another number of cells than the others, there are too many, or none.
    """
    rows: list[list[str]] = []
    lines: list[int] = []
    blank = 0
    wide = False  # whether every row has one cell more than there are names
    for line, row in found:
        cells = [cell.strip() for cell in row]
        if line == 1 and cells[:1] == [SEPARATOR]:
            continue
        if not any(cells):
            blank += bool(cells)
            continue
        if len(rows) == 1 and len(cells) == len(rows[0]) + 1:
            wide = not any(map(is_number, rows[0]))
        if rows and len(cells) != len(rows[0]) + wide:
            if wide and len(rows) == 2:  # the line before was the odd one
                line, cells = lines[1], rows[1]
                wide = False
            raise ragged(file, delimiter, line, cells, lines[wide], rows[wide])
        rows.append(cells)
        lines.append(line)
        if limit and len(rows) > limit:
            break
        if len(rows) * len(rows[0]) > MOST_CELLS:
            raise DescendError(
                f"{file.name} has more than {MOST_CELLS:,} cells (reached in line {line:,}); limit=N takes the first N "
                f"rows, at most {MOST_CELLS // len(rows[0]):,}."
            )
    if not rows:
        raise DescendError(f"{file.name} is empty; a table has a line of names and a line for each sample.")
    if wide and not any(row[-1] for row in rows[1:]):  # every line but the first ends in a delimiter
        rows[0].append("")
    elif wide and len({row[0] for row in rows[1:]}) == len(rows) - 1:  # as R writes the names of rows
        rows[0].insert(0, "")
    elif wide:
        raise ragged(file, delimiter, lines[1], rows[1], lines[0], rows[0])
    if blank:
        notes.append(f"{blank:,} empty rows were passed over.")
    return rows, lines


def ragged(file: Path, delimiter: str, line: int, cells: list[str], other: int, others: list[str]) -> DescendError:
    """The sentence on a ``line`` that has not as many cells as the ``other``."""
    above = f", or say skip={line - 1} if the table begins there" if len(cells) > len(others) else ""
    return DescendError(
        f"Line {line:,} of {file.name} has {counted(len(cells), 'cell')} where line {other} has {len(others)}; mend it "
        f"(a cell with {spoken(delimiter)} in it stands in double quotes){above}."
    )


def encoding_of(file: Path, chosen: str) -> str:
    """The codec to read with: the one ``chosen``, else the one the file's first bytes name, else UTF-8.

    Raises:
        UsageError: there is no such encoding.
        DescendError: the file cannot be read, is empty or is no text.
    """
    try:
        with open(file, "rb") as stream:
            start = stream.read(SAMPLE)
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror or error}).") from None
    if not start.strip():
        raise DescendError(f"{file.name} is empty; there is nothing to learn from.")
    for mark, what in OTHERS.items():
        if start.startswith(mark):
            raise DescendError(f"{file.name} is no table or text: {what}.")
    if chosen:
        try:
            if not codecs.lookup(chosen)._is_text_encoding:  # what open() asks as well
                raise LookupError
        except (LookupError, ValueError):
            raise UsageError(f"There is no encoding '{chosen}'; usual ones are utf-8, latin-1 and utf-16.") from None
        return "utf-8-sig" if codecs.lookup(chosen).name == "utf-8" else chosen
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start:
        line = start[: start.index(b"\0")].count(b"\n") + 1
        zeros = [start[side:2000:2].count(0) for side in (0, 1)]
        half = (
            ("le" if zeros[1] > zeros[0] else "be") if max(zeros) > 2 * min(zeros) + min(len(start), 2000) / 4 else ""
        )
        wide = f", as text in UTF-16 has; if it is that, say encoding=utf-16-{half}" if half else ""
        raise DescendError(f"{file.name} is no text: it has a zero byte in line {line}{wide}.")
    return "utf-8"


def undecodable(file: Path, encoding: str) -> str:
    """The sentence on the first line of ``file`` that is not in ``encoding``, and how another would read it."""
    if encoding.startswith("utf-8"):
        with open(file, "rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    other = "cp1252" if any(0x80 <= byte < 0xA0 for byte in line) else "latin-1"
                    around = line[max(0, error.start - 12) : error.start + 12].decode(other, "replace")
                    return (
                        f"{file.name} is not in UTF-8: line {number} has the byte 0x{line[error.start]:02X}; if "
                        f"'{clean(around).strip()}' reads well there, say encoding={other}, else the encoding it was "
                        "saved in."
                    )
    return f"{file.name} is not in {encoding}; say encoding=… with the one it was saved in, such as utf-8 or latin-1."


def delimiter_of(sample: str, chosen: str) -> str:
    """The character between two cells: the one ``chosen``, else the one that cuts the first lines most evenly.

    Raises:
        UsageError: it is not a single character.
    """
    if chosen:
        if len(chosen := DELIMITERS.get(chosen, chosen)) != 1 or chosen in '"\r\n':
            raise UsageError(f"A delimiter is one character, or {', '.join(DELIMITERS)}, not '{chosen}'.")
        return chosen
    if sample.startswith(SEPARATOR) and sample[5:6] in ("\r", "\n"):
        return sample[4]
    lines = sample.splitlines(keepends=True)
    lines = lines[:-1] if len(sample) == SAMPLE and len(lines) > 1 else lines
    best, most = ",", 0.0
    for delimiter in "\t;|, ":  # a decimal comma cuts as evenly as a semicolon between cells, and stands for less
        widths: list[int] = []
        with suppress(csv.Error):
            rows = csv.reader(spaced(lines[:200], delimiter), delimiter=delimiter, skipinitialspace=True)
            widths.extend(len(row) for row in rows if row)
        even = sum(0 <= width - widths[0] <= 1 for width in widths) / len(widths) if widths and widths[0] > 1 else 0.0
        if round(even, 1) > most:
            best, most = delimiter, round(even, 1)
    return best


def spaced(lines: Iterable[str], delimiter: str) -> Iterable[str]:
    """``lines`` with tabs as blanks and none at their ends, where blanks stand between cells."""
    return (f"{line.replace(chr(9), ' ').rstrip()}\n" for line in lines) if delimiter == " " else lines


def passed_over(stream: TextIO, lines: int) -> None:
    """Read ``lines`` of a stream that are not wanted."""
    for _ in range(lines):
        stream.readline()


def records(file: Path, stream: TextIO, delimiter: str, skipped: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each record begins and its cells; ``skipped`` lines of the file were read before.

    Raises:
        DescendError: a quote is not closed, or followed by something else than the delimiter.
    """
    reader = csv.reader(spaced(stream, delimiter), delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error) and reader.line_num + skipped == line:
                raise DescendError(
                    f"Line {line:,} of {file.name} has a cell of more than {csv.field_size_limit():,} characters; cut "
                    "it, or close the quote that begins it."
                ) from None
            if "end of data" in str(error) or "field limit" in str(error):
                raise DescendError(
                    f"A quote that is opened in line {line:,} of {file.name} is never closed; close it, or write a "
                    'quote within a cell as "".'
                ) from None
            line = skipped + reader.line_num
            raise DescendError(
                f'Line {line:,} of {file.name} goes on after a closing quote; write a quote within a cell as "".'
            ) from None
        yield line, row


def named(rows: list[list[str]]) -> bool:
    """Whether the first of ``rows`` names the columns: it has no number but for years that follow one another, and its
    words do not come again below."""
    first, below = rows[0], rows[1:101]
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


def is_number(cell: str) -> bool:
    """Whether ``cell`` is a number as programs write it."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.lower() not in ("nan", "inf", "infinity")


def spoken(delimiter: str) -> str:
    """A delimiter's name."""
    names = {character: f"a {name}" for name, character in DELIMITERS.items()}
    return names.get(delimiter, f"'{delimiter}'")


def shown(text: str) -> str:
    """A cell's text for a sentence, cut after 40 characters."""
    text = clean(text)
    return text if len(text) <= 40 else f"{text[:39]}…"

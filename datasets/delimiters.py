"""What stands between the cells of a line: a character, several, or blanks of any number."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from descend.engine.base.errors import UsageError

SEPARATOR = "sep="
"""Some spreadsheets begin a file with it and the delimiter."""
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "colon": ":", "space": " "}
SAID = DELIMITERS | {"pipe": "|", "whitespace": " ", "blank": " ", "\\t": "\t", "\\s+": " "}
"""What `delimiter=` understands besides the delimiters themselves."""
SINGLE, DOUBLE = "\t;|, ", ("||", "::")
"""Those that are looked for; a decimal comma cuts as evenly as a semicolon between cells, and stands for less."""
RARE = "^~¦\x01§"
"""Delimiters that are tried where none of these cuts a line."""
RUN = re.compile(r"[^\w\s\"'.,;+()\[\]{}-]{2,8}")
"""Several marks that may separate cells together."""
STAND_IN = "\x1f"
"""The character that stands for a delimiter of several while a line is cut; ASCII has it for that."""
LINES = 200
"""Looked at to find the delimiter."""


def find_delimiter(lines: Sequence[str], chosen: str) -> str:
    """What stands between two cells: the delimiter ``chosen``, else the one that cuts the ``lines`` most evenly.

    Raises:
        UsageError: it cannot be one.
    """
    if chosen:
        return parse_delimiter(chosen)
    if lines and lines[0].startswith(SEPARATOR) and lines[0][5:6] in ("\r", "\n"):
        return lines[0][4]
    lines = lines[:LINES]
    best, most = ",", 0.0
    for delimiter in (*filter(lambda mark: is_single_column(mark, lines), DOUBLE), *SINGLE):
        found = count_cells(lines, delimiter)
        even = sum(0 <= width - found[0] <= 1 for width in found) / len(found) if found and found[0] > 1 else 0.0
        if round(even, 1) > most:
            best, most = delimiter, round(even, 1)
    runs = [run for run in RUN.findall(lines[0]) if best in run or (not most and run != "://")] if lines else []
    return next((mark for mark in (*runs, *("" if most else RARE)) if is_in_every_line(mark, lines)), best)


def parse_delimiter(chosen: str) -> str:
    """The delimiter that someone calls ``chosen``."""
    delimiter = SAID.get(chosen, chosen)
    several = len(delimiter) > 1 and (len(delimiter) > 8 or any(map(str.isalnum, delimiter)))
    if not delimiter or several or set(delimiter) & set('"\r\n'):
        raise UsageError(
            f"A delimiter is one character, marks such as ::, or {', '.join(DELIMITERS)}, not '{chosen}'; without "
            "delimiter=… it is found in the file."
        )
    return delimiter


def is_in_every_line(delimiter: str, lines: Sequence[str]) -> bool:
    """Whether several ``lines``, blank ones aside, all have the ``delimiter`` equally often."""
    often = [line.count(delimiter) for line in lines if line.strip()]
    return len(often) > 2 and often[0] > 0 and len(set(often)) == 1


def is_single_column(delimiter: str, lines: Sequence[str]) -> bool:
    """Whether ``lines`` have the characters of a long ``delimiter`` in most of them, and a bar never on its own."""
    there = sum(delimiter in line for line in lines)
    return 2 * there > len(lines) and (delimiter[0] != "|" or all("|" not in line.replace("||", "") for line in lines))


def count_cells(lines: Iterable[str], delimiter: str) -> list[int]:
    """Cells of each line that is not blank, as well as quotes can be read."""
    found: list[int] = []
    with suppress(csv.Error):
        found.extend(len(row) for row in split_cells(lines, delimiter) if row)
    return found


def split_cells(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    """The cells of each record in ``lines``.

    Raises:
        csv.Error: quotes cannot be read.
    """
    mark = delimiter if len(delimiter) == 1 else STAND_IN
    rows = csv.reader(prepare_lines(lines, delimiter), delimiter=mark, skipinitialspace=True, strict=strict)
    if len(delimiter) == 1:
        return rows
    return ([cell.replace(STAND_IN, delimiter) for cell in row] for row in rows)


def prepare_lines(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """``lines`` for a reader that knows delimiters of one character: where blanks stand between cells, tabs are blanks
    and none is at the end."""
    if delimiter == " ":
        return (f"{line.replace(chr(9), ' ').rstrip()}\n" for line in lines)
    return (line.replace(delimiter, STAND_IN) for line in lines) if len(delimiter) > 1 else iter(lines)


def name_delimiter(delimiter: str) -> str:
    """A delimiter's name."""
    names = {character: f"a {name}" for name, character in DELIMITERS.items()}
    return names.get(delimiter, f"'{delimiter}'" if delimiter.isprintable() else ascii(delimiter))

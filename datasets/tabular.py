"""Whether a text is a table, by its first lines."""

from __future__ import annotations

import csv
from pathlib import Path

from descend.datasets.delimiters import LINES, cut, delimiter_of
from descend.datasets.encodings import SAMPLE, encoding_of
from descend.datasets.forms import is_number
from descend.datasets.lines import body

LEAST = 5
"""Lines in which a table can be told from a text."""


def sampled(sample: str) -> list[str]:
    """The whole lines of a ``sample`` from the beginning of a file."""
    lines = sample.splitlines(keepends=True)
    return lines[:-1] if len(sample) == SAMPLE and len(lines) > 1 else lines


def cut_alike(sample: str) -> list[list[str]]:
    """The rows of the first lines of a file if all are cut into as many cells by a tab, semicolon, bar or the like, or
    by commas or blanks into some that are numbers; else []."""
    lines = [line for line in body(sampled(sample), "")[:LINES] if line.strip()]
    if len(lines) < LEAST:
        return []
    delimiter = delimiter_of(lines, "")
    try:
        rows = [row for row in cut(lines, delimiter) if row]
    except csv.Error:
        return []
    if len({len(row) for row in rows}) > 1 or len(rows[0]) < 2:
        return []
    return rows if delimiter not in ", " or any(all_numbers(rows)) else []


def all_numbers(rows: list[list[str]]) -> list[bool]:
    """Which columns hold numbers only, below the first row."""
    return [all(is_number(cell.strip()) for cell in column) for column in zip(*rows[1:], strict=True)]


def tabular(file: Path, encoding: str) -> bool:
    """Whether a text in a ``file`` is a table: all its first lines have as many cells, and columns of numbers, more of
    them than not if blanks stand between cells."""
    try:
        with open(file, encoding=encoding_of(file, encoding), newline="") as stream:
            sample = stream.read(SAMPLE)
    except (OSError, UnicodeError):
        return False  # which is said when it is read
    numbers = all_numbers(rows) if (rows := cut_alike(sample)) else []
    blanks = delimiter_of(body(sampled(sample), ""), "") == " "
    return 2 * sum(numbers) >= len(numbers) > 0 if blanks else any(numbers)

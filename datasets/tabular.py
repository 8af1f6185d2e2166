"""Whether a text is a table, by its first lines."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from descend.datasets.compressed import DAMAGE, open_text
from descend.datasets.delimiters import LINES, find_delimiter, split_cells
from descend.datasets.encodings import SAMPLE, detect_encoding
from descend.datasets.forms import hold_numbers
from descend.datasets.lines import drop_comments

MIN_LINES = 5
"""Lines that tell a table from a text."""
EVEN = 0.8
"""Share of the lines of a table that have as many cells; irregular ones are reported when it is read."""


def take_whole_lines(sample: str) -> list[str]:
    """The whole lines of a ``sample`` from the beginning of a file."""
    lines = sample.splitlines(keepends=True)
    return lines[:-1] if len(sample) == SAMPLE and len(lines) > 1 else lines


def select_uniform(sample: str) -> list[list[str]]:
    """The rows among the first lines of a file if most are cut into as many cells by a tab, semicolon or similar, or
    by commas or blanks into some that are numbers; else []."""
    lines = [line for line in drop_comments(take_whole_lines(sample), "")[:LINES] if line.strip()]
    if len(lines) < MIN_LINES:
        return []
    delimiter = find_delimiter(lines, "")
    try:
        rows = [row for row in split_cells(lines, delimiter) if row]
    except csv.Error:
        return []
    (width, often), *_ = Counter(map(len, rows)).most_common(1) or [(0, 0)]
    if width < 2 or often < max(MIN_LINES, EVEN * len(rows)):
        return []
    rows = [[cell.strip() for cell in row] for row in rows if len(row) == width]
    return rows if delimiter not in ", " or any(find_number_columns(rows)) else []


def find_number_columns(rows: list[list[str]]) -> list[bool]:
    """Which columns hold numbers only, below the first row."""
    return [hold_numbers(column) for column in zip(*rows[1:], strict=True)]


def is_tabular(file: Path, encoding: str) -> bool:
    """Whether a text in a ``file`` is a table: most of its first lines have as many cells, and columns of numbers, more
    of them than not if blanks stand between cells."""
    try:
        with open_text(file, detect_encoding(file, encoding), newline="") as stream:
            sample = stream.read(SAMPLE)
    except (OSError, UnicodeError, *DAMAGE):
        return False  # which is said when it is read
    numbers = find_number_columns(rows) if (rows := select_uniform(sample)) else []
    blanks = find_delimiter(drop_comments(take_whole_lines(sample), ""), "") == " "
    return 2 * sum(numbers) >= len(numbers) > 0 if blanks else any(numbers)

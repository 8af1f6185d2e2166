"""Dates as numbers: year, month, weekday, hour and days."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from descend.datasets.columns import Column, quote_columns
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = ("year", "month", "weekday", "hour", "days")
"""What becomes of a date: months from 1, weekdays from Monday, 0, hours with their minutes, days since 1970."""
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
TWO_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2\d{2,4}\b")
"""A date that begins with day and month, or with month and day."""
DAY = 86_400


class DateColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a column of dates becomes numbers.

    Attributes:
        name: the column's name in the file.
        parts: those of `PARTS` that differ from row to row.
        day_first: whether 3/4/2026 is in April.
    """

    name: str
    parts: tuple[str, ...]
    day_first: bool = False

    @property
    def features(self) -> list[str]:
        """Names of the columns that become of it."""
        return [f"{self.name} {part}" for part in self.parts]

    def expand(self, column: Column, file: str, decimal: str = ".") -> list[Column]:
        """Columns of numbers, in place of ``column``; where it has no value they have none.

        Args:
            decimal: the decimal mark to write them with.

        Raises:
            DescendError: a cell is no date.
        """
        dates = parse_dates(column, self.day_first, file)
        found = []
        for name, part in zip(self.features, self.parts, strict=True):
            values = [None if date is None else take_part(date, part) for date in dates]
            cells = ["" if value is None else f"{value:.10g}".replace(".", decimal) for value in values]
            found.append(Column(name, cells, column.lines, decimal, "", column.place))
        return found


def fit_dates(column: Column, order: str, file: str) -> DateColumn:
    """How the dates of ``column`` become numbers.

    Args:
        order: `DAY_FIRST`, `MONTH_FIRST`, or as the dates themselves tell.

    Raises:
        DescendError: a cell is no date.
        UsageError: its dates can be read in two ways.
    """
    day_first = decide_order(column, order, file)
    dates = [date for date in parse_dates(column, day_first, file) if date is not None]
    parts = tuple(part for part in PARTS if len({take_part(date, part) for date in dates}) > 1)
    return DateColumn(column.name, parts or ("days",), day_first)


def decide_order(column: Column, order: str, file: str) -> bool:
    """Whether the day comes before the month, by numbers above 12; in dates with points it does.

    Raises:
        UsageError: both are possible.
    """
    if order in (DAY_FIRST, MONTH_FIRST):
        return order == DAY_FIRST
    matches = [match for match in map(TWO_NUMBERS.match, column.cells) if match]
    if not matches:
        return False
    first, second = (max(int(match[group]) for match in matches) for group in (1, 3))
    if max(first, second) <= 12 and matches[0][2] != ".":
        raise UsageError(
            f"Column '{shorten_cell(column.name)}' of {file} has '{shorten_cell(matches[0][0])}', which is a day and a "
            f"month in either order; say dates={DAY_FIRST} or dates={MONTH_FIRST}."
        )
    return first > 12 or second <= 12


def parse_dates(column: Column, day_first: bool, file: str) -> list[datetime | None]:
    """The date in each row, in UTC where it has no zone; None where there is none.

    Raises:
        DescendError: a cell is no date.
    """
    found: list[datetime | None] = []
    for row, (cell, gone) in enumerate(zip(column.cells, column.missing.tolist(), strict=True)):
        date = None if gone else parse_date(cell, day_first)
        if date is None and not gone:
            raise DescendError(
                f"Column '{shorten_cell(column.name)}' of {file} has '{shorten_cell(cell)}' in line "
                f"{column.lines[row]:,}, which is no date; fix it, or leave the cell empty if it is missing."
            )
        found.append(date)
    return found


@functools.lru_cache(100_000)
def parse_date(cell: str, day_first: bool) -> datetime | None:
    """The date that ``cell`` is, in UTC if it names no zone; None if it is none. A time alone is of 1970-01-01."""
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        from dateutil import parser

        try:
            found = parser.parse(cell, dayfirst=day_first, default=datetime(1970, 1, 1))
        except (ValueError, OverflowError):
            return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def take_part(date: datetime, part: str) -> float:
    """A part of a date, as its own zone has it; ``days`` since 1970 began in UTC."""
    match part:
        case "year":
            return date.year
        case "month":
            return date.month
        case "weekday":
            return date.weekday()
        case "hour":
            return date.hour + date.minute / 60 + date.second / 3600
    return date.timestamp() / DAY


def read_seconds(column: Column, order: str, file: str) -> NDArray[np.float64]:
    """Seconds since 1970 of each row, (rows,), NaN where there is no date; raises as `fit_dates` does."""
    import numpy as np

    dates = parse_dates(column, decide_order(column, order, file), file)
    return np.array([np.nan if date is None else date.timestamp() for date in dates])


def replace_dates(
    columns: Sequence[Column], do: str, needed: Sequence[Column], file: str, notes: list[str]
) -> tuple[list[Column], tuple[DateColumn, ...]]:
    """``columns`` with those of dates left out, or numbers in their place, and how these were made.

    Args:
        do: drop; parts, `DAY_FIRST` or `MONTH_FIRST`; or nothing, where they stay.
        needed: columns that stay as they are.

    Raises:
        DescendError, UsageError: as `fit_dates`.
    """
    dated = [column for column in columns if do and column not in needed and column.form == "dates"]
    if do == "drop":
        if dated:
            notes.append(f"Dates left out: {quote_columns([column.name for column in dated])}.")
        return [column for column in columns if column not in dated], ()
    found: list[Column] = []
    fitted = []
    for column in columns:
        if column not in dated:
            found.append(column)
            continue
        how = fit_dates(column, do, file)
        fitted.append(how)
        found += how.expand(column, file)
        notes.append(f"Dates of '{shorten_cell(column.name)}' became {', '.join(how.parts)}.")
    return found, tuple(fitted)


def expand_table(
    table: CsvTable, dates: Sequence[DateColumn], make_column: Callable[[int], Column], decimal: str
) -> CsvTable:
    """``table`` with the numbers of its dates as more columns.

    Args:
        make_column: makes the `Column` at a place of it.
        decimal: its decimal mark.

    Raises:
        DescendError: a column is missing, or a cell is no date.
    """
    if not dates:
        return table
    if gone := [date.name for date in dates if date.name not in table.names]:
        raise DescendError(f"{table.file.name} lacks {quote_columns(gone)}, which the model was trained on.")
    more = [
        column
        for date in dates
        for column in date.expand(make_column(table.names.index(date.name)), table.file.name, decimal)
    ]
    names = [*table.names, *(column.name for column in more)]
    return replace(table, names=names, columns=[*table.columns, *(list(column.cells) for column in more)])

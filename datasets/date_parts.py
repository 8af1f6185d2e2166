"""Dates as numbers: year, month, weekday, hour and days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from descend.datasets.columns import Column, quote_columns
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.date_forms import TWO_NUMBERS, find_form, is_usual, parse_date, parse_iso
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = ("year", "month", "weekday", "hour", "days")
"""What becomes of a date: months from 1, weekdays from Monday, 0, hours with their minutes, days since 1970."""
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
DAY = 86_400


class DateColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a column of dates becomes numbers.

    Attributes:
        name: the column's name in the file.
        parts: those of `PARTS` that differ from row to row.
        day_first: whether 3/4/2026 is in April.
        forms: how they were written (`find_form`); None of a training that did not keep it.
        years: the first and the last of them, likewise.
    """

    name: str
    parts: tuple[str, ...]
    day_first: bool = False
    forms: tuple[str, ...] | None = None
    years: tuple[int, int] | None = None

    @property
    def features(self) -> list[str]:
        """Names of the columns that become of it."""
        return [f"{self.name} {part}" for part in self.parts]

    def read(self, cell: str) -> datetime | None:
        """The date that ``cell`` of a new row is; None unless it is written as the training's were, or by ISO 8601."""
        known = parse_iso(cell) or (is_usual(cell) if self.forms is None else find_form(cell) in self.forms)
        return parse_date(cell, self.day_first) if known else None

    def is_far(self, date: datetime) -> bool:
        """Whether ``date`` is farther from the years of the training than these span."""
        if self.years is None:
            return False
        first, last = self.years
        width = max(1, last - first)
        return not first - width <= date.year <= last + width

    def expand(self, column: Column, dates: Sequence[datetime | None], decimal: str = ".") -> list[Column]:
        """Columns of numbers, in place of ``column`` with the ``dates``; where there is none they have no value.

        Args:
            decimal: the decimal mark to write them with.
        """
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
    found = parse_dates(column, day_first, file)
    dates = [date for date in found if date is not None]
    parts = tuple(part for part in PARTS if len({take_part(date, part) for date in dates}) > 1)
    return learn_forms(DateColumn(column.name, parts or ("days",), day_first), column, found)


def learn_forms(how: DateColumn, column: Column, dates: Sequence[datetime | None]) -> DateColumn:
    """``how`` with the forms and years of ``column``, whose ``dates`` are given, beside those that it has."""
    there = [(cell, date.year) for cell, date in zip(column.cells, dates, strict=True) if date is not None]
    forms = {*(how.forms or ()), *map(find_form, {cell for cell, _ in there})}
    years = {*(how.years or ()), *(year for _, year in there)}
    span = (min(years), max(years)) if years else None
    return msgspec.structs.replace(how, forms=tuple(sorted(forms)), years=span)


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
            turned = f" with the {'day' if day_first else 'month'} first" if parse_date(cell, not day_first) else ""
            raise DescendError(
                f"Column '{shorten_cell(column.name)}' of {file} has '{shorten_cell(cell)}' in line "
                f"{column.lines[row]:,}, which is no date{turned}; fix it, or leave the cell empty if it is missing."
            )
        found.append(date)
    return found


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
        found += how.expand(column, parse_dates(column, how.day_first, file))
        notes.append(f"Dates of '{shorten_cell(column.name)}' became {', '.join(how.parts)}.")
    return found, tuple(fitted)


def expand_table(
    table: CsvTable,
    dates: Sequence[DateColumn],
    make_column: Callable[[int], Column],
    read: Callable[[DateColumn, Column], Sequence[datetime | None]],
    decimal: str,
) -> CsvTable:
    """``table`` with the numbers of its dates as more columns.

    Args:
        make_column: makes the `Column` at a place of it.
        read: the dates in a column of it; what that raises is raised.
        decimal: its decimal mark.

    Raises:
        DescendError: a column is missing.
    """
    if not dates:
        return table
    if gone := [date.name for date in dates if date.name not in table.names]:
        raise DescendError(f"{table.file.name} lacks {quote_columns(gone)}, which the model was trained on.")
    more: list[Column] = []
    for how in dates:
        column = make_column(table.names.index(how.name))
        more += how.expand(column, read(how, column), decimal)
    names = [*table.names, *(column.name for column in more)]
    return replace(table, names=names, columns=[*table.columns, *(list(column.cells) for column in more)])

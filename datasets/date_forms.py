"""How dates are written, and the moment that one is."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime

from descend.datasets.forms import DATE, MONTH

TWO_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2\d{2,4}\b")
"""A date that begins with day and month, or with month and day."""
YEAR_FIRST = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}\b")
PIECE = re.compile(r"\d+|[^\W\d_]+|\s+|.", re.DOTALL)
ENDING = re.compile(r"(?<=:\d\d)([.,]\d+)?\s*([A-Z]{3,4}|Z|[+-]\d\d(:?\d\d)?)?$")
"""Parts of a second, and the zone, after a time: any or none is of the same form."""
WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*", re.IGNORECASE)


@functools.lru_cache(100_000)
def parse_date(cell: str, day_first: bool) -> datetime | None:
    """The date that ``cell`` is, in UTC if it names no zone; None if it is none, or has day and month the other way
    around. A time alone is of 1970-01-01."""
    found = parse_iso(cell)
    if found is None:
        from dateutil import parser

        year_first = YEAR_FIRST.match(cell) is not None
        beginning = datetime(1970, 1, 1)
        try:
            found = parser.parse(cell, dayfirst=day_first and not year_first, yearfirst=year_first, default=beginning)
        except (ValueError, OverflowError):
            return None
        if not keeps_order(cell, found, day_first):
            return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse_iso(cell: str) -> datetime | None:
    """The date that ``cell`` is by ISO 8601, None if it is none."""
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None


def keeps_order(cell: str, found: datetime, day_first: bool) -> bool:
    """Whether day and month of ``found`` are in that order in ``cell``; dateutil swaps them where only that makes a
    date."""
    if (match := TWO_NUMBERS.match(cell)) is None:
        return True
    first, second = int(match[1]), int(match[3])
    if not 1 <= first <= 31:  # a year of two digits
        return True
    return (found.day, found.month) == ((first, second) if day_first else (second, first))


@functools.lru_cache(100_000)
def find_form(cell: str) -> str:
    """How the date ``cell`` is written: 0 for one or two digits, 0000 for four, b for a month's name, a for that of a
    weekday, p for am or pm, all else as it is, but without parts of a second and zones."""
    return "".join(map(_generalise, PIECE.findall(ENDING.sub("", cell))))


def _generalise(piece: str) -> str:
    if piece.isdecimal():
        return ("0" if piece.isascii() else "9") * (1 if len(piece) == 2 else len(piece))
    if piece.isspace():
        return " "
    if re.fullmatch(MONTH, piece, re.IGNORECASE):
        return "b"
    if WEEKDAY.fullmatch(piece):
        return "a"
    return "p" if piece.lower() in ("am", "pm") else piece.lower()


def is_usual(cell: str) -> bool:
    """Whether ``cell`` has a form that columns of dates are known by."""
    return DATE.fullmatch(cell) is not None and cell.isascii()

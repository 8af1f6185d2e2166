"""Forms of cells that are not plain numbers, and words that may stand for a missing value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from descend.datasets.number_signs import AMOUNT, MINUS

GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?P<mark>[,. '’\u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*(?:[.,]\d*)?")
POINT = re.compile(r"[+-]?\d*\.\d+")
COMMA = re.compile(r"[+-]?\d*,\d+")
MONTH = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
DATE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[ap]m)?"
    rf"|(\w+, )?(\d{{1,2}}[-/ ])?{MONTH}[-/ ](\d{{1,2}},?[-/ ])?\d{{2,4}}( .*)?",
    re.IGNORECASE,
)
FORMS = {"dates": DATE, "point": POINT, "grouped": GROUPED, "comma": COMMA, "unit": AMOUNT, "minus": MINUS}
NUMBERLIKE = re.compile(r"[+-]?[\d.,][\d.,'’ \u00a0\u202f]*")
"""Digits with marks between."""
UNREAD = re.compile(r"[~<>≤≥≈] ?[+-]?\d[\d.,]*|[+-]?\d*\.?\d+[dD][+-]?\d+")
"""A number with a sign that says more of it, or with the letter D for its exponent."""
WRITINGS = (
    (",", "."),
    (".", ","),
    *((mark, point) for mark in " '’\u00a0\u202f" for point in ".,"),
    ("", ","),
)
"""Marks that group digits, "" for none, each with a decimal mark."""

MARKS = frozenset(("", "#N/A", "#NA", "<NA>", "\\N", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!"))
"""What stands for a missing value in every column: what programs write for none, and nobody as a word."""
WORDS = frozenset(("na", "n/a", "n.a.", "nan", "nat", "null", "(null)", "none", "nil", "?", "-", "--", ".", ".."))
"""What stands for one, in lower case, in a column of numbers or dates; among words it is one of them."""
EVERY = "all"
"""Of `values=`: each of those."""


def is_number(cell: str) -> bool:
    """Whether ``cell`` is a number as programs write it."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.lower() not in ("nan", "inf", "infinity")


def find_writing(cells: Counter[str]) -> tuple[str, str]:
    """How the numbers in ``cells``, which are counted, are written: the mark between groups of digits and the decimal
    mark, "" for one that they have not. Both are "" where one in ten is no such number, or all are written plainly."""
    best, most = ("", ""), 0.9 * cells.total() - 1e-9
    for mark, point in WRITINGS:
        two = "{2,3}" if mark == "," else "{3}"  # as in India
        group = rf"[1-9]\d{{0,2}}(?:{mark}\d{two})*{mark}\d{{3}}|" if mark else ""
        group = group.replace(".", r"\.")
        form = re.compile(rf"[+-]?(?:(?:{group}\d+)(?:[{point}]\d*)?|[{point}]\d+)")
        fit = [cell for cell in cells if form.fullmatch(cell)]
        count = sum(cells[cell] for cell in fit)
        if count > most and any((mark or point) in cell for cell in fit):
            best, most = (mark, point if any(point in cell for cell in fit) else ""), count
    return best


def hold_numbers(cells: Sequence[str]) -> bool:
    """Whether ``cells`` are numbers, and some of them may be missing."""
    found = [cell for cell in cells if cell not in MARKS and cell.lower() not in WORDS]
    return bool(found) and all(map(is_number, found))


def is_formatted(cell: str) -> bool:
    """Whether ``cell`` is a date, or a number with a mark in it or next to it."""
    return any(form.fullmatch(cell) for form in FORMS.values())


def is_value(word: str, values: Collection[str]) -> bool:
    """Whether ``word`` is among those that someone called values, in lower case."""
    return word.lower() in values or (EVERY in values and word != "" and (word.lower() in WORDS or word in MARKS))


def find_missing(cells: Sequence[str], gaps: Collection[str], values: Collection[str]) -> set[str]:
    """Which texts among ``cells`` stand for a missing value: ``gaps``, `MARKS`, and `WORDS` where the others are
    numbers or dates, or there are no others; never one of the ``values``."""
    found = Counter(cells)
    words = {cell for cell in found if cell.lower() in WORDS}
    missing = {cell for cell in found if cell in MARKS or cell in gaps}
    if words:
        others = {cell: count for cell, count in found.items() if cell not in words and cell not in missing}
        plain = sum(count for cell, count in others.items() if is_number(cell) or is_formatted(cell))
        if 2 * plain >= sum(others.values()):
            missing |= words
    return {cell for cell in missing if cell in gaps or not is_value(cell, values)}

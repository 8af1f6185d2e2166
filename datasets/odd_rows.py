"""Rows of a table that are not samples: units below the names, and totals of what is above."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from descend.datasets.columns import Column
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.data_shape import format_count
from descend.datasets.dataset import WARNING
from descend.datasets.forms import WORDS, hold_numbers, is_number
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_ROWS = 6
"""Rows, from which on the first can be distinguished from the others."""
TOTAL = re.compile(
    r"((grand|sub|over-?all|column)?[- ]?(totals?|sums?)|gesamt(summe)?|(zwischen)?summe|insgesamt|(sous-)?total"
    r"( (général|general|generale|geral))?|somme|somma|totale|totaal|subtotaal|totalt|toplam|suma|soma|razem|ogółem|"
    r"итого|всего|合计|合計|总计|總計|小计|小計|합계|소계|yhteensä|i alt|celkem|összesen|averages?|means?|mittelwert|"
    r"durchschnitt|moyenne|promedio|media|média)(\s*[:(].*|\s+\d{4})?",
    re.IGNORECASE,
)
"""What rows of totals, or of means, are called."""
PARTIAL = re.compile(r"(grand|sub|sous|zwischen|over-?all).*|小计|小計|소계", re.IGNORECASE)
"""Those of them of which there may be many."""
BRACKETED = re.compile(r"[\[(].*[\])]")


def find_samples(columns: Sequence[Column], units: str, totals: str, file: str, notes: list[str]) -> NDArray[np.bool_]:
    """Which rows are samples, (rows,).

    Args:
        units: whether the first row holds units, "yes" or "no"; "" to find out.
        totals: "keep" or "drop" rows of totals; "" to drop those that do sum what is above, and to ask about others.

    Raises:
        DescendError: rows seem to be totals, and it is not sure.
    """
    import numpy as np

    count = len(columns[0].cells)
    keep = np.ones(count, bool)
    if units == "yes" or (units != "no" and count >= MIN_ROWS and has_units_row(columns)):
        keep[0] = False
        listed = ", ".join(shorten_cell(column.cells[0]) for column in columns[:8] if column.cells[0])
        line = columns[0].lines[0]
        notes.append(f"Line {line:,} holds units or similar ({listed}) and was skipped; units=no takes it as data.")
    if totals == "keep" or count < MIN_ROWS:
        return keep
    at = find_totals(columns)
    if not at:
        at = [row for row in (count - 1, 0) if keep[row] and is_grand_total(columns, keep, row)][:1]
        if at:
            keep[at] = False
            line = columns[0].lines[at[0]]
            notes.append(
                f"{WARNING}line {line:,} holds the sums of the other rows and was left out; totals=keep keeps it."
            )
        return keep
    keep[at] = False
    word = next(column.cells[at[-1]] for column in columns if TOTAL.fullmatch(column.cells[at[-1]]))
    line = columns[0].lines[at[-1]]
    if not totals and not is_sum(columns, keep, at[-1]):
        raise DescendError(
            f"{file} has '{shorten_cell(word)}' in line {line:,}, as a row of totals has; say totals=drop to leave out "
            f"{format_count(len(at), 'row')} of {count:,}, or totals=keep if it is data."
        )
    notes.append(
        f"{WARNING}{format_count(len(at), 'row')} of totals left out, '{shorten_cell(word)}' in "
        f"line {line:,}; totals=keep keeps "
        "such rows."
    )
    return keep


def has_units_row(columns: Sequence[Column]) -> bool:
    """Whether the first row has words over numbers, two at least or one in brackets, and nothing that comes again
    below."""
    over = []
    for column in columns:
        first, below = column.cells[0], column.cells[1:]
        if hold_numbers(below[:100]):
            if is_number(first):
                return False
            over.append(first)
        elif first and first in below:
            return False
    named = [cell for cell in over if cell and cell.lower() not in WORDS]
    return len(named) > 1 or (len(named) == 1 and BRACKETED.fullmatch(named[0]) is not None)


def find_totals(columns: Sequence[Column]) -> list[int]:
    """Rows with a word for totals, if the first or the last row has one and no more than one row in twenty, or one in
    three where some are subtotals."""

    def called(row: int) -> bool:
        return any(TOTAL.fullmatch(column.cells[row]) for column in columns if column.cells[row][:1].isalpha())

    count = len(columns[0].cells)
    if not called(count - 1) and not called(0):
        return []
    words = [
        column for column in columns if any(TOTAL.fullmatch(column.cells[row]) for row in (0, count - 1))
    ]  # most tables have one such column
    found = sorted({row for column in words for row, cell in enumerate(column.cells) if cell and TOTAL.fullmatch(cell)})
    several = any(PARTIAL.fullmatch(column.cells[row]) for column in words for row in found)
    return found if len(found) <= max(1, count / (3 if several else 20)) else []


def is_grand_total(columns: Sequence[Column], keep: NDArray[np.bool_], row: int) -> bool:
    """Whether a ``row`` without a word for totals has, in each column where it holds a number, the sum of the others
    that are kept, none of which is below zero or half as large."""
    import numpy as np

    others = keep.copy()
    others[row] = False
    found = False
    for column in columns:
        if not is_number(column.cells[row]):
            continue
        values = column.numbers[others]
        value, total = float(column.numbers[row]), float(np.nansum(values))
        largest = float(np.nanmax(values, initial=0.0))
        if not value > 2 * largest > 0 or np.nanmin(values) < 0 or not np.isclose(total, value, rtol=1e-9):
            return False
        found = True
    return found


def is_sum(columns: Sequence[Column], others: NDArray[np.bool_], row: int) -> bool:
    """Whether in some column the number in a ``row`` is the sum of those in the ``others``, and not zero."""
    import numpy as np

    for column in columns:
        value = column.numbers[row]
        if np.isnan(value) or value == 0:
            continue
        whole = float(np.nansum(column.numbers[others]))
        if np.isclose(whole, value, rtol=1e-6, atol=0.005 * min(1.0, abs(value))):
            return True
    return False

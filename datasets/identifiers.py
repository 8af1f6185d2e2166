"""Columns that identify rows rather than describe them."""

from __future__ import annotations

import re

from descend.datasets.columns import PROSE, Column

NAMED = re.compile(
    r"(?i:(^|[\W_])(id|ids|uid|uuid|guid|key|code|no|nr|num|number|index|idx|sku|isbn|ean|iban|serial|barcode))$"
    r"|[a-z](Id|ID|Key|Code|No|Nr)$"
)
"""Names that identifiers have."""
DIGITS = 6
"""Whole numbers of so many digits each, none of them twice, are identifiers whatever they are called."""
REPEATED = 20
"""Different numbers of a column that is named so, from which on they are more than a few codes."""


def explain_identifier(column: Column, *, target: bool = False) -> str:
    """Why a column that can be learned from seems only to identify rows; "" if it does not.

    Args:
        target: whether it is predicted; prices and times have as many digits as identifiers, and are not.
    """
    import numpy as np

    if not len(column.cells):
        return ""
    different = len(set(column.cells))
    named = NAMED.search(column.name) is not None
    if different < len(column.cells) and not (named and different > REPEATED):
        return ""
    if not column.numeric:
        if column.form != "words" or column.quantity or column.blanks >= PROSE:  # numbers in another form, or texts
            return ""
        return "has a unique word in every row" if different == len(column.cells) and not column.missing.any() else ""
    if column.numbers[0] % 1 or (column.numbers % 1).any() or not (column.numbers >= 0).all():
        return ""
    if different < len(column.cells):
        return f"has {column.least}{different:,} unique whole numbers and the name of an identifier"
    if (np.diff(column.numbers) == 1).all():
        return "only numbers the rows" if column.numbers[0] in (0, 1) else f"only counts, up from {column.cells[0]}"
    digits = {len(cell) for cell in column.cells}
    if named or (not target and len(digits) == 1 and min(digits) >= DIGITS):
        return "has a unique whole number in every row"
    return ""

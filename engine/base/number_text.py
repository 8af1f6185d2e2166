"""Vectors and matrices that a user writes as text, such as a knob's ``1 2; 3 4``."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Length = int | tuple[int, int]
"""How many numbers there are along an axis, or how many at least and at most."""


def parse_numbers(
    name: str, text: str, shape: tuple[Length, ...], *, least: float = 0.0, most: float = 1000.0
) -> NDArray[np.float64]:
    """The array that the knob ``name`` writes as ``text``: numbers with blanks or commas between, rows with ``;``.

    Args:
        shape: (n,) or (rows, columns). Where all lengths are given, ``;`` may be left out.
        least, most: what the size of the largest number is between, both included.

    Raises:
        UsageError: it writes no such array; the sentence says which is asked for.
    """
    import numpy as np

    rows: list[Any] = [row.replace(",", " ").split() for row in text.split(";")]
    lengths = [length if isinstance(length, tuple) else (length, length) for length in shape]
    try:
        if all(low == high for low, high in lengths):
            rows = [word for row in rows for word in row]
        found = np.array(rows, np.float64)
        found = found.reshape([low for low, _ in lengths]) if found.ndim != len(shape) else found
        fits = all(low <= size <= high for size, (low, high) in zip(found.shape, lengths, strict=True))
    except ValueError:  # words that are no numbers, rows of several lengths, or another number of numbers
        fits = False
    if not fits or not least <= np.abs(found).max() <= most:
        raise UsageError(f"{name} is {describe(lengths)}, {most:,.10g} at most in size{', not all 0' * (least > 0)}.")
    return found


def describe(lengths: list[tuple[int, int]]) -> str:
    """Arrays of this shape in words, with an example: ``4 numbers in 2 rows, such as 1 2; 3 4``."""
    columns = lengths[-1][0] if lengths[-1][0] == lengths[-1][1] else min(3, lengths[-1][1])
    rows = 1 if len(lengths) == 1 else max(2, lengths[0][0])
    example = "; ".join(" ".join(str(columns * row + column + 1) for column in range(columns)) for row in range(rows))
    if all(low == high for low, high in lengths):
        count = f"{prod(low for low, _ in lengths)} numbers{f' in {rows} rows' if len(lengths) > 1 else ''}"
    else:
        (low, high), (_, wide) = lengths
        count = f"{low} to {high} rows of {columns if wide == columns else f'equally many, at most {wide},'} numbers"
    return f"{count}, such as {example}"

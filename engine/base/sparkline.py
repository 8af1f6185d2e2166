"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*#@"
HOLE = "!"
HEIGHTS = len(BLOCKS)


def draw_sparkline(shares: Iterable[float | None], encoding: str = "utf-8") -> str:
    """Draw shares 0 … 1, each by the eighth in which it is, as characters of rising height.

    None is a blank, ``!`` a share that is not finite.

    Args:
        encoding: what the output can write; blocks where it can, else ASCII.
    """
    try:
        characters = BLOCKS
        characters.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        characters = ASCII
    return "".join(_choose_character(share, characters) for share in shares)


def _choose_character(share: float | None, characters: str) -> str:
    if share is None:
        return " "
    return characters[min(HEIGHTS - 1, max(0, int(share * HEIGHTS)))] if math.isfinite(share) else HOLE


def compute_shares(steps: np.ndarray, values: np.ndarray, width: int) -> list[float]:
    """The mean of ``values`` in each of up to ``width`` equal spans of ``steps``, from 0 for the lowest value to 1 for
    the highest.

    A span without points repeats the one before; NaN marks a span with a value that is not finite.

    Args:
        steps: (n,) integers, ascending.
        values: (n,) floats.
    """
    if not len(values):
        return []
    width = min(width, len(values))
    span = max(1, int(steps[-1]) - int(steps[0]) + 1)
    columns = (steps - steps[0]) * width // span
    finite = np.isfinite(values)
    if not finite.any():
        return [math.nan] * width
    scale = np.abs(values[finite]).max() or 1.0  # sums of huge values stay finite
    low, high = values[finite].min() / scale, values[finite].max() / scale
    shares: list[float] = []
    for column in range(width):
        here = columns == column
        if not here.any():
            shares.append(shares[-1])
        elif not finite[here].all():
            shares.append(math.nan)
        else:
            shares.append(float(((values[here] / scale).mean() - low) / (high - low)) if high > low else 0.0)
    return shares

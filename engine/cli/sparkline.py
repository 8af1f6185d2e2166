"""A curve in one line of text."""

from __future__ import annotations

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*#@"
HOLE = "!"


def sparkline(steps: np.ndarray, values: np.ndarray, width: int, encoding: str = "utf-8") -> str:
    """Draw the mean of ``values`` in each of ``width`` equal spans of ``steps``, lowest to highest.

    A span without points repeats the one before; ``!`` marks a span with a value that is not finite.

    Args:
        steps: (n,) integers, ascending.
        values: (n,) floats.
        encoding: what the output can write; blocks where it can, else ASCII.
    """
    if not len(values):
        return ""
    try:
        levels = BLOCKS
        levels.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        levels = ASCII
    width = min(width, len(values))
    span = max(1, int(steps[-1]) - int(steps[0]) + 1)
    columns = (steps - steps[0]) * width // span
    finite = np.isfinite(values)
    if not finite.any():
        return HOLE * width
    scale = np.abs(values[finite]).max() or 1.0  # sums of huge values stay finite
    low, high = values[finite].min() / scale, values[finite].max() / scale
    text = ""
    for column in range(width):
        here = columns == column
        if not here.any():
            text += text[-1]
        elif not finite[here].all():
            text += HOLE
        else:
            share = ((values[here] / scale).mean() - low) / (high - low) if high > low else 0.0
            text += levels[min(len(levels) - 1, max(0, int(share * len(levels))))]
    return text

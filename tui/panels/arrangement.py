"""Where the panels of a run stand: a grid of equal cells, of which the panel that carries the idea takes several."""

from __future__ import annotations

import math
from typing import NamedTuple

MIN_SIZE = 44, 9
"""Cells a panel of a grid has at least."""
STACKED = 12
"""Rows it has at least in a single column: there, one larger panel at a time reads better."""
SHAPE = 3.0
"""Width ÷ height, in cells, that panels should have."""
SHARE = 0.45
"""Share of the room that the panel of the idea should have."""


class Arrangement(NamedTuple):
    """A grid of ``columns`` × ``lines``; ``lead`` is how many of both the first panel takes, ``last`` how many columns
    the last one does."""

    columns: int
    lines: int
    lead: tuple[int, int] = (1, 1)
    last: int = 1

    def sizes(self, count: int, width: int, height: int) -> list[tuple[int, int]]:
        """Width and height in cells that each of ``count`` panels has at least in ``width`` × ``height``."""
        cells, rows = width // self.columns, height // self.lines
        sizes = [(cells, rows)] * count
        sizes[-1] = cells * self.last, rows
        sizes[0] = cells * max(self.lead[0], self.last if count == 1 else 1), rows * self.lead[1]
        return sizes


def arrange_panels(count: int, width: int, height: int, led: bool = False) -> Arrangement | None:
    """The arrangement of the best shape for ``count`` panels in ``width`` × ``height``; None if a grid is too small.

    Args:
        led: whether the first panel carries the idea, and is to be the largest if there is any room for that.
    """
    if led and count > 1 and (found := _arrange_around_first(count, width, height)):
        return found
    columns = choose_columns(count, width, height)
    return Arrangement(columns, -(-count // columns), last=1 + -count % columns) if columns else None


def choose_columns(count: int, width: int, height: int) -> int | None:
    """How many columns give ``count`` panels of one size the best shape; None if a grid is too small."""
    best: tuple[float, int] | None = None
    for columns in range(1, count + 1):
        lines = -(-count // columns)
        cells, rows = width // columns, height // lines
        if count > 1 and (cells < MIN_SIZE[0] or rows < (MIN_SIZE[1] if columns > 1 else STACKED)):
            continue
        empty = columns * lines - count
        misfit = _measure_misfit(cells, rows) + empty / columns / 2
        if best is None or misfit < best[0]:
            best = misfit, columns
    return best[1] if best else None


def _arrange_around_first(count: int, width: int, height: int) -> Arrangement | None:
    """The best arrangement whose first panel is larger than all others."""
    best: tuple[float, Arrangement] | None = None
    for columns in range(1, width // MIN_SIZE[0] + 1):
        cells = width // columns
        for across in range(1, columns + 1):
            for down in range(1, height // MIN_SIZE[1] + 1):
                taken = across * down + count - 1
                lines = max(down, -(-taken // columns))
                spare = columns * lines - taken
                rows = height // lines
                free = columns - across if lines == down else columns  # cells of the last line beside the first panel
                if spare >= free or rows < (MIN_SIZE[1] if columns > 1 else STACKED) or across * down <= spare + 1:
                    continue
                share = across * down / (columns * lines)
                misfit = (
                    _measure_misfit(cells, rows)
                    + _measure_misfit(cells * across, rows * down)
                    + 2 * abs(math.log(share / SHARE))
                )
                misfit += spare / columns / 2
                if best is None or misfit < best[0]:
                    best = misfit, Arrangement(columns, lines, (across, down), 1 + spare)
    return best[1] if best else None


def _measure_misfit(cells: int, rows: int) -> float:
    return abs(math.log(max(1, cells) / max(1, rows) / SHAPE))

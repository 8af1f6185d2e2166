"""Where the panels of a run stand: a grid of equal cells, of which the panel that carries the idea takes several."""

from __future__ import annotations

import functools
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


UNFAIR = 4.0
"""Misfit of an arrangement in which a panel has more room than one that matters more."""

Span = tuple[int, int]
"""How many columns and lines of a grid a panel takes."""


class Arrangement(NamedTuple):
    """A grid of ``columns`` × ``lines``; ``lead`` is how many of both the first panel takes. Columns that are left over
    go to one panel: the one of index ``wide`` takes ``across`` of them."""

    columns: int
    lines: int
    lead: Span = (1, 1)
    wide: int = 0
    across: int = 1

    def spans(self, count: int) -> list[Span]:
        """How much of the grid each of ``count`` panels takes."""
        spans = [self.lead, *[(1, 1)] * (count - 1)][:count]
        if self.across > 1 and self.wide < count:
            spans[self.wide] = self.across, spans[self.wide][1]
        return spans

    def sizes(self, count: int, width: int, height: int) -> list[tuple[int, int]]:
        """Width and height in cells that each of ``count`` panels has at least in ``width`` × ``height``."""
        cells, rows = width // self.columns, height // self.lines
        return [(cells * across, rows * down) for across, down in self.spans(count)]


@functools.lru_cache(256)
def arrange_panels(count: int, width: int, height: int, led: bool = False) -> Arrangement | None:
    """The arrangement of the best shape for ``count`` panels in ``width`` × ``height``; None if a grid is too small.

    Panels stand in the order of their importance; what room is left over goes to an important one.

    Args:
        led: whether the first panel carries the idea, and is to be the largest if there is any room for that.
    """
    if led and count > 1 and (found := _arrange_around_first(count, width, height)):
        return found
    columns = choose_columns(count, width, height)
    return Arrangement(columns, -(-count // columns), across=1 + -count % columns) if columns else None


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
                if rows < (MIN_SIZE[1] if columns > 1 else STACKED) or across * down <= spare + 1:
                    continue
                arrangement = _place_spare(Arrangement(columns, lines, (across, down)), count, spare)
                if arrangement is None:
                    continue
                share = across * down / (columns * lines)
                misfit = (
                    _measure_misfit(cells, rows)
                    + _measure_misfit(cells * across, rows * down)
                    + 2 * abs(math.log(share / SHARE))
                )
                misfit += spare / columns / 2
                if arrangement.wide > 1:
                    misfit += UNFAIR
                if best is None or misfit < best[0]:
                    best = misfit, arrangement
    return best[1] if best else None


def _place_spare(arrangement: Arrangement, count: int, spare: int) -> Arrangement | None:
    """``arrangement`` with ``spare`` columns given to the most important panel after the first with which the grid is
    full; None if there is none."""
    ways = [arrangement._replace(wide=index, across=1 + spare) for index in range(1, count)] if spare else [arrangement]
    return next((way for way in ways if _is_full(way, count)), None)


def _is_full(arrangement: Arrangement, count: int) -> bool:
    """Whether ``count`` panels, each put where the next place for it is, leave nothing of the grid empty."""
    cells = [(line, column) for line in range(arrangement.lines) for column in range(arrangement.columns)]
    free = set(cells)
    for across, down in arrangement.spans(count):
        line, column = next((cell for cell in cells if cell in free), (arrangement.lines, 0))
        taken = {(line + y, column + x) for y in range(down) for x in range(across)}
        if not taken <= free:
            return False
        free -= taken
    return not free


def _measure_misfit(cells: int, rows: int) -> float:
    return abs(math.log(max(1, cells) / max(1, rows) / SHAPE))

"""Two continuous axes with round ticks, and labels written into what is drawn between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.cells import cell_len

from descend.tui.draw import ticks
from descend.tui.draw.linechart import Scale
from descend.tui.draw.plotext_chart import Chart, canvas
from descend.tui.draw.rows import Row, joined

MIN_SIZE = 20, 5
"""Cells below which a picture is put into words."""
LARGEST = 1e307
"""Values beyond are drawn at the edge: the distance of two of them must be a float."""


class Axes(NamedTuple):
    """A rectangle of the plane in ``width`` × ``height`` cells, with ``cells`` × ``lines`` between the axes."""

    x: Scale
    y: Scale
    width: int
    height: int
    cells: int
    lines: int

    def chart(self, unicode: bool) -> Chart:
        """A canvas with these axes."""
        return Chart(self.width, self.height, self.x.labelled(), self.y.labelled(), unicode=unicode)

    def at(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places as fractions of the axes."""
        return self.x.fraction(x), self.y.fraction(y)

    def cell(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Columns (from the left, axis included) and rows (from the top) of places given as fractions."""
        columns = (x * self.cells).astype(int).clip(0, self.cells - 1) + self.width - self.cells
        return columns, self.lines - 1 - (y * self.lines).astype(int).clip(0, self.lines - 1)


def spread(*arrays: Any) -> tuple[float, float]:
    """Minimum and maximum of the finite values; (inf, -inf) if there is none."""
    low, high = np.inf, -np.inf
    for values in arrays:
        if len(finite := values[np.isfinite(values)]):
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return low, high


def axes(
    x: tuple[float, float],
    y: tuple[float, float],
    width: int,
    height: int,
    *,
    log: bool = False,
    snug: bool = False,
    equal: bool = False,
) -> Axes | None:
    """Axes that hold the ranges ``x`` and ``y``; None if there is no room for them.

    Args:
        log: a logarithmic ``y``, whose range is then positive.
        snug: ``x`` reaches exactly over its range, else from one round number to another.
        equal: make units equally long on both axes; cells are twice as high as wide.
    """
    if width < MIN_SIZE[0] or height < MIN_SIZE[1]:
        return None
    x, y = (ends if ends[0] <= ends[1] else (0.0, 1.0) for ends in (x, y))
    x, y = ((_within(low), _within(high)) for low, high in (x, y))
    room = max(2, (height - 2) // 3)
    low, high, steps = ticks.logarithmic(*y, room) if log else ticks.linear(*y, room)
    vertical = Scale(low, high, log, steps)
    cells, lines = canvas(width, height, [name for _, name in vertical.labelled()])
    if cells < 10:
        return None
    start, end, _ = ticks.linear(*x, max(2, cells // 12))
    if snug and x[1] - x[0] > 1e-300:
        start, end = x
    if equal and not log:
        (start, end), (low, high) = _equal((start, end), (low, high), cells, 2 * lines)
        vertical = Scale(low, high, False, _inside(low, high, room))
        cells, lines = canvas(width, height, [name for _, name in vertical.labelled()])
    return Axes(across(start, end, cells), vertical, width, height, cells, lines) if cells >= 10 else None


def _within(value: float) -> float:
    return min(max(value, -LARGEST), LARGEST)


def across(start: float, end: float, cells: int) -> Scale:
    """A horizontal axis with as many round ticks as have room for their labels."""
    for count in range(max(4, cells // 8), 0, -1):
        places = _inside(start, end, count)
        gaps = [(b - a) / (end - start) * cells for a, b in itertools.pairwise(places)]
        if min(gaps, default=cells) >= max(map(len, ticks.labels(places)), default=0) + 2:
            break
    return Scale(start, end, False, places)


def _inside(low: float, high: float, count: int) -> list[float]:
    """Round positions from ``low`` to ``high``, the ends themselves if there are none."""
    slack = (high - low) * 1e-9
    return [p for p in ticks.linear(low, high, count)[2] if low - slack <= p <= high + slack] or [low, high]


def _equal(
    x: tuple[float, float], y: tuple[float, float], cells: int, lines: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ranges, one of them widened so that a unit is as long on ``cells`` as on ``lines``."""
    across, up = (x[1] - x[0]) / cells, (y[1] - y[0]) / lines
    more_x, more_y = max(0.0, up - across) * cells / 2, max(0.0, across - up) * lines / 2
    return (_within(x[0] - more_x), _within(x[1] + more_x)), (_within(y[0] - more_y), _within(y[1] + more_y))


def between(low: float, high: float, room: int, unicode: bool = True) -> str:
    """``low`` … ``high`` with as many of three digits as fit in ``room`` cells, or nothing if none do."""
    dots = "…" if unicode else ".."
    for digits in (3, 2, 1):
        ends = dict.fromkeys(f"{end:.{digits}g}" for end in (low, high))
        if len(told := dots.join(ends)) <= room:
            return told
    return ""


class Sheet:
    """What a chart drew, to write glyphs and labels into.

    Args:
        frame: the axes of the chart.
        rows: its rows, of single-cell characters.
    """

    def __init__(self, frame: Axes, rows: Sequence[Row]) -> None:
        self._cells = [[(character, pen) for part, pen in row for character in part] for row in rows]
        self._left, self._right, self._bottom = frame.width - frame.cells, frame.width, frame.lines

    def stamp(self, columns: np.ndarray, rows: np.ndarray, glyphs: Sequence[str], pens: Sequence[str]) -> None:
        """Put a glyph of one cell on each of some cells."""
        for column, row, glyph, pen in zip(columns.tolist(), rows.tolist(), glyphs, pens, strict=True):
            self._cells[row][column] = glyph, pen

    def beside(self, column: int, row: int, text: str, pen: str) -> bool:
        """Write ``text`` to the right of a cell, to its left, above or below it, where it hides nothing; False if
        there is no room."""
        cells = cell_len(text)
        across, centre = (column + 2, column - cells - 1), column - cells // 2
        places = [*((start, row) for start in across), (centre, row - 1), (centre, row + 1)]
        places += [(start, line) for line in (row - 1, row + 1) for start in across]
        for start, line in places:
            if self._free(start, line, cells):
                self._cells[line][start : start + cells] = [(text, pen), *[("", pen)] * (cells - 1)]
                return True
        return False

    def rows(self) -> list[Row]:
        """The rows as they are now."""
        return [joined(cells) for cells in self._cells]

    def _free(self, start: int, row: int, cells: int) -> bool:
        if cells < 1 or start < self._left or start + cells > self._right or not 0 <= row < self._bottom:
            return False
        around = self._cells[row][max(self._left, start - 1) : start + cells + 1]
        return all(character == " " for character, _ in around)

"""Lines on a grid of cells: in Braille dots, two by four a cell, or one character a cell in ASCII.

A cell has one colour, so which line it is of must be decided. Lines of a higher layer cover those of a lower one, cell
by cell. In one layer the dots of all lines show, and a cell takes the colour of the line that has most dots in it; of
equals, that of the thinner one, which has fewer dots in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from descend.tui.draw.rows import Row, joined

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a Braille cell's dots, by row and column."""


class _Stroke(NamedTuple):
    """A line: which dots of each cell it sets, (lines, cells, dots of a cell)."""

    dots: np.ndarray
    pen: str
    glyph: str


class Strokes:
    """A canvas of ``cells`` × ``lines``, blank at first; places are fractions of it, from the lower left.

    Args:
        unicode: draw with Braille, else with the glyph of each line.
    """

    def __init__(self, cells: int, lines: int, *, unicode: bool = True) -> None:
        self.cells, self.lines, self._unicode = cells, lines, unicode
        self._fine = (2, 4) if unicode else (1, 1)
        self._layers: dict[int, list[_Stroke]] = {}
        self._stamps: list[tuple[int, int, str, str]] = []

    def line(
        self, x: np.ndarray, y: np.ndarray, pen: str, *, glyph: str, breaks: Sequence[int] = (), layer: int = 0
    ) -> None:
        """Join places, except that of each index in ``breaks`` with the one before it."""
        across, down = self._fine
        columns, rows = self.cells * across, self.lines * down
        column, row = _to_dots(x, columns), rows - 1 - _to_dots(y, rows)
        column, row = _join_dots(column, row, breaks)
        dots = np.zeros((self.lines, self.cells, across * down), bool)
        dots[row // down, column // across, row % down * across + column % across] = True
        self._layers.setdefault(layer, []).append(_Stroke(dots, pen, glyph))

    def stamp(self, x: np.ndarray, y: np.ndarray, pen: str, glyph: str) -> None:
        """Put ``glyph`` on every place, over all lines and what was stamped before."""
        columns, rows = _to_dots(x, self.cells).tolist(), (self.lines - 1 - _to_dots(y, self.lines)).tolist()
        self._stamps += [(row, column, glyph, pen) for column, row in zip(columns, rows, strict=True)]

    def over(self, rows: Sequence[Row], left: int) -> list[Row]:
        """``rows`` of single-cell characters under what is drawn here, from cell ``left`` on."""
        cells = [[(character, pen) for part, pen in row for character in part] for row in rows]
        for layer in sorted(self._layers):
            self._draw_layer(self._layers[layer], cells, left)
        for row, column, glyph, pen in self._stamps:
            cells[row][left + column] = glyph, pen
        return [joined(row) for row in cells]

    def _draw_layer(self, strokes: Sequence[_Stroke], cells: list[list[tuple[str, str]]], left: int) -> None:
        owners = choose_owners([stroke.dots for stroke in strokes])
        held = np.nonzero(owners >= 0)
        masks = (
            np.logical_or.reduce([stroke.dots for stroke in strokes])[held] @ _BITS.ravel()
            if self._unicode
            else held[0]
        )
        for row, column, owner, mask in zip(
            held[0].tolist(), held[1].tolist(), owners[held].tolist(), masks.tolist(), strict=True
        ):
            stroke = strokes[owner]
            cells[row][left + column] = chr(0x2800 + mask) if self._unicode else stroke.glyph, stroke.pen


def choose_owners(dots: Sequence[np.ndarray]) -> np.ndarray:
    """Which of some lines gives each cell its colour.

    Args:
        dots: of each line, (lines, cells, dots of a cell) booleans.

    Returns:
        (lines, cells) indices of lines, -1 where none has a dot.
    """
    counts = np.stack([line.sum(2) for line in dots])
    thinnest = np.argsort(counts.sum((1, 2)), kind="stable")
    owners: np.ndarray = thinnest[counts[thinnest].argmax(0)]  # the first of equals
    return np.where(counts.any(0), owners, -1)


def _to_dots(places: np.ndarray, count: int) -> np.ndarray:
    """Fractions as indices of ``count`` dots."""
    return (np.asarray(places, float) * count).clip(0, count - 1).astype(np.int64)


def _join_dots(column: np.ndarray, row: np.ndarray, breaks: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The dots on the straight way from each dot to the next, and the dots themselves."""
    across, down = np.diff(column), np.diff(row)
    count = np.maximum(np.abs(across), np.abs(down))
    if len(breaks):
        ends = np.asarray(breaks, np.int64)
        count[ends[ends > 0] - 1] = 0
    way = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(way)) - np.repeat(np.cumsum(count) - count, count)
    columns, rows = (
        np.concatenate((ends[way] + np.rint(far[way] * number / count[way]).astype(np.int64), ends))
        for ends, far in ((column, across), (row, down))
    )
    return columns, rows

"""A chart drawn by plotext, as rows of text and pens instead of escape sequences.

The chart is independent of any other figure and of the terminal: points are given in fractions of the canvas (0 … 1
from the lower left), so no value, however large, reaches plotext. What plotext returns is a string with one colour
code per run of cells; the code *is* the number of a pen, so that turning it into rows takes one regular expression.
Which colour a pen has is decided where the rows are shown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from descend.tui import private_names
from descend.tui.cell_text import ascii_only, note_cut
from descend.tui.draw.rows import Row, covered, joined

_RUN = re.compile(r"((?:\x1b\[[0-9;]*m)+)([^\x1b]*)")
_COLOUR = re.compile(r"38;5;(\d+)m")
_FIRST = 16
"""The colour number of the first pen: below, plotext writes other codes."""


class Chart:
    """A canvas with a left and a lower axis.

    Args:
        width, height: cells, axes and labels included; at least 10 × 4.
        x, y: ticks as (fraction of the axis, label).
        unicode: draw with Braille and lines, else with ASCII.
    """

    def __init__(
        self,
        width: int,
        height: int,
        x: Sequence[tuple[float, str]],
        y: Sequence[tuple[float, str]],
        *,
        unicode: bool = True,
    ) -> None:
        self._unicode = unicode
        self._pens: list[str] = []
        self.width, self.height = canvas(width, height, [label for _, label in y])
        self._figure = self._new(width, height)
        self._over: Any = None
        self._labels = [label for _, label in x]
        self._figure.axes(False, side=1)
        self._figure.axes(True, pixel=self._pixel("axis"), side=0)
        for axis, ticks in (("x", x), ("y", y)):
            ruler = self._figure.ruler(axis).pixel(self._pixel("tick"))
            ruler.ticks([place for place, _ in ticks], [label for _, label in ticks])

    def line(
        self,
        x: Iterable[float],
        y: Iterable[float],
        pen: str,
        *,
        breaks: Iterable[int] = (),
        glyph: str = "*",
        over: bool = False,
    ) -> None:
        """Join points by lines, except that of each index in ``breaks`` with the one before it.

        Args:
            glyph: draws the line where there is no Braille.
            over: cover what is below instead of mixing dots with it in the cells of the line.
        """
        if over and self._over is None:
            self._over = self._new(self.width, self.height)
            self._over.axes(False)
            self._over.ruler("x").frequency(0)
            self._over.ruler("y").frequency(0)
        marker = private_names.find_marker()("braille" if self._unicode else ascii_only(glyph), pixel=self._pixel(pen))
        signal = self._figure.signal(list(x), list(y), marker=marker).lines(True)
        for index in breaks:
            signal.line(index, False)
        self._draw(signal, self._over if over else self._figure)

    def points(self, x: Iterable[float], y: Iterable[float], pen: str, glyph: str) -> None:
        """Put ``glyph`` on every point."""
        marker = private_names.find_marker()(glyph if self._unicode else ascii_only(glyph), pixel=self._pixel(pen))
        self._draw(self._figure.signal(list(x), list(y), marker=marker), self._over or self._figure)

    def mark(self, x: float, pen: str) -> None:
        """A vertical line, behind the curves."""
        self._figure.line(x, orientation=1, pixel=self._pixel(pen), style="dotted")

    def level(self, y: float, pen: str) -> None:
        """A horizontal line, behind the curves."""
        self._figure.line(y, orientation=0, pixel=self._pixel(pen), style="dotted")

    def rows(self) -> list[Row]:
        """The chart, top row first; each row is ``width`` cells."""
        rows = self._rows(self._figure)
        self._note_cut_labels(rows)
        if self._over is None:
            return rows
        left = sum(len(part) for part, _ in rows[0]) - self.width
        over = self._rows(self._over)
        return [covered(row, left, top) for row, top in zip(rows, over, strict=False)] + rows[len(over) :]

    def _note_cut_labels(self, rows: list[Row]) -> None:
        """Take note of labels of the lower axis of which only a part was drawn."""
        for drawn in "".join(part for part, _ in rows[-1]).split():
            if drawn not in self._labels:
                note_cut(max(self._labels, key=lambda label: label.startswith(drawn), default=""), drawn)

    def _new(self, width: int, height: int) -> Any:
        figure = private_names.make_figure()
        figure.plot_size(width, height)
        figure.theme("colorless")
        for axis in ("x", "y"):
            figure.ruler(axis).lim(0, 1).alignment(lim="edge")
        return figure

    def _rows(self, figure: Any) -> list[Row]:
        return [self._row(line) for line in figure.build().string().splitlines()]

    def _row(self, line: str) -> Row:
        row: Row = []
        for codes, text in _RUN.findall(line):
            if not text:
                continue
            colour = _COLOUR.search(codes)
            pen = self._pens[int(colour[1]) - _FIRST] if colour else "axis"
            row.append((text if self._unicode else ascii_only(text), pen))
        return joined(row)

    def _draw(self, signal: Any, figure: Any) -> None:
        private_names.skip_colours(signal)
        figure.draw(signal)

    def _pixel(self, pen: str) -> Any:
        if pen not in self._pens:
            self._pens.append(pen)
        return _pixel(_FIRST + self._pens.index(pen))


def canvas(width: int, height: int, labels: Sequence[str]) -> tuple[int, int]:
    """Cells left for curves in a chart of ``width`` × ``height`` whose left axis has ``labels``."""
    return width - max(map(len, labels), default=0) - 1, height - 2


def prepare() -> None:
    """Import what the first chart needs, ahead of time."""
    private_names.find_terminal()


@functools.lru_cache(256)
def _pixel(colour: int) -> Any:
    import plotext

    return plotext.pixel(foreground=colour)

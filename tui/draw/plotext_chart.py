"""A chart between two axes, as rows of text and pens instead of escape sequences: plotext draws the axes, `Strokes` the
lines, because which line a cell's colour is of must not depend on the order in which they are drawn.

The chart is independent of any other figure and of the terminal: points are given in fractions of the canvas (0 … 1
from the lower left), so no value, however large, reaches plotext. What plotext returns is a string with one colour
code per run of cells; the code *is* the number of a pen, so that turning it into rows takes one regular expression.
Which colour a pen has is decided where the rows are shown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from descend.tui import private_names
from descend.tui.cell_text import ascii_only, note_cut
from descend.tui.draw.rows import Row, joined

if TYPE_CHECKING:
    import numpy as np

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
        from descend.tui.draw.strokes import Strokes

        self._unicode = unicode
        self.width, self.height = canvas(width, height, [label for _, label in y])
        self._frame = width, height, tuple(x), tuple(y)
        self._lines: list[tuple[str, float, str]] = []
        self._labels = [label for _, label in x]
        self._strokes = Strokes(self.width, self.height, unicode=unicode)

    def line(
        self,
        x: np.ndarray,
        y: np.ndarray,
        pen: str,
        *,
        breaks: Sequence[int] = (),
        glyph: str = "*",
        layer: int = 0,
    ) -> None:
        """Join points by lines, except that of each index in ``breaks`` with the one before it.

        Args:
            glyph: draws the line where there is no Braille.
            layer: lines of a higher one cover the cells of lower ones, instead of mixing dots in them.
        """
        self._strokes.line(x, y, pen, glyph=self._sign(glyph), breaks=breaks, layer=layer)

    def points(self, x: np.ndarray, y: np.ndarray, pen: str, glyph: str) -> None:
        """Put ``glyph`` on every point, over all lines."""
        self._strokes.stamp(x, y, pen, self._sign(glyph))

    def mark(self, x: float, pen: str) -> None:
        """A vertical line, behind the curves."""
        self._lines.append(("x", x, pen))

    def level(self, y: float, pen: str) -> None:
        """A horizontal line, behind the curves."""
        self._lines.append(("y", y, pen))

    def rows(self) -> list[Row]:
        """The chart, top row first; each row is ``width`` cells."""
        rows = _draw_frame(*self._frame, tuple(self._lines), self._unicode)
        self._note_cut_labels(rows)
        left = sum(len(part) for part, _ in rows[0]) - self.width
        return [*self._strokes.over(rows[: self.height], left), *rows[self.height :]]

    def _sign(self, glyph: str) -> str:
        return glyph if self._unicode else ascii_only(glyph)

    def _note_cut_labels(self, rows: list[Row]) -> None:
        """Take note of labels of the lower axis of which only a part was drawn."""
        for drawn in "".join(part for part, _ in rows[-1]).split():
            if drawn not in self._labels:
                note_cut(max(self._labels, key=lambda label: label.startswith(drawn), default=""), drawn)


@functools.lru_cache(64)
def _draw_frame(
    width: int,
    height: int,
    x: tuple[tuple[float, str], ...],
    y: tuple[tuple[float, str], ...],
    lines: tuple[tuple[str, float, str], ...],
    unicode: bool,
) -> list[Row]:
    """Axes with ticks, and straight lines across; kept, because most redraws change none of them."""
    figure = private_names.make_figure()
    figure.plot_size(width, height)
    figure.theme("colorless")
    pens = list(dict.fromkeys(["axis", "tick", *(pen for _, _, pen in lines)]))
    pixels = {pen: _pixel(_FIRST + number) for number, pen in enumerate(pens)}
    figure.axes(False, side=1)
    figure.axes(True, pixel=pixels["axis"], side=0)
    for axis, ticks in (("x", x), ("y", y)):
        ruler = figure.ruler(axis).lim(0, 1).alignment(lim="edge").pixel(pixels["tick"])
        ruler.ticks([place for place, _ in ticks], [label for _, label in ticks])
    for axis, place, pen in lines:
        figure.line(place, orientation=int(axis == "x"), pixel=pixels[pen], style="dotted")
    return [_read_row(line, pens, unicode) for line in figure.build().string().splitlines()]


def _read_row(line: str, pens: Sequence[str], unicode: bool) -> Row:
    row: Row = []
    for codes, text in _RUN.findall(line):
        if not text:
            continue
        colour = _COLOUR.search(codes)
        pen = pens[int(colour[1]) - _FIRST] if colour else "axis"
        row.append((text if unicode else ascii_only(text), pen))
    return joined(row)


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

"""Functions of one variable: lines between two axes, and marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from descend.engine.run.packed_array import find_not_yet
from descend.engine.run.records import Curve
from descend.tui.cell_text import plain
from descend.tui.draw.axes import Axes, Sheet, axes, between, spread
from descend.tui.draw.legend import Entry, look
from descend.tui.draw.linechart import BELOW, LINE
from descend.tui.draw.polyline import Line, dotted, function
from descend.tui.draw.rows import Row, Run, sized
from descend.tui.draw.ticks import counted

if TYPE_CHECKING:
    from descend.tui.draw.plotext_chart import Chart

TARGET, DOTS, ABOVE = "target", "┈", "↑"
MARKS, ASCII_MARKS = "○◇□△▽☆", "@%&$=!"
LABELLED = 4
"""Places of one name that are labelled at most."""


class _Trace(NamedTuple):
    name: str
    y: np.ndarray
    style: int
    """Which look the line has; -1 for the target."""


class Plot(NamedTuple):
    """A record, ready to draw: ``x`` ascending and finite, the target first among the lines."""

    x: np.ndarray
    lines: list[_Trace]
    marks: dict[str, np.ndarray]


def prepare_curve(record: Curve) -> Plot:
    """The arrays of a record in the order of ``x``."""
    x = record.x.numpy().astype(float)
    order = np.flatnonzero(np.isfinite(x))
    if np.any(x[order][1:] < x[order][:-1]):
        order = order[np.argsort(x[order], kind="stable")]
    names = sorted(record.lines, key=lambda name: name != TARGET)
    first = -1 if names[:1] == [TARGET] and len(names) > 1 else 0
    lines = [
        _Trace(plain(name), record.lines[name].numpy().astype(float)[order], style)
        for style, name in enumerate(names, first)
    ]
    return Plot(x[order], lines, {plain(name): spots.numpy().astype(float) for name, spots in record.marks.items()})


def draw_curve(plot: Plot, width: int, height: int, log: bool = False, unicode: bool = True) -> list[Row]:
    """The lines between two axes, or in words where there is no room for axes."""
    marks = [spots[np.isfinite(spots).all(1)] for spots in plot.marks.values()]
    heights = [*(trace.y for trace in plot.lines), *(spots[:, 1] for spots in marks)]
    positive = [values[values > 0] for values in heights]
    log = log and spread(*positive)[1] > 0
    y = spread(*(positive if log else heights))
    if log:
        y = max(y[0], 1e-300), max(y[1], 1e-299)
    across = spread(plot.x, *(spots[:, 0] for spots in marks))
    frame = axes(across, y, width, height, log=log, snug=True)
    if frame is None:
        return _words(plot, width, height, unicode)
    chart = frame.chart(unicode)
    for trace in plot.lines:
        _line(chart, frame, plot.x, trace, alone=len(plot.lines) == 1, unicode=unicode)
    signs = MARKS if unicode else ASCII_MARKS
    for index, spots in enumerate(marks):
        chart.points(*_places(frame, spots), "value", signs[index % len(signs)])
    rows = chart.rows()
    if not any(len(spots) for spots in marks):
        return rows
    sheet = Sheet(frame, rows)
    for name, spots in zip(plot.marks, marks, strict=True):
        if len(spots) <= LABELLED:
            columns, lines = frame.cell(*_places(frame, spots))
            for column, line in dict.fromkeys(zip(columns.tolist(), lines.tolist(), strict=True)):
                sheet.beside(column, line, name, "mark")
    return sheet.rows()


def _line(chart: Chart, frame: Axes, x: np.ndarray, trace: _Trace, *, alone: bool, unicode: bool) -> None:
    """Draw one line, then what is infinite or, on a logarithmic axis, not positive."""
    infinite = np.isinf(trace.y)
    hidden = infinite | (trace.y <= 0) if frame.y.log else infinite
    places, values = frame.at(x, np.where(hidden, np.nan, trace.y))
    columns = 2 * frame.cells if unicode else frame.cells
    line = function(places, values, columns)
    if trace.style < 0:
        x_dots, y_dots = dotted(line, columns, 4 * frame.lines if unicode else frame.lines, 2.5 if unicode else 1.5)
        chart.line(x_dots, y_dots, "muted", breaks=range(len(x_dots)), glyph=".")
    else:
        glyph, pen = look(trace.style)
        few = _few(line, frame.cells)
        chart.line(line.x, line.y, pen, breaks=line.breaks.tolist(), glyph=glyph, layer=2 if few else 1)
        if (chosen := _markers(line, trace.style, frame.cells, alone)) is not None:
            chart.points(line.x[chosen], line.y[chosen], pen, glyph)
    above = hidden & (trace.y > 0)
    for where, height, glyph in ((above, 1.0, ABOVE), (hidden & ~above, 0.0, BELOW)):
        if where.any():
            found = np.unique((places[where] * frame.cells).astype(int).clip(0, frame.cells - 1))
            chart.points((found + 0.5) / frame.cells, np.full(len(found), height), "error", glyph)


def _markers(line: Line, style: int, cells: int, alone: bool) -> slice | np.ndarray | None:
    """Which points carry the line's glyph: all of a sparse one, else a few where lines must be distinguished."""
    if not len(line.x):
        return None
    if _few(line, cells):
        return slice(None)
    if alone or style == 0:
        return None
    stride = 14 / cells
    at = np.searchsorted(line.x, np.arange(stride * (0.3 + 0.37 * style % 1), 1, stride))
    return np.unique(at[at < len(line.x)])


def _few(line: Line, cells: int) -> bool:
    """Whether each point has room for a marker of its own; such a line lies over the others."""
    return bool(len(line.x)) and (len(line.x) - 1) * 3 <= (line.x[-1] - line.x[0]) * cells


def _places(frame: Axes, spots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return frame.at(spots[:, 0], spots[:, 1])


def entries(plot: Plot, cells: int, unicode: bool) -> list[Entry]:
    """The key: the lines, and the marks that are too many to be labelled one by one."""
    sparse = (len(plot.x) - 1) * 3 <= cells - 10
    entries = []
    for trace in plot.lines:
        glyph, pen = look(trace.style)
        sign = glyph if sparse or trace.style or not unicode else LINE
        entries.append(Entry(DOTS, trace.name, "muted") if trace.style < 0 else Entry(sign, trace.name, pen))
    signs = MARKS if unicode else ASCII_MARKS
    entries += [Entry(signs[index % len(signs)], name, "value") for index, name in enumerate(plot.marks)]
    return [entry if unicode or entry.sign != DOTS else entry._replace(sign=".") for entry in entries]


def flaws(plot: Plot, log: bool) -> list[Run]:
    """What of the lines cannot be drawn, in words. NaN may be intended as a break, so it is no warning; what was
    given as None surely is, and is not counted."""
    missing = sum(int((np.isnan(trace.y) & ~find_not_yet(trace.y)).sum()) for trace in plot.lines)
    infinite = sum(int(np.isinf(trace.y).sum()) for trace in plot.lines)
    below = log and any((trace.y <= 0).any() for trace in plot.lines)
    told = [(f"{ABOVE}{BELOW} {counted(infinite)} infinite", "error")] if infinite else []
    told += [(f"{BELOW} zero or less", "error")] if below else []
    return [*told, *([(f"{counted(missing)} NaN", "muted")] if missing else [])]


def _words(plot: Plot, width: int, height: int, unicode: bool) -> list[Row]:
    """The range of each line, a row each."""
    rows: list[Row] = []
    for entry, trace in zip(entries(plot, width, unicode), plot.lines, strict=False):
        low, high = spread(trace.y)
        told = between(low, high, width - 3, unicode) if low <= high else "nothing finite"
        rows.append([(f"{entry.sign} ", entry.pen), (f"{told} ", "value"), (trace.name, "text")])
    return [sized(row, width) for row in [*rows, *([[]] * height)][:height]]

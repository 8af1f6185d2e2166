"""Points in the plane with their classes, arrows and paths.

Before they are drawn, what is not finite is sorted out, and arrows that would dwarf the points are shortened.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from descend.engine.run.records import Points
from descend.tui.cell_text import ascii_only, plain
from descend.tui.draw.aspect import keeps_aspect
from descend.tui.draw.axes import Axes, Sheet, axes, between, spread
from descend.tui.draw.legend import Entry, look
from descend.tui.draw.linechart import LINE
from descend.tui.draw.polyline import dotted, path
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import counted

NAMED = 300
"""Points at most that have names, where each is a class of its own."""
REACH = 4.0
"""Arrows are drawn shorter where the longest is this many times the extent of the points."""
HEADS, ASCII_HEADS = "→↗↑↖←↙↓↘", ">/^\\</v\\"
ENDS, ASCII_ENDS = "○◉", "SE"
"""Signs of where a path starts and ends."""
APART = 24.0
"""Dots between the glyphs on a path that distinguish it from others."""
CROWDED = 0.15
"""Points without classes are single dots where there are more of them than this share of the cells."""
THIN = 8
"""Cells of dots with less than one in so many of what the fullest cell has are drawn faintly."""
ARROWS = 400
"""Arrows drawn at most."""


class Scatter(NamedTuple):
    """A record, ready to draw: its points that have a place, (n,) each."""

    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    """Zeros where there are no classes."""
    classes: list[str]
    counts: list[int]
    """How many points each class has."""
    dx: np.ndarray
    dy: np.ndarray
    """Arrows, (n,), or (0,) where there are none; NaN for one that is not finite."""
    shrunk: float
    """Length of the arrows drawn ÷ their true length."""
    paths: dict[str, np.ndarray]
    bad: int
    """How many points and arrows are not finite."""
    equal: bool
    """Whether a unit is as long on both axes."""

    @property
    def named(self) -> bool:
        """Whether points have names instead of belonging to classes."""
        return bool(self.counts) and len(self.x) <= NAMED and max(self.counts) == 1

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the arrows point to."""
        count = len(self.dx)
        with np.errstate(over="ignore"):
            return self.x[:count] + self.dx, self.y[:count] + self.dy

    def extents(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ranges of x and y of all that is drawn."""
        tips, paths = self.ends(), self.paths.values()
        return spread(self.x, tips[0], *(places[:, 0] for places in paths)), spread(
            self.y, tips[1], *(places[:, 1] for places in paths)
        )


def prepare_points(record: Points) -> Scatter:
    """The arrays of a record."""
    x, y = record.x.numpy().astype(float), record.y.numpy().astype(float)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y, bad = x[finite], y[finite], int((~finite).sum())
    labels, counts = np.zeros(len(x), int), []
    if record.labels is not None:
        labels = record.labels.numpy().astype(int)[finite]
        counts = np.bincount(labels, minlength=len(record.classes)).tolist()
    paths = {plain(name): places.numpy().astype(float) for name, places in record.paths.items()}
    dx = dy = np.zeros(0)
    shrunk = 1.0
    if record.dx is not None and record.dy is not None:
        dx, dy = (part.numpy().astype(float)[finite] for part in (record.dx, record.dy))
        straight = np.isfinite(dx) & np.isfinite(dy)
        bad += int((~straight).sum())
        dx, dy = np.where(straight, dx, np.nan), np.where(straight, dy, np.nan)
        extent = max((high / 2 - low / 2 for low, high in (spread(x), spread(y))), default=0.0) * 2
        longest = max(spread(np.abs(dx))[1], spread(np.abs(dy))[1])
        if 0 < extent < np.inf and longest / REACH > extent:
            shrunk = 10.0 ** math.floor(math.log10(extent) - math.log10(longest))
            dx, dy = dx * shrunk, dy * shrunk
    classes, equal = [plain(name) for name in record.classes], False
    scatter = Scatter(x, y, labels, classes, counts, dx, dy, shrunk, paths, bad, equal)
    (left, right), (low, high) = scatter.extents()
    with np.errstate(over="ignore", invalid="ignore"):
        return scatter._replace(equal=keeps_aspect(record.axes, right - left, high - low, record.aspect))


def draw_scatter(scatter: Scatter, width: int, height: int, unicode: bool = True) -> tuple[list[Row], list[str]]:
    """Points, arrows and paths between two axes, or in words where there is no room for axes; and what was left
    out, in words."""
    across, up = scatter.extents()
    frame = axes(across, up, width, height, equal=scatter.equal)
    if frame is None:
        return _words(scatter, across, up, width, height, unicode), []
    arrows = _sparse(frame, scatter)
    sheet = Sheet(frame, _lines(frame, scatter, arrows, unicode))
    if not len(scatter.dx) or scatter.counts:
        _dots(sheet, frame, scatter, unicode)
    _heads(sheet, frame, scatter, arrows, unicode)
    omitted = []
    if len(arrows) < (every := int((scatter.dx == scatter.dx).sum())):
        omitted.append(f"{len(arrows)} of {counted(every)} arrows")
    if (unnamed := _names(sheet, frame, scatter)) > 0:
        omitted.append(f"{unnamed} without name")
    _ends(sheet, frame, scatter, unicode)
    return sheet.rows(), omitted


def _lines(frame: Axes, scatter: Scatter, arrows: np.ndarray, unicode: bool) -> list[Row]:
    """The axes, the paths and the shafts of ``arrows``."""
    chart = frame.chart(unicode)
    fine = (2 * frame.cells, 4 * frame.lines) if unicode else (frame.cells, frame.lines)
    for index, places in enumerate(scatter.paths.values()):
        with np.errstate(invalid="ignore"):
            places = np.where(np.isfinite(places), places, np.nan)
        glyph, pen = _path(scatter, index)
        line = path(*frame.at(places[:, 0], places[:, 1]), *fine)
        chart.line(line.x, line.y, pen, breaks=line.breaks.tolist(), glyph=glyph)
        if len(scatter.paths) > 1 and unicode:
            chart.points(*dotted(line, *fine, APART), pen, glyph)
    tips = scatter.ends()
    starts = frame.at(scatter.x[arrows], scatter.y[arrows])
    ends = frame.at(tips[0][arrows], tips[1][arrows])
    pens = scatter.labels[arrows] if not scatter.named else np.zeros(len(arrows), int)
    for label in np.unique(pens).tolist():
        chosen = pens == label
        x, y = (np.stack((starts[axis][chosen], ends[axis][chosen]), 1).ravel() for axis in (0, 1))
        chart.line(x, y, look(label)[1], breaks=range(2, len(x), 2), glyph=".")
    return chart.rows()


def _sparse(frame: Axes, scatter: Scatter) -> np.ndarray:
    """Indices of the arrows that are drawn: all, or one from each block of cells."""
    arrows = np.flatnonzero(~np.isnan(scatter.dx))
    columns, rows = frame.cell(*frame.at(scatter.x[arrows], scatter.y[arrows]))
    size = 1
    chosen = np.arange(len(arrows))
    while len(chosen) > ARROWS:
        chosen = np.unique(rows // size * frame.width + columns // (2 * size), return_index=True)[1]
        size += 1
    return arrows[np.sort(chosen)]


def _dots(sheet: Sheet, frame: Axes, scatter: Scatter, unicode: bool) -> None:
    """A glyph on each cell that has points: that of the class which has the most there."""
    places = frame.at(scatter.x, scatter.y)
    columns, rows = frame.cell(*places)
    cells = rows * frame.width + columns
    if not scatter.counts and unicode and len(scatter.x) > CROWDED * frame.cells * frame.lines:
        fine_x, fine_y = ((place * 2**k * n).astype(int) for place, k, n in zip(places, (1, 2), frame[4:], strict=True))
        dots = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])[3 - fine_y % 4, fine_x % 2]
        count = np.bincount(cells)
        bits = np.zeros(len(count), int)
        np.bitwise_or.at(bits, cells, dots)
        held = np.flatnonzero(count)
        pen = look(0)[1]
        pens = [f"faint-{pen}" if sparse else pen for sparse in (count[held] * THIN < count.max()).tolist()]
        sheet.stamp(held % frame.width, held // frame.width, [chr(0x2800 + b) for b in bits[held].tolist()], pens)
        return
    classes = max(1, len(scatter.classes))
    pairs, count = np.unique(cells * classes + scatter.labels, return_counts=True)
    pairs = pairs[np.lexsort((-count, pairs // classes))]
    held, first = np.unique(pairs // classes, return_index=True)
    looks = [_look(scatter, label, unicode) for label in (pairs[first] % classes).tolist()]
    sheet.stamp(held % frame.width, held // frame.width, [look[0] for look in looks], [look[1] for look in looks])


def _heads(sheet: Sheet, frame: Axes, scatter: Scatter, arrows: np.ndarray, unicode: bool) -> None:
    """At the end of each arrow a glyph of its direction on screen, where cells are twice as high as wide."""
    tips = scatter.ends()
    starts, ends = (frame.at(x[arrows], y[arrows]) for x, y in ((scatter.x, scatter.y), tips))
    right, up = (ends[0] - starts[0]) * frame.cells, (ends[1] - starts[1]) * frame.lines * 2
    still = (scatter.dx[arrows] == 0) & (scatter.dy[arrows] == 0)
    # Where the arrow is too short for the axes to tell, its own components do.
    lost = ~still & (right == 0) & (up == 0)
    right, up = np.where(lost, scatter.dx[arrows], right), np.where(lost, scatter.dy[arrows], up)
    octants = np.round(np.arctan2(up, right) / (np.pi / 4)).astype(int) % 8
    heads, dot = (HEADS, "·") if unicode else (ASCII_HEADS, ".")
    glyphs = [dot if stays else heads[octant] for stays, octant in zip(still.tolist(), octants.tolist(), strict=True)]
    pens = [_look(scatter, label, unicode)[1] for label in scatter.labels[arrows].tolist()]
    sheet.stamp(*frame.cell(*ends), glyphs, pens)


def _names(sheet: Sheet, frame: Axes, scatter: Scatter) -> int:
    """Write its name next to each point, or its arrow's end, and return how many had no room."""
    if not scatter.named:
        return 0
    x, y = scatter.x.copy(), scatter.y.copy()
    tips = scatter.ends()
    for places, ends in zip((x, y), tips, strict=True):
        places[: len(ends)] = np.where(np.isfinite(ends), ends, places[: len(ends)])
    columns, rows = frame.cell(*frame.at(x, y))
    names = [scatter.classes[label] for label in scatter.labels]
    return sum(
        not sheet.beside(column, row, name, "text")
        for column, row, name in zip(columns.tolist(), rows.tolist(), names, strict=True)
    )


def _ends(sheet: Sheet, frame: Axes, scatter: Scatter, unicode: bool) -> None:
    """Mark where each path starts and ends, and name it there, where no mark is."""
    ends = []
    for index, (name, places) in enumerate(scatter.paths.items()):
        places = places[np.isfinite(places).all(1)]
        if not len(places):
            continue
        pen = _path(scatter, index)[1]
        columns, rows = frame.cell(*frame.at(places[[0, -1], 0], places[[0, -1], 1]))
        sheet.stamp(columns, rows, ENDS if unicode else ASCII_ENDS, [pen, pen])
        ends.append((int(columns[1]), int(rows[1]), name, pen))
    for end in ends:
        sheet.beside(*end)


def _look(scatter: Scatter, label: int, unicode: bool) -> tuple[str, str]:
    """Glyph and pen of a class; points that have names look alike."""
    glyph, pen = look(0 if scatter.named else label)
    return glyph if unicode else ascii_only(glyph), pen


def _path(scatter: Scatter, index: int) -> tuple[str, str]:
    """Glyph and pen of a path, other than those of the points."""
    classes = 1 if scatter.named or not scatter.counts else len(scatter.counts)
    return look(index + (classes if len(scatter.x) else 0))


def entries(scatter: Scatter, unicode: bool) -> list[Entry]:
    """The key: the classes that have points, and the paths."""
    entries = []
    if not scatter.named:
        for label, count in enumerate(scatter.counts):
            if count:
                glyph, pen = _look(scatter, label, unicode)
                entries.append(Entry(glyph, scatter.classes[label], pen, f"{count:,}"))
    for index, name in enumerate(scatter.paths):
        glyph, pen = _path(scatter, index)
        sign = ascii_only(glyph) if not unicode else glyph if len(scatter.paths) > 1 else LINE
        entries.append(Entry(sign, name, pen))
    return entries


def _words(
    scatter: Scatter, x: tuple[float, float], y: tuple[float, float], width: int, height: int, unicode: bool
) -> list[Row]:
    """How many points there are, and where."""
    rows: list[Row] = [[(f"{len(scatter.x):,}", "value"), (" points", "text")]]
    for name, (low, high) in (("x", x), ("y", y)):
        if low <= high:
            rows.append([(f"{name} ", "muted"), (between(low, high, width - 2, unicode), "value")])
    return [sized(row, width) for row in [*rows, *([[]] * height)][:height]]

"""A field as a map: coordinates along its edges, points and paths on it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from rich.cells import cell_len

from descend.engine.run.records import Array, Field
from descend.tui.cell_text import plain
from descend.tui.draw import ticks
from descend.tui.draw.aspect import keeps_aspect
from descend.tui.draw.canvas import Canvas, Dots
from descend.tui.draw.colours import TOP
from descend.tui.draw.field_legend import Look, glyphs, letters
from descend.tui.draw.halfblocks import picked, ramps, resized, shades
from descend.tui.draw.rows import Row

AXES = 24, 5
"""Cells below which a map has no axes."""
LINED = 12
"""Rows from which on there is a line along the lower axis."""
LONGEST = 2000
"""Places of a path that are drawn at most: more than there are dots."""
_LARGEST = 1e300


def draw_plane(
    record: Field, width: int, height: int, look: Look, spot: tuple[int, int] | None
) -> tuple[list[Row], tuple[int, int]]:
    """The map in ``width`` × ``height`` cells, and how many columns and rows of values a cell holds.

    Args:
        spot: column and row of the value that the cursor is on.
    """
    rows, columns = record.values.shape
    x, y = _edges(record.x, columns), _edges(record.y, rows)
    axes = width >= AXES[0] and height >= AXES[1]
    below = (2 if height >= LINED else 1) if axes else 0
    lines = height - below
    numbered = _counts_lines(record.y, rows)
    marks = _ticks(y, max(2, lines // 3), whole=numbered) if axes else []
    left = max((len(label) for _, label in marks), default=-1) + 1
    cells = Canvas(width, height)
    room = width - left
    if room < 1 or lines < 1:
        return cells.rows(), (1, 1)
    across, up = abs(x[1] - x[0]), abs(y[1] - y[0])
    if keeps_aspect(record.axes, across, up, record.aspect):
        room, lines = shape_map(across / up, room, lines)
        marks = _ticks(y, max(2, lines // 3), whole=numbered) if axes else []
    box = _Box(left, room, lines, x, y, record.down)
    grounds = _ground(cells, box, record, look)
    if axes:
        _axes(
            cells,
            box,
            marks,
            _ticks(x, max(room // 10, min(5, room // 5)), whole=_counts_lines(record.x, columns)),
            below > 1,
        )
    area = _Area(cells, box, grounds, look)
    area.texts(record)
    area.overlay(record)
    if spot is not None:
        area.cursor(_centre(record.x, spot[0], columns), _centre(record.y, spot[1], rows))
    return cells.rows(), (-(-columns // room), -(-rows // lines))


def shape_map(ratio: float, width: int, lines: int) -> tuple[int, int]:
    """The largest part of ``width`` × ``lines`` cells, twice as high as wide, whose width ÷ height is ``ratio``."""
    if width <= 2 * lines * ratio:
        return width, max(1, min(lines, round(width / ratio / 2)))
    return max(1, min(width, round(2 * lines * ratio))), lines


class _Box(NamedTuple):
    """The cells that a map covers, from the upper edge on, and the coordinates of the edges of its values."""

    left: int
    width: int
    lines: int
    x: tuple[float, float]
    y: tuple[float, float]
    down: bool

    def share_down(self, y: Any) -> Any:
        """Where a coordinate is, or an array of them, as a share of the height from the upper edge."""
        low, high = sorted(self.y)
        return (y - low) / (high - low) if self.down else (high - y) / (high - low)


class _Area:
    """The part of the cells that the map covers."""

    def __init__(self, cells: Canvas, box: _Box, grounds: np.ndarray, look: Look) -> None:
        self.cells, self.box, self.left, self.width, self.lines = cells, box, box.left, box.width, box.lines
        self.x = sorted(box.x)
        self.grounds, self.look = grounds, look

    def put(self, x: int, y: int, sign: str, classes: bool) -> None:
        """Put a sign where it can be read."""
        token = "c" if classes else self.look.scale.map
        pen = f"shade ink {token}{self.grounds[y, x]}" if self.look.colour else "value"
        self.cells.put(self.left + x, y, sign, pen)

    def places(self, array: Array) -> np.ndarray:
        """(m, 2) places in cells from the area's upper left corner."""
        points = array.numpy().astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            across = (points[:, 0] - self.x[0]) / (self.x[1] - self.x[0]) * self.width
            down = self.box.share_down(points[:, 1]) * self.lines
        return np.stack((across, down), 1)

    def inside(self, places: np.ndarray) -> list[tuple[int, int]]:
        """The cells that places are in; none for those off the map. The far edges belong to the last cells."""
        size = (self.width, self.lines)
        with np.errstate(invalid="ignore"):
            places = places[((places >= 0) & (places <= size)).all(1)]
        found = np.unique(np.minimum(np.floor(places), (size[0] - 1, size[1] - 1)).astype(np.int64), axis=0)
        return [(x, y) for x, y in found.tolist()]

    def texts(self, record: Field) -> None:
        """Write the cells' texts, if there is room for all."""
        if not record.texts:
            return
        rows, columns = record.values.shape
        texts = [[plain(text) for text in line] for line in record.texts]
        longest = max(cell_len(text) for line in texts for text in line)
        if columns * (longest + 1) > self.width or rows > self.lines:
            return
        for row, line in enumerate(texts):
            y = min(self.lines - 1, int(self.box.share_down(_centre(record.y, row, rows)) * self.lines))
            for column, text in enumerate(line):
                across = (_centre(record.x, column, columns) - self.x[0]) / (self.x[1] - self.x[0])
                x = max(0, int(across * self.width - cell_len(text) / 2 + 0.5))
                for character in text:
                    if x < self.width:
                        self.put(x, y, character, bool(record.classes))
                    x += cell_len(character)

    def overlay(self, record: Field) -> None:
        """Draw points and paths."""
        classes = bool(record.classes)
        spots, ends = glyphs(record)
        dots = Dots(self.width, self.lines, self.look.unicode)
        tracks = [self.places(path) for path in record.paths.values()]
        for index, track in enumerate(tracks):
            thinned = track[:: len(track) // LONGEST + 1]
            dots.line(thinned[:, 0], thinned[:, 1], index, every=1 + index % 3)
        for x, y in dots.drawn():
            self.put(x, y, dots.character(x, y), classes)
        for sign, array in zip(spots, record.points.values(), strict=True):
            for x, y in self.inside(self.places(array)):
                self.put(x, y, self.look.sign(sign), classes)
        for signs, track in zip(ends, tracks, strict=True):
            for sign, place in zip(signs, (track[:1], track[-1:]), strict=True):
                for x, y in self.inside(place):
                    self.put(x, y, self.look.sign(sign), classes)

    def cursor(self, x: float, y: float) -> None:
        """Mark the value that is read."""
        across = int((x - self.x[0]) / (self.x[1] - self.x[0]) * self.width)
        down = int(self.box.share_down(y) * self.lines)
        across, down = min(max(across, 0), self.width - 1), min(max(down, 0), self.lines - 1)
        start = min(max(across - 1, 0), max(0, self.width - 3))
        if self.width >= 3:
            self.cells.put(self.left + start, down, "[ ]", "cursor")
        self.cells.put(self.left + across, down, "┼", "cursor")


def class_levels(values: np.ndarray, count: int) -> np.ndarray:
    """Indices of classes as levels; what is not an index is treated as not finite."""
    finite = np.isfinite(values)
    index = np.round(np.where(finite, values, -1).clip(-1, 1e9)).astype(np.int64)
    return np.where((index >= 0) & (index < count), index % TOP, TOP + 1)


def rows_go_down(record: Field) -> bool:
    """Whether the first row of values is drawn at the top: a matrix's, an image's, or that of a map with falling y."""
    return record.y is None or record.down != (record.y[1] < record.y[0])


def _ground(cells: Canvas, box: _Box, record: Field, look: Look) -> np.ndarray:
    """Draw the values; return the level that each cell has on the whole."""
    values = record.values.numpy()
    values = values[:, ::-1] if box.x[1] < box.x[0] else values
    values = values if record.down != (box.y[1] < box.y[0]) else values[::-1]
    left, room, lines = box.left, box.width, box.lines
    tall = 2 * lines if look.colour else lines
    if record.classes:
        levels = class_levels(picked(values, tall, room), len(record.classes))
        if not look.colour:
            signs = np.array([*letters(record.classes), "×"], object)
            text = signs[np.where(levels > TOP, len(signs) - 1, levels)]
            cells.fill(left, 0, text, (levels > TOP).astype(np.int64), lambda bad: "error" if bad else "text")
            return levels
    else:
        levels = look.scale.levels(resized(values, tall, room))
        if not look.colour:
            ramps(cells, left, 0, levels, look.unicode)
            return levels
    token = "c" if record.classes else look.scale.map
    shades(cells, left, 0, levels, token)
    if record.classes:
        _lettered(cells, left, levels, letters(record.classes))
        return levels[0::2]
    top, bottom = levels[0::2], levels[1::2]
    worst: np.ndarray = np.maximum(top, bottom)
    return np.where(worst > TOP, worst, (top + bottom) // 2)


def _lettered(cells: Canvas, left: int, levels: np.ndarray, signs: list[str]) -> None:
    """Name each region of a map of classes by its letter, here and there."""
    top, bottom = levels[0::2], levels[1::2]
    for y in range(1, len(top), 3):
        for x in range(3 + 6 * (y // 3 % 2), top.shape[1] - 1, 12):
            around = {*top[y, x - 1 : x + 2].tolist(), *bottom[y, x - 1 : x + 2].tolist()}
            if len(around) == 1 and (level := around.pop()) < len(signs):
                cells.put(left + x, y, signs[level], f"shade b{level} c{level}")


def _axes(cells: Canvas, box: _Box, y: list[tuple[float, str]], x: list[tuple[float, str]], lined: bool) -> None:
    """Write the coordinates at the left and below."""
    left, room, lines = box.left, box.width, box.lines
    for share, label in y:
        down = share if box.down else 1 - share
        cells.put(0, min(lines - 1, int(down * lines)), label.rjust(left - 1), "tick")
    places = [(min(room - 1, int(share * room)), label) for share, label in x]
    if lined:
        line = list("─" * room)
        for place, _ in places:
            line[place] = "┬"
        cells.put(left, lines, "".join(line), "axis")
    end = 0
    for place, label in places:
        start = min(max(left + place - len(label) // 2, 0), cells.width - len(label))
        if start >= end:
            cells.put(start, lines + lined, label, "tick")
            end = start + len(label) + 1


def _ticks(ends: tuple[float, float], count: int, *, whole: bool = False) -> list[tuple[float, str]]:
    """Round coordinates between two edges, as (fraction, label); ``whole``: they count lines."""
    low, high = sorted(ends)
    for wanted in range(count, 0, -1):
        places = [place for place in ticks.linear(low, high, wanted)[2] if low <= place <= high]
        if not whole or all(place == round(place) for place in places):
            break
    return [((p - low) / (high - low), label) for p, label in zip(places, ticks.labels(places), strict=True)]


def _counts_lines(extent: tuple[float, float] | None, count: int) -> bool:
    """Whether the coordinates of ``count`` lines are whole numbers, one after another."""
    start, end = _extent(extent, count)
    return start == round(start) and abs(end - start) == count - 1


def _centre(extent: tuple[float, float] | None, index: int, count: int) -> float:
    """The coordinate of a line of values."""
    start, end = _extent(extent, count)
    return start + (end - start) * index / max(1, count - 1)


def _edges(extent: tuple[float, float] | None, count: int) -> tuple[float, float]:
    """Coordinates of the outer edges of the first and the last line of values."""
    start, end = _extent(extent, count)
    half = (end - start) / (count - 1) / 2 if count > 1 else max(0.5, 0.1 * abs(start))
    return start - half, end + half


def _extent(extent: tuple[float, float] | None, count: int) -> tuple[float, float]:
    """Coordinates of the first and the last line; their numbers where there are no such coordinates."""
    start, end = extent or (0.0, 0.0)
    size = max(abs(start), abs(end))
    if not math.isfinite(size) or size > _LARGEST or (count > 1 and not abs(end - start) > 1e-9 * size):
        return 0.0, float(max(1, count - 1)) if count > 1 else 0.0
    return (start, end) if count > 1 else (start, start)

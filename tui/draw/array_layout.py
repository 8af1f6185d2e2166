"""Where arrays in cells stand, and what part of them: as much as there is room for.

Cells are squares with lines between them, or without lines, or one row of the terminal high; numbers lose digits; of
arrays that are larger still, a part is shown around what is marked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from descend.engine.run.records import ArrayView, Grid
from descend.tui.cell_text import fit, plain
from descend.tui.draw.number_forms import number_forms
from descend.tui.draw.rows import Row, length

GAP = 3
"""Cells between two arrays."""
LONGEST, NAMED = 24, 8
"""Cells of a title, and of the name of an index, at most."""
TALL = 4
"""Rows of the terminal that a cell takes at most."""
SAMPLE = 4000
"""Values of which all are looked at, to see how long they are."""
SMALLEST = 3
"""Cells to which an array is cut at least, so that all of an operation are in sight."""
TOGETHER = 6
"""Arrays that are cut so that all are in sight, at most; of more, some are on the next page."""

Form = Callable[[float], str]
Spot = tuple[int, int, int]
"""A pane, and a row and a column of its array."""


class Pane(NamedTuple):
    """Two axes of an array, drawn as one block."""

    grid: Grid
    number: int | None
    """Of the slice, if there are several."""
    values: np.ndarray
    title: str
    rows: list[str]
    """Names of the rows; none for an array with a single axis."""
    columns: list[str]
    ways: list[tuple[Form, int]]
    """How the values of the whole array may be written, and how many cells the longest takes then."""

    @property
    def axes(self) -> str:
        """The names of both axes, with arrows along which they run; of slices the first one says them for all."""
        names = [plain(name) for name in self.grid.axes[-2:] if name and not self.number]
        return "  ".join(f"{name} {arrow}" for name, arrow in zip(names, ("↓", "→")[-len(names) :], strict=False))

    def part(self, cells: np.ndarray) -> np.ndarray:
        """What of an array of the grid's shape is in this pane, as (rows, columns)."""
        return np.atleast_2d(cells if self.number is None else cells[self.number])

    def named(self, window: slice, across: slice) -> str:
        """The title, with the part that is shown of a larger array: ``input[3:9, 0:12]``."""
        rows, columns = self.values.shape
        if window == slice(0, rows) and across == slice(0, columns):
            return self.title
        parts = [f"{one.start}:{one.stop}" for one in ([window, across] if self.rows else [across])]
        return f"{self.title}[{', '.join(parts)}]"


class Style(NamedTuple):
    """How large a cell is, and whether lines stand between cells."""

    level: int
    square: bool
    lined: bool


STYLES = [Style(level, *form) for level in range(3) for form in ((True, True), (True, False), (False, False))]


class Block(NamedTuple):
    """A pane as it is laid out: where it begins, what part of it is shown, and how large its cells are."""

    pane: Pane
    rows: slice
    columns: slice
    form: Form
    widest: int
    """Cells of a value, written in that form."""
    pitch: tuple[int, int]
    """Cells across, and down."""
    left: int
    above: list[Row]
    """What stands above it: its title and the names of its axes."""
    sign: str
    lined: bool
    place: tuple[int, int] = (0, 0)

    @property
    def head(self) -> int:
        """Rows above the first cell, the last of which are the indices of the columns."""
        return len(self.above) + 1

    @property
    def size(self) -> tuple[int, int]:
        """Cells across and down."""
        across = (self.columns.stop - self.columns.start) * self.pitch[0] + self.lined
        down = (self.rows.stop - self.rows.start) * self.pitch[1] + self.lined
        if not self.lined:
            down -= self.pitch[1] - 1  # nothing below the last row
        sign = cell_len(self.sign) + 1 if self.sign else 0
        return sign + max(self.left + across, *map(length, self.above), 0), self.head + down


class Layout(NamedTuple):
    """The blocks in sight, and the first and last-plus-one of the panes that they show."""

    blocks: list[Block]
    first: int
    stop: int


def make_panes(record: ArrayView) -> list[Pane]:
    """What is drawn of ``record``, slice by slice."""
    alone = len(record.grids) == 1
    panes = []
    for grid in record.grids:
        values = grid.values.numpy()
        ways = _list_forms(values)
        ticks = [list(map(plain, names)) for names in grid.ticks] or [[] for _ in values.shape]
        names = [found or list(map(str, range(size))) for found, size in zip(ticks, values.shape, strict=True)]
        if values.ndim == 1:
            panes.append(Pane(grid, None, values[None], "" if alone else plain(grid.name), [], names[0], ways))
        elif values.ndim == 2:
            panes.append(Pane(grid, None, values, "" if alone else plain(grid.name), names[0], names[1], ways))
        else:
            axis = plain(grid.axes[0]) if grid.axes else ""
            head = "" if alone else f"{plain(grid.name)} "
            for index, name in enumerate(names[0]):
                title = f"{head}{axis} {name}".strip() if axis or ticks[0] else f"{head}[{name}]".strip()
                panes.append(Pane(grid, index, values[index], title, names[1], names[2], ways))
    return panes


def lay_out(
    panes: Sequence[Pane], width: int, height: int, first: int, shift: tuple[int, int], spot: Spot | None
) -> Layout:
    """Place as many of ``panes`` as there is room for, in the fullest form that there is room for.

    Args:
        first: the first pane in sight, where not all are.
        shift: rows and columns by which parts of larger arrays are moved.
        spot: what must be in sight.
    """
    largest = max(max(pane.values.shape) for pane in panes)

    def blocks(style: Style, indices: Iterable[int], rows: int, columns: int) -> Iterator[Block]:
        for index in indices:
            ways = panes[index].ways
            here = spot[1:] if spot is not None and spot[0] == index else None
            window = _choose_window(panes[index], rows, columns, shift, here)
            yield _make_block(panes[index], *ways[min(style.level, len(ways) - 1)], style, *window)

    every = range(len(panes))
    room = width * height
    for style in STYLES:
        if sum(pane.values.size for pane in panes) * 2 <= room:
            placed = _flow_blocks(blocks(style, every, largest, largest), width, height)
            if len(placed) == len(panes):
                return Layout(placed, 0, len(panes))
    low = Style(min(1, max(len(pane.ways) for pane in panes) - 1), False, False)
    if 1 < len(panes) <= TOGETHER:
        for cut in range(min(largest, width, height) - 1, SMALLEST - 1, -1):
            placed = _flow_blocks(blocks(low, every, cut, cut), width, height)
            if len(placed) == len(panes):
                return Layout(placed, 0, len(panes))
    first = min(first, len(panes) - 1)
    if spot is not None and spot[0] < first:
        first = spot[0]
    sizes = itertools.accumulate(pane.values.size for pane in panes[first:])
    near = [first + index for index, _ in enumerate(itertools.takewhile(lambda size: size <= room, sizes))]
    if near:
        placed = _flow_blocks(blocks(low, near, largest, largest), width, height)
        if placed and (spot is None or spot[0] < first + len(placed)):
            return Layout(placed, first, first + len(placed))
    if spot is not None:
        first = spot[0]
    one = next(blocks(low, [first], 1, 1))
    left, head = one.left + (cell_len(one.sign) + 1 if one.sign else 0), one.head
    rows, columns = max(1, height - head), max(1, (width - left) // one.pitch[0])
    return Layout([*blocks(low, [first], rows, columns)], first, first + 1)


def _list_forms(values: np.ndarray) -> list[tuple[Form, int]]:
    """How ``values`` may be written, and how many cells the longest of them takes then."""
    sample = values.ravel().astype(np.float64)
    if sample.size > SAMPLE:  # the longest in fixed point are among the ends; with exponents they have nine characters
        finite = sample[np.isfinite(sample)]
        ends = (finite.min(), finite.max(), -1.23e-45 if np.abs(finite).max() >= 1e6 else 0.0) if finite.size else ()
        sample = np.array([*ends, np.nan, *sample[np.isinf(sample)][:1]])
    return [(form, max(len(form(value)) for value in sample.tolist())) for form in number_forms(values)]


def _choose_window(
    pane: Pane, rows: int, columns: int, shift: tuple[int, int], spot: Sequence[int] | None
) -> tuple[slice, slice]:
    """Which rows and columns of a pane are shown, at most so many of each: those around what is marked, moved by
    ``shift``, or farther so that ``spot`` is among them."""
    marked = [pane.part(mark.numpy()) for mark in pane.grid.marks.values()]
    spots = np.argwhere(marked[0]) if marked and marked[0].any() else np.zeros((1, 2), int)
    found = []
    for axis, (count, most) in enumerate(zip(pane.values.shape, (rows, columns), strict=True)):
        low, high = int(spots[:, axis].min()), int(spots[:, axis].max()) + 1
        start = 0 if high <= most else (low + high - most) // 2
        start += shift[axis]
        if spot is not None:
            start = min(max(start, spot[axis] - most + 1), spot[axis])
        start = max(0, min(start, count - most))
        found.append(slice(start, min(count, start + most)))
    return found[0], found[1]


def _make_block(pane: Pane, form: Form, widest: int, style: Style, rows: slice, columns: slice) -> Block:
    """A part of a pane at a style."""
    names = min(NAMED, max(cell_len(name) for name in pane.columns[columns]))
    across = max(widest, names) + 2
    down = min(TALL, max(1, round((across + style.lined) / 2))) if style.square else 1
    if style.lined:
        pitch = max(across + 1, 2 * max(2, down)), max(2, down)
    else:
        pitch = max(across, 2 * down) if style.square else across, down
    left = min(NAMED + 4, max(map(cell_len, pane.rows[rows]))) + 1 if pane.rows else 0
    above = _make_heading(pane.named(rows, columns), pane.axes, left + (columns.stop - columns.start) * pitch[0], style)
    return Block(pane, rows, columns, form, widest, pitch, left, above, plain(pane.grid.sign), style.lined)


def _make_heading(title: str, axes: str, room: int, style: Style) -> list[Row]:
    """A title and the names of the axes, in one line if that is no wider than ``room``; the latter may be left out."""
    named: Row = [(shorten(title, LONGEST), "value")] * bool(title)
    along: Row = [(shorten(axes, LONGEST), "muted")] * bool(axes)
    if named and along and length([*named, *along]) + 2 <= room:
        return [[*named, ("  ", "muted"), *along]]
    return [row for row in (named, along if style.square or not named else []) if row]


def _flow_blocks(blocks: Iterable[Block], width: int, height: int) -> list[Block]:
    """The blocks set in lines like words; those for which there is no room are left out."""
    placed: list[Block] = []
    x = y = tall = 0
    for block in blocks:
        across, down = block.size
        if x and x + across > width:
            x, y, tall = 0, y + tall + 1, 0
        if x + across > width or y + down > height:
            break
        placed.append(block._replace(place=(x, y)))
        x, tall = x + across + GAP, max(tall, down)
    return placed


def move_spot(panes: Sequence[Pane], spot: Spot, right: int, down: int) -> Spot:
    """The cell beside ``spot``; to the right and left of an array is the next one."""
    index, row, column = spot
    row, column = row + down, column + right
    rows, columns = panes[index].values.shape
    if column >= columns and index + 1 < len(panes):
        index, column = index + 1, 0
    elif column < 0 and index:
        index, column = index - 1, panes[index - 1].values.shape[1] - 1
    rows, columns = panes[index].values.shape
    return index, min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)


def shorten(name: str, room: int) -> str:
    """``name`` in at most ``room`` cells."""
    return fit(name, room).rstrip() if cell_len(name) > room else name

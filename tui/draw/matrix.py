"""A field as a matrix: its first row at the top, its lines named, numbers in its cells where they are large enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from rich.cells import cell_len

from descend.engine.run.records import Array, Field
from descend.tui.cell_text import fit, plain
from descend.tui.draw.canvas import Canvas
from descend.tui.draw.colours import BAD, TOP, ramp
from descend.tui.draw.field_legend import Look, letters
from descend.tui.draw.halfblocks import picked, ramps, resized, shades
from descend.tui.draw.number_forms import number_forms
from descend.tui.draw.plane import class_levels
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import spacing

GAP = 2
"""Cells between two matrices."""
NAMED = 20, 4
"""Cells below which lines are not named."""
TALL = 5
"""Rows of the terminal that a row of the matrix takes at most."""
STRIP = 6
"""Pixels below which a side of a matrix is stretched."""
WIDE = 12
"""Cells a column takes at most for the sake of its name."""


def draw_panes(
    record: Field, width: int, height: int, look: Look, spot: tuple[int, int] | None
) -> tuple[list[Row], tuple[int, int]]:
    """The matrices of ``record`` beside each other, or below each other where only that has room for their texts, or
    one matrix; as `draw_matrix`."""
    if not record.panes:
        return draw_matrix(record, width, height, look, spot)
    panes = split_panes(record)
    spare = measure_names(record, width, height)
    beside = (width - spare - GAP * (len(panes) - 1)) // len(panes) + spare, height - 1
    below = width, height // len(panes) - 1
    if beside[0] <= spare or (fits_texts(panes[0], *below) and not all(fits_texts(pane, *beside) for pane in panes)):
        size, across = below, False
    else:
        size, across = beside, True
    if min(size) < 1:
        return draw_matrix(record, width, height, look, spot)
    widest = max(_measure_texts(_written(pane)[0])[0] for pane in panes)
    drawn, strides, each = [], (1, 1), panes[0].values.shape[1]
    for index, (name, pane) in enumerate(zip(record.panes, panes, strict=True)):
        here = (spot[0] % each, spot[1]) if spot is not None and spot[0] // each == index else None
        named = not across or not index  # beside each other the first one names the rows of all
        cells = size[0] if not across or named else size[0] - spare
        rows, strides = draw_matrix(pane, cells, size[1], look, here, named=named, least=widest + 2)
        drawn.append([sized([(fit(plain(name), cells), "value")], cells), *rows])
    if not across:
        return [sized(row, width) for rows in drawn for row in rows], strides
    gap: Row = [(" " * GAP, "text")]
    lines = [
        [run for index, row in enumerate(line) for run in (*gap[: index and 1], *row)]
        for line in zip(*drawn, strict=True)
    ]
    return [sized(line, width) for line in lines], strides


def split_panes(record: Field) -> list[Field]:
    """The matrices that stand side by side in ``record``, each as one of its own."""
    values, count = record.values.numpy(), len(record.panes)
    each = values.shape[1] // count
    return [
        msgspec.structs.replace(
            record,
            values=Array.of(values[:, each * index : each * (index + 1)]),
            texts=[line[each * index : each * (index + 1)] for line in record.texts],
            panes=[],
        )
        for index in range(count)
    ]


def fits_texts(record: Field, width: int, height: int) -> bool:
    """Whether a matrix has room for the whole of its texts."""
    rows, columns = record.values.shape
    left = measure_names(record, width, height)
    return any(
        rows * tall <= height - (left > 0) and columns * (wide + 1) <= width - left
        for wide, tall in map(_measure_texts, _written(record)[: 2 if record.texts else 1])
    )


def measure_names(record: Field, width: int, height: int) -> int:
    """Cells that the names of the rows take at the left; 0 where there is no room for names."""
    if width < NAMED[0] or height < NAMED[1]:
        return 0
    return min(max(map(cell_len, _list_rows(record))), width // 4) + 1


def _list_rows(record: Field) -> list[str]:
    return [plain(name) for name in record.rows] or [str(row) for row in range(record.values.shape[0])]


def draw_matrix(
    record: Field,
    width: int,
    height: int,
    look: Look,
    spot: tuple[int, int] | None,
    *,
    named: bool = True,
    least: int = 0,
) -> tuple[list[Row], tuple[int, int]]:
    """The matrix in ``width`` × ``height`` cells, and how many of its columns and rows a cell holds.

    Args:
        spot: column and row of the value that the cursor is on.
        named: whether the rows have their names at the left, if there is room.
        least: cells that a column takes at least, if there is room.
    """
    rows, columns = record.values.shape
    cells = Canvas(width, height)
    top = int(width >= NAMED[0] and height >= NAMED[1])
    left = measure_names(record, width, height) if named else 0
    room = width - left, height - top
    if min(room) < 1:
        return cells.rows(), (1, 1)
    if columns <= room[0] and rows <= room[1]:
        box = _large(cells, left, top, record, look, least)
    else:
        box = _small(cells, left, top, record, look)
    if top:
        if left:
            _name_rows(cells, left - 1, top, _list_rows(record), box, named=bool(record.rows))
        _name_columns(cells, left, record, box)
    if spot is not None:
        _mark(cells, left, top, spot, box)
    return cells.rows(), (max(1, math.ceil(1 / box.x)), max(1, math.ceil(1 / box.y)))


class _Box(NamedTuple):
    """Cells that an element takes, less than one where several share one."""

    x: float
    y: float


def _large(cells: Canvas, left: int, top: int, record: Field, look: Look, least: int) -> _Box:
    """A rectangle of whole cells for each element, with its text if that has room."""
    values = record.values.numpy()
    rows, columns = values.shape
    y = min((cells.height - top) // rows, TALL)
    written = _written(record)
    longest = [_measure_texts(texts) for texts in written]
    title = max((cell_len(plain(name)) for name in record.columns), default=0)
    x = min((cells.width - left) // columns, max(2 * y, longest[0][0] + 2, least, min(title + 1, WIDE)))
    y = max(1, min(y, x // 2))  # no higher than wide, for cells are twice as high
    texts = next((texts for texts, (wide, tall) in zip(written, longest, strict=True) if wide < x and tall <= y), [])
    levels = class_levels(values, len(record.classes)) if record.classes else look.scale.levels(values)
    token = "c" if record.classes else look.scale.map
    large = levels.repeat(y, 0).repeat(x, 1)
    if look.colour:
        shades(cells, left, top, large.repeat(2, 0), token)
    elif record.classes:
        cells.fill(left, top, _lettered(large, record.classes), large * 0, lambda code: "text")
    else:
        ramps(cells, left, top, large, look.unicode)
    if not texts:
        return _Box(x, y)
    signs = letters(record.classes)
    for row, line in enumerate(levels.tolist()):
        for column, level in enumerate(line):
            text = texts[row][column]
            if not text:
                continue
            lines = [(part, left + column * x + (x - cell_len(part)) // 2) for part in text.split("\n")]
            first = top + row * y + (y - len(lines) + 1) // 2
            if look.colour:
                pen = f"shade ink {token}{level}"
                if level > TOP:  # its signs go, its value comes
                    _clear(cells, left + column * x, top + row * y, x, y, pen)
            else:
                pen = "value"
                if level > TOP:
                    _clear(cells, left + column * x, top + row * y, x, y, pen)
                wide = _measure_texts([[text]])[0]
                inner = x if (y == 1 and wide + 4 > x) or wide + 2 > x else wide + 2
                filler = signs[level] if record.classes and level < TOP else ramp(level)
                if record.classes and text == filler:
                    continue
                for place in range(len(lines)):
                    cells.put(left + column * x + (x - inner) // 2, first + place, " " * inner, pen)
            for place, (part, start) in enumerate(lines):
                cells.put(start, first + place, part, pen)
    return _Box(x, y)


def _clear(cells: Canvas, x: int, y: int, width: int, height: int, pen: str) -> None:
    for line in range(height):
        cells.put(x, y + line, " " * width, pen)


def _small(cells: Canvas, left: int, top: int, record: Field, look: Look) -> _Box:
    """Two pixels a cell, an element at least a pixel or, where they are too many, several in one."""
    values = record.values.numpy()
    rows, columns = values.shape
    size = shape_matrix(rows, columns, cells.width - left, 2 * (cells.height - top))
    tall = size[0] if look.colour else -(-size[0] // 2)
    if record.classes:
        levels = class_levels(picked(values, tall, size[1]), len(record.classes))
    else:
        levels = look.scale.levels(resized(values, tall, size[1]))
    if look.colour:
        shades(cells, left, top, levels, "c" if record.classes else look.scale.map)
    elif record.classes:
        cells.fill(left, top, _lettered(levels, record.classes), levels * 0, lambda code: "text")
    else:
        ramps(cells, left, top, levels, look.unicode)
    return _Box(size[1] / columns, size[0] / rows / 2)


def shape_matrix(rows: int, columns: int, width: int, height: int) -> tuple[int, int]:
    """Rows and columns of square pixels for a matrix in ``height`` × ``width`` of them; one that would be a mere strip
    is stretched."""
    share = min(height / rows, width / columns)
    share = share if share < 1 else int(share)
    tall, wide = max(1, round(rows * share)), max(1, round(columns * share))
    if tall < STRIP:
        tall = min(height, max(tall, rows, STRIP // rows * rows))
    if wide < STRIP:
        wide = min(width, max(wide, columns, STRIP // columns * columns))
    return tall, wide


def _lettered(levels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """A character for each level of a class."""
    signs = np.array([*letters(classes)[:TOP], "x"], object)
    return signs[np.where(levels > TOP, len(signs) - 1, levels)]


def _name_rows(cells: Canvas, room: int, top: int, names: Sequence[str], box: _Box, *, named: bool) -> None:
    """Write the names at the left: all that have a row of their own, else some."""
    stride = 1 if box.y >= 1 else max(1, math.ceil(spacing(len(names), max(1, int(len(names) * box.y)))))
    if box.y < 1 and not named:
        stride = max(1, math.ceil(spacing(len(names), max(2, int(len(names) * box.y / 3)))))
    for index in range(0, len(names), stride):
        y = top + int(index * box.y) + (int(box.y) // 2 if box.y >= 1 else 0)
        cells.put(0, y, fit(names[index], room, right=True), "text" if named else "tick")


def _name_columns(cells: Canvas, left: int, record: Field, box: _Box) -> None:
    """Write the names above: each in the middle of its column, else as many as fit."""
    columns = record.values.shape[1]
    names = [plain(name) for name in record.columns] or [str(column) for column in range(columns)]
    pen = "text" if record.columns else "tick"
    room = int(box.x) - 1
    if room >= min(3, max(map(cell_len, names))):
        for index, name in enumerate(names):
            short = fit(name, room).rstrip() if cell_len(name) > room else name
            cells.put(left + index * int(box.x) + (int(box.x) - cell_len(short)) // 2, 0, short, pen)
        return
    stride = 1 if record.columns else max(1, math.ceil(spacing(columns, max(2, int(columns * box.x / 8)))))
    end = left
    for index in range(0, columns, stride):
        start = left + int(index * box.x)
        name = fit(names[index], 8).rstrip() if cell_len(names[index]) > 8 else names[index]
        if start >= end and start + cell_len(name) <= cells.width:
            cells.put(start, 0, name, pen)
            end = start + cell_len(name) + 1


def _mark(cells: Canvas, left: int, top: int, spot: tuple[int, int], box: _Box) -> None:
    """Mark the element that is read."""
    x, y = left + int(spot[0] * box.x), top + int(spot[1] * box.y) + int(box.y) // 2
    if box.x >= 3:
        cells.put(x, y, "[", "cursor")
        cells.put(x + int(box.x) - 1, y, "]", "cursor")
    else:
        cells.put(x, y, "┼", "cursor")


def _measure_texts(texts: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Cells and lines of the longest of some texts."""
    parts = [text.split("\n") for line in texts for text in line]
    return max(cell_len(part) for lines in parts for part in lines), max(map(len, parts))


def _written(record: Field) -> list[list[list[str]]]:
    """What may be written in the cells, from the fullest version to the shortest."""
    if record.texts:
        texts = [[plain(text) for text in line] for line in record.texts]
        below = [[text.replace(" ", "\n", 1) for text in line] for line in texts]
        return [texts, below, [[text.partition(" ")[0] for text in line] for line in texts]]
    values = record.values.numpy()
    if record.classes:
        signs = [*letters(record.classes)[:TOP], BAD[TOP + 1]]
        levels = np.minimum(class_levels(values, len(record.classes)), len(signs) - 1)
        return [[[signs[level] for level in line] for line in levels.tolist()]]
    return [[[form(value) for value in line] for line in values.tolist()] for form in number_forms(values)]

"""Arrays whose values are written in cells, beside each other: the first row at the top, indices at the edges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.cells import cell_len

from descend.engine.run.packed_array import find_not_yet
from descend.engine.run.records import ArrayView
from descend.tui.cell_text import fit, plain
from descend.tui.draw.array_layout import Block, Layout, Pane, Spot, shorten
from descend.tui.draw.canvas import Canvas
from descend.tui.draw.rows import Row
from descend.tui.draw.ticks import ABSENT

BRACKETS = ("[]", "()", "{}", "||")
"""What stands around marked cells, by the place of their name among the marks."""
POINTER = "><"
"""What stands around the cell that the cursor reads."""


def draw_arrays(
    record: ArrayView, layout: Layout, width: int, height: int, spot: Spot | None, unicode: bool
) -> list[Row]:
    """The blocks of ``layout`` in ``width`` × ``height`` cells."""
    cells = Canvas(width, height)
    signs = assign_brackets(record)
    for index, block in enumerate(layout.blocks, layout.first):
        here = (spot[1], spot[2]) if spot is not None and spot[0] == index else None
        _draw_block(cells, block, signs, here, unicode)
    return cells.rows()


def assign_brackets(record: ArrayView) -> dict[str, tuple[str, str]]:
    """The brackets and the pen of each name of marks."""
    names = dict.fromkeys(name for grid in record.grids for name in grid.marks)
    return {name: (BRACKETS[index % len(BRACKETS)], f"series-{index % 6 + 1}") for index, name in enumerate(names)}


def _draw_block(
    cells: Canvas, block: Block, signs: dict[str, tuple[str, str]], spot: tuple[int, int] | None, unicode: bool
) -> None:
    pane, (x, y), (across, down) = block.pane, block.place, block.pitch
    if block.sign:
        cells.put(x, y + block.head + (block.size[1] - block.head) // 2, block.sign, "value")
        x += cell_len(block.sign) + 1
    for index, heading in enumerate(block.above):
        place = x
        for words, pen in heading:
            cells.put(place, y + index, words, pen)
            place += cell_len(words)
    text, pens, names = _write_cells(block, signs, spot, unicode)
    inner, start = across - block.lined, x + block.left + block.lined
    for column, tick in enumerate(pane.columns[block.columns]):
        name = shorten(tick, inner - (inner > 3))
        end = (
            _find_value_column(block) + block.widest
            if cell_len(name) <= block.widest
            else (inner + cell_len(name)) // 2
        )
        cells.put(start + column * across + end - cell_len(name), y + len(block.above), name, "tick")
    for row, name in enumerate(pane.rows[block.rows]):
        cells.put(
            x, y + block.head + row * down + _find_value_row(block), fit(name, block.left - 1, right=True), "tick"
        )
    top, left = y + block.head, x + block.left
    room = slice(0, max(0, cells.height - top)), slice(0, max(0, cells.width - left))
    if text[room].size:
        cells.fill(left, top, text[room], pens[room], names.__getitem__)


def _write_cells(
    block: Block, signs: dict[str, tuple[str, str]], spot: tuple[int, int] | None, unicode: bool
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The values of ``block`` and the lines between them: characters (h, w), their pens (h, w), and the pens' names."""
    pane, (across, down), place = block.pane, block.pitch, (block.rows, block.columns)
    rows, columns = (one.stop - one.start for one in place)
    text = np.full((rows * down + block.lined, columns * across + block.lined), " ", object)
    pens = np.zeros(text.shape, np.int64)
    names = ["text", "axis", "error", "muted", "cursor", *(pen for _, pen in signs.values())]
    if block.lined:
        _draw_rules(text, across, down)
        pens[text != " "] = 1
    values = pane.values[place]
    written = [[block.form(float(value)) for value in line] for line in values.tolist()]
    kinds = np.where(np.isfinite(values.astype(np.float64)), 0, 2)
    around = np.full(values.shape, "  ", object)
    empty = find_empty(pane)[place]
    kinds[empty] = 3
    for row, column in np.argwhere(empty).tolist():
        written[row][column] = ABSENT if unicode else "."
    for index, (name, (brackets, _)) in reversed(list(enumerate(signs.items()))):
        if name in pane.grid.marks:  # of several marks the first is seen
            marked = pane.part(pane.grid.marks[name].numpy())[place] != 0
            kinds[marked], around[marked] = 5 + index, brackets
    if spot is not None:
        here = spot[0] - block.rows.start, spot[1] - block.columns.start
        kinds[here], around[here] = 4, POINTER
    before, inner = " " * (_find_value_column(block) - 1), across - block.lined
    after, rule = " " * (inner - block.widest - len(before) - 2), "│" * block.lined
    for row, line in enumerate(written):
        y = row * down + _find_value_row(block)
        parts = (
            f"{before}{sign[0]}{found[: block.widest]:>{block.widest}}{sign[1]}{after}"
            for found, sign in zip(line, around[row], strict=True)
        )
        text[y] = list(f"{rule}{rule.join(parts)}{rule}")
        pens[y, block.lined :] = np.repeat(kinds[row], across)
        if block.lined:
            pens[y, ::across] = 1
    return text, pens, names


def find_empty(pane: Pane) -> np.ndarray:
    """Which cells (rows, columns) of a pane are not computed yet."""
    empty = find_not_yet(pane.values)
    return empty if pane.grid.blank is None else empty | (pane.part(pane.grid.blank.numpy()) != 0)


def _find_value_column(block: Block) -> int:
    """Cells from a cell's left edge to its value."""
    inner = block.pitch[0] - block.lined
    return (inner - block.widest - 2) // 2 + 1


def _find_value_row(block: Block) -> int:
    """Rows from a cell's upper edge to its value."""
    return block.lined + (block.pitch[1] - block.lined - 1) // 2 if block.lined else 0


def _draw_rules(text: np.ndarray, across: int, down: int) -> None:
    """Draw the lines between cells and around them."""
    text[::down] = "─"
    text[:, ::across] = "│"
    text[::down, ::across] = "┼"
    text[0, ::across], text[-1, ::across] = "┬", "┴"
    text[::down, 0], text[::down, -1] = "├", "┤"
    text[0, 0], text[0, -1], text[-1, 0], text[-1, -1] = "┌┐└┘"


def list_cells(record: ArrayView) -> Iterator[list[str | int | float | None]]:
    """A row for each cell: the array, the name of each of at most three indices, the value, and its marks."""
    for grid in record.grids:
        values = grid.values.numpy()
        ticks = [list(map(plain, names)) for names in grid.ticks] or [[] for _ in values.shape]
        marks = {plain(name): mark.numpy() for name, mark in grid.marks.items()}
        empty = find_not_yet(values)
        if grid.blank is not None:
            empty = empty | (grid.blank.numpy() != 0)
        for place in np.ndindex(values.shape):
            named = [names[index] if names else index for names, index in zip(ticks, place, strict=True)]
            value = None if empty[place] else values[place].item()
            marked = " ".join(name for name, mark in marks.items() if mark[place])
            yield [plain(grid.name), *[None] * (3 - len(named)), *named, value, marked]

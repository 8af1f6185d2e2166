"""A table as it is at a step: words to the left of their column, numbers to its right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from descend.engine.run.records import Table
from descend.tui.cell_text import fit, plain
from descend.tui.draw import ticks
from descend.tui.draw.rows import Row, sized
from descend.tui.panels.panel_data import Data
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.scrollable import Scrollable

GAP = 2
LONGEST = 40
"""Cells of a column at most, if there are others."""
GOOD = frozenset({"agrees", "agree", "equal", "same", "right", "correct", "ok", "passed", "passes", "converged"})
BAD = frozenset({"differs", "differ", "unequal", "different", "wrong", "incorrect", "failed", "fails", "diverged"})
"""Words that are verdicts when they are all of a cell: the good ones and the bad ones."""
NOT_FINITE = ("NaN", "inf", "-inf")
Cell = str | int | float | bool | None


class TablePanel(Scrollable, PicturePanel[Table]):
    """A table that scrolls, by rows and by columns."""

    kind = Table
    order: ClassVar[int] = 60
    HELP = "A table of the run. Up and down scroll its rows, shift+left and shift+right its columns, if it has more."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_parenthesis,shift+left", "columns(-1)", "Columns", show=False, tooltip="A column to the left"),
        Binding("right_parenthesis,shift+right", "columns(1)", "Columns", show=False, tooltip="A column to the right"),
    ]
    first = 0
    """Index of the first column shown."""
    _shown = 0

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        top = self.fits(len(newest.rows), height - 1)
        self.first = min(self.first, max(0, len(newest.columns) - 1))
        rows = newest.rows[top : top + self._page]
        # As wide as the rows in sight need and as their neighbours do, so that scrolling moves few columns.
        near = newest.rows[max(0, top - self._page) : top + 2 * self._page]
        columns = [_column(name, [row[index] for row in near]) for index, name in enumerate(newest.columns)]
        shown, room = 0, width
        for cells, _ in columns[self.first :]:
            if shown and cells > room:
                break
            shown, room = shown + 1, room - cells - GAP
        self._shown = shown
        chosen = range(self.first, self.first + shown)
        header: Row = [(_cell(plain(newest.columns[index]), *columns[index]), "muted") for index in chosen]
        unicode = self.draws_unicode
        body = [[(_cell(write_cell(row[i], unicode), *columns[i]), _pen(row[i])) for i in chosen] for row in rows]
        return [sized(_apart(line), width) for line in [header, *body, *([[]] * height)][:height]]

    def legends(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        size = f"{len(newest.rows):,} × {len(newest.columns):,}"
        return [[(size, "value")]]

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        parts = [self.place("rows")]
        if self._shown < len(newest.columns):
            parts.append(f"columns {self.first + 1}–{self.first + self._shown} of {len(newest.columns)}, ( ) move")
        told = "  ".join(part for part in parts if part)
        when = self.when(newest.step)
        return [[(f"{told}  ", "value"), *row] for row in when if told] + [[(told, "value")]] * bool(told) + when

    def action_columns(self, by: int) -> None:
        """Show columns further to the right, or (negative) to the left."""
        newest = self.newest()
        if newest is None or (by > 0 and self.first + self._shown >= len(newest.columns)):
            return
        self.first = max(0, self.first + by)
        self.redraw()

    @staticmethod
    def tabulate(picture: Table) -> Data:
        rows = ([plain(cell) if isinstance(cell, str) else cell for cell in row] for row in picture.rows)
        return Data(list(map(plain, picture.columns)), len(picture.rows), rows)


def _column(name: str, cells: Sequence[Cell]) -> tuple[int, bool]:
    """How wide a column is, and whether it is one of numbers."""
    longest = max([cell_len(plain(name)), *(cell_len(write_cell(cell)) for cell in cells)])
    numbers = all(isinstance(cell, (int, float)) or cell is None or cell in NOT_FINITE for cell in cells)
    return max(1, min(longest, LONGEST)), numbers and bool(cells)


def write_cell(cell: Cell, unicode: bool = True) -> str:
    """A cell as it is read; a verdict has a sign before it, so that it stands out without colour."""
    if (verdict := judge(cell)) is not None:
        sign = ("✓" if verdict else "✗") if unicode else ("+" if verdict else "x")
        return f"{sign} {plain(str(cell))}"
    match cell:
        case None:
            return ticks.ABSENT
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}"
        case float():
            return ticks.number(cell)
    return plain(str(cell))


def judge(cell: Cell) -> bool | None:
    """Whether a cell that is a verdict is a good one; None for all other cells."""
    word = cell.strip().lower() if isinstance(cell, str) else ""
    return True if word in GOOD else False if word in BAD else None


def _pen(cell: Cell) -> str:
    if cell is None:
        return "muted"
    if (verdict := judge(cell)) is not None:
        return "good" if verdict else "error"
    return "error" if cell in NOT_FINITE or (isinstance(cell, float) and not math.isfinite(cell)) else "text"


def _cell(text: str, cells: int, right: bool) -> str:
    return fit(text, cells, right=right)


def _apart(row: Row) -> Row:
    spaced: Row = []
    for index, run in enumerate(row):
        spaced += [(" " * GAP, "text")] * bool(index) + [run]
    return spaced

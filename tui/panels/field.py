"""Values over a rectangle, as a heat map: a map with axes, or a matrix with named lines.

Values are told by colour and, where there is room, in numbers; a legend says which colours stand for which values. The
focused panel has a cursor that reads single values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType

from descend.engine.run.packed_array import is_not_yet
from descend.engine.run.records import Field
from descend.tui.cell_text import fit, plain
from descend.tui.draw.colours import Scale, scale
from descend.tui.draw.field_legend import Look, draw_key, letters
from descend.tui.draw.matrix import draw_panes
from descend.tui.draw.plane import draw_plane, rows_go_down
from descend.tui.draw.rows import Row
from descend.tui.draw.ticks import number
from descend.tui.panels import panel_data
from descend.tui.panels.panel_data import Data, words
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.shaded import Shaded

if TYPE_CHECKING:
    from descend.engine.run.history import History


class FieldPanel(Shaded, PicturePanel[Field]):
    """A map or a matrix of values, or of classes."""

    kind = Field
    order: ClassVar[int] = 40
    HELP = (
        "Values as colours; the legend above says which. Shift and an arrow move a cursor over the field, whose place "
        "and value stand below."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "shift+right", "read(1, 0)", "Read", key_display="shift ←↑↓→", tooltip="Move a cursor that reads values"
        ),
        Binding("shift+left", "read(-1, 0)", "Read to the left", show=False),
        Binding("shift+up", "read(0, 1)", "Read above", show=False),
        Binding("shift+down", "read(0, -1)", "Read below", show=False),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.spot: tuple[int, int] | None = None
        """Column and row, as they are drawn from the lower left, of the value that the cursor reads."""
        self._stride = 1, 1
        self._scaled: tuple[Field, Scale] | None = None

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        look = Look(self._scale(newest), self.in_colour, self.draws_unicode)
        keys = draw_key(newest, width, look, 2 if height >= 14 else 1) if height >= 6 else []
        draw = draw_plane if newest.x is not None else draw_panes
        rows, self._stride = draw(newest, width, height - len(keys), look, self._place(newest))
        return rows + keys

    def legends(self) -> list[Row]:
        newest = self.newest()
        if newest is None or newest.classes:
            return []
        scale, colour = self._scale(newest), self.in_colour
        return [scale.bar(cells, colour) for cells in (24, 16, 10, 6)]

    def axes(self) -> tuple[str, str] | None:
        newest = self.newest()
        if newest is None or (newest.axes == ("", "") and newest.x is None and (newest.rows or newest.columns)):
            return None
        return newest.axes

    @property
    def points_down(self) -> bool:
        newest = self.newest()
        return newest is not None and (newest.x is None or newest.down)

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when = self.when(newest.step)
        place = self._place(newest)
        if place is None or not self.has_focus:
            return when
        read: Row = [(self._read(newest, *place), "value")]
        return [[*read, ("  ", "muted"), *row] for row in when] + [read]

    def on_focus(self) -> None:
        self._show_spot()

    def on_blur(self) -> None:
        self._show_spot()

    def action_read(self, right: int, up: int) -> None:
        """Move the cursor by what is about a cell of the terminal; the first time it comes up in the middle."""
        newest = self.newest()
        if newest is None:
            return
        rows, columns = newest.values.shape
        if self.spot is None:
            self.spot = columns // 2, rows // 2
        else:
            x, y = self.spot[0] + right * self._stride[0], self.spot[1] + up * self._stride[1]
            self.spot = min(max(x, 0), columns - 1), min(max(y, 0), rows - 1)
        self.redraw()

    def _show_spot(self) -> None:
        if self.spot is not None:
            self.redraw()

    def _place(self, record: Field) -> tuple[int, int] | None:
        """Column and row in the record's values that the cursor is on."""
        if self.spot is None or (self.is_attached and not self.has_focus):
            return None
        rows, columns = record.values.shape
        column, row = min(self.spot[0], columns - 1), min(self.spot[1], rows - 1)
        column = columns - 1 - column if record.x is not None and record.x[1] < record.x[0] else column
        return column, rows - 1 - row if rows_go_down(record) else row

    def _read(self, record: Field, column: int, row: int) -> str:
        """Where the cursor is, and the value there."""
        rows, columns = record.values.shape
        place_in = row, column
        if record.x is not None and record.y is not None:
            x = record.x[0] + (record.x[1] - record.x[0]) * column / max(1, columns - 1)
            y = record.y[0] + (record.y[1] - record.y[0]) * row / max(1, rows - 1)
            place = f"x={number(x)}, y={number(y)}"
        else:
            each = columns // max(1, len(record.panes))
            pane = [plain(record.panes[column // each])] if record.panes else []
            column %= each
            names = [
                fit(plain(names[index]), min(12, len(plain(names[index])))) if names else f"{word} {index}"
                for names, index, word in ((record.rows, row, "row"), (record.columns, column, "column"))
            ]
            place = ", ".join([*pane, *names])
        value = float(record.values.numpy()[place_in])
        if is_not_yet(value):
            return f"{place}: not computed yet"
        if record.classes and value == value and 0 <= round(min(max(value, -1), 1e9)) < len(record.classes):
            return f"{place}: {letters(record.classes)[round(value)]} {plain(record.classes[round(value)])}"
        return f"{place}: {number(value)}"

    def _scale(self, record: Field) -> Scale:
        if self._scaled is None or self._scaled[0] is not record:
            self._scaled = record, scale(record.values.numpy(), record.low, record.high)
        return self._scaled[1]

    @staticmethod
    def tabulate(picture: Field) -> Data:
        """The values, without what is drawn on them; rows as in the record."""
        rows, columns = picture.values.shape
        if picture.x is None or picture.y is None:
            lines = words(picture.rows or map(str, range(rows)))
            each = columns // max(1, len(picture.panes))
            heads = [plain(name) for name in picture.columns] or list(map(str, range(each)))
            heads = [f"{plain(pane)} {head}" for pane in picture.panes for head in heads] or heads
            return panel_data.matrix("row", lines, heads, picture.values, picture.classes)
        heights, places = np.linspace(*picture.y, rows).tolist(), np.linspace(*picture.x, columns).tolist()
        return panel_data.matrix("y, then x", heights, list(map(str, places)), picture.values, picture.classes)

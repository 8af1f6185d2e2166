"""Arrays with their values in cells, such as those of one step of an operation, and its formula with numbers put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, chop_cells
from textual.binding import Binding, BindingType

from descend.engine.run.records import ArrayView
from descend.tui.cell_text import plain
from descend.tui.draw.array_cells import assign_brackets, draw_arrays, find_empty, list_cells
from descend.tui.draw.array_layout import Layout, Pane, Spot, lay_out, make_panes, move_spot
from descend.tui.draw.legend import spaced
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import number
from descend.tui.panels.panel_data import Data
from descend.tui.panels.picture_panel import PicturePanel

if TYPE_CHECKING:
    from descend.engine.run.history import History


class ArrayPanel(PicturePanel[ArrayView]):
    """Arrays beside each other, and what one step does with their numbers."""

    kind = ArrayView
    order: ClassVar[int] = 38
    HELP = (
        "Arrays, each value in its cell; the frame names what stands in brackets. s takes one step, , and . look back "
        "at the steps before. Shift and an arrow read single cells; the arrows move what is shown of a large array, "
        "PgDn and PgUp show more arrays."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "shift+right", "read(1, 0)", "Read", key_display="shift ←↑↓→", tooltip="Move a cursor that reads values"
        ),
        Binding("shift+left", "read(-1, 0)", "Read to the left", show=False),
        Binding("shift+up", "read(0, -1)", "Read above", show=False),
        Binding("shift+down", "read(0, 1)", "Read below", show=False),
        Binding("down,j", "shift(1, 0)", "Rows", show=False, tooltip="Rows further down"),
        Binding("up,k", "shift(-1, 0)", "Rows", show=False, tooltip="Rows further up"),
        Binding("right_parenthesis", "shift(0, 1)", "Columns", show=False, tooltip="Columns further to the right"),
        Binding("left_parenthesis", "shift(0, -1)", "Columns", show=False, tooltip="Columns further to the left"),
        Binding("pagedown", "page(1)", "More arrays", key_display="PgDn PgUp", tooltip="The next arrays; PgUp: back"),
        Binding("pageup", "page(-1)", "Arrays before", show=False, key_display="PgUp"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.spot: Spot | None = None
        """The cell that the cursor reads."""
        self.first = 0
        self.shift = (0, 0)
        self._panes: tuple[ArrayView | None, list[Pane]] = None, []
        self._layout = Layout([], 0, 0)

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        panes, spot = self._list_panes(newest), self._find_spot(newest)
        below = _wrap_formula(newest.formula, width, max(1, height // 3)) if newest.formula and height >= 3 else []
        self._layout = lay_out(panes, width, height - len(below), self.first, self.shift, spot)
        self.first = self._layout.first
        return draw_arrays(newest, self._layout, width, height - len(below), spot, self.draws_unicode) + below

    def legends(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        named: list[Row] = [
            [(brackets, pen), (f" {plain(name)}", "text")] for name, (brackets, pen) in assign_brackets(newest).items()
        ]
        count = len(self._list_panes(newest))
        shown = self._layout.stop - self._layout.first
        part: list[Row] = []
        if shown < count:
            last = f"–{self._layout.stop}" if shown > 1 else ""
            part = [[(f"{self._layout.first + 1}{last} of {count}", "value"), (", see PgDn and PgUp", "muted")]]
        shape: list[Row] = []
        if len(newest.grids) == 1:
            shape = [[(" × ".join(map(str, newest.grids[0].values.shape)), "muted")]]
        ways = [[*named, *part, *shape], [*named, *part], part or named]
        return [spaced(way) for way in ways if way]

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when, spot = self.when(newest.step), self._find_spot(newest)
        if spot is None or not self.has_focus:
            return when
        read: Row = [(self._describe_spot(newest, spot), "value")]
        return [[*read, ("  ", "muted"), *row] for row in when] + [read]

    def on_focus(self) -> None:
        self._show_spot()

    def on_blur(self) -> None:
        self._show_spot()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "page":
            newest = self.newest()
            return newest is not None and self._layout.stop - self._layout.first < len(self._list_panes(newest))
        return super().check_action(action, parameters)

    def redraw(self) -> None:
        before = self._layout.first, self._layout.stop
        super().redraw()
        if self.has_focus and before != (self._layout.first, self._layout.stop):
            self.refresh_bindings()

    def action_read(self, right: int, down: int) -> None:
        """Move the cursor by a cell; the first time it comes up at the first mark, or else in the first cell."""
        newest = self.newest()
        if newest is None:
            return
        panes = self._list_panes(newest)
        if self.spot is None or self._find_spot(newest) is None:
            block = self._layout.blocks[0] if self._layout.blocks else None
            self.spot = self.first, block.rows.start if block else 0, block.columns.start if block else 0
        else:
            self.spot = move_spot(panes, self._find_spot(newest) or self.spot, right, down)
        self.redraw()

    def action_shift(self, down: int, right: int) -> None:
        """Move what is shown of arrays that are larger than their place."""
        cut = [block for block in self._layout.blocks if _is_cut(block.rows, block.columns, block.pane)]
        moved = any(
            block.rows.start + down >= 0
            and block.rows.stop + down <= block.pane.values.shape[0]
            and block.columns.start + right >= 0
            and block.columns.stop + right <= block.pane.values.shape[1]
            for block in cut
        )
        if moved:
            self.spot = None
            self.shift = self.shift[0] + down, self.shift[1] + right
            self.redraw()

    def action_page(self, direction: int) -> None:
        """Show the arrays after (1) or before (-1) these."""
        newest = self.newest()
        if newest is None:
            return
        shown = max(1, self._layout.stop - self._layout.first)
        first = self.first + direction * shown
        if first < len(self._list_panes(newest)):
            self.first, self.spot = max(0, first), None
            self.redraw()

    def _show_spot(self) -> None:
        if self.spot is not None:
            self.redraw()

    def _list_panes(self, record: ArrayView) -> list[Pane]:
        """The record's panes, from the cache if they are those drawn last."""
        if self._panes[0] is not record:
            self._panes = record, make_panes(record)
        return self._panes[1]

    def _find_spot(self, record: ArrayView) -> Spot | None:
        """Where the cursor is, in the record that is shown; None if it is not."""
        if self.spot is None or (self.is_attached and not self.has_focus):
            return None
        panes = self._list_panes(record)
        return move_spot(panes, (min(self.spot[0], len(panes) - 1), *self.spot[1:]), 0, 0)

    def _describe_spot(self, record: ArrayView, spot: Spot) -> str:
        """The cell's array, indices, value and marks, in words."""
        pane, place = self._list_panes(record)[spot[0]], spot[1:]
        names = [pane.rows[place[0]]] * bool(pane.rows) + [pane.columns[place[1]]]
        value = float(pane.values[place])
        blank = find_empty(pane)[place]
        marks = [plain(name) for name, mark in pane.grid.marks.items() if pane.part(mark.numpy())[place]]
        told = f" ({', '.join(marks)})" if marks else ""
        exact = "not computed yet" if blank else _format_exact(value)
        return f"{pane.title or 'value'}[{', '.join(names)}] = {exact}{told}"

    @staticmethod
    def tabulate(picture: ArrayView) -> Data:
        """A row for each cell."""
        total = sum(grid.values.numpy().size for grid in picture.grids)
        return Data(["array", "slice", "row", "column", "value", "marks"], total, list_cells(picture))


def _is_cut(rows: slice, columns: slice, pane: Pane) -> bool:
    return (rows.stop - rows.start, columns.stop - columns.start) != pane.values.shape


def _format_exact(value: float) -> str:
    """``value`` with the digits that a float32 has."""
    return f"{value:.7g}" if value == value and abs(value) != float("inf") else number(value)


def _wrap_formula(formula: str, width: int, lines: int) -> list[Row]:
    """The formula in at most ``lines`` rows below an empty one; of a longer one its end, which is the result."""
    found = [""]
    sum, _, result = plain(formula).rpartition(" = ")
    for word in [*sum.split(), f"= {result}"] if sum else result.split():
        if cell_len(f"{found[-1]} {word}".strip()) <= width:
            found[-1] = f"{found[-1]} {word}".strip()
        else:
            found += chop_cells(word, width)
    found = [line for line in found if line]
    if len(found) > lines:
        found = [f"…{found[-lines]}"[:width], *found[len(found) - lines + 1 :]]
    rows: list[Row] = [[]] * (lines > len(found)) + [[(line, "value")] for line in found]
    return [sized(row, width) for row in rows]

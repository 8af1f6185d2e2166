"""The table of runs.

Lines are made when they are shown and repainted where they differ: Textual's DataTable measures every cell of five
hundred rows (0.15 s) and renders all visible ones again when one changes (0.06 s), at each key of a search and each
look at a run at work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from descend.tui.cell_text import ascii_only, fit, shows_unicode
from descend.tui.screens.runs.columns import Layout, cell, layout, measured, metric
from descend.tui.screens.runs.run_row import RunRow

Line = list[tuple[str, str]]
"""Texts and pens; the pen of the first says what kind of line it is."""


class RunTable(ScrollView, can_focus=True, inherit_bindings=False):
    """One line a run, under a header that stays.

    Args:
        sparkline: the curve of a run in so many cells; empty while it is not known.

    Attributes:
        entries: what is shown, in that order.
        marked: ids of the runs that the user has marked.
        order: name of the column whose order is shown.
        descending: whether that is from the largest down.
        knobs: those that differ, with the cells they need.
    """

    HELP = (
        "Every run on this machine. ▶ runs are at work, ✗ ones failed or died: the lines below say why. Space marks "
        "runs to compare or delete together; a title is what you call a run, else its changed knobs are shown."
    )
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"runs--{pen}" for pen in ("text", "muted", "value", "good", "warning", "bad", "curve", "header", "cursor")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line up", show=False),
        Binding("down,j", "move(1)", "Line down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "go(0)", "First line", show=False),
        Binding("end,G", "go(-1)", "Last line", show=False),
    ]
    DEFAULT_CSS = """
    RunTable {
        height: 1fr; overflow-x: hidden; color: $foreground; background: $background;
        & > .runs--text { color: $foreground; }
        & > .runs--muted { color: $foreground 70%; }
        & > .runs--value { color: $foreground; text-style: bold; }
        & > .runs--good { color: $text-success; }
        & > .runs--warning { color: $text-warning; text-style: bold; }
        & > .runs--bad { color: $text-error; text-style: bold; }
        & > .runs--curve { color: $text-accent; }
        & > .runs--header { color: $foreground; background: $surface; text-style: bold; }
        & > .runs--cursor { color: $foreground; background: $foreground 15%; }
        &:focus > .runs--cursor { color: $block-cursor-foreground; background: $block-cursor-background; }
    }
    """

    class Moved(Message):
        """The cursor is on another run, or other lines have come into view."""

    class Opened(Message):
        """The run under the cursor was clicked twice."""

    class Sorted(Message):
        """The user asked for the order of a column."""

        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self, sparkline: Callable[[RunRow, int], str]) -> None:
        super().__init__()
        self.entries: list[RunRow] = []
        self.marked: set[str] = set()
        self.order = "age"
        self.cursor = 0
        self.descending = True
        self.knobs: list[tuple[str, int]] = []
        self._sparkline = sparkline
        self._layout = Layout(1, [])
        self._drawn: dict[int, Line] = {}

    @property
    def entry(self) -> RunRow | None:
        """The run under the cursor."""
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    @property
    def rows(self) -> int:
        """Lines there is room for below the header."""
        return max(1, self.scrollable_content_region.height - 1)

    @property
    def in_view(self) -> list[RunRow]:
        """The runs that are in view."""
        first = self.scroll_offset.y
        return self.entries[first : first + self.rows]

    def show(self, entries: list[RunRow], order: str, descending: bool = True) -> None:
        """Show ``entries``, sorted by ``order``, from the largest down if ``descending``; the cursor stays on its run
        if that is still there."""
        kept = self.entry
        self.entries, self.order, self.descending = entries, order, descending
        if kept is not None and (self.cursor >= len(entries) or entries[self.cursor].id != kept.id):
            place = next((index for index, entry in enumerate(entries) if entry.id == kept.id), self.cursor)
            self.cursor = max(0, min(place, len(entries) - 1))
        self.virtual_size = Size(self.size.width, len(entries) + 1)
        self._fit()
        self._reveal()
        self.redraw()

    def show_knobs(self, knobs: list[tuple[str, int]]) -> None:
        """Show other knobs, as `find_differing` returns them."""
        if knobs != self.knobs:
            self.knobs = knobs
            self._fit()
            self.redraw()

    def go_to(self, place: int) -> None:
        """Put the cursor on line ``place``, or on the nearest there is."""
        self.cursor = max(0, min(place, len(self.entries) - 1))
        self._reveal()
        self.redraw()
        self.post_message(self.Moved())

    def redraw(self) -> None:
        """Rebuild the lines in view and repaint those that differ."""
        for y in range(self.scrollable_content_region.height):
            if self._drawn.get(y) != (line := self._line(y)):
                self._drawn[y] = line
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """A line, from what was made last if nothing has changed."""
        if y not in self._drawn:
            self._drawn[y] = self._line(y)
        return self._strip(self._drawn[y])

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other runs come into view."""
        super().watch_scroll_y(old_value, new_value)
        self._drawn.clear()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """Lay the columns out again."""
        self._fit()
        self._reveal()
        self._drawn.clear()
        self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        """Move the cursor, or sort by the column whose head was clicked; twice opens the run."""
        if event.y == 0:
            place = event.x
            for column in self._layout.columns:
                if 0 <= place < column.width and column.order:
                    self.post_message(self.Sorted(column.order))
                place -= column.width + self._layout.gap
        elif (index := event.y - 1 + self.scroll_offset.y) < len(self.entries):
            self.go_to(index)
            if event.chain == 2:
                self.post_message(self.Opened())

    def mark(self) -> None:
        """Mark or unmark the run under the cursor, and move to the next."""
        if self.entry is not None:
            self.marked ^= {self.entry.id}
            self.go_to(self.cursor + 1)

    # Keys

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        self.go_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.go_to(self.cursor + by * self.rows)

    def action_go(self, place: int) -> None:
        """Move the cursor to the first line (0) or the last (-1)."""
        self.go_to(place % max(1, len(self.entries)))

    # Drawing

    def _fit(self) -> None:
        lessons = max((cell_len(entry.lesson) for entry in self.entries), default=0)
        labels = max((cell_len(entry.label) for entry in self.entries), default=0)
        titled = any(entry.title for entry in self.entries)
        metrics = max((cell_len(f"{entry.metric} {measured(entry)}") for entry in self.entries), default=0)
        found = layout(self.scrollable_content_region.width, lessons, labels, metrics, self.knobs, titled)
        if found != self._layout:
            self._layout = found
            self._drawn.clear()
            self.refresh()

    def _reveal(self) -> None:
        """Scroll so that the cursor is in view."""
        first = self.scroll_offset.y
        if self.cursor < first:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= first + self.rows:
            self.scroll_to(y=self.cursor - self.rows + 1, animate=False)

    def _line(self, y: int) -> Line:
        """What stands in line ``y`` of the view."""
        index = y - 1 + self.scroll_offset.y
        if y == 0:
            line = self._header()
        elif index < len(self.entries):
            line = self._cells(self.entries[index], index == self.cursor)
        else:
            line = []
        return line if shows_unicode() else [(ascii_only(text), pen) for text, pen in line]

    def _header(self) -> Line:
        line: Line = []
        for column in self._layout.columns:
            sign = " ▼" if self.descending else " ▲"
            name = column.name + (sign if column.order and column.order == self.order else "")
            line += [(fit(name, column.width, right=column.right), "header"), (" " * self._layout.gap, "header")]
        return line

    def _cells(self, entry: RunRow, here: bool) -> Line:
        mark = "●" if entry.id in self.marked else " "
        line: Line = [((">" if here else " ") + mark, "cursor" if here else "text")]
        for column in self._layout.columns[1:]:
            line.append((" " * self._layout.gap, "text"))
            if column.knob:
                line.append((fit(entry.knobs.get(column.name, ""), column.width, right=True), "text"))
            elif column.name == "metric":
                line += metric(entry, column.width)
            elif column.name == "curve":
                line.append((fit(self._sparkline(entry, column.width), column.width), "curve"))
            else:
                text, pen = cell(entry, column.name)
                line.append((fit(text, column.width, right=column.right), pen))
        return line

    def _strip(self, line: Line) -> Strip:
        kind = line[0][1] if line else "text"
        one = kind in ("header", "cursor")
        ground = self.get_component_rich_style(f"runs--{kind}") if one else self.rich_style
        segments = [
            Segment(text, ground + (Style(bold=pen == "value") if kind == "cursor" else self._pen(pen)))
            for text, pen in line
        ]
        return Strip(segments).adjust_cell_length(self.scrollable_content_region.width, ground)

    def _pen(self, pen: str) -> Style:
        return self.get_component_rich_style(f"runs--{pen}", partial=True)

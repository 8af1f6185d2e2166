"""What panels share whose content can be longer than they are tall."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from descend.tui.panels.panel import Panel

WHEEL = 3
"""Lines that a turn of the wheel scrolls."""


class Scrollable(Panel):
    """A panel that scrolls.

    Attributes:
        top: index of the first line shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", "Scroll", show=False, tooltip="Scroll down a line"),
        Binding("up,k", "scroll_lines(-1)", "Scroll up", show=False, tooltip="Scroll up a line"),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False, tooltip="Scroll down a page"),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False, tooltip="Scroll up a page"),
    ]
    top = 0
    _lines, _page = 0, 1

    def fits(self, lines: int, page: int) -> int:
        """Say how many ``lines`` there are for ``page`` of them on screen; the index of the first to show."""
        self._lines, self._page = lines, max(1, page)
        self.top = max(0, min(self.top, lines - self._page))
        return self.top

    def place(self, what: str = "lines") -> str:
        """Which of the lines are shown, empty if all are: ``rows 1–12 of 40``."""
        if self._lines <= self._page:
            return ""
        return f"{what} {self.top + 1:,}–{min(self._lines, self.top + self._page):,} of {self._lines:,}"

    def at_end(self) -> bool:
        """Whether the last line is shown."""
        return self.top + self._page >= self._lines

    def action_scroll_lines(self, count: int) -> None:
        """Scroll by ``count`` lines, down or (negative) up."""
        before, self.top = self.top, max(0, min(self.top + count, self._lines - self._page))
        if self.top != before:
            self.redraw()

    def action_scroll_pages(self, count: int) -> None:
        """Scroll by ``count`` panels."""
        self.action_scroll_lines(count * self._page)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_lines(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_lines(-WHEEL)

"""One line that names the panels with their keys, for where only one panel has room."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from descend.tui.cell_text import fit

LONGEST = 30
"""Cells of a panel's name at most."""


class PanelTabs(Widget):
    """``1 loss  2 accuracy …``, the chosen one set off, ``‹ ›`` where there are more; a click chooses."""

    DEFAULT_CSS = """
    PanelTabs { height: 1; width: 1fr; dock: top; color: $foreground 80%; }
    """

    class Chosen(Message):
        """Tab ``index`` was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self._panels: list[tuple[int | None, str]] = []
        self._chosen = 0
        self._first = 0

    def show(self, panels: Sequence[tuple[int | None, str]], chosen: int) -> None:
        """Name these panels, by number and label, and set one off."""
        if (list(panels), chosen) != (self._panels, self._chosen):
            self._panels, self._chosen = list(panels), chosen
            self.refresh()

    def render(self) -> Content:
        parts: list[Content | str | tuple[str, str]] = []
        self._first = first_shown([cell_len(part) for part in self._parts()], self._chosen, self.size.width)
        if self._first:
            parts.append("‹")
        for index, part in enumerate(self._parts()[self._first :], self._first):
            parts.append((part, "bold reverse") if index == self._chosen else part)
        line = Content.assemble(*parts)
        room = self.size.width
        return line if line.cell_length <= room else line.truncate(room - 1) + "›"

    def on_click(self, event: events.Click) -> None:
        place = event.x - (1 if self._first else 0)
        for index, part in enumerate(self._parts()[self._first :], self._first):
            if 0 <= place < cell_len(part):
                self.post_message(self.Chosen(index))
            place -= cell_len(part)

    def _parts(self) -> list[str]:
        return [
            f" {f'{number} ' if number else ''}{fit(label, LONGEST) if cell_len(label) > LONGEST else label} "
            for number, label in self._panels
        ]


def first_shown(widths: Sequence[int], chosen: int, room: int) -> int:
    """The first tab to show so that ``chosen`` is within ``room`` cells; one cell each is kept for a sign that more
    are left or right of it."""
    first = 0
    while first < chosen and sum(widths[first : chosen + 1]) + bool(first) + (chosen + 1 < len(widths)) > room:
        first += 1
    return first

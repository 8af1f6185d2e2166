"""A line to type in."""

from __future__ import annotations

from typing import Any

from textual.events import Paste
from textual.widgets import Input

from descend.tui.cell_text import plain

LONGEST = 8_192
"""Characters that a field holds: twice the longest path, so that options have room behind it."""


class Field(Input):
    """A line to type in that holds so many characters; of a paste it takes as much of the first line as fits."""

    def __init__(self, *words: Any, max_length: int = LONGEST, **settings: Any) -> None:
        super().__init__(*words, max_length=max_length, **settings)

    def on_paste(self, event: Paste) -> None:
        """Take what there is room for; `Input` would take all or nothing, and control characters with it."""
        event.prevent_default()
        event.stop()
        start, end = sorted(self.selection)
        room = (self.max_length or LONGEST) - len(self.value) + end - start
        line = next(iter(event.text[: 2 * LONGEST].splitlines()), "")
        if taken := plain(line)[: max(0, room)]:
            self.replace(taken, start, end)

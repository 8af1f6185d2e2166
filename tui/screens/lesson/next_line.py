"""The line that says what comes next: what became of the predictions, and which parts of the lesson are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.widgets import Static

from descend.tui.keymap import show_key
from descend.tui.screens.lesson.tabs import TITLES

if TYPE_CHECKING:
    from descend.engine.teaching.next_step import OpenPart
    from descend.tui.screens.lesson.question_view import Pen

GAP = "   "


class NextLine(Static):
    """Hidden while a run is at work, and before the first."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"next--good", "next--bad", "next--key"}
    DEFAULT_CSS = """
    NextLine {
        height: auto; max-height: 4; padding: 0 1; display: none; background: $boost;
        &.-shown { display: block; }
        & > .next--good { color: $text-success; text-style: bold; }
        & > .next--bad { color: $text-error; text-style: bold; }
        & > .next--key { color: $accent; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: object = None

    def hide(self) -> None:
        """Say nothing."""
        self.set_class(False, "-shown")

    def show(self, open_parts: Sequence[OpenPart], news: tuple[str, Pen] | None, goes_on: bool) -> None:
        """Say what is open, and what the run said of the predictions if nobody has read it; ``goes_on``: n goes on with
        the lesson now, instead of to the next question or exercise."""
        self.set_class(True, "-shown")
        if (said := (tuple(open_parts), news, goes_on, width := self.screen.size.width)) == self._said:
            return
        self._said = said
        key = self.get_component_rich_style("next--key", partial=True)
        following, above, text = show_key(self.screen, "n"), Text(), Text()
        if news is not None:
            told, pen = news
            above.append(told, self.get_component_rich_style(f"next--{pen}", partial=True))
            above.append("  ").append(following if goes_on else self._name_key("predict"), key).append(" tells why")
        elif open_parts and goes_on:
            text.append(following, key).append(" goes on   ")
        if not open_parts:
            text.append("✓ Every part is done.  ")
            if goes_on and news is None:
                text.append(following, key).append(" what you can explain now, next lesson")
        for part in open_parts:
            text.append(self._name_key(part.tab), key).append(f" {part.words}   ")
        text.rstrip()
        beside = above.cell_len + len(GAP) + text.cell_len <= width - 2  # so that the panels keep a row
        self.update(Text(GAP if beside else "\n").join([above, text]) if above else text)

    def _name_key(self, tab: str) -> str:
        return show_key(self.screen, TITLES[tab][0])

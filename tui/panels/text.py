"""Words of a run as they are at a step, such as a sample of a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, chop_cells

from descend.engine.run.records import Text
from descend.tui.cell_text import plain
from descend.tui.draw.rows import Row, sized
from descend.tui.panels.panel_data import Data
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.scrollable import Scrollable

if TYPE_CHECKING:
    from descend.engine.run.history import History

TAB = 4


class TextPanel(Scrollable, PicturePanel[Text]):
    """A text, wrapped. A text that has grown is shown at its end, any other from its start, unless it was scrolled."""

    kind = Text
    order: ClassVar[int] = 65
    HELP = "What the run has written. Up and down, page up and page down scroll it."

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self._text = ""
        self._wrapped: tuple[str, int, list[str]] = "", 0, []

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        if self._wrapped[:2] != (newest.text, width):
            self._wrapped = newest.text, width, wrap(newest.text, width)
        lines = self._wrapped[2]
        if newest.text != self._text:
            grown, self._text = bool(self._text) and newest.text.startswith(self._text), newest.text
            if not grown:
                self.top = 0
            elif self.at_end():
                self.top = len(lines)
        top = self.fits(len(lines), height)
        shown = [[(line, "text")] for line in lines[top : top + height]]
        return [sized(row, width) for row in [*shown, *([[]] * (height - len(shown)))]]

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        told, when = self.place(), self.when(newest.step)
        return [[(f"{told}  ", "value"), *row] for row in when if told] + [[(told, "value")]] * bool(told) + when

    @staticmethod
    def tabulate(picture: Text) -> Data:
        lines = picture.text.split("\n")
        return Data(["text"], len(lines), ([plain(line)] for line in lines))


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken at blanks where there are any; its own line breaks and
    blanks stay."""
    lines: list[str] = []
    for paragraph in text.expandtabs(TAB).replace("\r\n", "\n").split("\n"):
        rest = plain(paragraph)
        while cell_len(rest) > width:
            head = chop_cells(rest, width)[0]
            if not head:  # a wide character in a single cell
                break
            cut = head.rfind(" ") + 1 if rest[len(head) : len(head) + 1] != " " else len(head)
            cut = cut if head[:cut].strip() else len(head)
            lines.append(rest[:cut].rstrip())
            rest = rest[cut:].removeprefix(" ") if cut == len(head) else rest[cut:]
        lines.append(rest)
    return lines

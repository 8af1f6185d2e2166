"""The lesson's title, and the name of the run that is shown."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from descend.tui.cell_text import fit, plain


class TitleLine(Widget):
    """Title at the left; the run's name at the right, where there is room for both."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"title--run"}
    DEFAULT_CSS = """
    TitleLine { height: 1; padding: 0 2; background: $surface; text-style: bold; color: $foreground;
        & > .title--run { color: $foreground 60%; text-style: not bold; } }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title, self.run = plain(title), ""
        self.shown = self.title

    def show(self, run: str, data: str = "") -> None:
        """Name the run, and beside the title the ``data`` it learns from if that is not the lesson's own."""
        self.shown = f"{self.title} · on {plain(data)}" if data else self.title
        self.run = plain(run)
        self.refresh()

    def render(self) -> Text:
        width = self.size.width
        room = width - cell_len(self.shown) - 2
        if not self.run or room < cell_len(self.run):
            return Text(fit(self.shown, width), no_wrap=True)
        style = self.get_component_rich_style("title--run", partial=True)
        return Text.assemble(self.shown, "  ", (fit(self.run, room, right=True), style), no_wrap=True)

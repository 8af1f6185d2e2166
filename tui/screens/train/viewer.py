"""Looks into a dataset: its split, classes, columns, missing values and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Console, Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import LoadingIndicator, Static
from textual.worker import get_current_worker

from descend.engine.errors import DescendError
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.text import plain, shows_unicode

if TYPE_CHECKING:
    from rich.console import RenderableType

MARGIN = 8
"""Columns beside the text: border, padding and scroll bar."""


class ViewerScreen(Dialog[None]):
    """Shows the dataset at ``address``; it is read in a thread."""

    HELP = "What a dataset holds. Scroll with the arrows, j and k, page up and page down; escape goes back."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i", "leave", "back"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    ViewerScreen {
        & > Vertical { width: 110; height: 90%; }
        & VerticalScroll { height: 1fr; }
        & LoadingIndicator { height: 3; }
    }
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.heading = address, address

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield LoadingIndicator()
            yield Static(id="found")
        yield Hint("esc back", "↑↓ scroll")

    def on_mount(self) -> None:
        """Begin to read."""
        self.query_one(VerticalScroll).focus()
        width = min(110, self.app.size.width) - MARGIN
        colours = self.app.console.color_system
        console = Console(width=width, color_system=colours, no_color=self.app.console.no_color)  # type: ignore[arg-type]
        self.run_worker(lambda: self._read(console), thread=True, exit_on_error=False)

    def _read(self, console: Console) -> None:
        from descend.datasets import catalogue
        from descend.datasets.describe import describe
        from descend.engine.cli.viewer import parts

        content: RenderableType
        try:
            dataset = catalogue.find(self.address).load()
            content = Group(*parts(dataset, describe(dataset), console, shows_unicode()))
        except DescendError as error:
            content = Text(plain(f"✗ {error}"))
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show, content)

    def _show(self, content: RenderableType) -> None:
        if self.is_attached:
            self.query_one(LoadingIndicator).display = False
            self.query_one("#found", Static).update(content)

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        area = self.query_one(VerticalScroll)
        area.scroll_down(animate=False) if way == "down" else area.scroll_up(animate=False)

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)

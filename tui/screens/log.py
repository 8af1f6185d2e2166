"""The end of a worker's log."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

LINES = 200


class LogScreen(Dialog[None]):
    """Shows the last lines that the newest worker of ``run`` printed."""

    heading = "The worker's log"
    HELP = "The last lines of what the worker printed, including its traceback. Escape goes back."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,w,q", "leave", "Back"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    LogScreen { & > Vertical { width: 100%; } & VerticalScroll { height: auto; max-height: 70vh; } }
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.file, self.lines = run.log_file, [plain(line) for line in run.log_tail(LINES)]

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Text("\n".join(self.lines) or "It is empty.", overflow="fold"))
        yield Static(Text(f"{plain(str(self.file))}   esc goes back", overflow="fold"), classes="hint")

    def on_mount(self) -> None:
        """The end matters most."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        self.query_one(VerticalScroll).scroll_relative(y=1 if way == "down" else -1, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()

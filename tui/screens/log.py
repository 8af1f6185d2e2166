"""The end of a worker's log."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.tui.screens.dialog import Dialog
from descend.tui.text import plain

LINES, TAIL = 200, 1 << 16


class LogScreen(Dialog[None]):
    """Shows the last lines of a file."""

    heading = "The worker's log"
    HELP = "The last lines of what the worker printed, its traceback among them. Escape goes back."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,w,q", "leave", "Back"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    LogScreen { & > Vertical { width: 100%; } & VerticalScroll { height: auto; max-height: 70vh; } }
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Text("\n".join(last_lines(self.file)) or "It is empty.", overflow="fold"))
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


def last_lines(file: Path) -> list[str]:
    """The last lines of a log, safe to draw; a sentence if it cannot be read."""
    try:
        with open(file, "rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - TAIL))
            text = log.read().decode(errors="replace")
    except OSError as error:
        return [f"The log cannot be read: {error.strerror}."]
    return [plain(line) for line in text.splitlines()[-LINES:]]

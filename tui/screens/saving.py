"""Asks for the path of a file and writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.screens.dialog import Dialog


class PathScreen(Dialog[str | None]):
    """Returns what ``write`` says once it has written; None if the user leaves.

    Args:
        heading: of the box.
        path: to begin with.
        write: writes to a path and says so; raises DescendError if it cannot, which keeps the box open.
    """

    HELP = "Type the path of the file to write, then enter. ~ is your home folder. Escape writes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Write nothing")]
    DEFAULT_CSS = """
    PathScreen { & Input { background: $boost; margin-top: 1; } & #wrong { color: $text-error; text-style: bold; } }
    """

    def __init__(self, heading: str, path: str, write: Callable[[str], str]) -> None:
        super().__init__()
        self.heading, self.path, self.write = heading, path, write

    def body(self) -> ComposeResult:
        yield Label("Path of the file")
        yield Field(self.path, compact=True, select_on_focus=False)
        yield Static(id="wrong")
        yield Static("enter writes it   esc writes nothing", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write, or say why not."""
        wrong = self.query_one("#wrong", Static)
        if not event.value.strip():
            wrong.update(Text("✗ Type a path, such as progress.json."))
            return
        try:
            told = self.write(event.value.strip())
        except DescendError as error:
            wrong.update(Text(plain(f"✗ {error}")))
            return
        self.dismiss(told)

    def action_leave(self) -> None:
        """Write nothing."""
        self.dismiss(None)

"""Asks for the path of a file and writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Label

from descend.engine.base.errors import UsageError
from descend.tui.screens.form import FormScreen
from descend.tui.screens.path_field import PathBox, PathLine


class PathScreen(FormScreen[str]):
    """Returns what ``write`` says once it has written.

    Args:
        heading: of the box.
        path: to begin with.
        write: writes to a path and says so; raises DescendError if it cannot, which keeps the box open.
    """

    HELP = "Type the path of the file to write, then enter. Tab completes it; escape writes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Write nothing"),
        Binding("enter", "confirm", "Write"),
    ]
    DEFAULT_CSS = """
    PathScreen { & PathBox { margin: 1 0 0 0; } & #told { height: auto; } }
    """
    keys = ("enter writes it", "esc writes nothing", "tab completes")
    starts_at = "PathLine"

    def __init__(self, heading: str, path: str, write: Callable[[str], str]) -> None:
        super().__init__()
        self.heading, self.path, self.write = heading, path, write
        self.about = heading

    def fields(self) -> ComposeResult:
        yield Label("Path of the file")
        yield PathBox(PathLine(self.path, compact=True, select_on_focus=False))

    def explain(self) -> str:
        return ""

    def result(self) -> str:
        if not self.typed:
            raise UsageError("Type a path, such as progress.json.")
        return self.write(self.typed)

"""Gives a run a title and a note."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from descend.tui.cell_text import plain
from descend.tui.screens.app_access import InShell
from descend.tui.screens.dialog import Dialog, Hint, Line
from descend.tui.screens.runs.run_row import RunRow

Field = Literal["title", "note"]
LONGEST = {"title": 60, "note": 400}


class NamingScreen(InShell, Dialog[dict[str, str] | None]):
    """Returns the title and the note, or None to change nothing.

    Args:
        entry: the run.
        first: the field to start in.
    """

    HELP = "What you call this run and what you have to say about it. Enter keeps both, escape changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Change nothing"),
        Binding("enter", "keep", "Keep both"),
        Binding("down", "app.focus_next", "Next field"),
        Binding("up", "app.focus_previous", "Previous field"),
    ]
    DEFAULT_CSS = """
    NamingScreen { & Input { background: $boost; margin-bottom: 1; } & .hint { margin-top: 0; } }
    """

    def __init__(self, entry: RunRow, first: Field) -> None:
        super().__init__()
        self.heading = plain(entry.id)
        self.values = {"title": entry.title, "note": entry.note}
        self.AUTO_FOCUS = f"#{first}"  # type: ignore[misc]  # not in `on_mount`, before which a first letter may come

    def body(self) -> ComposeResult:
        left = {name: self.shell.drafts.get((self.heading, name), value) for name, value in self.values.items()}
        for name, value in left.items():
            yield Label(name if value == self.values[name] else f"{name}, as you typed it before; not kept yet")
            yield Line(value, id=name, compact=True, max_length=LONGEST[name], select_on_focus=False)
        yield Hint("enter keeps both", "esc changes nothing", "tab next field")

    def action_keep(self) -> None:
        """Return both."""
        for name in self.values:
            self.shell.drafts.pop((self.heading, name), None)
        self.dismiss({name: plain(self.query_one(f"#{name}", Input).value).strip() for name in self.values})

    def action_leave(self) -> None:
        """Change nothing; what was typed is there again the next time."""
        for name, value in self.values.items():
            if (typed := self.query_one(f"#{name}", Input).value) != value:
                self.shell.drafts[self.heading, name] = typed
        self.dismiss(None)

"""Asks in which form and where to write a run's result."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import UsageError
from descend.engine.base.paths import parse_path
from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Dialog, Hint, Line
from descend.tui.screens.lesson.knob_editor import Choice

FORMATS = {
    "csv": "One row a point: series, step, value.",
    "json": "Everything the run has said, pictures among it.",
    "tensorboard": "An event file below that folder, as TensorBoard reads it.",
}


class Export(NamedTuple):
    """What was chosen."""

    format: str
    path: Path


class ExportScreen(Dialog[Export | None]):
    """Returns what to write where, or None.

    Args:
        name: the run's id.
    """

    heading = "Export"
    HELP = "Writes the run's result for other programs. Left and right choose the form, enter writes, escape leaves."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("enter", "write", "Write"),
        Binding("down", "app.focus_next", "Next field"),
        Binding("up", "app.focus_previous", "Previous field"),
    ]
    DEFAULT_CSS = """
    ExportScreen {
        & Choice, & Input { margin-bottom: 1; }
        & Input { background: $boost; }
        & #told { height: 2; &.-wrong { color: $text-error; text-style: bold; } }
    }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.run_name = name

    def body(self) -> ComposeResult:
        yield Label(Text(f"{plain(self.run_name)}, as"))
        yield Choice(tuple(FORMATS), "csv")
        yield Label("to")
        yield Line(self._path("csv"), compact=True, select_on_focus=False)
        yield Static(id="told")
        yield Hint("enter writes", "esc leaves", "←→ choose the form")

    def on_mount(self) -> None:
        """Start at the form."""
        self.query_one(Choice).focus()
        self._check()

    def on_choice_changed(self) -> None:
        """Suggest a fitting name, unless the user has named one."""
        field = self.query_one(Input)
        if field.value in map(self._path, FORMATS):
            field.value = self._path(self.query_one(Choice).value)
        self._check()

    def on_input_changed(self) -> None:
        """Say at once what is wrong."""
        self._check()

    def action_write(self) -> None:
        """Return what was chosen if it is right."""
        path = self._check()
        if path is not None:
            self.dismiss(Export(self.query_one(Choice).value, path))

    def action_leave(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def _path(self, form: str) -> str:
        return "tensorboard" if form == "tensorboard" else f"{plain(self.run_name)}.{form}"

    def _check(self) -> Path | None:
        """Where to write, or None after saying what is wrong."""
        form, told = self.query_one(Choice).value, self.query_one("#told", Static)
        path, wrong = None, ""
        try:
            path = parse_path(self.query_one(Input).value.strip())
        except UsageError as error:
            wrong = str(error)
        if path is None:
            pass
        elif form == "tensorboard":
            wrong = "That is a file; name a folder." if path.is_file() else ""
        elif path.exists():
            wrong = f"That is {'a folder; name a file in it' if path.is_dir() else 'there already; name another'}."
        told.update(Text(f"✗ {plain(wrong)}" if wrong else FORMATS[form]))
        told.set_class(bool(wrong), "-wrong")
        return None if wrong else path

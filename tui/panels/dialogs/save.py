"""Asks in which form and where to save a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import DescendError
from descend.engine.base.paths import parse_path
from descend.engine.run.export import making, replacing
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.screens.dialog import Dialog
from descend.tui.screens.lesson.knob_row import Choice

FORMATS = {
    "csv": "The numbers, exactly, a row for each; for a spreadsheet or a program.",
    "svg": "The picture as it is on the screen; for a page or a slide.",
}


class SaveScreen(Dialog[Path | None]):
    """Saves, and returns the file, or None if the user leaves.

    Args:
        panel: what the panel is called.
        stem: the suggested file, without its ending.
        contents: for each of `FORMATS`, what makes the text to save.
    """

    heading = "Save"
    HELP = (
        "Saves what the panel shows. Left and right choose the form, enter saves, escape leaves. A file that is there "
        "already is only replaced when you press enter a second time."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("enter", "save", "Save"),
        Binding("down", "app.focus_next", "Next field"),
        Binding("up", "app.focus_previous", "Previous field"),
    ]
    DEFAULT_CSS = """
    SaveScreen {
        & Choice, & Input { margin-bottom: 1; }
        & Input { background: $boost; }
        & #told { height: 2; &.-wrong { color: $text-error; text-style: bold; } }
    }
    """

    def __init__(self, panel: str, stem: Path, contents: Mapping[str, Callable[[], str]]) -> None:
        super().__init__()
        self.panel_name, self.stem, self.contents = panel, stem, contents
        self._agreed: Path | None = None

    def body(self) -> ComposeResult:
        yield Label(Text(f"{plain(self.panel_name)}, as"))
        yield Choice(tuple(FORMATS), "csv")
        yield Label("to")
        yield Field(self._path("csv"), compact=True, select_on_focus=False)
        yield Static(id="told")
        yield Static("←→ choose the form   enter saves   esc leaves", classes="hint")

    def on_mount(self) -> None:
        """Start at the form."""
        self.query_one(Choice).focus()
        self._say(FORMATS["csv"])

    def on_choice_changed(self) -> None:
        """Suggest a fitting name."""
        self._agreed = None
        self._say(FORMATS[self._suggest()])

    def on_input_changed(self) -> None:
        """What was wrong is being corrected."""
        self._agreed = None
        self._say(FORMATS[self.query_one(Choice).value])

    def on_input_submitted(self) -> None:
        """Enter in the field saves too."""
        self.action_save()

    def action_save(self) -> None:
        """Save, or say what is wrong."""
        form, given = self._suggest(), self.query_one(Input).value.strip()
        if not given:
            self._say("Name a file.", wrong=True)
            return
        try:
            path = parse_path(given)
            if path.is_dir():
                self._say("That is a folder; name a file in it.", wrong=True)
            elif path.exists() and path != self._agreed:
                self._agreed = path
                self._say("That is there already: enter again replaces it, or name another.", wrong=True)
            else:
                with making(path.parent), replacing(path, force=path == self._agreed) as file:
                    file.write(self.contents[form]())
                self.dismiss(path)
        except DescendError as error:
            self._say(str(error), wrong=True)

    def action_leave(self) -> None:
        """Save nothing."""
        self.dismiss(None)

    def _suggest(self) -> str:
        """Give the suggested name the ending of the form that is chosen, unless the user has named another file."""
        field, form = self.query_one(Input), self.query_one(Choice).value
        if field.value in map(self._path, FORMATS):
            field.value = self._path(form)
        return form

    def _path(self, form: str) -> str:
        return f"{self.stem}.{form}"

    def _say(self, told: str, wrong: bool = False) -> None:
        line = self.query_one("#told", Static)
        line.update(Text(f"✗ {plain(told)}" if wrong else told))
        line.set_class(wrong, "-wrong")

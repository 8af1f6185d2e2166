"""Asks in which format and where to save a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from descend.engine.base.errors import UsageError
from descend.engine.base.paths import parse_path
from descend.engine.run.export import make_folder, open_export
from descend.tui.screens.form import FileScreen

FORMATS = {
    "csv": "The exact numbers, one row each; for a spreadsheet or a program.",
    "svg": "The picture as it is on the screen; for a web page or a slide.",
}


class SaveScreen(FileScreen[Path]):
    """Saves, and returns the file.

    Args:
        panel: what the panel is called.
        stem: the suggested file, without its ending.
        contents: for each of `FORMATS`, what makes the text to save.
    """

    heading = "Save"
    HELP = (
        "Saves what the panel shows. Left and right choose the format, enter saves, escape leaves. A file that exists "
        "already is only replaced when you press enter a second time."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "confirm", "Save")]
    keys = ("←→ choose the format", "enter saves", "esc leaves", "tab completes")

    def __init__(self, panel: str, stem: Path, contents: Mapping[str, Callable[[], str]]) -> None:
        super().__init__(panel, {form: f"{stem}.{form}" for form in FORMATS}, FORMATS)
        self.contents = contents
        self._agreed: Path | None = None

    def check(self) -> None:
        """Another file has to be confirmed again."""
        self._agreed = None
        super().check()

    def result(self) -> Path:
        if not self.typed:
            raise UsageError("Name a file.")
        path = parse_path(self.typed)
        if path.is_dir():
            raise UsageError("This is a folder; name a file in it.")
        if path.exists() and path != self._agreed:
            self._agreed = path
            raise UsageError("This file exists already: enter again replaces it, or name another.")
        with make_folder(path.parent), open_export(path, force=path == self._agreed) as file:
            file.write(self.contents[self.chosen]().encode())
        return path

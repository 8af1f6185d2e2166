"""Asks in which format and where to write a run's result."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from descend.engine.base.errors import UsageError
from descend.engine.base.paths import parse_path
from descend.tui.cell_text import plain
from descend.tui.screens.form import FileScreen

FORMATS = {
    "csv": "One row per point: series, step, value.",
    "json": "Everything the run has recorded, pictures included.",
    "tensorboard": "An event file in that folder, as TensorBoard reads it.",
}


class Export(NamedTuple):
    """What was chosen."""

    format: str
    path: Path


class ExportScreen(FileScreen[Export]):
    """Returns what to write where.

    Args:
        name: the run's id.
    """

    heading = "Export"
    HELP = "Writes the run's result for other programs. Left and right choose the format, enter writes, escape leaves."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "confirm", "Write")]
    keys = ("enter writes", "esc leaves", "←→ choose the format", "tab completes")
    may_fail = True

    def __init__(self, name: str) -> None:
        paths = {form: "tensorboard" if form == "tensorboard" else f"{plain(name)}.{form}" for form in FORMATS}
        super().__init__(name, paths, FORMATS)

    def explain(self) -> str:
        self.result()
        return super().explain()

    def result(self) -> Export:
        path = parse_path(self.typed)
        if self.chosen == "tensorboard":
            if path.is_file():
                raise UsageError("That is a file; name a folder.")
        elif path.exists():
            raise UsageError(
                f"That is {'a folder; name a file in it' if path.is_dir() else 'a file already; name another'}."
            )
        return Export(self.chosen, path)

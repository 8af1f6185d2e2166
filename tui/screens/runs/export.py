"""Asks in which form and where to write a run's result, or its model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Label

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.paths import parse_path
from descend.engine.train.export_forms import ENDINGS, HOLDS, find_card, require_exportable
from descend.tui.cell_text import plain
from descend.tui.screens.form import FileScreen

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

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
    """Returns what to write where; of a training also its model."""

    heading = "Export"
    HELP = (
        "Writes the run's result for other programs; of a training also its model, with a card beside it that says "
        "what it takes and gives. Left and right choose the format, enter writes, escape leaves."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "confirm", "Write")]
    DEFAULT_CSS = """
    ExportScreen .forms { color: $text-muted; }
    """
    keys = ("enter writes", "esc leaves", "←→ choose the format", "tab completes")
    may_fail = True

    def __init__(self, run: Run) -> None:
        models = HOLDS if run.preparation_file.exists() else {}  # which trainings have, and lessons have not
        formats = FORMATS | {form: f"{holds[:1].upper()}{holds[1:]}." for form, holds in models.items()}
        paths = {form: f"{plain(run.id)}.{ENDINGS.get(form, form)}" for form in formats}
        super().__init__(run.id, {**paths, "tensorboard": "tensorboard"}, formats)
        self.run, self.models = run, models
        self._unready: dict[str, str] = {}

    def fields(self) -> ComposeResult:
        label, *others = super().fields()
        yield label
        if self.models:
            told = f"curves: {' '.join(FORMATS)}   model: {' '.join(self.models)}"
            yield Label(Text(told), classes="forms")
        yield from others

    @property
    def unready(self) -> str:
        """Why the model cannot be written in the form that is chosen, as far as that is known; empty if it can."""
        form = self.chosen
        if form in self.models and form not in self._unready:
            try:
                require_exportable(self.run, form)
                self._unready[form] = ""
            except DescendError as error:
                self._unready[form] = str(error)
        return self._unready.get(form, "")

    def explain(self) -> str:
        if self.unready:
            return f"✗ {self.unready}"
        self.result()
        return super().explain()

    def action_confirm(self) -> None:
        """Return the result, unless it is told already why not."""
        if not self.unready:
            super().action_confirm()

    def result(self) -> Export:
        path = parse_path(self.typed)
        if self.chosen == "tensorboard":
            if path.is_file():
                raise UsageError("That is a file; name a folder.")
        elif path.exists():
            raise UsageError(
                f"That is {'a folder; name a file in it' if path.is_dir() else 'a file already; name another'}."
            )
        elif self.chosen in self.models and find_card(path).exists():
            raise UsageError(f"Its card would replace {find_card(path).name}; name another file.")
        return Export(self.chosen, path)

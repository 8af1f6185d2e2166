"""Asks from which checkpoint a fork begins, and what is different in it."""

from __future__ import annotations

import shlex
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from descend.engine.base.errors import UsageError, suggest_nearest
from descend.engine.base.knobs import Value
from descend.engine.launch.experiment import Experiment
from descend.tui.cell_text import plain
from descend.tui.screens.choice import Choice
from descend.tui.screens.dialog import Line
from descend.tui.screens.form import FormScreen
from descend.tui.screens.runs.run_row import shown

LENGTHS = ("epochs", "steps")
"""What the knob is called that says how long a run trains."""


class Fork(NamedTuple):
    """The checkpoint's step and the knobs that change."""

    step: int
    knobs: dict[str, Value]


class ForkScreen(FormScreen[Fork]):
    """Returns what to fork.

    Args:
        name: the run's id.
        lesson: its lesson.
        steps: of its checkpoints, ascending.
        last: the step at which the run came to its end; None if it did not.
    """

    heading = "Fork"
    HELP = (
        "A fork is a new run that begins with a checkpoint of this one: same weights, same optimiser, same random "
        "numbers, and what you change. Left and right choose the step, what you type changes knobs, enter starts it, "
        "escape leaves."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "confirm", "Start the fork")]
    keys = ("enter starts it", "esc leaves", "←→ choose the step", "type to change knobs")
    may_fail = True

    def __init__(self, name: str, lesson: Experiment, steps: list[int], last: int | None = None) -> None:
        super().__init__()
        self.about = self.run_name = name
        self.lesson, self.steps, self.last = lesson, steps, last

    def fields(self) -> ComposeResult:
        yield Label(Text(f"{plain(self.run_name)}, from the checkpoint of step"))
        yield Choice(tuple(map(str, self.steps)), str(likeliest(self.steps, self.last)))
        yield Label("with changed knobs")
        yield Line(placeholder=self._example(), compact=True, select_on_focus=False)

    def explain(self) -> str:
        knobs, specs = self.result().knobs, self.lesson.knobs.specs
        said = [f"{name} = {shown(value)}: {specs[name].help}." for name, value in knobs.items()]
        longer = next((name for name in LENGTHS if name in specs), "")
        if self.last is not None and int(self.chosen) >= self.last and longer not in knobs:
            more = f" unless {longer}=… gives it more" if longer else ""
            said.append(f"The run was over at this step, so the fork ends at once{more}.")
        return " ".join(said) or "Without a change it continues as the run itself would."

    def result(self) -> Fork:
        return Fork(int(self.chosen), parse(self.query_one(Input).value, self.lesson))

    def _example(self) -> str:
        specs = self.lesson.knobs.specs
        spec = specs.get("lr") or next(iter(specs.values()), None)
        return plain(f"{spec.name}={shown(spec.default)}") if spec is not None else ""


def likeliest(steps: list[int], last: int | None) -> int:
    """The newest of ``steps``; of a run that came to its end at step ``last``, one that leaves it a quarter to go, or
    failing that anything to go."""
    for share in (0.75, 1.0):
        if last is not None and (before := [step for step in steps if step <= share * last and step < last]):
            return before[-1]
    return steps[-1]


def parse(text: str, lesson: Experiment) -> dict[str, Value]:
    """``lr=0.01 epochs=3`` as knobs of ``lesson``; a value with blanks stands in quotes, as in a shell.

    Raises:
        UsageError: something in it is not a knob, or a value does not fit.
    """
    specs = lesson.knobs.specs
    values: dict[str, Value] = {}
    try:
        words = shlex.split(text)
    except ValueError:
        raise UsageError("A quotation mark is still open.") from None
    for word in words:
        name, equals, value = word.partition("=")
        if name not in specs:
            raise UsageError(f"There is no knob '{name}'{suggest_nearest(name, specs) or ' here'}.")
        if not equals or not value:
            raise UsageError(f"{name} can be {specs[name].describe()}; write {name}=… .")
        values[name] = specs[name].parse(value)
    return values

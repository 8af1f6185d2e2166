"""The knobs of a run, one line each, with its dataset, device and seed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from descend.datasets import catalogue as datasets
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.knobs import Knob, Value
from descend.engine.launch import experiment
from descend.engine.launch.experiment import Experiment, Training
from descend.engine.run.run_request import USUAL, RunRequest
from descend.engine.train.settings import RunKnobs, SettingError, group_settings
from descend.engine.train.value_checks import check_frozen
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.lesson.knob_row import NAME, KnobRow, KnobRows
from descend.tui.screens.train.layers import Counted
from descend.tui.screens.train.remembered import list_tables


class KnobEditorScreen(Dialog[RunRequest | None]):
    """Edits a `RunRequest`; returns None if the user changes nothing.

    Args:
        lesson: whose knobs.
        settings: their values now.
        live: whether a run is at work, so that live knobs turn at once.
        runs: whether a run begins with them at once.
        proposed: values to begin with in place of those of now; the cursor goes to the first of these.
        counted: what is known of the layers of a model.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]  # noqa: RUF012
    heading = "Knobs"
    HELP = (
        "The knobs of the next run, with its data, device and seed. Up and down move between them, left and right turn "
        "one, and a number can be typed. On a slider ● is the value and ┼ the default. Enter applies, escape cancels. "
        "A knob marked live turns at once while a run is at work; the others wait for the next run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Change nothing"),
        Binding("enter", "apply", "Apply"),
        Binding("down", "app.focus_next", "Next knob"),
        Binding("up", "app.focus_previous", "Previous knob"),
        Binding("ctrl+d", "defaults", "The lesson's defaults", priority=True),
    ]
    DEFAULT_CSS = """
    KnobEditorScreen {
        & KnobRows { height: auto; max-height: 60vh; }
        &.-grouped > Vertical { height: 100%; }
        &.-grouped KnobRows { height: 1fr; max-height: 100%; }
        & .group { text-style: bold underline; margin-top: 1; &:first-child { margin-top: 0; } }
        & #told { margin-top: 1; height: 2; }
        & .hint { margin-top: 0; }
        &.-narrow Slider { width: 10; }
        &.-narrow KnobRow.-slides Input { width: 8; }
        &.-narrow Choice, &.-narrow Input { width: 20; }
    }
    """

    def __init__(
        self,
        lesson: Experiment,
        settings: RunRequest,
        live: bool,
        runs: bool = False,
        proposed: Mapping[str, Value] | None = None,
        counted: Counted | None = None,
    ) -> None:
        super().__init__()
        self.lesson, self.settings, self.live, self.runs = lesson, settings, live, runs
        self.proposed, self.counted = proposed or {}, counted
        self.specs = dict(datasets.list_specs()) if self.trains else {}
        self.set_class(self.trains, "-grouped")

    def body(self) -> ComposeResult:
        with KnobRows():
            yield from self.compose_rows()
        yield Static(id="told")
        yield Hint("enter runs" if self.runs else "enter applies", "esc leaves", "←→ turn, shift more", "ctrl+d resets")

    def compose_rows(self) -> ComposeResult:
        """A row for each knob and what is chosen besides them, below the names of their groups."""
        specs = self._specs()
        beside = [name for name in specs if name not in self.lesson.knobs.specs]
        choices = {
            name: few for name, few in {"data": self._list_data(), "device": devices()}.items() if name in beside
        }
        named = {name: getattr(self.settings, name) for name in beside} | self.settings.knobs | dict(self.proposed)
        data = self.settings.data if self.trains else next(iter(self.lesson.data), "")
        own = {"data": data} if "data" in beside else {}
        width = min(LONGEST, max(NAME, 3 + max(cell_len(plain(name)) for name in specs)))
        groups = group_settings(specs) if self.trains else {"": specs}
        for group, members in groups.items():
            if group:
                yield Static(group.capitalize(), classes="group")
            for name, spec in members.items():
                few = choices.get(name) or choices_of(spec)
                can_be = ("live  " if spec.live else "") + (" | ".join(choices.get(name, ())) or spec.describe())
                yield KnobRow(spec, write_value(named[name]), can_be, self._told(spec), few, own.get(name), width)

    @property
    def trains(self) -> bool:
        """Whether it is a model, which has enough knobs to be grouped."""
        return isinstance(self.lesson, Training)

    def _list_data(self) -> tuple[str, ...]:
        """What it can learn from: its datasets, and tables of the user's own that are known here if it takes them."""
        if isinstance(self.lesson, Training) or not self.lesson.takes_tables:
            return self.lesson.data
        return tuple(dict.fromkeys([*self.lesson.data, *list_tables(), self.settings.data]))

    def _specs(self) -> dict[str, Knob]:
        """All rows: the knobs, and what is chosen besides them, which comes last where there are no groups. A knob that
        has the name of one of these is the knob."""
        left_out = set() if len(self.lesson.data) > 1 else {"data"}
        left_out |= set() if self.trains else {"devices"}
        left_out |= self.lesson.knobs.specs.keys()
        beside = {name: spec for name, spec in RunKnobs.specs.items() if name not in left_out}
        knobs = {name: replace(spec, name=name) for name, spec in self.lesson.knobs.specs.items()}
        return {**beside, **knobs} if self.trains else {**knobs, **beside}

    def on_mount(self) -> None:
        """Start at the first knob, or the first that is proposed."""
        take_focus(next((row for row in self.rows if row.setting in self.proposed), self.rows[0]).field)
        if self.trains and self.settings.data not in self.specs:
            self.run_worker(self._find_own, thread=True, exit_on_error=False)

    def _find_own(self) -> None:
        """Look at the data of one's own, to know its classes; a file may be large, or far away."""
        with suppress(DescendError):
            self.specs[self.settings.data] = datasets.find(self.settings.data)

    @property
    def rows(self) -> list[KnobRow]:
        """All rows in order."""
        return list(self.query(KnobRow))

    def on_descendant_focus(self) -> None:
        """Explain the knob that has focus."""
        for row in self.rows:
            if row.field.has_focus:
                self.query_one("#told", Static).update(Text(plain(row.told)))

    def action_apply(self) -> None:
        """Return the values if all are right, else go to the first that is not."""
        values: dict[str, Value] = {}
        for row in self.rows:
            value = row.check()
            if value is None:
                take_focus(row.field)
                return
            values[row.setting] = value
        knobs = {name: values.pop(name) for name in self.lesson.knobs.specs}
        request = msgspec.structs.replace(self.settings, knobs=knobs, **values)
        if not self._refuses(request):
            self.dismiss(request)

    def _refuses(self, request: RunRequest) -> bool:
        """Whether a knob does not go with the data or the layers, as far as they are known; says so, and goes there."""
        if not isinstance(self.lesson, Training):
            return False
        spec, counted = self.specs.get(request.data), self.counted
        try:
            if spec is not None:
                self.lesson.check(self.lesson.knobs.parse(request.knobs), spec)
            if counted is not None and counted.holds_for(request):
                check_frozen(str(request.knobs.get("freeze", "")), counted.names, whole=True)
        except SettingError as error:
            row = next(row for row in self.rows if row.setting == error.name)
            take_focus(row.field)
            row.complain(str(error))
            return True
        except UsageError:
            return False  # which the screen below tells
        return False

    def action_defaults(self) -> None:
        """Put the lesson's defaults in all fields."""
        own = experiment.complete(self.lesson, USUAL.override(data=self.settings.data if self.trains else ""))
        for row in self.rows:
            row.field.value = write_value(own.knobs.get(row.setting, getattr(own, row.setting, row.field.value)))
            row.check()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def _told(self, spec: Knob) -> str:
        told = f"{spec.name}: {spec.help}".rstrip(": ")
        if len(spec.choices) > FEW:
            told += f" ({', '.join(map(str, spec.choices))})"
        if not self.live:
            return told
        return f"{'Turns at once' if spec.live else 'From the next run on'}. {told}"


FEW = 3
"""Choices that there is always room for besides them."""
LONGEST = 24
"""Cells for a name, at most."""


def choices_of(spec: Knob) -> tuple[str, ...]:
    """The values of a knob that has few."""
    return ("yes", "no") if spec.type is bool else tuple(map(str, spec.choices))


def write_value(value: Value) -> str:
    """A value as `choices_of` has it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def devices() -> tuple[str, ...]:
    """The devices of this machine, as a run can ask for them."""
    from descend.engine.launch.devices import count_cuda

    apple = ("mps",) if sys.platform == "darwin" else ()
    return ("auto", "cpu", *(f"cuda:{index}" for index in range(count_cuda())), *apple)

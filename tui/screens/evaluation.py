"""How good a finished training is, measured in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from descend.datasets.data_shape import format_count
from descend.engine.evaluation.names import NAMES, name_class_columns, write_share, write_value
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import Leaves
from descend.tui.screens.keys import KeyLine

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

COMMAND = (sys.executable, "-P", "-m", "descend.engine.cli", "evaluate")
MATRIX = 12
"""Classes of which the confusion matrix is shown."""


class EvaluationScreen(Leaves, Screen[None]):
    """Measures ``run`` on the part of its data that it did not train on."""

    HELP = (
        "What the training is worth on data it did not train on: each metric with its 95 % interval, beside what "
        "guessing and a linear model get on the same samples; whether the difference could be chance; each class; the "
        "confusion matrix; and the worst mistakes, the surest first. `descend evaluate` also measures on new data, "
        "compares two trainings, and writes a report."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", tooltip="Back to the run; what is being measured ends"),
        Binding("r", "again", "again", tooltip="Measure again"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    EvaluationScreen {
        & #heading { padding: 0 1; text-style: bold; }
        & VerticalScroll { padding: 1 2; height: 1fr; }
        & VerticalScroll Static { height: auto; }
        & ProgressBar { margin: 0 2; }
    }
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.measuring = False
        self.found: dict[str, Any] = {}
        self._process: Process | None = None

    def compose(self) -> ComposeResult:
        yield Static(Text(plain(f"Evaluation of {self.run.id}")), id="heading")
        yield ProgressBar(total=1.0)
        with VerticalScroll():
            yield Static(id="found")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin."""
        take_focus(self.query_one(VerticalScroll))
        self.action_again()

    def on_unmount(self) -> None:
        """Leave nothing at work."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Measure one at a time."""
        return action != "again" or not self.measuring

    def action_again(self) -> None:
        """Measure."""
        self.measuring = True
        self.query_one(ProgressBar).display = True
        self.query_one(ProgressBar).update(progress=0)
        self.query_one("#found", Static).update(Text("Reading the data and the model, then measuring; esc cancels."))
        self.refresh_bindings()
        self.run_worker(self._measure(), exclusive=True, exit_on_error=False)

    async def _measure(self) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *COMMAND, self.run.id, "--json", stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=1 << 26
        )
        assert process.stdout is not None
        assert process.stderr is not None
        reading, found = asyncio.ensure_future(process.stderr.read()), {}
        async for line in process.stdout:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if "progress" in found:
                self.query_one(ProgressBar).update(progress=found["progress"])
        said = (await reading).decode(errors="replace").strip().splitlines()
        await process.wait()
        self.measuring = False
        self.query_one(ProgressBar).display = False
        if "metrics" in found:
            self.found = found
            self.query_one("#found", Static).update(draw_findings(found))
        else:
            sentence = said[-1].removeprefix("descend: ") if said else "The measuring ended unexpectedly."
            self.query_one("#found", Static).update(Text(plain(f"✗ {sentence}"), "bold"))
        self.refresh_bindings()

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        self.query_one(VerticalScroll).scroll_relative(y=1 if way == "down" else -1, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def draw_findings(found: dict[str, Any]) -> RenderableType:
    """All that was measured, the worst mistakes included."""
    head = Text(plain(f"{format_count(found['samples'], found['unit'])}, {found['data']}"))
    parts: list[RenderableType] = [head, Text(), draw_metrics(found), Text()]
    for said in (*found["sentences"], *found["notes"]):
        parts += [Text(plain(said)), Text()]
    if found["worst"]:
        parts += [Text("Worst mistakes", "bold"), draw_mistakes(found["worst"]), Text()]
    else:
        parts += [Text("No sample is judged wrongly."), Text()]
    if found["classes"]:
        what = "label" if found["labelled"] else "class"
        parts += [Text(f"Each {what}", "bold"), draw_classes(found["classes"], what), Text()]
    if found["confusion"] and len(found["confusion"]) <= MATRIX:
        parts += [Text("Confusion", "bold"), draw_confusion(found)]
    return Group(*parts)


def make_table(*names: str) -> Table:
    """A table whose first column is at the left, the others at the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(names):
        table.add_column(Text(plain(name)), justify="right" if number else "left")
    return table


def draw_metrics(found: dict[str, Any]) -> Table:
    """Each metric, its interval, and what the baselines get."""
    others = found["baselines"]
    table = make_table("metric", "value", "95 % interval", *others)
    for name, one in found["metrics"].items():
        low, high = one.get("low"), one.get("high")
        between = "" if low is None else f"{write_value(name, low)} … {write_value(name, high)}"
        beside = [Text(write_value(name, metrics.get(name))) for metrics in others.values()]
        table.add_row(Text(NAMES[name]), Text(write_value(name, one["value"]), "bold"), Text(between), *beside)
    return table


def draw_mistakes(mistakes: list[dict[str, Any]]) -> Table:
    """The worst mistakes."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("said", "sure", "true"):
        table.add_column(name, max_width=16, no_wrap=True)
    table.add_column("sample")
    for one in mistakes:
        sure = "" if one["sure"] is None else write_share(one["sure"])
        table.add_row(Text(plain(one["said"])), Text(sure), Text(plain(one["true"])), Text(plain(one["sample"])))
    return table


def draw_classes(classes: list[dict[str, Any]], what: str) -> Table:
    """Each class, or label, as ``what`` says, the one that is found least first."""
    heads = name_class_columns(classes, what == "label")
    for key in ("average_precision", "calibration_error"):  # for which there is no room
        heads.pop(key, None)
    table = make_table(what, "samples", *heads.values())
    for one in sorted(classes, key=lambda one: one["recall"] or 0):
        values = [write_value(key, one.get(key)) for key in heads]
        table.add_row(Text(plain(one["class"])), f"{one['samples']:,}", *values)
    return table


def draw_confusion(found: dict[str, Any]) -> Table:
    """The confusion matrix."""
    names = found["names"]
    table = make_table("true ↓  said →", *names)
    for name, row in zip(names, found["confusion"], strict=True):
        table.add_row(Text(plain(name)), *(f"{count:,}" for count in row))
    return table

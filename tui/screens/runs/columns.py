"""The columns of the table of runs: what they say, how wide they are, and the orders they can be sorted in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from rich.cells import cell_len

from descend.engine.base.units import format_size
from descend.tui import state_marks
from descend.tui.cell_text import fit
from descend.tui.draw.ticks import duration, number
from descend.tui.screens.runs.run_row import RunRow
from descend.tui.screens.runs.sparkline import WIDTHS

MARKS = {**state_marks.MARKS, "damaged": "✗"}
STYLES = {**state_marks.STYLES, "damaged": "bad"}
ROOMY = 100
"""Cells from which on columns stand further apart and curves are longer."""
NAME = 24
"""Cells of a lesson's name for which the least important columns go."""


class Column(NamedTuple):
    """A column: its name, cells, whether its text ends at its right edge, and the order that it shows."""

    name: str
    width: int
    right: bool = False
    order: str = ""


class Order(NamedTuple):
    """A way to sort: what it is called, and the key of a run."""

    told: str
    key: Callable[[RunRow], Any]


def _best(entry: RunRow) -> tuple[object, ...]:
    """Runs of one metric together, the best first, those without a finite value last."""
    value = entry.value
    bad = value is None or not math.isfinite(value)
    return (
        not entry.metric,
        entry.metric,
        bad,
        0 if bad or value is None else value if "loss" in entry.metric else -value,
    )


ORDERS = {
    "age": Order("at work first, then newest", lambda entry: not entry.live),
    "state": Order("state", lambda entry: entry.state),
    "lesson": Order("lesson", lambda entry: (not entry.lesson, entry.lesson)),
    "title": Order("title", lambda entry: (not entry.title, not entry.label, entry.label.lower())),
    "metric": Order("best first", _best),
    "took": Order("longest first", lambda entry: -entry.elapsed),
    "size": Order("largest first", lambda entry: -entry.size),
}
"""Ways to sort, the first one first; runs that are equal come newest first."""


def ordered(entries: list[RunRow], order: str) -> list[RunRow]:
    """``entries`` sorted."""
    newest = sorted(entries, key=lambda entry: (entry.created, entry.id), reverse=True)
    return sorted(newest, key=ORDERS[order].key)


class Layout(NamedTuple):
    """Columns side by side, ``gap`` blanks apart."""

    gap: int
    columns: list[Column]

    @property
    def width(self) -> int:
        """Cells of all of them."""
        return sum(column.width for column in self.columns) + self.gap * (len(self.columns) - 1)


def layout(width: int, lessons: int, labels: int, metrics: int) -> Layout:
    """The columns that have room in ``width`` cells, for lessons, labels and metrics of so many cells; 0 ``labels`` if
    there are none."""
    roomy = width >= ROOMY
    lesson, label = Column("lesson", 10, order="lesson"), Column("title", 12, order="title")
    middle = Column("metric", 20, order="metric")
    chosen = Layout(
        2 if roomy else 1,
        [
            Column("", 2),
            Column("state", 10, order="state"),
            lesson,
            label,
            middle,
            Column("curve", WIDTHS[roomy]),
            Column("age", 7, True, order="age"),
            Column("took", 8, True, order="took"),
            Column("size", 8, True, order="size"),
        ],
    )
    if not labels:
        chosen.columns.remove(label)
    wanted = max(0, min(lessons, NAME) - lesson.width)
    for name in ("size", "took", "curve", "title", "age"):  # the first to go first
        if chosen.width + (wanted if name in ("size", "took") else 0) > width:
            chosen.columns[:] = [column for column in chosen.columns if column.name != name]
    for growing, needed in ((lesson, lessons), (middle, metrics), (label, labels)):
        if growing in chosen.columns:
            grown = max(growing.width, min(needed, growing.width + width - chosen.width))
            chosen.columns[chosen.columns.index(growing)] = growing._replace(width=grown)
    return chosen


def cell(entry: RunRow, column: str) -> tuple[str, str]:
    """Text and pen of a run in a column."""
    match column:
        case "state":
            return f"{MARKS[entry.state]} {entry.state}", STYLES.get(entry.state, "text")
        case "lesson":
            return entry.lesson or "–", "text"
        case "title":
            return entry.label, "text" if entry.title else "muted"
        case "age":
            return age(time.time() - entry.created), "muted"
        case "took":
            return (duration(entry.elapsed) if entry.elapsed else ""), "muted"
        case "size":
            return format_size(entry.size), "muted"
    raise KeyError(column)


def measured(entry: RunRow) -> str:
    """The value of a run's metric, as text."""
    return number(entry.value) if entry.value is not None else "NaN"


def metric(entry: RunRow, width: int) -> list[tuple[str, str]]:
    """Name and value of a run's metric in ``width`` cells."""
    if not entry.metric:
        return [(" " * width, "text")]
    value = measured(entry)
    return [(fit(entry.metric, width - cell_len(value) - 1) + " ", "muted"), (value, "value")]


def age(seconds: float) -> str:
    """``8 s``, ``12 min``, ``5 h`` or ``41 d``."""
    seconds = max(0.0, seconds)
    for unit, length, most in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{int(seconds / length)} {unit}"
    return f"{int(seconds / 86400)} d"

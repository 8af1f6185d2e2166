"""The columns of the table of runs: what they say, how wide they are, and the orders they can be sorted in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len

from descend.engine.base.units import format_size
from descend.engine.evaluation.names import LOWER
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

KNOB = 10
"""Cells of a knob's column, at most."""
KEPT_KNOBS = 2
"""Knobs for which less important columns go."""
MOST_KNOBS = 12
"""Knobs that have a column where there is room."""


class Column(NamedTuple):
    """A column: its name, cells, whether its text ends at its right edge, the order that it shows, and whether it
    shows a knob."""

    name: str
    width: int
    right: bool = False
    order: str = ""
    knob: bool = False


class Order(NamedTuple):
    """A way to sort: what it and its reverse are called, the key of a run, whether a run comes last either way, and
    whether it begins with the largest."""

    told: str
    reverse: str
    key: Callable[[RunRow], Any]
    missing: Callable[[RunRow], bool] = lambda entry: False
    descending: bool = False


def _best(entry: RunRow) -> tuple[object, ...]:
    """Runs of one metric together, the best first."""
    value = entry.value or 0.0
    return entry.metric, value if is_better_low(entry.metric) else -value


def is_better_low(metric: str) -> bool:
    """Whether the lowest value of ``metric`` comes first unless the user reverses it."""
    if metric.rpartition("/")[2] in LOWER:
        return True
    return any(word in metric.lower() for word in ("loss", "error", "perplexity", "bits", "distance"))


ORDERS = {
    "age": Order(
        "at work first, then newest",
        "oldest first, at work last",
        lambda entry: (not entry.live, -entry.created),
        descending=True,
    ),
    "state": Order("state", "state, backwards", lambda entry: entry.state),
    "lesson": Order("lesson", "lesson, backwards", lambda entry: entry.lesson, lambda entry: not entry.lesson),
    "title": Order(
        "title",
        "title, backwards",
        lambda entry: (not entry.title, entry.label.lower()),
        lambda entry: not entry.label,
    ),
    "metric": Order(
        "best first",
        "worst first",
        _best,
        lambda entry: not entry.metric or entry.value is None or not math.isfinite(entry.value),
        descending=True,
    ),
    "took": Order("longest first", "shortest first", lambda entry: -entry.elapsed, descending=True),
    "size": Order("largest first", "smallest first", lambda entry: -entry.size, descending=True),
}
"""Ways to sort, the first one first; runs that are equal come newest first."""
METRIC = "metric "
"""How the name of an order by a metric begins."""


def find_order(name: str) -> Order:
    """One of `ORDERS`, or by the metric whose name follows `METRIC`."""
    if name in ORDERS:
        return ORDERS[name]
    metric = name.removeprefix(METRIC)
    low, high = f"by {metric}, lowest first", f"by {metric}, highest first"
    up = is_better_low(metric)
    return Order(
        low if up else high,
        high if up else low,
        lambda entry: (entry.metrics[metric] or 0.0) * (1 if up else -1),
        lambda entry: entry.metrics.get(metric) is None,
        descending=not up,
    )


def ordered(entries: list[RunRow], order: str, backwards: bool = False) -> list[RunRow]:
    """``entries`` sorted; those that have nothing to sort by come last, also ``backwards``."""
    chosen = find_order(order)
    newest = sorted(entries, key=lambda entry: (entry.created, entry.id), reverse=True)
    there = [entry for entry in newest if not chosen.missing(entry)]
    return sorted(there, key=chosen.key, reverse=backwards) + [entry for entry in newest if chosen.missing(entry)]


def find_differing(entries: list[RunRow]) -> list[tuple[str, int]]:
    """Knobs that differ between runs of one lesson or model, those first that do so in most runs, and the cells that
    name and values need."""
    first: dict[str, RunRow] = {}
    counts: dict[str, int] = {}
    for entry in entries:
        other = first.setdefault(entry.lesson, entry)
        if entry.knobs != other.knobs:
            for name in entry.knobs.keys() | other.knobs.keys():
                if entry.knobs.get(name) != other.knobs.get(name):
                    counts[name] = counts.get(name, 0) + 1
    names = sorted(counts, key=lambda name: (-counts[name], name))
    return [
        (name, min(KNOB, max(cell_len(name), *(cell_len(entry.knobs.get(name, "")) for entry in entries))))
        for name in names[:MOST_KNOBS]
    ]


class Layout(NamedTuple):
    """Columns side by side, ``gap`` blanks apart."""

    gap: int
    columns: list[Column]

    @property
    def width(self) -> int:
        """Cells of all of them."""
        return sum(column.width for column in self.columns) + self.gap * (len(self.columns) - 1)


def layout(
    width: int, lessons: int, labels: int, metrics: int, knobs: Sequence[tuple[str, int]] = (), titled: bool = True
) -> Layout:
    """The columns that have room in ``width`` cells, for lessons, labels and metrics of so many cells; 0 ``labels`` if
    there are none.

    Args:
        knobs: names and cells of the knobs that differ, the most important first.
        titled: whether a label is a title; else labels repeat what the columns of knobs say.
    """
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
    if not labels or (knobs and not titled):
        chosen.columns.remove(label)
    wanted = max(0, min(lessons, NAME) - lesson.width)
    kept = sum(cells + chosen.gap for _, cells in knobs[:KEPT_KNOBS])
    for name in ("size", "took", "curve", "title", "age"):  # the first to go first
        reserved = kept if name != "age" else 0
        if chosen.width + reserved + (wanted if name in ("size", "took") else 0) > width:
            chosen.columns[:] = [column for column in chosen.columns if column.name != name]
    place = chosen.columns.index(middle)
    for name, cells in knobs:
        if chosen.width + chosen.gap + cells <= width:
            chosen.columns.insert(place, Column(name, cells, True, knob=True))
            place += 1
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

"""What runs were asked for and what came of it, where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from descend.engine.run.manifest import Manifest
from descend.engine.run.records import KnobChange
from descend.tui.cell_text import plain
from descend.tui.draw.ticks import duration, number
from descend.tui.run_monitor import RunMonitor
from descend.tui.screens.compare.together import ComparedRuns
from descend.tui.screens.runs.run_row import shown
from descend.tui.state_marks import MARKS

NOTHING = "–"


class Row(NamedTuple):
    """A line of the table: what it is about, and that of each run; all text is safe to draw."""

    name: str
    values: list[str]


class Comparison(NamedTuple):
    """Knobs and origins that differ, those that do not, and final metrics."""

    differing: list[Row]
    same: list[str]
    metrics: list[Row]


def compare(together: ComparedRuns, called: Mapping[str, str] | None = None) -> Comparison:
    """The comparison of the runs as they are now.

    Args:
        called: letters of all runs, by id, if there are others than these.
    """
    if called is None:
        called = {session.run.id: letter for letter, session in zip(together.letters, together.sessions, strict=True)}
    asked = [
        settings(manifest, session, called) if manifest is not None else {}
        for manifest, session in zip(together.manifests, together.sessions, strict=True)
    ]
    rows = table(asked)
    metrics = table([outcome(session) for session in together.sessions])
    return Comparison(
        [row for row in rows if len(set(row.values)) > 1],
        [f"{row.name} {row.values[0]}" for row in rows if len(set(row.values)) == 1],
        sorted(metrics, key=lambda row: ("/" in row.name, not row.name.startswith(("validation/", "test/")))),
    )


def settings(manifest: Manifest, session: RunMonitor, called: Mapping[str, str]) -> dict[str, str]:
    """Knobs with the values they were turned to, data, seed, device, threads, origin and versions of a run.

    Args:
        called: letters of all runs that are compared, by id.
    """
    history = session.history
    found = {"lesson": manifest.name}
    found |= {name: turned(value, name, history.changes) for name, value in manifest.knobs.items() if value != ""}
    if manifest.data or "data" not in found:  # a lesson that makes its data may have a knob of that name
        found["data"] = manifest.data or NOTHING
    found["seed"] = str(manifest.seed)
    found["device"] = (history.status.device if history.status else "") or manifest.device
    found["threads"] = str(manifest.threads)
    if manifest.parent is not None:
        found["forked from"] = tell_fork(manifest, history.changes, called)
    found |= manifest.versions
    found["commit"] = manifest.git or NOTHING
    return {plain(name): plain(value) for name, value in found.items()}


def turned(value: object, name: str, changes: Iterable[KnobChange]) -> str:
    """A knob's value and those it was turned to. The first is what it was before it was turned: a fork's manifest has
    the value that the fork gave it, and its first records turn the knob from the parent's."""
    turns = [change for change in changes if change.knob == name]
    values = [turns[0].previous, *(change.value for change in turns)] if turns else [value]
    return "→".join(text for text, _ in groupby(map(shown, values)))


def tell_fork(manifest: Manifest, changes: Iterable[KnobChange], called: Mapping[str, str]) -> str:
    """Run and step a run was forked from, and the knobs it changed there: ``A at step 600, lr 0.3→0.1``."""
    assert manifest.parent is not None
    run, step = manifest.parent.run, manifest.parent.step
    there = [
        f"{change.knob} {shown(change.previous)}→{shown(change.value)}"
        for change in changes
        if change.step == step and shown(change.value) == shown(manifest.knobs.get(change.knob))
    ]
    return ", ".join([f"{called.get(run, run)} at step {step:,}", *there])


def outcome(session: RunMonitor) -> dict[str, str]:
    """State, length and metrics of a run."""
    history = session.history
    found = {"state": f"{MARKS[session.phase]} {session.phase}"}
    if history.progress is not None:
        found["steps"] = f"{history.progress.step:,}"
    found["trained for"] = duration(history.elapsed)
    for name, value in history.metrics.items():
        found[plain(name)] = "NaN" if value is None else number(value)
    return found


def table(columns: list[dict[str, str]]) -> list[Row]:
    """One row for each name in any of ``columns``, in the order in which they come."""
    names = dict.fromkeys(name for column in columns for name in column)
    return [Row(name, [column.get(name, NOTHING) for column in columns]) for name in names]

"""A person who looks for the best run, and for the knob that made it so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from descend.engine.run.history import Series
from descend.engine.run.records import Array, Scalars
from descend.engine.run.runs import Run
from descend.engine.run.summary import summarize
from descend.tui.draw.ticks import number
from descend.tui.screens.runs.columns import METRIC, find_differing, layout, ordered
from descend.tui.screens.runs.run_row import RunRow
from descend.tui.screens.runs.sparkline import drawn
from tests.tui.recording import asked, begin, end, say, sign
from tests.tui.runs.past import all_runs, listed, screen


def row(name: str, **changes: object) -> RunRow:
    """A run of its own."""
    return RunRow(run=Run(Path(name)), state="done", signature=(), **{"lesson": "digits", **changes})  # type: ignore[arg-type]


def measured(metrics: dict[str, float], **changes: object) -> Run:
    """A finished run with these metrics."""
    run = asked(**changes)
    begin(run)
    values = {name: Array.of(np.array([value])) for name, value in metrics.items()}
    say(run, Scalars(steps=Array.of(np.array([1])), values=values))
    end(run, "done")
    sign(run)
    return run


@pytest.mark.parametrize(
    ("metric", "first", "last"), [("test/accuracy", ["b", "a"], ["a", "b"]), ("test/loss", ["a", "b"], ["b", "a"])]
)
def test_runs_without_the_metric_come_last_either_way(metric: str, first: list[str], last: list[str]) -> None:
    runs = [
        row("a", metrics={metric: 1e-300}),
        row("none", metrics={}),
        row("nan", metrics={metric: None}),
        row("b", metrics={metric: 0.5}),
    ]
    for backwards, wanted in ((False, first), (True, last)):
        found = [entry.id for entry in ordered(runs, METRIC + metric, backwards)]
        assert found[:2] == wanted
        assert set(found[2:]) == {"none", "nan"}


def test_a_run_is_shown_by_what_it_was_told_to_be_judged_by() -> None:
    metrics = {"validation/accuracy": 0.9, "validation/macro_f1": 0.4, "validation/mae": 3.0, "test/macro_f1": 0.3}
    told = {
        "macro_f1": ("validation/macro_f1", 0.4),
        "mae": ("validation/mae", 3.0),
        "loss": ("validation/accuracy", 0.9),
        "r2": ("validation/accuracy", 0.9),
    }
    for metric, shown in told.items():
        summary = summarize(measured(metrics, knobs={"metric": metric}))
        found = RunRow.of(summary, (), 0.0)
        assert (summary.key, found.metric, found.value) == (shown[0], *shown)


def test_the_best_run_comes_first_in_the_direction_of_its_metric() -> None:
    for metric, first in (("validation/mae", "a"), ("validation/rmse", "a"), ("validation/macro_f1", "b")):
        runs = [row(name, metric=metric, value=value) for name, value in (("b", 0.9), ("a", 0.1))]
        assert ordered(runs, "metric")[0].id == first


async def test_a_knob_called_data_has_a_column() -> None:
    for data in ("moons", "xor"):
        measured({"train/loss": 0.25}, name="playground", data="", knobs={"data": data})
    async with all_runs() as shell:
        await shell.until(lambda: dict(find_differing(screen(shell).table.entries)).keys() == {"data"})


def test_knobs_that_differ_within_a_lesson_have_columns() -> None:
    runs = [row(str(n), knobs={"lr": f"0.{n}", "seed": "0", "epochs": "3"}) for n in range(4)]
    runs += [
        row("x", lesson="iris", knobs={"lr": "7", "depth": "2"}),
        row("y", knobs={"lr": "0.1", "epochs": "9" * 50}),
    ]
    found = dict(find_differing(runs))
    assert next(iter(found)) == "lr"
    assert set(found) == {"lr", "epochs", "seed"}
    assert found["epochs"] == 10
    assert find_differing(runs[:1]) == find_differing([]) == []


@pytest.mark.parametrize("width", range(60, 220, 7))
def test_columns_of_knobs_need_no_more_room_than_there_is(width: int) -> None:
    knobs = [(f"knob{n}", 10) for n in range(12)]
    found = layout(width, 14, 60, 50, knobs, titled=False)
    assert found.width <= width
    assert {"state", "lesson", "metric"} <= {column.name for column in found.columns}
    assert sum(column.knob for column in found.columns) >= (2 if width >= 80 else 0)


def test_a_curve_leaves_room_below_that_of_the_run_above() -> None:
    series = Series()
    series.extend(np.arange(100), np.arange(100.0))
    for curve in drawn(series).values():
        assert "█" not in curve
        assert "▇" not in curve
        assert curve[0] == "▁"
        assert curve[-1] == "▆"


async def test_any_metric_can_be_sorted_by_and_the_direction_is_told() -> None:
    one = measured({"train/loss": 0.25, "f1": 0.5}, seed=1)
    two = measured({"train/loss": 0.125, "f1": 0.75}, seed=2)
    bare = measured({"train/loss": 0.5})
    async with all_runs((80, 24)) as shell:
        table = screen(shell).table
        await shell.until(lambda: any(column.knob and column.name == "seed" for column in table._layout.columns))
        await shell.press("S")
        await shell.sees("Sort the runs", "by f1, highest first  2 runs", "by train/loss, lowest first  3 runs")
        await shell.press("escape", "S", *["down"] * 7, "enter")
        await shell.sees("by f1, highest first", number(0.75))
        assert listed(shell) == [two.id, one.id, bare.id]
        await shell.press("r")
        await shell.sees("by f1, lowest first", "metric ▲")
        assert listed(shell) == [one.id, two.id, bare.id]
        await shell.press("S", "j", "enter")
        await shell.sees("by train/loss, lowest first")
        assert listed(shell) == [two.id, one.id, bare.id]
        await shell.press("s")
        assert screen(shell).order == "took"

"""A person who lays runs over each other."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from descend.engine.run.records import Array, KnobChange, Scalars
from descend.tui.screens.compare import MAX_RUNS, CompareScreen
from descend.tui.screens.compare.differences import compare
from descend.tui.screens.compare.together import ComparedRuns
from descend.tui.screens.runs import RunsScreen
from tests.tui.driving import SIZES, Shell
from tests.tui.recording import Worker, asked, begin, finished, say, steps
from tests.tui.runs.past import all_runs, failed, screen


async def comparing(shell: Shell, count: int) -> CompareScreen:
    """Mark the first ``count`` runs and compare them."""
    await shell.press("g", *["space"] * count)
    await shell.sees(f"{count} marked", "c compare")
    await shell.press("c")
    await shell.until(lambda: isinstance(shell.app.screen, CompareScreen))
    assert isinstance(shell.app.screen, CompareScreen)
    return shell.app.screen


@pytest.mark.parametrize("size", SIZES)
async def test_two_runs_share_panels_and_a_table_distinguishes_them(size: tuple[int, int]) -> None:
    first = finished(seed=3)
    knobs = first.manifest().knobs
    second = finished(knobs={**knobs, "lr": 0.9})
    async with all_runs(size) as shell:
        shown = await comparing(shell, 2)
        assert {session.run.id for session in shown.together.sessions} == {first.id, second.id}
        await shell.sees("Compare", "━ A", "▲ B", "train loss", "seed=3", "lr=0.9")
        await shell.until(lambda: len(shown.grid.panels) == 2)
        if size == (80, 24):
            await shell.sees("1 train accuracy", "2 train loss", "t table")
            await shell.press("t")
        await shell.sees("seed", "lr", "0.9", "train/loss", "0.07248", "the same: lesson digits")
        if size == (80, 24):
            await shell.press("t", "2")
            await shell.until(lambda: [panel.label for panel in shown.grid.shown] == ["train loss"])
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))


async def test_a_run_at_work_grows_while_it_is_compared() -> None:
    failed()
    run = asked()
    begin(run)
    steps(run, 0, 20)
    worker = Worker(run)
    async with all_runs() as shell:
        shown = await comparing(shell, 2)
        await shell.sees("▶ running", "✗ failed")
        steps(run, 20, 45)
        await shell.sees("45")
        assert shown.together.history.series["A/train loss"].size == 45
        shutil.rmtree(run.folder)
        worker.die()
        await shell.sees("✗ dead")


async def test_no_more_runs_are_compared_than_there_are_markers() -> None:
    for _ in range(MAX_RUNS + 1):
        finished()
    async with all_runs() as shell:
        assert "c compare" not in shell.text
        await shell.press("space")
        await shell.press("c")
        assert isinstance(shell.app.screen, RunsScreen)
        await shell.press(*["space"] * MAX_RUNS, "c")
        await shell.sees("cannot be distinguished")
        assert screen(shell).table.marked
        await shell.press("g", "space")
        await shell.press("c")
        await shell.until(lambda: isinstance(shell.app.screen, CompareScreen))
        await shell.sees("✚ F")


async def test_marked_runs_that_cannot_be_read_are_not_compared() -> None:
    finished()
    (finished().folder / "run.json").write_text("")
    async with all_runs() as shell:
        await shell.press("g", "space", "space", "c")
        await shell.sees("fewer than two can be read")


def test_a_run_keeps_its_place_in_panels_of_series_that_another_lacks() -> None:
    one, two = finished(), finished()
    say(two, Scalars(steps=Array.of(np.array([60])), values={"test/accuracy": Array.of(np.array([0.8]))}))
    together = ComparedRuns([one, two])
    changed = together.poll(1.0)
    assert "B/test accuracy" in changed
    assert [name for name in together.history.series if "test" in name] == ["A/test accuracy", "B/test accuracy"]
    assert together.history.series["A/test accuracy"].size == 0


def test_knobs_that_were_turned_are_told_with_every_value() -> None:
    one, two = finished(), finished()
    say(two, KnobChange(step=5, knob="lr", value=0.1, previous=0.3))
    together = ComparedRuns([one, two])
    together.poll(1.0)
    assert [row for row in compare(together).differing if row.name == "lr"] == [("lr", ["0.3", "0.3→0.1"])]
    assert [change.knob for change in together.history.changes] == ["B lr"]


async def test_the_heading_tells_every_run_whatever_the_width() -> None:
    long = {"epochs": 7, "hidden": 9, "lr": 0.9, "activation": "tanh", "batch_size": 8, "pace": 11}
    first, second = finished(seed=3, knobs=long), finished(seed=4)
    async with all_runs((80, 24)) as shell:
        await comparing(shell, 2)
        await shell.sees("━ A", "▲ B")
        heading = shell.text.splitlines()[0]
        assert len(heading) == 80
        assert "seed=4" in heading
        assert f"{first.id[-4:]} epochs=7" in heading
        assert second.id[-4:] in heading
        await shell.pilot.resize_terminal(160, 40)
        await shell.sees("pace=11 seed=3")

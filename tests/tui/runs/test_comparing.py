"""A person who lays runs over each other."""

from __future__ import annotations

import io
import shutil

import numpy as np
import pytest
from rich.cells import cell_len

from descend.engine.run.manifest import Parent
from descend.engine.run.records import Array, KnobChange, Scalars
from descend.tui.cell_text import plain
from descend.tui.screens.compare import CompareScreen
from descend.tui.screens.compare.comparison_table import ComparisonTable
from descend.tui.screens.compare.differences import Comparison, Row, compare
from descend.tui.screens.compare.together import AT_ONCE, ComparedRuns, list_letters
from descend.tui.screens.runs import RunsScreen
from tests.tui.driving import SIZES, Shell
from tests.tui.recording import Worker, asked, begin, finished, say, steps
from tests.tui.runs.past import all_runs, failed


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
        await shell.until(lambda: shown.together.history.series["A/train loss"].size == 45)
        await shell.sees("45")
        shutil.rmtree(run.folder)
        worker.die()
        await shell.sees("✗ dead")


async def test_more_runs_than_a_panel_can_tell_apart_are_compared_page_by_page() -> None:
    for seed in range(AT_ONCE + 1):
        finished(seed=seed)
    async with all_runs((80, 24)) as shell:
        assert "c compare" not in shell.text
        shown = await comparing(shell, AT_ONCE + 1)
        await shell.sees("Compare 1–6 of 7", "✚ F", "n next runs")
        assert "N previous" not in shell.text
        await shell.press("t", "n")
        await shell.until(lambda: shell.app.screen is not shown)
        await shell.sees("Compare 7–7 of 7", "━ G", "N previous", "knobs", "train/loss")
        assert "n next runs" not in shell.text
        await shell.press("n", "N")
        await shell.sees("Compare 1–6 of 7", "━ A", "✚ F")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))


def test_letters_continue_after_z() -> None:
    assert list_letters(3, 24) == ["Y", "Z", "AA"]
    assert list_letters(1, 2000) == ["BXY"]
    assert len(set(list_letters(2000))) == 2000


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("title", ["long " * 40, "学习率" * 60, "\x1b[31mred\x07" * 20, "שלום " * 40])
@pytest.mark.parametrize("count", [2, 6])
def test_the_table_keeps_its_row_names_and_values_whatever_the_titles(width: int, title: str, count: int) -> None:
    """Values of their own: each is found whole in the cells of its column."""
    from rich.console import Console
    from rich.text import Text

    found = Comparison([Row("lr", [f"0.{run}1" for run in range(count)])], [], [Row("loss", ["1e-300"] * count)])
    console = Console(width=width, record=True, file=io.StringIO())
    letters = [Text(f"* {letter}") for letter in list_letters(count)]
    console.print(ComparisonTable(found, letters, [plain(title)] * count))
    text = console.export_text()
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "lr " in text
    assert "loss " in text
    assert text.count("1e-300") == count
    assert all(f"0.{run}1" in text for run in range(count))
    assert all(f"* {letter}" in text for letter in list_letters(count))


def test_a_fork_tells_its_step_and_what_its_knobs_were_before() -> None:
    one = finished()
    knobs = {**one.manifest().knobs, "lr": 0.1}
    two = finished(knobs=knobs, parent=Parent(one.id, 20))
    say(two, KnobChange(step=20, knob="lr", value=0.1, previous=0.3))
    say(two, KnobChange(step=40, knob="lr", value=0.05, previous=0.1))
    together = ComparedRuns([one, two])
    together.poll(1.0)
    rows = {row.name: row.values for row in compare(together).differing}
    assert rows["lr"] == ["0.3", "0.3→0.1→0.05"]
    assert rows["forked from"] == ["–", "A at step 20, lr 0.3→0.1"]


def test_a_knob_called_data_is_compared() -> None:
    together = ComparedRuns([finished(name="playground", data="", knobs={"data": data}) for data in ("moons", "xor")])
    together.poll(1.0)
    assert ("data", ["moons", "xor"]) in compare(together).differing


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

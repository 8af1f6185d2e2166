"""Real runs, replayed: whatever a lesson records is drawn at every size, at every step, and can be taken along."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from descend.engine import lessons as lesson_files
from descend.engine.cli import main
from descend.engine.run.history import History
from descend.engine.run.records import Event
from descend.engine.run.runs import Run
from descend.tui.panels import Panel, PanelGrid, panel_data
from descend.tui.panels.catalogue import offered
from descend.tui.screens.compare import CompareScreen
from descend.tui.screens.learn import LearnScreen
from tests.recordings import NAMES, laid_out
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_lesson import lesson
from tests.tui.runs.past import all_runs

APOLOGY = "cannot show its data"
DTYPES = ("f4", "f8", "u1", "i4", "i8")


def history_of(run: Run) -> History:
    """All that ``run`` recorded."""
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    return history


def panels(shell: Shell) -> PanelGrid:
    """The panels on the screen."""
    grid = lesson(shell).body.grid
    assert grid is not None
    return grid


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value, but for the data of arrays."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in (*value, *value.values()):
            yield from texts(one)
    elif isinstance(value, list) and not (len(value) == 3 and isinstance(value[1], list) and value[0] in DTYPES):
        for one in value:
            yield from texts(one)


async def drawn(shell: Shell) -> None:
    """Wait until all panels on the screen have drawn what they should show, and see that they can."""
    grid = panels(shell)
    await shell.until(lambda: grid.shown and not any(panel.dirty for panel in grid.shown))
    assert [panel.label for panel in grid.shown if panel.failed is not None] == []
    assert APOLOGY not in shell.text
    for panel in grid.shown:
        assert inside(panel), f"{panel.label} is blank\n{shell.text}"


def inside(panel: Panel) -> str:
    """What a panel shows within its frame."""
    rows = ["".join(part for part, _ in row) for row in panel.rows(*panel.size)[1:-1]]
    return "".join(row[1:-1].strip() for row in rows)


async def looked_through(shell: Shell, alone: bool) -> None:
    """See each panel, alone if asked for or where there is no room; then all of them at a step in the middle and at the
    end, if ``alone`` also at the first step and the last."""
    grid = panels(shell)
    await drawn(shell)
    for number, panel in enumerate(grid.panels, 1) if alone or len(grid.shown) < len(grid.panels) else ():
        grid.zoom(number)
        await drawn(shell)
        assert grid.shown == [panel]
        assert "waiting for data" not in inside(panel), shell.text
    grid.zoom(None)
    first, last = grid.history.ends or (0, 0)
    middle = (first + last) // 2
    for step in (first, middle, last, None) if alone else (middle, None):
        grid.look(step)
        await drawn(shell)


@pytest.mark.parametrize("name", NAMES)
async def test_a_recording_is_drawn_at_every_step_and_size(name: str) -> None:
    (run,) = laid_out(name)
    chance = random.Random(name)
    turn = NAMES.index(name) % len(SIZES)
    sizes = [*SIZES[turn:], *SIZES[:turn]]
    async with opened(sizes[0], run=run) as shell:
        await shell.until(lambda: panels(shell).shown)
        grid = panels(shell)
        grid.again = 0.0  # no waiting between two redraws
        await looked_through(shell, alone=True)
        first, last = grid.history.ends or (0, 0)
        for keys, step in ((["home"], first), (["g", *str(last), "enter"], last), (["end"], last)):
            await shell.press(*keys)
            await shell.until(lambda step=step: grid.cursor in (step, None))
            await drawn(shell)
        for size in sizes[1:]:
            await shell.pilot.resize_terminal(chance.randint(20, 220), chance.randint(8, 70))
            assert [panel.label for panel in grid.panels if panel.failed is not None] == []
            await shell.pilot.resize_terminal(*size)
            await looked_through(shell, alone=False)
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


OTHERWISE = {"annotated_image": "annotated_image"}
"""Kinds that need no recording as long as no lesson shows them, and what shows them."""


def test_the_recordings_have_every_kind_of_record_that_lessons_make() -> None:
    lessons = "".join(file.read_text() for file in Path(lesson_files.__path__[0]).glob("*/*.py"))
    spared = {kind for kind, methods in OTHERWISE.items() if not re.search(rf"lab\.({methods})\(", lessons)}
    kinds = {
        json.loads(line)["kind"]
        for run in laid_out()
        for line in run.events_file.read_text(encoding="utf-8").splitlines()
    }
    assert kinds | spared == {kind.__struct_config__.tag for kind in typing.get_args(Event)}
    assert not kinds & spared


def test_the_recordings_are_small_and_tell_nothing_of_the_machine() -> None:
    runs = laid_out()
    files = [file for run in runs for file in run.folder.iterdir()]
    assert {file.name for file in files} == {"run.json", "events.jsonl"}
    assert sum(file.stat().st_size for file in files) < 1_500_000
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines() if file.suffix == ".jsonl" else [file.read_text()]:
            for text in texts(json.loads(line)):
                assert not re.search(r"(^|\s|'|\")(/\w|~/|[A-Z]:\\)", text), text
    for run in runs:
        manifest = run.manifest()
        assert (manifest.id, manifest.git, manifest.versions) == (run.id, "", {})
        assert run.state() in ("done", "failed", "stopped")


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_shown_and_exported(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run,) = laid_out(name)
    history = history_of(run)
    assert main(["show", name]) == 0
    shown = capsys.readouterr().out
    assert run.state() in shown
    assert all(series in shown for series in history.series)
    for kind in ("csv", "json"):
        assert main(["export", name, "--to", kind, str(tmp_path / f"run.{kind}")]) == 0
    with open(tmp_path / "run.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(series.size for series in history.series.values())
    assert {row["series"] for row in rows} == set(history.series)
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for kind, subject in offered(history):
        table = kind(history, subject).table()
        if table is not None:
            text, count = panel_data.write_table(table)
            assert len(list(csv.reader(io.StringIO(text)))) == count + 1


@pytest.mark.parametrize("pair", [("digits", "digits-diverged"), ("digits-resumed", "grid-world")])
async def test_two_recordings_are_compared(pair: tuple[str, str]) -> None:
    laid_out(*pair)
    async with all_runs() as shell:
        await shell.press("g", "space", "space")
        await shell.sees("2 marked")
        await shell.press("c")
        await shell.until(lambda: isinstance(shell.app.screen, CompareScreen))
        screen = shell.app.screen
        assert isinstance(screen, CompareScreen)
        await shell.until(lambda: not screen.together.behind and screen.grid.panels)
        await shell.until(lambda: not any(panel.dirty for panel in screen.grid.shown))
        await shell.sees("Compare", "━ A", "▲ B", "loss" if "digits" in pair[1] else "episodes")
        assert APOLOGY not in shell.text
        assert {session.run.id for session in screen.together.sessions} == set(pair)


def test_replaying_needs_no_torch(folders: Path) -> None:
    laid_out("diffusion")
    program = """
import asyncio, sys
from descend.engine.run import runs
from tests.tui.driving import opened
async def look():
    async with opened(run=runs.find_run("diffusion")) as shell:
        await shell.sees("cloud")
        await shell.press("home")
        await shell.sees("replay")
asyncio.run(look())
print(*sorted({"torch", "torchvision", "sklearn", "scipy", "sympy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

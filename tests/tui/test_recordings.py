"""Real runs, replayed: whatever a lesson records is drawn at every size, at every step, and can be taken along."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from descend.engine.cli import main
from descend.engine.history import History
from descend.engine.records import Event
from descend.engine.runs import Run
from descend.tui.panels import Panel, PanelGrid, data
from descend.tui.screens.compare import CompareScreen
from descend.tui.screens.learn import LearnScreen
from tests.recordings import NAMES, laid_out
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.runs.past import all_runs
from tests.tui.test_lesson import lesson

APOLOGY = "cannot show its data"
SMALL = {"digits-stopped", "eigenpairs"}
"""Recordings of nothing that others do not show, opened at one size only."""
OPENED = [(name, size) for name in NAMES for size in SIZES if name not in SMALL or size == SIZES[0]]


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


async def drawn(shell: Shell) -> None:
    """Wait until all panels on the screen have drawn what they should show, and see that they can."""
    grid = panels(shell)
    await shell.until(lambda: grid.shown and not any(panel.dirty or panel in grid._following for panel in grid.shown))
    assert [panel.label for panel in grid.shown if panel._failed is not None] == []
    assert APOLOGY not in shell.text
    for panel in grid.shown:
        assert inside(panel), f"{panel.label} is blank\n{shell.text}"


def inside(panel: Panel) -> str:
    """What a panel shows within its frame."""
    rows = ["".join(part for part, _ in row) for row in panel.rows(*panel.size)[1:-1]]
    return "".join(row[1:-1].strip() for row in rows)


@pytest.mark.parametrize(("name", "size"), OPENED)
async def test_a_recording_is_drawn_at_every_step_and_size(name: str, size: tuple[int, int]) -> None:
    (run,) = laid_out(name)
    chance = random.Random(f"{name} {size}")
    async with opened(size, run=run) as shell:
        await shell.until(lambda: panels(shell).shown)
        grid = panels(shell)
        await drawn(shell)
        for panel in grid.shown:
            assert "waiting for data" not in inside(panel), shell.text
        first, last = grid.history.ends or (0, 0)
        for keys in (["home"], ["g", *"50", "percent_sign", "enter"], ["g", *str(last), "enter"]):
            await shell.press(*keys)
            await drawn(shell)
            if keys[0] == "home" and first < last:
                assert grid.cursor == first
        for number in range(1, len(grid.panels) + 1):
            grid.zoom(number)
            await drawn(shell)
            assert grid.shown == [grid.panels[number - 1]]
        grid.look(chance.choice([None, *range(first, last + 1)]))
        for _ in range(2):
            await shell.pilot.resize_terminal(chance.randint(20, 220), chance.randint(8, 70))
            await shell.pilot.pause()
            assert [panel.label for panel in grid.panels if panel._failed is not None] == []
        await shell.pilot.resize_terminal(*size)
        grid.look(None)
        grid.zoom(None)
        await drawn(shell)
        await shell.press("escape")
        if not isinstance(shell.app.screen, LearnScreen):  # the first only closed what lay over the panels
            await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


def test_the_recordings_have_every_kind_of_record() -> None:
    kinds = {
        json.loads(line)["kind"]
        for run in laid_out()
        for line in run.events_file.read_text(encoding="utf-8").splitlines()
    }
    assert kinds == {kind.__struct_config__.tag for kind in typing.get_args(Event)}


def test_the_recordings_are_small_and_tell_nothing_of_the_machine() -> None:
    runs = laid_out()
    files = [file for run in runs for file in run.folder.iterdir()]
    assert {file.name for file in files} == {"run.json", "events.jsonl"}
    assert sum(file.stat().st_size for file in files) < 1_500_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not any(f'"{word}/' in text or f" {word}/" in text for word in ("", "~", "C:")), file
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
    for key in history.pictures:
        picture = history.picture_at(key, None)
        assert picture is not None
        table = data.of(picture)
        if table is not None:
            text, count = data.written(table)
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
from descend.engine import runs
from tests.tui.driving import opened
async def look():
    async with opened(run=runs.find("diffusion")) as shell:
        await shell.sees("cloud")
        await shell.press("home")
        await shell.sees("replay")
asyncio.run(look())
print(*sorted({"torch", "torchvision", "sklearn", "scipy", "sympy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

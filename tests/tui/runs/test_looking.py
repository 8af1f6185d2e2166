"""A person who looks for a run among all there are."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from descend.engine.run import runs, summary
from descend.engine.run.records import Array, Scalars, Status
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.runs import RunScanner, RunsScreen
from descend.tui.screens.runs import table as table_module
from descend.tui.screens.runs.columns import layout
from tests.tui.driving import SIZES, opened
from tests.tui.recording import Worker, asked, begin, finished, say, sign, steps
from tests.tui.runs.past import all_runs, dead, failed, go_to, listed, screen, states
from tests.tui.test_everywhere import choose


@pytest.mark.parametrize("size", SIZES)
async def test_all_runs_are_listed_with_state_metric_and_curve(size: tuple[int, int]) -> None:
    done, broke, died = finished(), failed(seed=4), dead()
    at_work = asked("fashion-mnist")
    begin(at_work)
    steps(at_work, 0, 20)
    worker = Worker(at_work)
    async with opened(size) as shell:
        await shell.sees("u runs")
        await shell.press("u")
        await shell.sees("✓ done", "✗ failed", "✗ dead", "▶ running", "train/loss", "seed", "4 · 1 at work")
        await shell.sees("enter open", "space mark", "/ search")
        assert listed(shell)[0] == at_work.id
        assert set(listed(shell)) == {done.id, broke.id, died.id, at_work.id}
        await shell.until(lambda: shell.text.count("▁") > 8)  # curves that fall
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
    worker.die()


async def test_runs_that_cannot_be_read_are_not_none(folders: Path) -> None:
    folders.mkdir()
    (folders / "runs").write_text("in the way")
    async with opened((80, 24)) as shell:
        await shell.press("u")
        await shell.sees("The runs in", "DESCEND_HOME to")


async def test_a_run_that_was_not_saved_says_so_and_can_be_resumed() -> None:
    unsaved = asked("digits")
    begin(unsaved)
    steps(unsaved, 0, 20)
    say(unsaved, Status(state="unsaved", message="Its last checkpoint could not be written (No space left on device)."))
    sign(unsaved)
    async with opened((80, 24)) as shell:
        await shell.press("u")
        await shell.sees("✗ unsaved", "could not be written (No space left on device)", "R starts it again", "R resume")


async def test_a_newcomer_is_told_how_runs_come_about() -> None:
    async with all_runs((80, 24)) as shell:
        await shell.sees("No runs yet", "press space")
        await shell.press("enter", "d", "e", "f", "c", "R", "space", "x", "w", "s", "G", "j")
        assert isinstance(shell.app.screen, RunsScreen)


async def test_the_menu_leads_here_from_anywhere() -> None:
    finished()
    async with opened(lesson="digits") as shell:
        await choose(shell, "runs (u)")
        await shell.sees("✓ done")


async def test_a_run_at_work_is_followed_until_it_dies() -> None:
    run = asked()
    begin(run)
    steps(run, 0, 20)
    worker = Worker(run)
    async with all_runs() as shell:
        await shell.sees("▶ running", "step 20 of 60")
        steps(run, 20, 40)
        await shell.sees("step 40 of 60")
        worker.die()
        await shell.sees("✗ dead", "Its worker died without a message", "R starts it again", "R resume", "w log")


async def test_a_failed_run_says_why_and_shows_its_log() -> None:
    failed()
    async with all_runs((80, 24)) as shell:
        await shell.sees("Training diverged", "Try a smaller lr", "w shows the end of its log")
        await shell.press("w")
        await shell.sees("Traceback [2Jhere")


async def test_enter_opens_a_run_and_u_comes_back_to_the_list() -> None:
    finished("fashion-mnist")
    chosen = finished("digits")
    async with all_runs() as shell:
        await go_to(shell, chosen)
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.sees(chosen.id, "✓ done")
        await shell.press("u")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
        assert screen(shell).table.entry.id == chosen.id
        await shell.press("u")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert len(shell.app.screen_stack) == 1


async def test_search_filters_while_typing() -> None:
    done, broke = finished(), failed(seed=7)
    runs.amend_manifest(done, title="the Baseline")
    async with all_runs((80, 24)) as shell:
        await shell.press("slash")
        await shell.type("base")
        await shell.until(lambda: listed(shell) == [done.id])
        await shell.sees("1 of 2", "esc all runs")
        await shell.press("escape", "slash")
        await shell.type("failed seed=7 digits")
        await shell.until(lambda: listed(shell) == [broke.id])
        await shell.press("enter", "escape")
        await shell.until(lambda: len(listed(shell)) == 2)
        await shell.press("slash")
        await shell.type("[b]nothing")
        await shell.sees("No run has all these words")
        await shell.press("enter", "enter")
        assert isinstance(shell.app.screen, RunsScreen)
        await shell.press("escape")
        await shell.until(lambda: len(listed(shell)) == 2)
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


async def test_sorting_goes_through_the_columns() -> None:
    low, high = asked("fashion-mnist"), asked("digits")
    for run, value in ((low, 0.5), (high, 0.9)):
        begin(run)
        points = {"test/accuracy": Array.of(np.array([value]))}
        say(run, Scalars(steps=Array.of(np.array([1])), values=points))
        sign(run)
    old = runs.list_runs()[-1]
    manifest = msgspec.structs.replace(old.manifest(), created="2020-01-01T00:00:00+0000")
    runs.write_manifest(old, manifest)
    async with all_runs() as shell:
        assert listed(shell)[-1] == old.id
        orders = {}
        for _ in range(7):
            await shell.press("s")
            orders[screen(shell).order] = listed(shell)
        assert orders["metric"] == [high.id, low.id]
        assert orders["lesson"] == [high.id, low.id]
        assert orders["age"][-1] == old.id
        await shell.sees("age ▼")
        await shell.pilot.click("RunTable", offset=(18, 0))  # the head of a column
        await shell.sees("lesson ▲")


async def test_the_mouse_moves_the_cursor_and_opens() -> None:
    finished(), finished()
    async with all_runs() as shell:
        await shell.pilot.click("RunTable", offset=(20, 2))
        assert screen(shell).table.cursor == 1
        await shell.pilot.click("RunTable", offset=(20, 1), times=2)
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))


async def test_damaged_runs_are_shown_as_damaged_and_can_be_deleted() -> None:
    fine, no_manifest, garbage = finished(), finished(), finished()
    (no_manifest.folder / "run.json").write_text('{"id": 3}')
    garbage.events_file.write_bytes(b"\x00\xff\x1b[2J{{\n" * 40)
    async with all_runs((80, 24)) as shell:
        await shell.until(lambda: states(shell).count("damaged") == 2)
        await go_to(shell, no_manifest)
        await shell.sees("no readable run.json")
        await shell.press("enter")
        assert isinstance(shell.app.screen, RunsScreen)
        await go_to(shell, garbage)
        await shell.sees("cannot be read")
        await shell.press("d", "y")
        await shell.until(lambda: len(listed(shell)) == 2)
        (fine.folder / "run.json").unlink()
        await shell.until(lambda: states(shell).count("damaged") == 2)


async def test_a_folder_that_goes_away_leaves_the_list() -> None:
    kept, gone = finished(), finished()
    async with all_runs() as shell:
        await go_to(shell, gone)
        shutil.rmtree(gone.folder)
        await shell.press("enter", "R", "f", "e", "escape", "escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        await shell.press("u")
        await shell.until(lambda: listed(shell) == [kept.id])


async def test_names_from_files_reach_the_screen_as_plain_text() -> None:
    run = finished(knobs={"[red]lr": "\x1b[31m9"})
    runs.amend_manifest(run, title="a [b]bold[/b] \x1b[2J\u202etitle", note="n\x07ote")
    async with all_runs((200, 60)) as shell:
        await shell.sees("a [b]bold[/b] [2Jtitle", "Note: note", "[red]lr [31m9")
        assert "\x1b" not in shell.text


async def test_where_the_terminal_has_only_ascii_the_table_has_too(monkeypatch: pytest.MonkeyPatch) -> None:
    finished(), failed()
    monkeypatch.setattr(table_module, "shows_unicode", lambda: False)
    async with all_runs() as shell:
        lines = shell.text.splitlines()[2:5]
        assert "done" in "".join(lines)
        assert "".join(line.replace("▁", "") for line in lines).isascii()


@pytest.mark.parametrize("width", range(40, 220, 7))
def test_columns_never_need_more_room_than_there_is(width: int) -> None:
    found = layout(width, 14, 300, 50)
    assert found.width <= max(width, 53)
    assert "state" in [column.name for column in found.columns]


def test_columns_take_the_room_that_others_do_not_need() -> None:
    narrow, wide = ({column.name: column.width for column in layout(width, 24, 0, 40).columns} for width in (80, 200))
    assert "title" not in narrow
    assert narrow["lesson"] >= 18
    assert (wide["lesson"], wide["metric"]) == (24, 40)
    assert {column.name: column.width for column in layout(200, 24, 30, 40).columns}["title"] == 30


def test_runs_are_told_of_before_all_are_read_those_at_work_first() -> None:
    many = [asked() for _ in range(30)]
    worker = Worker(many[0])
    for run in many[1:]:
        os.utime(run.folder, (0, 0))  # a new folder may be one whose worker is only being started
    scanner = RunScanner()
    left = next(scanner.look())
    assert left == 20
    assert many[0].id in scanner.entries
    worker.die()


def test_what_has_not_changed_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = finished(), finished()
    scanner, read = RunScanner(), []
    summarize = summary.summarize
    monkeypatch.setattr(summary, "summarize", lambda run: read.append(run.id) or summarize(run))
    assert list(scanner.look()) == [0]
    assert sorted(read) == sorted([one.id, two.id])
    assert list(scanner.look()) == []
    time.sleep(0.01)
    runs.amend_manifest(two, title="changed")
    assert list(scanner.look()) == [0]
    assert read[2:] == [two.id]
    assert scanner.entries[two.id].title == "changed"
    runs.delete_run(one)
    assert list(scanner.look()) == [0]
    assert list(scanner.entries) == [two.id]


def test_a_curve_is_read_once_and_a_bad_value_is_marked() -> None:
    run = finished()
    say(run, Scalars(steps=Array.of(np.array([60])), values={"train/loss": Array.of(np.array([np.nan]))}))
    scanner = RunScanner()
    list(scanner.look())
    wanted = scanner.untraced(scanner.entries.values())
    assert len(list(scanner.trace(wanted))) == 1
    assert scanner.untraced(scanner.entries.values()) == []
    curve = scanner.sparkline(wanted[0], 12)
    assert len(curve) == 12
    assert curve[0] > curve[-2]
    assert curve[-1] == "!"

"""A person who resumes runs, forks, names, exports and deletes them."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import pytest
from textual import events
from textual.keys import _character_to_key as character_to_key
from textual.keys import key_to_character
from textual.widgets import Input

from descend.engine.run import runs
from descend.engine.run.records import Status
from descend.engine.run.runs import Run
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.runs import RunsScreen
from descend.tui.screens.runs.fork import likeliest
from tests.tui.driving import Shell
from tests.tui.recording import Worker, asked, begin, commands, finished, say, steps
from tests.tui.runs.past import all_runs, dead, failed, go_to, listed, screen, states, with_checkpoints


async def test_a_paused_run_is_resumed() -> None:
    run = asked()
    begin(run)
    steps(run, 0, 20)
    say(run, Status(state="paused", device="cpu"))
    worker = Worker(run)
    async with all_runs() as shell:
        await shell.sees("‖ paused", "R resumes it", "R resume")
        await shell.press("R")
        await shell.until(lambda: commands(run) == ["resume"])
        await shell.sees(f"{run.id} resumes.")
        assert run.id in shell.app.followed
    worker.die()


async def test_a_dead_run_is_taken_up_by_the_worker_that_waits() -> None:
    run = with_checkpoints(dead(), 10, 20)
    async with all_runs() as shell:
        await shell.sees("R resumes from step 20, f forks it")
        await shell.press("R")
        await shell.sees(f"{run.id} resumes.", "▶ running")
        assert [taken.id for taken in shell.workers.launched] == [run.id]
        assert shell.app.starting == set()


async def test_why_a_run_cannot_be_resumed_is_told() -> None:
    failed()
    async with all_runs() as shell:
        await shell.press("R")
        await shell.sees("diverged and would")


async def test_a_fork_begins_with_a_checkpoint_and_another_knob() -> None:
    parent = with_checkpoints(finished(), 10, 30, 60)
    async with all_runs((80, 24)) as shell:
        await shell.press("f")
        await shell.sees("from the checkpoint of step", "‹ 30 ›", "Without a change")
        await shell.press("right")
        await shell.sees("‹ 60 ›", "so the fork ends at once", "epochs=… gives it more")
        await shell.press("down")
        for typed, told in (
            ("rate=1", "There is no knob 'rate'"),
            ("lr", "lr can be"),
            ("lr=1e9", "lr must be at most"),
        ):
            await shell.type(typed)
            await shell.sees(f"✗ {told}")
            await shell.press("enter", *["backspace"] * len(typed))
        await shell.type("lr=0.01")
        await shell.sees("lr = 0.01:")
        await shell.press("up", "left")
        await shell.sees("‹ 30 ›")
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        (fork,) = shell.workers.launched
        manifest = fork.manifest()
        assert manifest.parent == runs.Parent(parent.id, 30)
        assert manifest.knobs == {**parent.manifest().knobs, "lr": 0.01}
        assert fork.checkpoint_steps() == [30]
        await shell.sees("running")
        await shell.press("u")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
        await go_to(shell, fork)
        await shell.sees("lr 0.01", "forked from", f"{parent.id} at step 30")


@pytest.mark.parametrize(
    ("checkpoints", "last", "chosen"),
    [([10, 30, 60], 60, 30), ([50, 60], 60, 50), ([60], 60, 60), ([10, 30, 60], None, 60), ([0, 900], 900, 0)],
)
def test_a_fork_of_a_finished_run_begins_where_there_is_something_to_do(
    checkpoints: list[int], last: int | None, chosen: int
) -> None:
    assert likeliest(checkpoints, last) == chosen


async def test_what_is_typed_for_a_fork_is_never_lost() -> None:
    with_checkpoints(finished(), 10, 30, 60)
    async with all_runs((80, 24)) as shell:
        for key in "flr=0.01":  # in one go, before the box has a field, with letters that turn choices elsewhere
            shell.app.post_message(events.Key(character_to_key(key), key))
        await shell.sees("lr = 0.01:", "‹ 30 ›")
        await shell.press("up", "left")
        await shell.sees("‹ 10 ›", "lr=0.01")
        await shell.type(" hidden=4")
        await shell.sees("lr=0.01 hidden=4", "‹ 10 ›")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
        await shell.press("f")
        await shell.sees("lr=0.01 hidden=4")


async def test_a_name_that_was_left_is_there_again() -> None:
    finished()
    async with all_runs((80, 24)) as shell:
        await shell.press("n")
        await shell.type("the slow one")
        await shell.press("escape", "n")
        await shell.sees("not kept yet", "the slow one")
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
        await shell.press("n")
        await shell.sees("the slow one")
        assert "not kept yet" not in shell.text


async def test_a_run_without_checkpoints_offers_no_fork() -> None:
    finished()
    async with all_runs() as shell:
        assert "f fork" not in shell.text
        await shell.press("f")
        assert isinstance(shell.app.screen, RunsScreen)


async def test_a_run_is_given_a_title_and_a_note() -> None:
    run = finished()
    async with all_runs((80, 24)) as shell:
        for key, text, told in (("e", "[red]baseline", "[red]baseline"), ("n", "kept for later", "Note: kept")):
            await shell.press(key)
            await shell.sees("enter keeps both", run.id)
            await shell.type(text)
            await shell.press("enter")
            await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
            await shell.sees(told)
        await shell.press("e")
        await shell.sees("enter keeps both")
        await shell.type("XX")
        await shell.press("escape")
        manifest = run.manifest()
        assert (manifest.title, manifest.note) == ("[red]baseline", "kept for later")


async def test_marked_runs_are_deleted_together_after_asking_but_none_at_work() -> None:
    kept, one, two, working = finished(), finished(), failed(), asked()
    begin(working)
    steps(working, 0, 5)
    worker = Worker(working)
    async with all_runs() as shell:
        for run in (one, two, working):
            await go_to(shell, run)
            await shell.press("space")
        await shell.sees("3 marked")
        await shell.press("d")
        await shell.sees("Delete 2 runs?", one.id, two.id, f"At work, and not deleted: {working.id}.")
        await shell.press("escape")
        assert len(runs.list_runs()) == 4
        await shell.press("d", "d", "y")  # d alone, however often, deletes nothing
        await shell.until(lambda: set(listed(shell)) == {kept.id, working.id})
        assert {run.id for run in runs.list_runs()} == {kept.id, working.id}
        await shell.sees("1 marked")
    worker.die()


async def test_a_run_at_work_is_not_deleted() -> None:
    run = asked()
    begin(run)
    worker = Worker(run)
    async with all_runs() as shell:
        await shell.press("d")
        await shell.sees("is at work; open it")
        assert isinstance(shell.app.screen, RunsScreen)
        assert states(shell) == ["running"]
    worker.die()


async def test_a_run_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = finished()
    async with all_runs((80, 24)) as shell:
        await shell.press("x")
        await shell.sees("‹ csv ›", f"{run.id}.csv", "One row per point")
        await shell.press("right")
        await shell.sees(f"{run.id}.json")
        await shell.press("left", "enter")
        await shell.sees("Written:")
        rows = list(csv.DictReader((tmp_path / f"{run.id}.csv").read_text().splitlines()))
        assert [row["series"] for row in rows].count("train/loss") == 60
        await shell.press("x")
        await shell.sees("✗ That is a file already; name another.")
        await shell.press("enter")
        shell.app.screen.query_one(Input).value = str(tmp_path / "missing" / "all.csv")
        await shell.sees("One row per point")
        await shell.press("enter")
        await shell.sees("Cannot write")
        assert screen(shell).table.entry.id == run.id


async def test_what_takes_long_says_so_and_leaving_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from descend.engine.run import export

    monkeypatch.chdir(tmp_path)
    go_on = threading.Event()

    def slowly(run: Run, path: Path, force: bool) -> Path:
        go_on.wait(20)
        path.write_text("written")
        return path

    monkeypatch.setitem(export.FORMATS, "csv", slowly)
    run = finished()
    async with all_runs((80, 24)) as shell:
        await shell.press("x")
        await shell.sees("‹ csv ›")
        await shell.press("enter")
        await shell.sees("exporting…")
        await shell.press("q")
        await shell.pilot.pause(0.2)
        assert not shell.app._exit
        go_on.set()
        await shell.until(lambda: shell.app._exit)
        assert (tmp_path / f"{run.id}.csv").read_text() == "written"


async def test_what_is_typed_in_haste_counts_before_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that come in one piece, as over a slow line."""
    monkeypatch.chdir(tmp_path)
    run = with_checkpoints(finished(), 10)
    async with all_runs((80, 24)) as shell:
        await shell.press("e")
        await shell.sees("enter keeps both")
        await in_haste(shell, *"best", "enter")
        await shell.until(lambda: run.manifest().title == "best")
        await shell.press("x")
        await shell.sees("‹ csv ›")
        await shell.press("down")
        await shell.until(lambda: shell.app.screen.query_one(Input).has_focus)
        await in_haste(shell, *"xyz", "enter")
        await shell.sees("Written:")
        assert (tmp_path / f"{run.id}.csvxyz").exists()
        await shell.press("f")
        await shell.sees("from the checkpoint of step")
        await in_haste(shell, "l", "r", "equals_sign", "9", "enter")
        await shell.until(lambda: shell.workers.launched)
        assert shell.workers.launched[0].manifest().knobs["lr"] == 9


async def in_haste(shell: Shell, *keys: str) -> None:
    """Press keys without a moment between them."""
    for key in keys:
        shell.app.post_message(events.Key(key, key_to_character(key)))
    await shell.pilot.pause(0.1)

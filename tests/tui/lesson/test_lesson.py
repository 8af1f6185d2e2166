"""A person who runs a lesson, watches it, steers it, leaves it and comes back."""

from __future__ import annotations

import asyncio

import pytest

from descend.engine.base.errors import DescendError
from descend.engine.run.records import Failure, KnobChange, Note, Status
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.recording import Worker, asked, begin, commands, end, finished, say, sign, steps


def lesson(shell: Shell) -> LessonScreen:
    """The lesson's screen, on top."""
    assert isinstance(shell.app.screen, LessonScreen)
    return shell.app.screen


async def running(shell: Shell, until: int = 20) -> None:
    """Press run and have the worker take some steps."""
    await shell.press("space")
    await shell.until(lambda: shell.workers.launched)
    await shell.until(lambda: lesson(shell).session is not None)
    steps(shell.workers.launched[-1], 0, until)
    await shell.sees(f"step {until}/60", "running")


@pytest.mark.parametrize("size", SIZES)
async def test_run_pause_resume_and_watch_it_end(size: tuple[int, int]) -> None:
    async with opened(size, lesson="digits") as shell:
        await shell.sees("The network.", "idle", "space run")
        await running(shell)
        (run,) = shell.workers.launched
        await shell.sees("loss", "train", "epoch 1/2", "3,200 images/s", "0:00 left", "cpu", "space pause", run.id)
        await shell.press("space")
        await shell.sees("pausing…")
        assert commands(run) == ["pause"]
        say(run, Status(state="paused", device="cpu"))
        await shell.sees("‖ paused", "space resume")
        await shell.press("s")
        await shell.sees("stepping…")
        steps(run, 20, 21)
        say(run, Status(state="paused", device="cpu"))
        await shell.sees("‖ paused", "step 21/60")
        await shell.press("space")
        await shell.sees("resuming…")
        say(run, Status(state="running", device="cpu"))
        steps(run, 21, 60)
        end(run, "done")
        await shell.sees("✓ done", "step 60/60", "n next: predict")
        assert commands(run) == ["pause", "step", "resume"]


async def test_a_single_step_is_the_first_thing_one_can_take() -> None:
    async with opened(lesson="digits") as shell:
        await shell.press("s")
        await shell.until(lambda: shell.workers.launched and commands(shell.workers.launched[0]))
        assert commands(shell.workers.launched[0]) == ["step"]
        await shell.sees("stepping…")


async def test_stop_keeps_what_there_is_and_space_resumes_from_there() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        (run,) = shell.workers.launched
        await shell.press("x")
        await shell.sees("stopping…")
        assert "x stop" not in shell.text
        end(run, "stopped")
        await shell.sees("■ stopped", "step 20/60", "space resume")
        shell.workers.working[0].die()
        await shell.press("space")
        await shell.until(lambda: len(shell.workers.launched) == 2)
        assert shell.workers.launched == [run, run]
        steps(run, 20, 30)
        await shell.sees("▶ running", "step 30/60")
        history = lesson(shell).session.history
        assert history.series["train/loss"].size == 30


async def test_a_stopped_run_is_not_resumed_with_other_knobs() -> None:
    async with opened(lesson="digits", knobs={"hidden": 8}) as shell:
        await running(shell)
        end(shell.workers.launched[0], "stopped")
        await shell.sees("space resume")
        await shell.press("e")
        await shell.sees("Knobs")
        await shell.press("down", "ctrl+k", "6", "4", "enter")
        await shell.sees("space run")
        await shell.press("space")
        await shell.until(lambda: len(shell.workers.launched) == 2)
        first, second = (run.manifest().knobs["hidden"] for run in shell.workers.launched)
        assert first == 8
        assert second != 8


async def test_restart_runs_again_with_the_same_seed_and_ends_the_old_run() -> None:
    async with opened(lesson="digits", seed=7) as shell:
        await running(shell)
        await shell.press("r")
        await shell.until(lambda: len(shell.workers.launched) == 2)
        first, second = shell.workers.launched
        assert commands(first) == ["stop"]
        assert first.id != second.id
        assert [run.manifest().seed for run in (first, second)] == [7, 7]
        steps(second, 0, 5)
        await shell.sees("step 5/60", second.id)
        assert lesson(shell).session.history.series["train/loss"].size == 5


async def test_leaving_the_lesson_leaves_the_run_and_coming_back_shows_all_of_it() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell, 10)
        run = shell.workers.launched[0]
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert commands(run) == []
        steps(run, 10, 60)
        end(run, "done")
        await shell.press("enter")
        await shell.sees("✓ done", "step 60/60", run.id)
        assert lesson(shell).session.history.series["train/loss"].size == 60


async def test_opening_a_lesson_attaches_to_its_run_at_work_in_another_terminal() -> None:
    finished()
    run = asked(seed=3)
    begin(run)
    steps(run, 0, 30)
    worker = Worker(run)
    async with opened(lesson="digits") as shell:
        await shell.sees(run.id, "step 30/60", "space pause")
        assert lesson(shell).settings.seed == 3
        assert lesson(shell).session.history.series["train/loss"].size == 30
    worker.die()


async def test_a_finished_run_of_another_day_is_not_shown_unasked() -> None:
    run = finished()
    async with opened(lesson="digits") as shell:
        await shell.sees("idle")
        await shell.pilot.pause(0.2)
        assert run.id not in shell.text


async def test_attaching_to_a_finished_run_shows_its_whole_history() -> None:
    run = finished()
    async with opened(run=run) as shell:
        await shell.sees("✓ done", "step 60/60", run.id)
        assert lesson(shell).session.history.series["train/loss"].size == 60


async def test_a_torn_line_waits_for_its_end() -> None:
    run = finished()
    whole = run.events_file.read_bytes()
    run.events_file.write_bytes(whole[:-20])
    Worker(run)
    async with opened(run=run) as shell:
        await shell.sees("step 60/60", "running")
        with open(run.events_file, "ab") as events:
            events.write(whole[-20:])
        await shell.sees("✓ done")


@pytest.mark.parametrize("size", SIZES)
async def test_a_failure_says_what_to_try_and_keeps_the_curves(size: tuple[int, int]) -> None:
    async with opened(size, lesson="digits") as shell:
        await running(shell)
        run = shell.workers.launched[0]
        run.log_file.write_text("Traceback [bold]red[/bold]\n\x1b[31mRuntimeError: it broke\x1b[0m\n")
        end(
            run, "failed", Failure(step=20, title="Loss became NaN.", advice=["Lower lr.", "Look at [b]gradients[/b]."])
        )
        await shell.sees("✗ failed", "Loss became NaN.", "Lower lr.", "Look at [b]gradients[/b].", "loss", "space run")
        await shell.press("w")
        await shell.sees("Traceback [bold]red[/bold]", "[31mRuntimeError: it broke[0m")
        await shell.press("escape", "space")
        await shell.until(lambda: len(shell.workers.launched) == 2)
        await shell.until(lambda: "Loss became NaN." not in shell.text)


async def test_a_worker_that_dies_without_a_word_is_never_shown_as_alive() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        shell.workers.working[0].die()
        await shell.sees("✗ dead", "died without a message", "step 20", "space resume")
        assert "x stop" not in shell.text
        await shell.press("space")
        await shell.until(lambda: len(shell.workers.launched) == 2)
        await shell.sees("▶ running")
        assert "died without a message" not in shell.text


async def test_theory_and_panels_take_turns_where_there_is_no_room_for_both() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await shell.sees("The network.", "t panels")
        await shell.press("t")
        await shell.sees("space runs it with these knobs", "t lesson")
        assert "The network." not in shell.text
        await running(shell)
        await shell.press("t")
        await shell.sees("The network.")
        await shell.press("t")
        await shell.sees("loss", "train")


async def test_panels_are_arranged_before_the_screen_is_laid_out_for_them() -> None:
    async with opened((120, 40), lesson="digits") as shell:
        await running(shell, 60)
        grid = lesson(shell).grid
        assert grid is not None

        def shown() -> list[str]:
            return [panel.subject for panel in grid.panels if panel.display]

        async def laid_out_after(key: str) -> list[list[str]]:
            seen: list[list[str]] = []
            signal = lesson(shell).screen_layout_refresh_signal
            signal.subscribe(grid, lambda _: seen.append(shown()), immediate=True)
            await shell.press(key)
            await shell.pilot.pause(0.3)
            signal.unsubscribe(grid)
            return seen

        together = shown()
        assert len(together) > 1
        beside = await laid_out_after("t")
        assert len(beside[0]) == 1, "beside the lesson there is room for one panel only"
        assert all(seen == shown() for seen in beside)
        assert all(seen == together for seen in await laid_out_after("t"))


async def test_digits_zoom_a_panel_also_while_the_theory_has_the_keys() -> None:
    async with opened((200, 60), lesson="digits") as shell:
        await running(shell)
        await shell.press("t")
        await shell.until(lambda: "The network." not in shell.text)
        await shell.press("t")
        await shell.sees("The network.", "accuracy")
        grid = lesson(shell).grid
        await shell.until(lambda: len(grid.shown) > 1)
        await shell.press("2")
        await shell.until(lambda: len(grid.shown) == 1)


async def test_what_a_run_says_is_never_taken_for_markup_or_control_sequences() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        say(shell.workers.launched[0], Note(step=20, text="[red]note[/red] \x1b]0;title\x07 [@click=app.quit]go[/]"))
        await shell.sees("[red]note[/red]", "[@click=app.quit]go[/]")
        assert "\x1b" not in shell.text


async def test_a_knob_turned_elsewhere_is_so_in_the_next_run() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        say(shell.workers.launched[0], KnobChange(step=20, knob="pace", value=7, previous=200))
        await shell.until(lambda: lesson(shell).settings.knobs["pace"] == 7)


async def test_a_run_that_cannot_be_started_is_a_sentence() -> None:
    async with opened(lesson="digits") as shell:
        shell.workers.error = DescendError("The worker could not be started: [no] such file.")
        await shell.press("space")
        await shell.sees("The worker could not be started: [no] such file.")
        shell.workers.error = None
        await running(shell)


async def test_a_home_that_cannot_be_written_is_a_sentence(folders, monkeypatch) -> None:
    (folders.parent / "file").write_text("")
    monkeypatch.setenv("DESCEND_HOME", str(folders.parent / "file"))
    async with opened(lesson="digits") as shell:
        await shell.press("space")
        await shell.sees("DESCEND_HOME", "idle")


async def test_a_run_folder_that_vanishes_is_a_sentence() -> None:
    import shutil

    async with opened(lesson="digits") as shell:
        await running(shell)
        shutil.rmtree(shell.workers.launched[0].folder)
        await shell.press("space")
        await shell.sees("Cannot write to run")


async def test_a_run_of_an_unknown_lesson_is_a_sentence() -> None:
    run = asked()
    text = (run.folder / "run.json").read_text().replace('"digits"', '"no-such-lesson"')
    (run.folder / "run.json").write_text(text)
    sign(run)
    async with opened(run=run) as shell:
        await shell.sees("There is no lesson or model 'no-such-lesson'")
        assert isinstance(shell.app.screen, LearnScreen)


async def test_a_run_that_is_started_while_its_screen_goes_away_is_borne() -> None:
    async with opened(lesson="digits") as shell:
        screen = shell.app.screen
        assert isinstance(screen, LessonScreen)
        shell.app.pop_screen()
        while screen.is_attached:
            screen.launcher._over()
            await asyncio.sleep(0)
        await shell.until(lambda: not isinstance(shell.app.screen, LessonScreen))

"""A person who trains a model of the zoo in the shell, steers it, leaves it and comes back to it."""

from __future__ import annotations

import pytest

from descend.engine.launch import launcher
from descend.engine.run import runs
from descend.engine.run.records import Note, Status
from descend.engine.run.run_request import RunRequest
from tests.tui.driving import SIZES, opened
from tests.tui.recording import Worker, begin, commands, end, say, steps


@pytest.mark.parametrize("size", SIZES)
async def test_run_a_model_pause_it_and_watch_it_end(size: tuple[int, int]) -> None:
    async with opened(size, lesson="mlp", data="iris") as shell:
        await shell.sees("About", "iris", "space run", "idle")
        await shell.press("space")
        await shell.until(lambda: shell.workers.launched)
        (run,) = shell.workers.launched
        assert (run.manifest().name, run.manifest().data) == ("mlp", "iris")
        steps(run, 0, 20)
        await shell.sees("step 20/60", "running", "on iris", "space pause")
        await shell.press("space")
        await shell.sees("pausing…")
        assert commands(run) == ["pause"]
        say(run, Status(state="paused", device="cpu"))
        await shell.sees("‖ paused", "space resume")
        await shell.press("space")
        say(run, Status(state="running", device="cpu"))
        steps(run, 20, 60)
        end(run, "done")
        await shell.sees("✓ done", "space run")


async def test_the_page_says_what_is_trained_and_how_to_do_it_again() -> None:
    async with opened((120, 60), lesson="mlp", data="iris", knobs={"epochs": 3}) as shell:
        await shell.sees("descend run mlp --data iris --set epochs=3", "parameters", "epochs = 3")
        await shell.press("Q")  # a model asks no questions
        await shell.sees("A About", "idle")
        assert "Quiz" not in shell.text


async def test_a_live_run_of_a_model_opens_from_the_runs_and_its_knobs_turn() -> None:
    run = runs.create_run(launcher.check_request(RunRequest("mlp", data="iris", device="cpu")))
    async with opened() as shell:
        shell.workers.working.append(Worker(run))
        begin(run)
        steps(run, 0, 10)
        await shell.press("u")
        await shell.sees(run.id)
        await shell.press("enter")
        await shell.sees("running", "on iris", "step 10/60")
        await shell.press("K")
        await shell.sees("lr")
        await shell.press("right")
        await shell.until(lambda: "set" in commands(run))
        await shell.press("escape", "x")
        await shell.until(lambda: "stop" in commands(run))


async def test_a_warning_stays_next_to_what_is_said_after_it() -> None:
    async with opened((120, 40), lesson="mlp", data="iris") as shell:
        await shell.press("space")
        await shell.until(lambda: shell.workers.launched)
        (run,) = shell.workers.launched
        steps(run, 0, 10)
        say(run, Note(step=0, text="Warning: the model ignores its input."))
        say(run, Note(step=0, text="15 parameters."), Note(step=1, text="The last word."))
        await shell.sees("Warning: the model ignores its input.", "The last word.")
        assert "15 parameters." not in shell.text
        end(run, "done")

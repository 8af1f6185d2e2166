"""A person who looks back at a run, while it continues and after it has ended."""

from __future__ import annotations

import pytest

from descend.tui.panels import PanelGrid
from descend.tui.screens.learn import LearnScreen
from tests.tui.driving import Shell, opened
from tests.tui.lesson.test_lesson import lesson, running
from tests.tui.recording import end, finished, steps


def panels(shell: Shell) -> PanelGrid:
    """The panels of the run on the screen."""
    grid = lesson(shell).body.grid
    assert grid is not None
    return grid


async def at(shell: Shell, step: int) -> None:
    """Wait until all panels on the screen show ``step``."""
    grid = panels(shell)
    await shell.until(lambda: grid.cursor == step and shell.text.count(f"at step {step} of") == len(grid.shown))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_looking_back_at_a_finished_run(size: tuple[int, int]) -> None:
    async with opened(size, run=finished()) as shell:
        await shell.sees("✓ done", "step 60/60", "loss")
        await shell.press("less_than_sign", "comma")
        await at(shell, 55)
        await shell.sees("◂ replay", "step 55 of 59", "esc goes to the end", "✓ done 60/60")
        await shell.press("g", "3", "0", "enter")
        await at(shell, 30)
        loss = lesson(shell).session.history.series["train/loss"].at(30)
        await shell.sees(f"{loss:.4f}"[:6])
        await shell.press("g", "x", "enter")
        await shell.sees("'x' is not in this run: type 0 … 59, 50%,", "step 30 of 59")
        await shell.press("escape", "escape")
        await shell.until(lambda: "◂ replay" not in shell.text and "at step" not in shell.text)
        assert panels(shell).cursor is None
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


async def test_a_run_at_work_continues_behind_the_replay() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell, 20)
        run = shell.workers.launched[0]
        await shell.press("home")
        await at(shell, 0)
        await shell.sees("◂ replay", "step 0 of 19", "esc follows the run", "▶ running 20/60")
        steps(run, 20, 40)
        await shell.sees("step 0 of 39", "▶ running 40/60")
        await shell.press("space")
        await shell.sees("pausing…")
        end(run, "done")
        await shell.sees("✓ done 40/60", "esc goes to the end")
        await shell.press("escape")
        await shell.sees("step 40/60")
        assert lesson(shell).session.history.series["train/loss"].size == 40


async def test_playing_a_run_to_its_end() -> None:
    async with opened(run=finished()) as shell:
        await shell.sees("✓ done")
        await shell.press("p")
        await shell.sees("playing 1×", "p pause")
        await shell.press("p")
        await shell.sees("p plays", "◂ replay")
        await shell.press("p", *["plus"] * 4)
        await shell.sees("playing 16×")
        await shell.sees("✓ done  step 60/60")
        assert not panels(shell).playing


async def test_escape_leaves_the_replay_from_anywhere_before_it_leaves_the_screen() -> None:
    async with opened((200, 60), run=finished()) as shell:
        await shell.sees("✓ done")
        await shell.press("2", "comma")
        await shell.sees("step 58 of 59")
        await shell.press("escape")
        await shell.until(lambda: panels(shell).cursor is None)
        assert len(panels(shell).shown) == 1
        await shell.press("comma", "t", "t")
        await shell.sees("The network.", "step 58 of 59")
        lesson(shell).query_one("TheoryTab").focus()
        await shell.press("escape")
        await shell.sees("✓ done")
        assert panels(shell).cursor is None


async def test_the_keys_of_the_replay_work_while_nothing_or_the_theory_has_the_keys() -> None:
    async with opened((80, 24), run=finished()) as shell:
        await shell.sees("✓ done")
        shell.app.set_focus(None)
        await shell.press("comma", "less_than_sign")
        await at(shell, 55)
        shell.app.set_focus(None)
        await shell.press("home")
        await at(shell, 0)
        await shell.press("g", "3", "0", "enter")
        await at(shell, 30)
        shell.app.set_focus(None)
        await shell.press("p")
        await shell.sees("playing 1×")
        shell.app.set_focus(None)
        await shell.press("p")
        await shell.sees("p plays")
        await shell.press("end")
        await shell.until(lambda: panels(shell).cursor is None)
        shell.app.set_focus(None)
        await shell.press("v")
        await shell.sees("[x] loss")
        await shell.press("escape", "t")
        await shell.sees("The network.")
        await shell.press("comma")
        assert panels(shell).cursor is None, "the panels are not on the screen"
        await shell.pilot.resize_terminal(200, 60)
        await shell.sees("The network.", "1 loss")
        await shell.press("comma")
        await at(shell, 58)


async def test_a_new_run_is_followed_though_the_last_one_was_looked_back_at() -> None:
    async with opened(run=finished()) as shell:
        await shell.sees("✓ done")
        await shell.press("home", "p", "r")
        await shell.until(lambda: shell.workers.launched)
        steps(shell.workers.launched[0], 0, 10)
        await shell.sees("▶ running  step 10/60")
        assert not panels(shell).playing

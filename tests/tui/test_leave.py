"""A person who quits."""

from __future__ import annotations

import pytest

from descend.tui.screens.leave import LeaveScreen
from tests.tui.driving import SIZES, opened
from tests.tui.recording import commands, end
from tests.tui.test_lesson import running


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quit_leaves_at_once_if_nothing_is_at_work(key: str) -> None:
    async with opened() as shell:
        await shell.press(key)
        await shell.until(lambda: shell.app._exit)
        assert shell.app.detached == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_at_work_is_kept_in_the_background(size: tuple[int, int]) -> None:
    async with opened(size, lesson="digits") as shell:
        await running(shell)
        run = shell.workers.launched[0]
        await shell.press("q")
        await shell.sees("Leave descend?", f"{run.id} is at work", "Keep it running in the background", "Stop it")
        await shell.press("b")
        await shell.until(lambda: shell.app._exit)
        assert [kept.id for kept in shell.app.detached] == [run.id]
        assert commands(run) == []


async def test_a_run_at_work_is_stopped() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        await shell.press("escape", "q")
        await shell.sees("Leave descend?")
        await shell.press("x")
        await shell.until(lambda: shell.app._exit)
        assert commands(shell.workers.launched[0]) == ["stop"]
        assert shell.app.detached == []


async def test_one_can_think_again() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        await shell.press("q")
        await shell.sees("Leave descend?")
        await shell.press("ctrl+q", "z", "q")
        assert sum(isinstance(screen, LeaveScreen) for screen in shell.app.screen_stack) == 1
        await shell.press("escape")
        await shell.sees("running")
        assert not shell.app._exit
        end(shell.workers.launched[0], "done")
        await shell.sees("done")
        await shell.press("q")
        await shell.until(lambda: shell.app._exit)

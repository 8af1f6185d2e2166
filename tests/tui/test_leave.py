"""A person who quits."""

from __future__ import annotations

import asyncio
import math
import random

import pytest
from textual import events
from textual.keys import key_to_character

from descend.tui.screens.leave import LeaveScreen
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import running
from tests.tui.recording import commands, end


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


PLACES = {"lessons": "", "a lesson": "enter", "runs": "u", "train": "n", "settings": "o", "help": "question_mark"}
KEYS = [*"bvqTPQEClstxreKLMuno?/123z0i,.<>pgyS", "enter", "escape", "space", "tab", "up", "down", "ctrl+p", "ctrl+q"]


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("place", PLACES)
async def test_nothing_acts_after_the_user_has_quit(place: str, wait: float) -> None:
    chance = random.Random(f"{place}{wait}")
    async with opened() as shell:
        if key := PLACES[place]:
            await shell.press(key)
            await shell.pilot.pause(0.3)
        screens = len(shell.app.screen_stack)
        shell.app.post_message(events.Key("ctrl+q", None))
        if wait:
            await shell.pilot.pause(wait)
        for key in chance.choices(KEYS, k=60):
            shell.app.post_message(events.Key(key, key_to_character(key)))
        shell.app.post_message(events.Paste("q"))
        await shell.until(lambda: shell.app._exit)
        assert len(shell.app.screen_stack) <= screens
    assert shell.app.return_code == 0
    assert shell.app._exception is None


async def test_a_burst_of_answers_answers_once() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        await shell.press("q")
        await shell.sees("Leave descend?")
        await shell.until(lambda: shell.app.screen.seen < math.inf)
        for key in "bvbvvvbbbv":
            shell.app.post_message(events.Key(key, key))
        await shell.until(lambda: shell.app._exit)
        assert len(shell.app.detached) == 1
    assert shell.app._exception is None


async def test_one_key_too_many_takes_no_other_screen_away() -> None:
    async with opened() as shell:
        await shell.press("u")
        await shell.until(lambda: len(shell.app.screen_stack) == 2)
        await shell.press("question_mark")
        await shell.until(lambda: len(shell.app.screen_stack) == 3)
        above = shell.app.screen
        above.dismiss()
        above.dismiss()
        await shell.pilot.pause(0.3)
        assert len(shell.app.screen_stack) == 2


@pytest.mark.parametrize("steps", range(0, 40, 4))
async def test_ending_while_a_lesson_is_being_opened_is_no_error(steps: int) -> None:
    async with opened() as shell:
        shell.app.open_lesson("digits")
        for _ in range(steps):
            await asyncio.sleep(0)
        shell.app.exit(return_code=143)
    assert shell.app.return_code == 143


@pytest.mark.parametrize("answer", ["b", "x", "enter", "escape"])
async def test_what_is_typed_with_q_does_not_answer_what_it_asks(answer: str) -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        for key in ("q", "n", "o", "u", "question_mark", answer):
            shell.app.post_message(events.Key(key, key_to_character(key)))
        await shell.sees("Leave descend?")
        await shell.pilot.pause(0.3)
        assert isinstance(shell.app.screen, LeaveScreen)
        assert len(shell.app.screen_stack) == 3
        assert commands(shell.workers.launched[0]) == []
        await shell.press("b")
        await shell.until(lambda: shell.app._exit)
    assert shell.app._exception is None

"""Bursts of random keys on every screen: no traceback, and always a way out."""

from __future__ import annotations

import asyncio
import math
import os
import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from textual import events
from textual.keys import key_to_character

from descend.engine.base.errors import DescendError
from descend.engine.doctor import Check
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from tests.tui import practice
from tests.tui.driving import Shell, opened
from tests.tui.recording import end, finished, steps
from tests.tui.runs.past import with_checkpoints

PLACES: dict[str, Sequence[str]] = {
    "lessons": (),
    "search": ("slash",),
    "theory": ("lesson", "T"),
    "predict": ("lesson", "P"),
    "quiz": ("lesson", "Q"),
    "exercises": ("lesson", "E"),
    "knobs": ("lesson", "e"),
    "editor": ("lesson", "E", "n", "enter"),
    "code": ("lesson", "C"),
    "panels": ("run", "2"),
    "replay": ("run", "comma", "comma"),
    "live knobs": ("run", "K"),
    "leave": ("run", "q"),
    "runs": ("u",),
    "fork": ("u", "f"),
    "export": ("u", "x"),
    "naming": ("u", "n"),
    "train": ("n",),
    "own data": ("n", "d"),
    "data view": ("n", "i"),
    "settings": ("o",),
    "help": ("question_mark",),
    "menu": ("ctrl+p",),
}
KEYS = [
    *"abcdefghijklmnoprstuvwxyzABCDEKLMNPQRST0123456789",
    *("comma", "full_stop", "slash", "question_mark", "left_square_bracket", "less_than_sign", "plus", "minus"),
    *("enter", "enter", "escape", "space", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup"),
    *("pagedown", "backspace", "delete", "ctrl+p", "ctrl+s", "ctrl+d", "ctrl+r", "ctrl+t", "ctrl+z", "f1", "f5"),
]
"""Without `q`: leaving has tests of its own, and here a burst ends with it."""
SHELLS = 6
BURSTS = int(os.environ.get("DESCEND_BURSTS", "24"))
"""In all these shells together; 24 visit every place once."""


@pytest.fixture(autouse=True)
def with_everything(folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.install(folders)
    monkeypatch.chdir(tmp_path)  # where files may be written
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.setattr("descend.engine.doctor.run_checks", lambda: iter([Check("Python", "descend", True, "0")]))
    with_checkpoints(finished(), 10, 30, 60)


@pytest.mark.parametrize("number", range(SHELLS))
async def test_bursts_of_keys_are_survived(number: int) -> None:
    sizes = [(80, 24), (120, 40), (200, 60), (40, 12)]
    left = list(range(number, BURSTS, SHELLS))
    while left:
        await survive(left, sizes[number % len(sizes)])


async def survive(left: list[int], size: tuple[int, int]) -> None:
    """One shell for as many of the bursts ``left`` as do not end it."""
    told: list[object] = []
    async with opened(size) as shell:
        while left:
            burst = left.pop(0)
            chance = random.Random(burst)
            place = list(PLACES)[burst % len(PLACES)]
            told = [burst, place]
            await go(shell, PLACES[place])
            pause = chance.choice([0.0, 0.0, 0.01, 0.05])
            told += chance.choices(KEYS, k=chance.randrange(5, 60))
            for key in map(str, told[2:]):
                shell.app.post_message(events.Key(key, key_to_character(key)))
                if pause:
                    await asyncio.sleep(pause)
            await asyncio.sleep(0.2)
            assert shell.app._exception is None, told
            if shell.app._exit:  # it was asked whether to leave, and a key said yes
                break
            await go_back(shell, told)
        else:
            await leave(shell)
    assert shell.app.return_code == 0, told
    assert shell.app._exception is None, told


async def go(shell: Shell, keys: Sequence[str]) -> None:
    """Open a place."""
    if keys[:1] in [("lesson",), ("run",)]:
        while not isinstance(shell.app.screen, LessonScreen):  # an escape of before can come late, and leaves it
            shell.app.open_lesson("practice")
            await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
            await asyncio.sleep(0.1)
        if keys[0] == "run":
            await shell.press("space")  # unless an earlier burst has begun one
            await shell.until(lambda: shell.app.screen.session is not None)  # type: ignore[attr-defined]
            steps(shell.app.screen.session.run, 0, 30)  # type: ignore[attr-defined]
            await asyncio.sleep(0.3)
        keys = keys[1:]
    for key in keys:
        await shell.press(key)
        await asyncio.sleep(0.1)


async def go_back(shell: Shell, told: object) -> None:
    """Go back to the lessons with escape; runs come to their end."""
    for run in shell.workers.launched:
        with suppress(DescendError, OSError):  # it may have been deleted
            if run.state() in ("starting", "running", "paused"):
                end(run, "done")
    for _ in range(60):
        if isinstance(shell.app.screen, LearnScreen):
            break
        await shell.press("escape")
        await asyncio.sleep(0.05)
    assert isinstance(shell.app.screen, LearnScreen), f"{told}\n{shell.app.screen_stack}\n{shell.text}"
    await shell.press("escape", "escape")


async def leave(shell: Shell) -> None:
    """Quit, with a burst behind it."""
    for key in ("ctrl+q", "n", "o", "u", "enter", "q"):
        shell.app.post_message(events.Key(key, key_to_character(key)))
    await shell.until(lambda: shell.app._exit or getattr(shell.app.screen, "seen", math.inf) < math.inf)
    if not shell.app._exit:
        shell.app.post_message(events.Key("b", "b"))
    await shell.until(lambda: shell.app._exit)

"""Drives the shell in tests: opens it, waits for what should come, reads what is on the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from unittest.mock import patch

from textual import events
from textual.keys import _character_to_key as character_to_key
from textual.keys import key_to_character
from textual.pilot import Pilot

from descend.engine.run.run_request import RunRequest
from descend.tui import shell_settings
from descend.tui.app import DescendApp
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from tests.tui.recording import Workers

SIZES = [(80, 24), (120, 40), (200, 60)]


class Shell:
    """The shell under test, with workers that do what the test says."""

    def __init__(self, app: DescendApp, pilot: Pilot[None], workers: Workers) -> None:
        self.app, self.pilot, self.workers = app, pilot, workers

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        """Press keys, fifty a second: faster than `Pilot.press`, which waits for an idle CPU after each."""
        for key in keys:
            self.app.post_message(events.Key(key, key_to_character(key)))
            await self.pilot.pause(0.02)

    async def type(self, text: str) -> None:
        """Type ``text``."""
        await self.press(*(character_to_key(character) for character in text))

    async def until(self, reached: str | Callable[[], object], seconds: float = 60) -> None:
        """Wait until the screen shows a text, or a condition holds."""

        def holds() -> object:
            return reached in self.text if isinstance(reached, str) else reached()

        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not reached: {reached!r}\n{self.text}"
            await asyncio.sleep(0.02)
        await self.pilot.pause(0)

    async def sees(self, *texts: str) -> None:
        """Wait until all ``texts`` are on the screen."""
        for text in texts:
            await self.until(text)


@asynccontextmanager
async def opened(size: tuple[int, int] = (120, 40), asked: bool = False, **start: Any) -> AsyncIterator[Shell]:
    """The shell at a size; ``start`` are the app's arguments, or a ``lesson`` and further fields of a request to open.

    ``asked`` says whether a lesson asks for predictions before its first run, as it does those who have neither
    predicted nor declined.
    """
    with nullcontext() if asked else patch.object(LessonProgress, "should_predict", False):
        workers = Workers()
        if "lesson" in start:
            given = {name: start.pop(name) for name in RunRequest.__struct_fields__ if name in start}
            start["request"] = shell_settings.usual_request().override(name=start.pop("lesson"), **given)
        app = DescendApp(worker=workers, **start)  # type: ignore[arg-type]
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                shell = Shell(app, pilot, workers)
                await shell.until(lambda: app.painted)
                yield shell
        finally:
            app.close()

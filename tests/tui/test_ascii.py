"""A terminal that shows nothing but ASCII."""

from __future__ import annotations

import pytest

from descend.tui import app
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import running


@pytest.mark.parametrize("size", SIZES)
async def test_everything_is_drawn_in_ascii(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "shows_unicode", lambda: False)
    async with opened(size, lesson="digits") as shell:
        await shell.sees("o idle", "h = max(0, ")
        assert shell.text.isascii()
        await running(shell)
        await shell.sees("> running")
        assert shell.text.isascii()
        for keys in ("e", "question_mark"):
            await shell.press(keys)
            await shell.until(lambda: len(shell.app.screen_stack) > 2)
            await shell.sees("+-")
            assert shell.text.isascii()
            await shell.press("escape")
        assert all(len(line) == size[0] for line in shell.text.splitlines())

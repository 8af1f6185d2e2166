"""Pastes into fields: what there is room for, at once."""

from __future__ import annotations

import time

import pytest
from textual.events import Paste
from textual.widgets import Input

from descend.tui.field import LONGEST
from tests.tui.driving import opened


async def test_a_field_takes_the_first_line_as_far_as_there_is_room() -> None:
    async with opened() as shell:
        await shell.press("n")
        await shell.sees("Train a model")
        await shell.press("d")
        field = shell.app.screen.query_one(Input)
        await shell.until(lambda: field.has_focus)
        await shell.type("ab")
        await shell.press("left")
        began = time.process_time()
        shell.app.post_message(Paste("x" * (1 << 20) + "\nsecond"))
        await shell.until(lambda: len(field.value) > 2)
        assert field.value == "a" + "x" * (LONGEST - 2) + "b"
        shell.app.post_message(Paste("more"))
        await shell.press("backspace", "backspace")
        await shell.type("END")
        await shell.until(lambda: field.value.endswith("ENb"))
        assert time.process_time() - began < 5


@pytest.mark.parametrize("pasted", ["a\x1b[31m/b\x9b2J\tc", "\x1b", "\n\n", ""])
async def test_a_field_takes_no_control_characters(pasted: str) -> None:
    async with opened() as shell:
        await shell.press("slash")
        field = shell.app.screen.query_one(Input)
        await shell.until(lambda: field.has_focus)
        shell.app.post_message(Paste(pasted))
        await shell.type("!")
        await shell.until(lambda: "!" in field.value)
        assert field.value == ("a[31m/b2J c!" if "b" in pasted else "!")

"""A person who opens the menu of all actions and closes it again."""

from __future__ import annotations

from textual.command import CommandList
from textual.widgets import Input

from descend.tui.screens.palette import Palette
from tests.tui.driving import opened


async def test_a_search_whose_palette_is_being_closed_does_not_end_the_shell() -> None:
    async with opened() as shell:
        await shell.press("ctrl+p")
        await shell.until(lambda: isinstance(shell.app.screen, Palette))
        palette = shell.app.screen
        await palette.query_one(CommandList).remove()  # as closing does, one widget after the other
        palette.query_one(Input).value = "settings"
        await shell.pilot.pause(0.1)
        palette.dismiss()
        await shell.until(lambda: shell.app.screen is not palette)
        await shell.press("ctrl+p")
        await shell.until(lambda: isinstance(shell.app.screen, Palette))

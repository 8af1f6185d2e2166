"""The menu of all actions."""

from __future__ import annotations

from typing import Any

from textual.command import CommandList, CommandPalette
from textual.widgets import Input
from textual.worker import Worker

from descend.tui.screens.app_access import Leaves

LONGEST = 80
"""Characters of a search: each begins another, so that thousands typed or pasted at once would hold up the shell."""


class Palette(Leaves, CommandPalette):
    """Textual's, which would fail where its list has no room, as that of `Options` would."""

    DEFAULT_CSS = """
    Palette CommandList { min-width: 8; }
    """

    def on_mount(self) -> None:
        """Bound what is searched for."""
        for line in self.query(Input):
            line.max_length = LONGEST

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether ``action`` can be done now."""
        pages = action == "command_list" and str(parameters[0]).startswith("page")
        if pages and not any(found.scrollable_content_region for found in self.query(CommandList)):
            return False
        return super().check_action(action, parameters)

    def run_worker(self, *work: Any, **how: Any) -> Worker[Any]:
        """A search in progress when the palette is closed ends without its list, and does not end the shell."""
        return super().run_worker(*work, **{**how, "exit_on_error": False})

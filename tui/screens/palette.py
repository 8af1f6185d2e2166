"""The menu of all actions."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette

from descend.tui.screens.app_access import Leaves


class Palette(Leaves, CommandPalette):
    """Textual's, which would fail where its list has no room, as that of `Options` would."""

    DEFAULT_CSS = """
    Palette CommandList { min-width: 8; }
    """

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region or not action.startswith("page"):
            super()._action_command_list(action)

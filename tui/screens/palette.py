"""The menu of all actions."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette

from descend.tui.screens.app_access import Leaves


class Palette(Leaves, CommandPalette):
    """Textual's, which would fail where its list has no room, as that of `Options` would."""

    DEFAULT_CSS = """
    Palette CommandList { min-width: 8; }
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether ``action`` can be done now."""
        pages = action == "command_list" and str(parameters[0]).startswith("page")
        if pages and not any(found.scrollable_content_region for found in self.query(CommandList)):
            return False
        return super().check_action(action, parameters)

"""How a screen reaches the shell it is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from descend.tui.app import DescendApp


class InShell(MessagePump):
    """A screen or widget of the shell."""

    @property
    def shell(self) -> DescendApp:
        """The running app."""
        return cast("DescendApp", self.app)

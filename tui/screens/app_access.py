"""How a screen reaches the shell it is part of, and leaves it."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.await_complete import AwaitComplete
from textual.message_pump import MessagePump
from textual.screen import Screen

from descend.tui.keymap import Keymap, remap_chain

if TYPE_CHECKING:
    from textual.binding import BindingsMap
    from textual.dom import DOMNode
    from textual.geometry import Size

    from descend.tui.app import DescendApp


class Remapped(MessagePump):
    """A screen whose keys are those that the user has wished for."""

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        chain: list[tuple[DOMNode, BindingsMap]] = super()._binding_chain  # type: ignore[misc]
        keymap: Keymap = getattr(cast("DescendApp", self.app), "keymap", {})
        return remap_chain([node for node, _ in chain], keymap) if keymap else chain


class AtSize(MessagePump):
    """A screen that is laid out for the size that the terminal has now.

    Textual lays it out for the size that a message brings, and tells it of its new size by another message: where two
    sizes come together (a window that is being dragged), each would call forth the other for ever.
    """

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)  # type: ignore[misc]


class InShell(Remapped):
    """A screen or widget of the shell."""

    @property
    def shell(self) -> DescendApp:
        """The running app."""
        return cast("DescendApp", self.app)


class Unseen(MessagePump):
    """A screen that takes nothing of what was typed before it was seen.

    Attributes:
        seen: since when it is on the terminal.
    """

    seen = math.inf

    def on_mount(self) -> None:
        """It is seen once it was painted."""
        cast("Screen[Any]", self).call_after_refresh(self._now)

    def _now(self) -> None:
        self.seen = time.monotonic()


class Leaves(Remapped, AtSize):
    """A screen that goes away once, and takes no other with it: Textual takes away whatever is on top, so that one key
    too many ended the shell."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Go away with a ``result``; if another screen is above, when that has gone."""
        screen = cast("Screen[Any]", self)
        if screen.is_active:
            left: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
            return left
        if screen in self.app.screen_stack:
            self.set_timer(0.1, partial(self.dismiss, result))
        nothing: AwaitComplete = AwaitComplete.nothing()
        return nothing

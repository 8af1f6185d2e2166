"""A field that holds one of a few values."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from descend.tui.cell_text import fit, plain, shorten_address


class Choice(Widget, can_focus=True):
    """One of a few values, changed with the left and right arrows, h and l, or space."""

    HELP = "Left and right, or space, cycle through the choices."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "turn(-1)", "Previous choice", show=False),
        Binding("right,l,space", "turn(1)", "Next choice", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; background: $boost; &:focus { background: $block-cursor-background;
        color: $block-cursor-foreground; text-style: $block-cursor-text-style; } }
    """
    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another value was chosen."""

    def __init__(self, choices: tuple[str, ...], value: str) -> None:
        super().__init__()
        self.choices = choices if value in choices else (*choices, value)
        self.value = value

    def render(self) -> Text:
        room = self.size.width - len("‹  ›")
        shown = plain(self.value)
        if 0 < room < cell_len(shown):
            shown = fit(plain(shorten_address(self.value)), room).rstrip()
        return Text(f"‹ {shown} ›", no_wrap=True, overflow="ellipsis")

    def on_click(self, event: events.Click) -> None:
        """Select the choice before at its left arrow, elsewhere the next."""
        self.action_turn(-1 if event.x < len("‹ ") else 1)

    def action_turn(self, by: int) -> None:
        """Take the choice ``by`` places on."""
        self.value = self.choices[(self.choices.index(self.value) + by) % len(self.choices)]
        self.post_message(self.Changed())

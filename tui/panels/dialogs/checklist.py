"""A list to tick, and to put in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.option_list import Options


class Item(NamedTuple):
    """One line of the list: what it stands for, what it says, and whether it is ticked."""

    name: str
    label: str
    ticked: bool


class TickList(Options):
    """The lines of a checklist."""

    HELP = "The arrows move, space ticks or unticks a line, a ticks all or none."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.tick", "Tick", tooltip="Tick or untick this line"),
        Binding("enter", "screen.keep", "Keep", tooltip="Accept the list"),
        Binding("a", "screen.all", "All or none", tooltip="Tick every line, or none"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("J,shift+down", "screen.carry(1)", "Move down", tooltip="Move this line down"),
        Binding("K,shift+up", "screen.carry(-1)", "Move up", tooltip="Move this line up"),
    ]


class Checklist(Dialog[list[Item] | None]):
    """Returns the items as the user left them, or None to change nothing.

    Args:
        heading: of the box.
        items: the lines.
        ordered: whether their order matters, so that they can be moved.
    """

    HELP = "Tick what to show. Enter accepts, escape changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Change nothing"),
    ]
    DEFAULT_CSS = """
    Checklist {
        & OptionList {
            height: auto; max-height: 60vh; border: none; background: $surface; padding: 0;
            text-wrap: nowrap; text-overflow: ellipsis;
            &:focus { border: none; background-tint: $foreground 0%; }
        }
        & #told { color: $text-error; text-style: bold; height: auto; display: none; &.-wrong { display: block; } }
    }
    """

    def __init__(self, heading: str, items: Sequence[Item], ordered: bool = False) -> None:
        super().__init__()
        self.heading, self.items, self.ordered = heading, list(items), ordered

    def body(self) -> ComposeResult:
        yield TickList(*map(_option, self.items))
        yield Static("✗ Tick at least one.", id="told")
        move = ("shift+↑↓ moves",) if self.ordered else ()
        yield Hint("space ticks", "enter keeps", "esc leaves", *move, "a all")

    def on_mount(self) -> None:
        """Start at the first line."""
        self.lines.highlighted = 0 if self.items else None

    @property
    def lines(self) -> TickList:
        """The lines."""
        return self.query_one(TickList)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Lines are moved where their order matters."""
        return self.ordered if action == "carry" else True

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click ticks."""
        event.stop()
        self._set(event.option_index, not self.items[event.option_index].ticked)

    def action_tick(self) -> None:
        """Tick or untick the highlighted line."""
        if (index := self.lines.highlighted) is not None:
            self._set(index, not self.items[index].ticked)

    def action_all(self) -> None:
        """Tick every line; none if all are."""
        ticked = not all(item.ticked for item in self.items)
        for index in range(len(self.items)):
            self._set(index, ticked)

    def action_carry(self, by: int) -> None:
        """Move the highlighted line."""
        index = self.lines.highlighted
        if index is None or not 0 <= index + by < len(self.items):
            return
        other = index + by
        self.items[index], self.items[other] = self.items[other], self.items[index]
        for place in (index, other):
            self._set(place, self.items[place].ticked)
        self.lines.highlighted = other

    def action_keep(self) -> None:
        """Return the list."""
        if any(item.ticked for item in self.items):
            self.dismiss(self.items)
        else:
            self.query_one("#told").add_class("-wrong")

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def _set(self, index: int, ticked: bool) -> None:
        self.items[index] = self.items[index]._replace(ticked=ticked)
        self.lines.replace_option_prompt_at_index(index, _prompt(self.items[index]))
        self.query_one("#told").remove_class("-wrong")


def _option(item: Item) -> Option:
    return Option(_prompt(item))


def _prompt(item: Item) -> Text:
    return Text(f"[{'x' if item.ticked else ' '}] {plain(item.label)}", no_wrap=True, overflow="ellipsis")

"""What the focused part of the screen is for, and which keys work now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.tui.cell_text import plain
from descend.tui.keymap import find_id
from descend.tui.screens.dialog import Dialog, Hint

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

REMAPPED = (
    "Some keys are changed by your settings.json: the table below has them as they are now, the text as they were."
)


class HelpScreen(Dialog[None]):
    """Explains ``of``, the screen it was called from, as it was at that moment."""

    heading = "Help"
    HELP = "Escape goes back."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "leave", "Back"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
        Binding("i", "ids", "Ids", tooltip="Show the ids by which settings.json gives keys to actions"),
    ]
    DEFAULT_CSS = """
    HelpScreen VerticalScroll { height: auto; max-height: 70vh; }
    HelpScreen #keys { margin-top: 1; }
    """

    def __init__(self, of: Screen[object]) -> None:
        super().__init__()
        self.told, self.rows, self.ids = explanations(of), list_keys(of), False
        if getattr(of.app, "keymap", {}):
            self.told.append(REMAPPED)

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Text("\n\n".join(self.told)))
            yield Static(tabulate(self.rows), id="keys")
        yield Hint("esc goes back", "i shows ids, by which settings.json changes keys")

    def action_ids(self) -> None:
        """Show the ids of the keys, or hide them."""
        self.ids = not self.ids
        self.query_one("#keys", Static).update(tabulate(self.rows, self.ids))

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        self.query_one(VerticalScroll).scroll_relative(y=1 if way == "down" else -1, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def explanations(screen: Screen[object]) -> list[str]:
    """The help texts from what is focused up to its screen."""
    found = []
    node: DOMNode | None = screen.focused or screen
    while node is not None and node is not screen.app:
        text = getattr(node, "HELP", None)
        if text and type(node).__module__.startswith("descend."):
            found.append(plain(" ".join(text.split())))
        node = node.parent
    return found


class Row(NamedTuple):
    """An action: its keys as they are shown, what it does, and its id."""

    keys: list[str]
    told: str
    id: str


def list_keys(screen: Screen[object]) -> list[Row]:
    """Every key that works now and what it does; what the shell explains comes before what every list can do."""
    by_action: dict[tuple[int, str], Row] = {}
    for active in sorted(screen.active_bindings.values(), key=lambda active: not active.binding.tooltip):
        binding = active.binding
        told = binding.tooltip or binding.description
        if binding.system or not active.enabled or not told or not declared(active.node, binding):
            continue
        row = Row([], told, find_id(type(active.node), binding) or "")
        by_action.setdefault((id(active.node), binding.action), row).keys.append(screen.app.get_key_display(binding))
    return [*by_action.values(), Row(["tab"], "Next part of the screen; shift+tab goes back", "screen.focus_next")]


def tabulate(rows: list[Row], ids: bool = False) -> Table:
    """A line for each action, with its id if asked for."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    if ids:
        table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        named = [Text(row.id)] if ids else []
        table.add_row(Text(" ".join(dict.fromkeys(row.keys)), "bold"), *named, Text(row.told))
    return table


def declared(node: DOMNode, binding: Binding) -> bool:
    """Whether a class of ours gives ``node`` this key, rather than Textual, which names its actions for programmers."""
    return any(
        own.action == binding.action and (own.key == binding.key or bool(getattr(node.app, "keymap", {})))
        for kind in type(node).__mro__
        if kind.__module__.startswith("descend.")
        for own in Binding.make_bindings(kind.__dict__.get("BINDINGS", ()))
    )

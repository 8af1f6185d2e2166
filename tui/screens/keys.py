"""The line of keys at the bottom: what works now and fits, the screen's own first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

GAP = 2


class Item(NamedTuple):
    """A key as it is shown, what it does, its name for the event it stands for, and its action without arguments."""

    shown: str
    told: str
    key: str
    action: str

    @property
    def width(self) -> int:
        """Cells it needs, with the gap after it."""
        return cell_len(self.shown) + 1 + cell_len(self.told) + GAP


class KeyLine(Widget):
    """One line, redrawn when the keys change. A click on a key presses it.

    In order of importance: help and menu at the right, the way back, the screen's keys as it declares them, the focused
    widget's, the app's others. What has no room gives way to what comes after and has; the help tells how many there
    are besides.

    Args:
        main: the screen's actions whose keys come before the focused widget's, which then come before its others; by
            default all.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--told"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1; padding: 0 1; background: $surface;
        & > .keys--key { color: $accent; text-style: bold; }
        &:light > .keys--key { color: $primary; }
        & > .keys--told { color: $foreground 80%; }
    }
    """
    RIGHT: ClassVar[dict[str, str]] = {"help": "help", "command_palette": "menu"}
    """By action, whatever keys it has: the first stands there."""

    def __init__(self, *main: str) -> None:
        super().__init__()
        self.main = main
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Redraw when the screen's keys change."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def render(self) -> Text:
        right, *groups = self._groups()
        count = sum(map(len, groups))
        left = self._choose(groups, right)
        if len(left) < count:
            left = self._choose(groups, tell_more(right, count))
            right = tell_more(right, count - len(left))
        line = Text(no_wrap=True)
        self._places = []
        for item in left:
            self._add(line, item)
        line.append(" " * max(0, self.size.width - line.cell_len - sum(item.width for item in right) + GAP))
        for item in right:
            self._add(line, item)
        return line

    def _choose(self, groups: list[list[Item]], right: list[Item]) -> list[Item]:
        """Those of the ``groups``, as of `_groups`, that have room beside what is at the ``right``."""
        screen, widget, app = groups
        first = [item for item in screen if not self.main or item.action in self.main]
        ranked = [*first, *widget, *(item for item in screen if item not in first), *app]
        room, chosen = self.size.width - sum(item.width for item in right) + GAP, set()
        for item in sorted(ranked, key=lambda item: item.key != "escape"):
            if item.width <= room:
                chosen.add(item)
                room -= item.width
        return [item for group in groups for item in group if item in chosen]

    def _groups(self) -> list[list[Item]]:
        """Keys at the right, of the screen, of the focused widget and those around it, and of the app."""
        right: list[Item] = []
        screen: list[Item] = []
        widget: list[Item] = []
        app: list[Item] = []
        shown: set[tuple[int, str]] = set()
        for key, active in self.screen.active_bindings.items():
            action = active.binding.action.removeprefix("app.")
            if action in self.RIGHT:
                if all(item.told != self.RIGHT[action] for item in right):
                    right.append(self._item(active, key, self.RIGHT[action]))
            elif active.binding.show and active.enabled and (id(active.node), active.binding.action) not in shown:
                group = screen if isinstance(active.node, Screen) else app if isinstance(active.node, App) else widget
                group.append(self._item(active, key, active.binding.description))
        return [sorted(right, key=lambda item: list(self.RIGHT.values()).index(item.told)), screen, widget, app]

    def _item(self, active: ActiveBinding, key: str, told: str) -> Item:
        return Item(
            self.app.get_key_display(active.binding),
            told[:1].lower() + told[1:],
            key,
            active.binding.action.partition("(")[0],
        )

    def _add(self, line: Text, item: Item) -> None:
        styles = [self.get_component_rich_style(f"keys--{part}", partial=True) for part in ("key", "told")]
        start = line.cell_len
        line.append(item.shown, styles[0]).append(f" {item.told}", styles[1])
        self._places.append((start, line.cell_len, item.key))
        line.append(" " * GAP)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        x = event.x - self.styles.padding.left
        for start, end, key in self._places:
            if start <= x < end:
                self.app.simulate_key(key)


def tell_more(right: list[Item], count: int) -> list[Item]:
    """What is at the right, where the help says that it has ``count`` keys besides."""
    return [item._replace(told=f"{count} more") if item.told == KeyLine.RIGHT["help"] else item for item in right]

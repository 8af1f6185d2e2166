"""The box that asks by what the runs are sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.option_list import Options
from descend.tui.screens.runs.columns import ORDERS, find_order


class OrderScreen(Dialog[str | None]):
    """Columns and metrics to sort by; None if the user leaves.

    Args:
        metrics: names of orders by a metric, and how many runs have it.
        current: the order that is shown.
    """

    HELP = "Choose with the arrows and enter. Runs without the metric come last. Escape changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="order.leave"),
        Binding("j", "move('down')", "Down", show=False, id="order.down"),
        Binding("k", "move('up')", "Up", show=False, id="order.up"),
    ]
    DEFAULT_CSS = """
    OrderScreen Options { height: auto; max-height: 16; border: none; background: $surface; padding: 0; }
    """
    heading = "Sort the runs"

    def __init__(self, metrics: Mapping[str, int], current: str) -> None:
        super().__init__()
        self.orders = [*ORDERS, *metrics]
        self.metrics, self.current = metrics, current

    def body(self) -> ComposeResult:
        yield Options(*(Option(self._tell(order)) for order in self.orders))
        yield Hint("enter sort", "esc leave")

    def on_mount(self) -> None:
        """Begin at the order that is shown."""
        self.query_one(Options).highlighted = self.orders.index(self.current) if self.current in self.orders else 0

    def _tell(self, order: str) -> Text:
        told = find_order(order).told
        if order not in self.metrics:
            return Text(f"{order}: {told}" if told != order else order, no_wrap=True, overflow="ellipsis")
        count = self.metrics[order]
        said = f"  {count:,} run{'' if count == 1 else 's'}"
        return Text.assemble(told, (said, "dim"), no_wrap=True, overflow="ellipsis")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Sort by the highlighted one."""
        self.dismiss(self.orders[event.option_index])

    def action_move(self, way: str) -> None:
        """Move the highlight."""
        options = self.query_one(Options)
        options.action_cursor_down() if way == "down" else options.action_cursor_up()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

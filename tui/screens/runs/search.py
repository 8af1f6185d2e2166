"""The search above the table of runs."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from descend.tui.field import Field
from descend.tui.focus import take_focus


class RunSearch(Field):
    """Filters the runs while one types; hidden until it is asked for."""

    HELP = (
        "Type words of a run's id, lesson, title or state, such as `failed digits`. Enter goes to what was found, "
        "escape shows all runs again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "empty", "all runs", tooltip="Empty the search and show all runs"),
        Binding("down", "leave", "Into the table", show=False),
    ]
    DEFAULT_CSS = """
    RunSearch { margin: 0 1; display: none; background: $boost; &.-open { display: block; } }
    """

    class Left(Message):
        """The user moves on to the table."""

    def __init__(self) -> None:
        super().__init__(placeholder="search runs", compact=True, max_length=200)

    @property
    def words(self) -> list[str]:
        """What is searched for, in lower case."""
        return self.value.lower().split()

    def open(self) -> None:
        """Show it and focus it."""
        self.add_class("-open")
        take_focus(self)

    def action_empty(self) -> None:
        """Clear the search."""
        self.value = ""
        self.action_leave()

    def action_leave(self) -> None:
        """Focus the table; what is searched for stays."""
        self.set_class(bool(self.value.strip()), "-open")
        self.post_message(self.Left())

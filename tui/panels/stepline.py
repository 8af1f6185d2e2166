"""The line in which one types the step to go to."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import UsageError
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.focus import take_focus


class StepLine(Vertical):
    """Hidden until it is asked for; covers the lowest rows of the panels, so that none of them moves."""

    HELP = "Type a step, a share of the run such as 50%, or end. Enter goes there, escape changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "stay", tooltip="Change nothing"),
    ]
    DEFAULT_CSS = """
    StepLine {
        dock: bottom; height: auto; width: 1fr; display: none; background: $surface; padding: 0 1;
        & > Horizontal { height: 1; }
        & Label { padding-right: 1; text-style: bold; }
        & Input { width: 20; background: $boost; }
        & .told { color: $text-muted; }
        & .told.-wrong { color: $text-error; text-style: bold; }
    }
    """

    class Given(Message):
        """The user asked to go to ``step``."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        super().__init__()
        self.ends = (0, 0)
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="told")
        with Horizontal():
            yield Label("go to step")
            yield (line := Field(compact=True, max_length=20))
        line.can_focus = False  # the screen focuses the first widget it finds, displayed or not

    def ask(self, ends: tuple[int, int]) -> None:
        """Show the line, empty, for a run with these first and last steps, and focus it."""
        self.ends = ends
        if not self.has_focus_within:
            self._before = self.screen.focused
        self.display = True
        self._say(wanted(ends))
        line = self.query_one(Input)
        line.value, line.can_focus = "", True
        take_focus(line)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong is being corrected."""
        event.stop()
        self._say(wanted(self.ends))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there, or say what is wrong."""
        event.stop()
        try:
            step = parse(event.value, self.ends)
        except UsageError as error:
            self._say(plain(str(error)), wrong=True)
            return
        self.action_leave()
        self.post_message(self.Given(step))

    def action_leave(self) -> None:
        """Hide the line and give the focus back."""
        self.screen.set_focus(self._before)
        self.query_one(Input).can_focus = False
        self.display = False

    def _say(self, told: str, wrong: bool = False) -> None:
        line = self.query_one(".told", Static)
        line.update(Text(told))
        line.set_class(wrong, "-wrong")


def wanted(ends: tuple[int, int]) -> str:
    """What can be typed."""
    return f"{ends[0]:,} … {ends[1]:,}, 50%, or end"


def parse(text: str, ends: tuple[int, int]) -> int:
    """The step that ``text`` means in a run whose first and last steps are ``ends``: a step such as ``600`` or
    ``2,400``, a share such as ``50%``, or ``end``.

    Raises:
        UsageError: it is none of these, or the run has no such step.
    """
    first, last = ends
    word = text.strip().lower()
    if word == "end":
        return last
    if match := re.fullmatch(r"(\d{1,3}(?:\.\d*)?)\s*%", word):
        if (share := float(match[1]) / 100) <= 1:
            return round(first + share * (last - first))
    elif re.fullmatch(r"\d[\d,]{0,17}", word) and first <= (step := int(word.replace(",", ""))) <= last:
        return step
    shown = word if len(word) <= 12 else f"{word[:11]}…"
    raise UsageError(f"'{shown}' is not in this run: type {wanted(ends)}." if word else f"Type {wanted(ends)}.")

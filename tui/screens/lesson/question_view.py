"""What quiz and predictions have in common: one thing asked at a time, choices with numbers, a verdict in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.tui.cell_text import plain
from descend.tui.screens.lesson.tabs import LessonTab

Pen = Literal["good", "bad", "muted"]

CHOICE, PRESS = "choice", "press"
"""What a click finds in the style of a text: the index of a choice, a key."""

MARKS: dict[bool | None, tuple[str, Pen]] = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "muted")}


class QuestionView(VerticalScroll, LessonTab):
    """Asks one thing at a time.

    Attributes:
        number: which one, from 0.
        cursor: the choice that enter takes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Next choice", show=False),
        Binding("up,k", "move(-1)", "Previous choice", show=False),
        Binding("left", "screen.beside(-1)", "parts", show=False),
        Binding("right", "screen.beside(1)", "Next part", show=False),
        Binding("1", "pick(1)", "answer", key_display="number", tooltip="Answer with the choice of that number"),
        *(Binding(str(number), f"pick({number})", "", show=False) for number in range(2, 10)),
        Binding("0", "pick(10)", "", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"asking--good", "asking--bad", "asking--muted"}
    DEFAULT_CSS = """
    QuestionView {
        padding: 0 2;
        & > .asking--good { color: $text-success; text-style: bold; }
        & > .asking--bad { color: $text-error; text-style: bold; }
        & > .asking--muted { color: $foreground 70%; }
    }
    """

    def __init__(self, part: str) -> None:
        super().__init__(id=part)
        self.number = 0
        self.cursor = 0
        self._clicked: tuple[int, int] | None = None
        self.page = Static()

    def compose(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        """Draw it."""
        self.draw()

    def choices(self) -> Sequence[str]:
        """What can be chosen now; nothing if the question is answered."""
        raise NotImplementedError

    def choose(self, index: int) -> None:
        """Take the choice ``index``, from 0."""
        raise NotImplementedError

    def content(self) -> list[RenderableType]:
        """What the page says."""
        raise NotImplementedError

    def draw(self) -> None:
        """Bring the page up to date."""
        self.page.update(Group(*self.content()))
        if self.is_attached:
            self.refresh_bindings()

    def turn_to(self, number: int) -> None:
        """Show another question."""
        self.number, self.cursor = number, 0
        self.draw()
        self.scroll_home(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A choice is taken by its number while there is one."""
        if action == "pick":
            return isinstance(parameters[0], int) and parameters[0] <= len(self.choices())
        return True

    def action_move(self, by: int) -> None:
        """Move to the next (1) or previous (-1) choice; scroll where there is nothing to choose."""
        if count := len(self.choices()):
            self.cursor = (self.cursor + by) % count
            self.draw()
        else:
            self.scroll_relative(y=by, animate=False)

    def action_pick(self, number: int) -> None:
        """Take the choice of this number, from 1."""
        if 1 <= number <= len(self.choices()):
            self.choose(number - 1)

    def on_click(self, event: events.Click) -> None:
        """A click on a choice is its number; a second one, or one where numbers are not taken, is enter as well. A
        click on a key that is told presses it."""
        told = event.style.meta
        if (key := told.get(PRESS)) is not None:
            self.app.simulate_key(key)
        elif (index := told.get(CHOICE)) is not None and index < len(self.choices()):
            there = (self.number, index)
            if event.chain == 1 and self.check_action("pick", (index + 1,)):
                self._clicked = there
                self.action_pick(index + 1)
            elif event.chain == 1 or self._clicked == there:
                self.cursor = index
                self.app.simulate_key("enter")

    def pen(self, name: Pen) -> Style:
        """A style that fits the theme."""
        return self.get_component_rich_style(f"asking--{name}", partial=True)

    def table(self, choices: Sequence[str], marks: Sequence[tuple[str, Pen | None]] = ()) -> Table:
        """The choices with their numbers; those with the cursor, or with ``marks``, set off."""
        table = Table.grid(padding=(0, 1, 0, 0), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for index, choice in enumerate(choices):
            mark, pen = marks[index] if marks else ("›" if index == self.cursor else " ", None)
            chosen = not marks and index == self.cursor
            style = self.pen(pen) if pen else Style(bold=chosen)
            row = Text(mark, style), Text(f"{index + 1}", Style(bold=True)), Text(plain(choice), style)
            table.add_row(*row, style=None if marks else clickable(index))
        return table

    def show_end(self) -> None:
        """Scroll so that what was said last can be read."""
        self.call_after_refresh(self.scroll_end, animate=False)


def mark_choices(count: int, given: int, answer: int) -> list[tuple[str, Pen | None]]:
    """Marks of ``count`` choices of which ``given`` was chosen; ``answer`` is right, none if it is out of range."""
    marks: list[tuple[str, Pen | None]] = [(" ", "muted")] * count
    marks[given] = "✗", "bad"
    if 0 <= answer < count:
        marks[answer] = "✓", "good"
    return marks


def keys(**told: str) -> Text:
    """A line of keys and what they do here, such as ``enter next   a again``."""
    parts: list[tuple[str, Style] | str] = []
    for key, text in told.items():
        pressed = Style(meta={PRESS: key})
        parts += [(key, Style(bold=True) + pressed), (f" {text}", pressed), "   "]
    return Text.assemble(*parts)


def clickable(index: int) -> Style:
    """Of the row of a choice: a click there chooses it."""
    return Style(meta={CHOICE: index})

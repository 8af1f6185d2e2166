"""Python in a few lines: a field to type it in, highlighted meanwhile, and solutions as they are shown."""

from __future__ import annotations

from typing import ClassVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.message import Message
from textual.widgets import TextArea

from descend.engine.base.sanitize import clean
from descend.engine.teaching.exercises import make_solution
from descend.engine.teaching.learner_progress import LONGEST
from descend.engine.teaching.lesson import CodeExercise, CommandDrill, Exercise
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.reading import plain_code

SYNTAX = {
    "Comment": "dim italic",
    "Keyword": "bold",
    "Operator.Word": "bold",
    "Literal.String": "italic",
    "Name.Function": "bold underline",
}
"""Pygments' kinds of text and how they are set off: by weight, which every terminal shows, not by colour."""
COLOURS = {
    "Keyword": ("#C586C0", "#8F2E8A"),
    "Operator.Word": ("#C586C0", "#8F2E8A"),
    "Literal.String": ("#8CC265", "#2F6B1A"),
    "Literal.Number": ("#E5A75B", "#8A4B00"),
    "Name.Builtin": ("#56B4E9", "#00568C"),
    "Name.Function": ("#E5C07B", "#6B4E00"),
}
"""Their colours on dark and on light backgrounds."""


class CodeArea(TextArea):
    """Edits Python: tab indents, ctrl+z undoes, a wrong line can be marked.

    Attributes:
        wrong: the line, from 1, on which a check failed; None if there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home,ctrl+a", "cursor_line_start", "Start of the line", show=False),
        Binding("end", "cursor_line_end", "End of the line", show=False),
        Binding("ctrl+s", "screen.check", "check", key_display="^s", priority=True, tooltip="Check what you wrote"),
        Binding("ctrl+enter,f5", "screen.check", "Check", show=False, priority=True),
        Binding("escape", "screen.cancel", "cancel", priority=True, tooltip="End the check"),
        Binding("escape", "screen.leave", "back", priority=True, tooltip="Back to the lesson; what you wrote is kept"),
        Binding("ctrl+e", "screen.elsewhere", "own editor", priority=True, tooltip="Open $VISUAL or $EDITOR on it"),
        Binding("ctrl+z", "undo", "undo", tooltip="Undo the last change"),
        Binding("ctrl+y", "redo", "Redo", show=False, tooltip="Redo the undone change"),
        Binding("ctrl+r", "screen.reset", "reset", priority=True, tooltip="Start over; you are asked first"),
        Binding("f1", "app.help", "help", key_display="f1", tooltip="What is focused, and its keys"),
    ]
    DEFAULT_CSS = """
    CodeArea { border: none; padding: 0; &:focus { border: none; } }
    """

    class Edited(Message):
        """The text was changed by hand."""

    def __init__(self, text: str) -> None:
        super().__init__(text, tab_behavior="indent", soft_wrap=True, show_line_numbers=True, compact=True)
        self.wrong: int | None = None
        self._styled: tuple[str, bool, list[Text]] = ("", True, [])

    def on_paste(self, event: Paste) -> None:
        """Let as much be pasted as there is room for and will be kept; no control characters."""
        room = LONGEST - len(self.text) + len(self.selected_text)
        text = event.text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
        event.text = "\n".join(map(clean, text.split("\n")))[: max(0, room)]

    def get_line(self, line_index: int) -> Text:
        """A line with its highlights; the text itself is as it was typed."""
        line = super().get_line(line_index)
        styled = self._lines()
        if line_index < len(styled) and styled[line_index].plain == line.plain:
            line = styled[line_index].copy()
        if self.wrong is not None and line_index == self.wrong - 1:
            line.stylize("bold underline")
        return line

    def mark(self, wrong: int | None) -> None:
        """Set off the line, from 1, on which a check failed."""
        if wrong != self.wrong:
            self.wrong = wrong
            self.notify_style_update()  # which drops the lines that are kept drawn
            self.refresh()

    def _lines(self) -> list[Text]:
        """All lines, highlighted; kept until the text or the theme changes."""
        text, dark = self.text, self.app.current_theme.dark
        if self._styled[:2] != (text, dark):
            self._styled = text, dark, highlighted(text, dark)
        return self._styled[2]


def highlighted(code: str, dark: bool) -> list[Text]:
    """One `Text` a line."""
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    text = Text(end="", no_wrap=True)
    for kind, token in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        name = str(kind).removeprefix("Token.")
        found = next((key for key in SYNTAX | COLOURS if name == key or name.startswith(f"{key}.")), "")
        colour = COLOURS[found][0 if dark else 1] if found in COLOURS else ""
        text.append(token, f"{SYNTAX.get(found, '')} {colour}".strip())
    return list(text.split("\n", allow_blank=True))


def solution(exercise: Exercise | CodeExercise | CommandDrill, dark: bool) -> RenderableType:
    """Knob values, a function, or commands."""
    if isinstance(exercise, CommandDrill):
        return Text("\n".join(map(plain, exercise.solution)))
    if isinstance(exercise, CodeExercise):
        code = "\n".join(map(plain_code, make_solution(exercise).splitlines()))
        return Text("\n", no_wrap=False).join(highlighted(code, dark))
    table = Table.grid(padding=(0, 1, 0, 0))
    for name, value in exercise.solution.items():
        table.add_row(Text(plain(name)), Text("="), Text(plain(str(value)), "bold"))
    return table

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
from textual.widgets.text_area import Selection

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
INDENT = 4
"""Blanks of one level."""
LEAVING = ("return", "pass", "break", "continue", "raise")
"""Statements after which a block has ended."""
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
    """Edits Python: lines keep their indent, tab and shift+tab change it, ctrl+z undoes, a wrong line can be marked.

    Attributes:
        wrong: the line, from 1, on which a check failed; None if there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "break_line", "New line", show=False, priority=True),
        Binding("tab", "indent(1)", "indent", show=False, priority=True, tooltip="Indent the lines that are selected"),
        Binding(
            "shift+tab", "indent(-1)", "Dedent", show=False, priority=True, tooltip="Take one level of indent away"
        ),
        Binding("backspace", "delete_back", "Delete", show=False, priority=True),
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

    HELP = (
        "Enter keeps the indent of the line, one level deeper after a colon and one less after return, pass, break, "
        "continue or raise. Tab indents, the selected lines too, shift+tab dedents them, backspace takes a level away "
        "at the start of a line. ctrl+z undoes; escape leaves the editor."
    )

    def action_break_line(self) -> None:
        """Begin a new line, as deep as Python is likely to want it."""
        start, end = sorted(self.selection)
        before = self.document.get_line(start[0])[: start[1]]
        self.replace("\n" + next_indent(before), start, end, maintain_selection_offset=False)

    def action_indent(self, way: int) -> None:
        """Indent (1) or dedent (-1) the lines of the selection; without one, tab fills up to the next level."""
        start, end = sorted(self.selection)
        if way > 0 and start[0] == end[0]:
            self.replace(" " * (INDENT - start[1] % INDENT), start, end, maintain_selection_offset=False)
            return
        last = end[0] - (end[1] == 0 and end[0] > start[0])  # a line of which nothing is selected stays
        lines = [self.document.get_line(number) for number in range(start[0], last + 1)]
        moved = [shift_line(line, way) for line in lines]
        if moved == lines:
            return
        before = self.selection
        self.replace("\n".join(moved), (start[0], 0), (last, len(lines[-1])), maintain_selection_offset=False)
        grown = {start[0] + at: len(new) - len(old) for at, (old, new) in enumerate(zip(lines, moved, strict=True))}
        self.selection = Selection(
            *((row, max(0, column + grown.get(row, 0)) if column else 0) for row, column in before)
        )

    def action_delete_back(self) -> None:
        """Delete a character; in the indent of a line, back to the level before."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        if column and self.selection.is_empty and not before.strip(" "):
            self.delete((row, (column - 1) // INDENT * INDENT), (row, column), maintain_selection_offset=False)
        else:
            self.action_delete_left()

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


def next_indent(before: str) -> str:
    """The blanks that a line begins with after one of which ``before`` stands before the cursor."""
    code = before.split("#")[0].rstrip() if not any(quote in before for quote in "\"'") else before.rstrip()
    depth = len(before) - len(before.lstrip(" "))
    if code.endswith(":"):
        return " " * (depth + INDENT)
    if code.split()[:1] and code.split()[0] in LEAVING:
        return " " * max(0, depth - INDENT)
    return " " * depth


def shift_line(line: str, way: int) -> str:
    """A line one level deeper (1), if there is something in it, or one less deep (-1)."""
    if way > 0:
        return " " * INDENT + line if line.strip() else line
    return line[min(INDENT, len(line) - len(line.lstrip(" "))) :]


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

"""The theory of a lesson: the first of its parts."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from descend.engine.teaching.lesson import Lesson
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.lesson_progress import Learner
from descend.tui.screens.lesson.tabs import Part


class Theory(VerticalScroll, Part):
    """Scrolls a lesson's text."""

    HELP = "The theory of this lesson. Scroll it with the arrows, j and k, page up and page down."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Scroll down", show=False),
        Binding("k", "scroll_up", "Scroll up", show=False),
        Binding("left", "screen.beside(-1)", "Previous part", show=False),
        Binding("right", "screen.beside(1)", "Next part", show=False),
    ]
    DEFAULT_CSS = """
    Theory {
        padding: 0 1;
        & Markdown { padding: 0 1; background: $background; }
        & MarkdownH3 { margin: 1 0 0 0; }
        & MarkdownFence { margin: 0 0 1 0; padding: 0 1; background: $boost; }
        & MarkdownFence > Label { padding: 0; width: 1fr; }
    }
    """

    def __init__(self, lesson: Lesson, learner: Learner) -> None:
        super().__init__(id="theory")
        self.lesson, self.learner = lesson, learner

    def state(self) -> str:
        """``✓`` once the learner has run what it is about."""
        return "✓" if self.learner.runs else ""

    def compose(self) -> ComposeResult:
        yield Markdown(document(self.lesson), open_links=False)


def document(lesson: Lesson) -> str:
    """The lesson's theory and sources as Markdown, line by line free of control characters."""
    text = "\n\n".join(block(part) for part in lesson.theory.split("\n\n"))
    if lesson.sources:
        text += "\n\n### Sources\n\n" + "\n".join(f"- {plain(source)}" for source in lesson.sources)
    return text


def block(part: str) -> str:
    """A paragraph as it is; formulas, which are indented, as text, lest they be coloured as some guessed language."""
    lines = [plain(line) for line in part.split("\n")]
    if all(line.startswith("    ") for line in lines):
        return "\n".join(["```text", *(line[4:] for line in lines), "```"])
    return "\n".join(lines)

"""The parts of a lesson that are read: its theory, and its own source file with the lines that matter marked."""

from __future__ import annotations

import inspect
import re
import sys
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, Static

from descend.engine.teaching.lesson import Lesson
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.tabs import LessonTab


class Listing(VerticalScroll):
    """Numbered lines of code, wrapped to the width there is."""

    DEFAULT_CSS = """
    Listing { height: 1fr; padding: 0 1 0 0; }
    """

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        self.keys = key_lines(code)
        self.marked: int | None = None
        self._lines: list[Content] = []
        self._tops: list[int] = []
        self._width = 0

    def compose(self) -> ComposeResult:
        yield Static()

    def on_resize(self) -> None:
        """Wrap again; what is at the top stays there."""
        if self.size.width != self._width:
            top = self.line_at(self.scroll_offset.y) if self._tops else start_of(self.code, "run")
            self.draw()
            self.call_after_refresh(self.go_to, top)

    def draw(self) -> None:
        """Lay all lines out."""
        self._width = self.size.width
        self._lines = self._lines or lines(self.code)
        digits = len(str(len(self._lines)))
        room = self._width - digits - 4
        drawn: list[Content] = []
        self._tops = []
        for number, line in enumerate(self._lines):
            self._tops.append(len(drawn))
            here, key = number == self.marked, number in self.keys
            gutter = ("▶" if here else "▌" if key else " ", "bold $text-accent" if key else "")
            for index, piece in enumerate(wrapped(line, room)):
                label = f"{number + 1 if index == 0 else '':>{digits}} "
                piece = piece.stylize_before("bold") if key else piece
                drawn.append(Content.assemble(gutter, (label, "$text 60%"), " ", piece))
        self.query_one(Static).update(Content("\n").join(drawn))

    def go_to(self, number: int, above: int = 0) -> None:
        """Put line ``number`` at the top, or ``above`` rows below it."""
        if self._tops:
            self.scroll_to(y=max(0, self._tops[min(number, len(self._tops) - 1)] - above), animate=False, force=True)

    def line_at(self, y: int) -> int:
        """The line that row ``y`` is part of."""
        return max((number for number, top in enumerate(self._tops) if top <= y), default=0)

    def mark(self, number: int) -> None:
        """Set key line ``number`` off and show it with what is around it."""
        self.marked = number
        self.draw()
        self.call_after_refresh(self.go_to, number, self.size.height // 3)


class CodeTab(LessonTab):
    """The source file, from ``run`` on."""

    HELP = (
        "The lesson's source file, as it is run. A bar in the margin marks the key lines; n and N go through them. "
        "Scroll with the arrows, j and k, page up and page down."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "key(1)", "key line", key_display="n N", tooltip="Next key line"),
        Binding("N", "key(-1)", "Previous key line", show=False, tooltip="Previous key line"),
        Binding("j,down", "scroll(1)", "Line down", show=False),
        Binding("k,up", "scroll(-1)", "Line up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home", "end(False)", "First line", show=False),
        Binding("end", "end(True)", "Last line", show=False),
    ]
    DEFAULT_CSS = """
    CodeTab {
        layout: vertical;
        & > #module { height: 1; padding: 0 1; color: $foreground 70%; text-overflow: ellipsis; text-wrap: nowrap; }
        & > #why { height: auto; max-height: 3; padding: 0 1; background: $surface; }
    }
    """
    can_focus = True

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(id="code")
        self.lesson = lesson
        self.listing = Listing(text_of(lesson))

    def compose(self) -> ComposeResult:
        count = len(self.listing.keys)
        told = f"{count} key lines" if count > 1 else "1 key line" if count else "no key lines"
        yield Static(Content(f"{plain(self.lesson.module)}  ·  {told}"), id="module")
        if self.listing.code:
            yield self.listing
            yield Static(id="why")
        else:
            yield Static("The source of this lesson cannot be read.")

    def on_mount(self) -> None:
        """Say what the keys do."""
        if self.listing.code:
            self.listing.can_focus = False
            self.query_one("#why").display = bool(self.listing.keys)
            self._say()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Key lines can be gone through only where there are some."""
        return action != "key" or bool(self.listing.keys)

    def action_key(self, by: int) -> None:
        """Go to the next (1) or previous (-1) key line, round the ends; at first, from what is shown."""
        keys, listing = list(self.listing.keys), self.listing
        if listing.marked in keys:
            number = keys[(keys.index(listing.marked) + by) % len(keys)]
        else:
            top = listing.line_at(listing.scroll_offset.y)
            after = [key for key in keys if key >= top]
            number = (after or keys)[0] if by > 0 else keys[(len(keys) - len(after) - 1) % len(keys)]
        listing.mark(number)
        self._say()

    def action_scroll(self, by: int) -> None:
        """Scroll a line."""
        self.listing.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll a page."""
        self.listing.scroll_relative(y=by * max(1, self.listing.size.height - 1), animate=False)

    def action_end(self, last: bool) -> None:
        """Go to the last or first line."""
        self.listing.scroll_end(animate=False) if last else self.listing.scroll_home(animate=False)

    def _say(self) -> None:
        """Why the marked line is one that matters."""
        keys, marked = list(self.listing.keys), self.listing.marked
        if marked is None:
            said = Content("▌ marks a key line; n goes to the next.")
        else:
            place = f"{keys.index(marked) + 1}/{len(keys)}"
            said = Content.assemble((f"▶ {place} line {marked + 1}: ", "bold"), plain(self.listing.keys[marked]))
        self.query_one("#why", Static).update(said)


def text_of(lesson: Lesson) -> str:
    """The text of the lesson's file; empty if it cannot be read."""
    try:
        return inspect.getsource(sys.modules[lesson.module])
    except (KeyError, OSError, TypeError):
        return ""


KEY = re.compile(r"#\s*key:\s*(.*)$")


def lines(code: str) -> list[Content]:
    """One highlighted line each."""
    from textual.highlight import highlight

    text = "\n".join(map(plain_code, code.splitlines()))
    return highlight(text, language="python").split("\n", allow_blank=True)


def key_lines(code: str) -> dict[int, str]:
    """Line number, from 0 → why it is a key line, for those that end in ``# key: why``."""
    found = ((number, KEY.search(line)) for number, line in enumerate(code.splitlines()))
    return {number: match[1].strip() for number, match in found if match}


def start_of(code: str, name: str) -> int:
    """The line, from 0, on which the function ``name`` begins; 0 if there is none."""
    pattern = re.compile(rf"\s*(async\s+)?def\s+{re.escape(name)}\b")
    return next((number for number, line in enumerate(code.splitlines()) if pattern.match(line)), 0)


def wrapped(line: Content, width: int) -> list[Content]:
    """``line`` in pieces of at most ``width`` cells, those after the first indented beyond where it begins."""
    if line.cell_length <= width or width < 8:
        return [line] if line.cell_length <= width else line.fold(max(1, width))
    indent = min(len(line.plain) - len(line.plain.lstrip()) + 4, width // 2)
    pieces, rest, room = [], line, width
    while rest.cell_length > room:
        cut = _cut(rest.plain, room)
        pieces.append(rest[:cut])
        rest, room = rest[cut:], width - indent
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    pieces.append(rest)
    return [pieces[0], *(Content(" " * indent) + piece for piece in pieces[1:])]


def _cut(text: str, room: int) -> int:
    """After how many characters to break a line that is longer than ``room`` cells: after a space or comma, if any."""
    from rich.cells import cell_len

    end = len(text)
    while cell_len(text[:end]) > room:
        end -= 1
    if (comment := text.rfind("  # ", 0, end)) > end // 3:
        return comment
    near = max(text.rfind(" ", 0, end), text.rfind(",", 0, end)) + 1
    return near if near > end // 3 and text[:near].strip() else max(1, end)


def plain_code(line: str) -> str:
    """A line of code, safe to draw; its indentation is kept."""
    return plain(line.expandtabs(4))


class TheoryTab(VerticalScroll, LessonTab):
    """Scrolls a lesson's text."""

    HELP = "The theory of this lesson. Scroll it with the arrows, j and k, page up and page down."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Scroll down", show=False),
        Binding("k", "scroll_up", "Scroll up", show=False),
        Binding("left", "screen.beside(-1)", "Previous part", show=False),
        Binding("right", "screen.beside(1)", "Next part", show=False),
    ]
    DEFAULT_CSS = """
    TheoryTab {
        padding: 0 1;
        & Markdown { padding: 0 1; background: $background; }
        & MarkdownH3 { margin: 1 0 0 0; }
        & MarkdownFence { margin: 0 0 1 0; padding: 0 1; background: $boost; }
        & MarkdownFence > Label { padding: 0; width: 1fr; }
    }
    """

    def __init__(self, lesson: Lesson, learner: LessonProgress) -> None:
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
    """A paragraph as it is; formulas, which are indented, as text, so that no guessed language colours them."""
    lines = [plain(line) for line in part.split("\n")]
    if all(line.startswith("    ") for line in lines):
        return "\n".join(["```text", *(line[4:] for line in lines), "```"])
    return "\n".join(lines)

"""What the Learn screen says about the line under the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.engine.teaching.lesson import TRACKS, Lesson
from descend.tui.cell_text import plain
from descend.tui.screens.learn.progress_scanner import LiveRun

if TYPE_CHECKING:
    from descend.engine.teaching.learner_progress import Progress
    from descend.tui.screens.learn.tree import Entry

EMPHASIS = re.compile(r"(\*\*|\*|`)(?=\S)(.+?)(?<=\S)\1")
LONGEST = 16
"""Cells that a knob's name always gets, if it needs them."""
VALUE = 16
"""Cells of a knob's default that are shown at most."""
STYLES = {"**": "bold", "*": "italic", "`": "bold"}


class Preview(VerticalScroll, can_focus=False):
    """A lesson, run or track in short."""

    DEFAULT_CSS = """
    Preview { padding: 0 2; }
    """

    def compose(self) -> ComposeResult:
        yield Static()

    def show(self, entry: Entry | None, lessons: dict[str, Lesson], states: dict[str, Progress]) -> None:
        """Describe ``entry``; None: a search that found nothing."""
        content: RenderableType
        if isinstance(entry, Lesson):
            content = about_lesson(entry, states.get(entry.name))
        elif isinstance(entry, LiveRun):
            content = about_run(entry, lessons)
        elif isinstance(entry, str):
            content = about_track(entry, lessons)
        else:
            content = Text("No lesson has all these words. Escape shows all lessons again.")
        self.query_one(Static).update(content)
        self.scroll_home(animate=False)


def about_lesson(lesson: Lesson, progress: Progress | None) -> Group:
    """Title, question, what it learns from and what can be turned."""
    facts = f"about {lesson.minutes} minutes"
    if progress is not None:
        finished = progress.state == "finished"
        facts += ", ✓ finished" if finished else f", {progress.done} of {progress.total} parts done"
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    names, values = [*lesson.knobs.specs, "data"], [str(spec.default) for spec in lesson.knobs.specs.values()]
    table.add_column(no_wrap=True, width=min(LONGEST, max(map(len, names))))
    table.add_column(no_wrap=True, width=min(VALUE, max(map(len, [*values, *lesson.data[:1], ""]))), justify="right")
    table.add_column(no_wrap=True, ratio=1)  # where room is short, what is said of a knob is cut
    for name, spec in lesson.knobs.specs.items():
        table.add_row(Text(plain(name)), Text(plain(str(spec.default)), "bold"), Text(plain(spec.describe()), "dim"))
    if len(lesson.data) > 1:
        table.add_row(Text("data"), Text(plain(lesson.data[0]), "bold"), Text(plain(" | ".join(lesson.data)), "dim"))
    return Group(
        Text(plain(lesson.title), "bold"),
        Text(f"{plain(TRACKS[lesson.track])} · {facts}", "dim"),
        Text(),
        emphasised(lesson.question),
        Text(),
        table,
    )


def about_run(live: LiveRun, lessons: dict[str, Lesson]) -> Group:
    """Which lesson it is a run of, and since when."""
    lesson = lessons.get(live.lesson)
    started = live.created.replace("T", " ")[:16]
    return Group(
        Text(f"This run is {plain(live.state)}", "bold"),
        Text(plain(lesson.title if lesson else live.lesson), "dim"),
        Text(),
        Text(f"It was started {plain(started)} and continues by itself. Open it to watch or control it."),
        Text(),
        Text(plain(live.run.id)),
    )


def about_track(letter: str, lessons: dict[str, Lesson]) -> Group:
    """The titles in it."""
    titles = [Text(f"  {plain(lesson.title)}") for lesson in lessons.values() if lesson.track == letter]
    return Group(Text(plain(TRACKS[letter]), "bold"), Text(), *titles)


def emphasised(markdown: str) -> Text:
    """A paragraph of Markdown with its emphasis as styles, and nothing else interpreted."""
    text, at = Text(), 0
    markdown = plain(markdown)
    for match in EMPHASIS.finditer(markdown):
        text.append(markdown[at : match.start()])
        text.append(match[2], STYLES[match[1]])
        at = match.end()
    text.append(markdown[at:])
    return text

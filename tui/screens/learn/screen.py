"""Tracks and lessons at the left, the one under the cursor at the right, a search above them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static, Tree
from textual.worker import get_current_worker

from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson
from descend.tui import shell_settings
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.screens.app_access import InShell
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.learn.preview import Preview
from descend.tui.screens.learn.progress_scanner import Findings, LiveRun, ProgressScanner
from descend.tui.screens.learn.tree import Entry, LessonTree
from descend.tui.screens.progress import Progress
from descend.tui.state_marks import MARKS

FIRST = "digits"
"""The lesson a newcomer starts at."""
EVERY = 3.0
"""Seconds between two looks at the runs folder."""
WELCOME = (
    Text("A lesson explains an idea, then trains a real network while you watch."),
    Text("Pause it, step it, turn its knobs, look back: every curve is computed here."),
    Text.assemble(
        *("Begin: ", ("enter", "bold"), " opens the lesson Digits, ", ("space", "bold"), " predicts, "),
        *(("space", "bold"), " again trains it."),
    ),
)


class Search(Field):
    """Filters the lessons while one types."""

    HELP = "Type words of a title or a theory. Enter opens the best match, escape shows all lessons again."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "all lessons", tooltip="Empty the search and show all lessons"),
        Binding("down", "enter_list", "Into the list", show=False),
    ]
    DEFAULT_CSS = """
    Search { margin: 0 1; display: none; background: $boost; &.-open { display: block; } }
    """

    def action_leave(self) -> None:
        """Empty the search and close it."""
        self.value = ""
        self.remove_class("-open")
        self.screen.query_one(LessonTree).focus()

    def action_enter_list(self) -> None:
        """Move on to the lessons found."""
        self.screen.query_one(LessonTree).focus()


class LearnScreen(InShell, Screen[None]):
    """All lessons."""

    HELP = "Pick a lesson with the arrows or hjkl and open it with enter. / searches, ctrl+p lists every action."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "all", "all lessons", tooltip="Empty the search and show all lessons"),
        Binding(
            "R", "review", "review", id="home.review", show=False, tooltip="Answer quiz questions that are due again"
        ),
    ]
    COMMANDS = {Progress}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-wide")]  # noqa: RUF012
    DEFAULT_CSS = """
    LearnScreen {
        & #heading { padding: 0 2; height: auto; margin-bottom: 1; }
        & Horizontal { height: 1fr; }
        & LessonTree { width: 2fr; min-width: 36; max-width: 64; }
        & Preview { width: 3fr; max-width: 96; }
        &.-narrow { & LessonTree { max-width: 100%; } & Preview { display: none; } }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.lessons = catalogue.list_lessons()
        self.scanner = ProgressScanner()
        self.looking = False
        self.due = 0
        """Quiz questions to review today."""
        self.welcoming = False

    def compose(self) -> ComposeResult:
        yield Static(id="heading")
        yield Search(placeholder="search lessons", compact=True, max_length=200)
        with Horizontal():
            yield LessonTree(self.lessons)
            yield Preview()
        yield KeyLine()

    def on_mount(self) -> None:
        """Start at the first lesson, or at the one that is opened at once."""
        tree = self.query_one(LessonTree)
        tree.focus()
        tree.go_to(FIRST)
        tree.go_to(self.shell.opens or FIRST)
        self.greet()
        self.set_interval(EVERY, self.look)

    def on_screen_resume(self) -> None:
        """Ticks and runs may have changed meanwhile."""
        if self.welcoming:
            self.greet()
        self.look()

    def greet(self) -> None:
        """Say what this is and how to begin, until a run was started; after that, the name alone."""
        self.welcoming = self.shell.newcomer()
        if not self.welcoming and not shell_settings.get("welcomed", False):
            shell_settings.put("welcomed", True)  # also if every run is deleted
        live = self.query_one(LessonTree).live
        name = Text.assemble(("descend", "bold"), ("  a deep-learning laboratory", "dim"))
        if live:  # their lines may have been scrolled away
            name.append(f"  {MARKS[live[0].state]} {live[0].state}: {plain(live[0].lesson)}", "bold")
            name.append(f" and {len(live) - 1} more" if len(live) > 1 else "")
        if self.due:
            name.append(f"  R: {self.due} to review")
        self.query_one("#heading", Static).update(Text("\n").join([name, *(WELCOME if self.welcoming else ())]))

    def look(self) -> None:
        """Look through the runs folder without holding up the screen."""
        if self.is_current and self.shell.painted and not self.looking:
            self.looking = True
            self._look()

    @work(thread=True, exit_on_error=False)
    def _look(self) -> None:
        from descend.engine.teaching import review, review_schedule

        findings, due = None, 0
        try:
            findings = self.scanner.look()
            due = review.count_due(review_schedule.read_today())
        finally:
            if not get_current_worker().is_cancelled:
                self.app.call_from_thread(self._found, findings, due)

    def _found(self, findings: Findings | None, due: int) -> None:
        self.looking = False
        if due != self.due:
            self.due = due
            self.greet()
        tree = self.query_one(LessonTree)
        if self.welcoming and (self.shell.followed or (findings is not None and any(findings))):
            self.greet()
        if findings is not None and (findings.states, findings.live) != (tree.states, tree.live):
            tree.states, tree.live = findings
            tree.fill()
            self.greet()

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Entry]) -> None:
        """Describe the line under the cursor."""
        self.query_one(Preview).show(event.node.data, self.lessons, self.query_one(LessonTree).states)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter."""
        tree = self.query_one(LessonTree)
        if tree.query_text != event.value.strip():
            tree.query_text = event.value.strip()
            tree.fill()
            if tree.entry is None:
                self.query_one(Preview).show(None, self.lessons, tree.states)
        self.refresh_bindings()

    def on_input_submitted(self) -> None:
        """Open the lesson the search has found."""
        tree = self.query_one(LessonTree)
        if isinstance(entry := tree.entry, Lesson):
            self.query_one(Search).action_leave()
            tree.go_to(entry.name)
            self.shell.open_lesson(entry.name)

    def on_lesson_tree_opened(self, event: LessonTree.Opened) -> None:
        """Open a lesson, or attach to a run."""
        if isinstance(event.entry, LiveRun):
            self.shell.open_run(event.entry.run)
        else:
            self.shell.open_lesson(event.entry.name)

    def action_review(self) -> None:
        """Ask the quiz questions that are due."""
        from descend.tui.screens.review import ReviewScreen

        self.app.push_screen(ReviewScreen())

    def action_search(self) -> None:
        """Open the search."""
        search = self.query_one(Search)
        search.add_class("-open")
        search.focus()

    def action_all(self) -> None:
        """Show all lessons again."""
        self.query_one(Search).action_leave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape has something to do only while a search is on."""
        return action != "all" or bool(self.query(Search) and self.query_one(Search).value)

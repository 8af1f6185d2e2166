"""Home: the map of the course at the left, what is under the cursor at the right, a search above them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static, Tree
from textual.worker import get_current_worker

from descend.engine.base.paths import home
from descend.engine.teaching import catalogue
from descend.engine.teaching.outline import Outline
from descend.tui import shell_settings
from descend.tui.field import Field
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import AtSize, InShell
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.learn.course import Course, Entry
from descend.tui.screens.learn.lines import tell_run
from descend.tui.screens.learn.preview import Preview
from descend.tui.screens.learn.progress_scanner import Findings, LiveRun, NextStep, ProgressScanner
from descend.tui.screens.learn.search import LessonIndex
from descend.tui.screens.learn.tree import LessonTree, key
from descend.tui.screens.progress import Progress

FIRST = "digits"
"""The lesson a newcomer starts at, as the welcome says."""
EVERY = 3.0
"""Seconds between two looks at the runs folder."""
PAUSE = 0.05
"""Seconds without a key before the line under the cursor is described."""
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

    HELP = (
        "Type words of a title, a knob or a theory, also their beginnings or with letters left out. Enter opens the "
        "best match, escape shows all lessons again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "all lessons", id="search.leave", tooltip="Empty the search and show all lessons"),
        Binding("down", "enter_list", "Into the list", id="search.into_list", show=False),
    ]
    DEFAULT_CSS = """
    Search { margin: 0 1; display: none; background: $boost; &.-open { display: block; } }
    """

    def action_leave(self) -> None:
        """Empty the search and close it."""
        self.value = ""
        self.remove_class("-open")
        take_focus(self.screen.query_one(LessonTree))

    def action_enter_list(self) -> None:
        """Move on to the lessons found, if there are any."""
        take_focus(self.screen.query_one(LessonTree))


class LearnScreen(InShell, AtSize, Screen[None]):
    """Home: all lessons."""

    HELP = (
        "The first line is where to go on; enter takes you there. Pick any other lesson with the arrows or hjkl, "
        "follow the recommended path with p, and open a lesson with enter. / searches, ctrl+p lists every action."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "all", "all lessons", id="home.all", tooltip="Empty the search and show all lessons"),
        Binding(
            "R", "review", "review", id="home.review", show=False, tooltip="Answer quiz questions that are due again"
        ),
    ]
    COMMANDS = {Progress}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-wide"), (110, "-wider"), (160, "-huge")]  # noqa: RUF012
    DEFAULT_CSS = """
    LearnScreen {
        & #heading { padding: 0 2; height: auto; margin-bottom: 1; }
        & Horizontal { height: 1fr; }
        & LessonTree { width: 50; max-width: 63%; }
        & Preview { width: 1fr; }
        &.-wider { & LessonTree { width: 74; } }
        &.-huge {
            & LessonTree { width: 86; }
            & Preview { layout: horizontal; & Static { width: 1fr; } & #about { margin-right: 4; } }
        }
        &.-nothing LessonTree { display: none; }
        &.-narrow { & LessonTree { width: 1fr; max-width: 100%; } & Preview { display: none; } }
        &.-nothing Preview { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.course = Course(catalogue.list_outlines())
        self.scanner = ProgressScanner()
        self.index: LessonIndex | None = None
        self.looking = False
        self.looked = False
        self.returned = False
        """Whether the learner has come back from another screen since the last look."""
        self._room: Size | None = None
        self.due = 0
        """Quiz questions to review today."""
        self.welcoming = False
        self._describing: Timer | None = None
        self.waiting = False
        """Whether enter was pressed before it was known where to go on."""

    def compose(self) -> ComposeResult:
        yield Static(id="heading")
        yield Search(placeholder="search titles, knobs, theories", compact=True, max_length=200)
        with Horizontal():
            yield LessonTree(self.course)
            yield Preview()
        yield KeyLine()

    def on_mount(self) -> None:
        """Start at the first lesson, or at the one that is opened at once."""
        tree = self.query_one(LessonTree)
        take_focus(tree)
        tree.go_to(FIRST)
        tree.go_to(self.shell.opens or FIRST)
        self.greet()
        self.set_interval(EVERY, self.look)

    def on_screen_resume(self) -> None:
        """Ticks and runs may have changed meanwhile."""
        self.returned = self.looked
        if self.welcoming:
            self.greet()
        self.look()

    def greet(self) -> None:
        """Say what this is and how to begin, until a run was started; after that, the name alone."""
        self.welcoming = self.shell.newcomer()
        if not self.welcoming and not shell_settings.get("welcomed", False):
            shell_settings.put("welcomed", True)  # also if every run is deleted
        name = Text.assemble(("descend", "bold"), ("  a deep-learning laboratory", "dim"))
        if live := self.course.findings.live:  # their lines may have been scrolled away
            name.append(f"  {tell_run(live[0])}", "bold")
            name.append(f" and {len(live) - 1} more" if len(live) > 1 else "")
        elif finished := len(self.course.finished):
            name.append(f"  {finished} of {len(self.course.path)} finished")
        if not self.welcoming and self.course.following:
            name.append("  p: next on the path", "dim")
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
        if findings is not None and findings != self.course.findings:
            untouched = not self.looked and key(tree.entry or "") == FIRST and not self.shell.opens
            before = self.course.finished
            self.course.learn(findings)
            tree.fill()
            finished = self.returned and key(tree.entry or "") in self.course.finished - before
            if (untouched or finished) and findings.step is not None:
                tree.go_to(key(findings.step))
            self.describe()
            self.greet()
        self.looked, self.returned = True, False
        if self.waiting:
            self.waiting = False
            self._open(tree.entry)

    def describe(self) -> None:
        """Describe the line under the cursor, once the keys pause: the cursor moves at once."""
        if self._describing is not None:
            self._describing.stop()
        self._describing = self.set_timer(PAUSE if self.shell.painted else 0.001, self._describe)

    def _describe(self) -> None:
        self._describing = None
        tree = self.query_one(LessonTree)
        hit = tree.hits.get(key(tree.entry)) if tree.hits is not None and tree.entry is not None else None
        self.query_one(Preview).show(tree.entry, self.course, hit, self.query_one(Search).value.strip())

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Entry]) -> None:
        """Describe the line under the cursor."""
        self.describe()

    def on_resize(self, event: events.Resize) -> None:
        """Use the room there is now; the screen is also told of its size when only what is in it was laid out anew."""
        if event.size != self._room:
            self._room = event.size
            self.call_after_refresh(self.describe)

    def on_input_changed(self) -> None:
        """Filter."""
        self.filter()
        self.refresh_bindings()

    def filter(self) -> None:
        """Show what the search finds; everything while nothing is typed, or nothing is known to search in."""
        tree, query = self.query_one(LessonTree), self.query_one(Search).value.strip()
        hits = self.index.find(query) if query and self.index is not None else None
        if hits != tree.hits:
            tree.hits = hits
            tree.fill()
        self.set_class(hits == {}, "-nothing")
        self.describe()

    @work(thread=True, exit_on_error=False)
    def _make_index(self) -> None:
        index = LessonIndex(self.course)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._indexed, index)

    def _indexed(self, index: LessonIndex) -> None:
        self.index = index
        self.filter()

    def on_input_submitted(self) -> None:
        """Open the lesson the search has found."""
        tree = self.query_one(LessonTree)
        if isinstance(entry := tree.entry, Outline):
            self.query_one(Search).action_leave()
            self.filter()
            tree.go_to(entry.name)
            self.shell.open_lesson(entry.name)

    def on_lesson_tree_opened(self, event: LessonTree.Opened) -> None:
        """Open a lesson, attach to a run, or go on where the learner was."""
        if not self.looked and (home() / "logbook.json").exists():
            self.waiting = True  # the first line is about to say where
        else:
            self._open(self.query_one(LessonTree).find_meant(event.node))

    def _open(self, entry: Entry | None) -> None:
        if isinstance(entry, LiveRun):
            self.shell.open_run(entry.run)
        elif isinstance(entry, (Outline, NextStep)):
            self.shell.open_lesson(entry.name)
        if isinstance(entry, NextStep) and entry.part:
            self._show_part(entry.part)

    def _show_part(self, part: str) -> None:
        """Show the part of the lesson just opened that is to be done next."""
        from descend.tui.screens.lesson import LessonScreen

        def show(opened: LessonScreen) -> None:
            if opened.is_current:  # else it was left already
                opened.action_part(part)

        if isinstance(opened := self.shell.screen, LessonScreen):
            opened.call_after_refresh(show, opened)

    def action_review(self) -> None:
        """Ask the quiz questions that are due."""
        from descend.tui.screens.review import ReviewScreen

        self.app.push_screen(ReviewScreen())

    def action_search(self) -> None:
        """Open the search."""
        if self.index is None:
            self._make_index()
        search = self.query_one(Search)
        search.add_class("-open")
        take_focus(search)

    def action_all(self) -> None:
        """Show all lessons again."""
        self.query_one(Search).action_leave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape has something to do only while a search is on."""
        return action != "all" or bool(self.query(Search) and self.query_one(Search).value)

"""The tree of tracks and lessons, with the runs at work above them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree

from descend.engine.teaching.lesson import TRACKS, Lesson
from descend.tui.cell_text import plain
from descend.tui.screens.learn.progress_scanner import LiveRun
from descend.tui.state_marks import MARKS

if TYPE_CHECKING:
    from rich.style import Style
    from textual.widgets.tree import TreeNode

    from descend.engine.teaching.learner_progress import Progress

TICKS = {"new": " ", "begun": "·", "finished": "✓"}
Entry = Lesson | LiveRun | str
"""What a line of the tree stands for: a lesson, a run at work, or a track by its letter."""


class LessonTree(Tree[Entry]):
    """Tracks and lessons. Only lessons and runs can be opened."""

    HELP = (
        "The lessons, track by track. ✓ marks a lesson you have finished, · one you have begun. Runs that are at "
        "work, here or started from another terminal, come first: open one to watch it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "open", key_display="enter", tooltip="Open the lesson, or fold its track"),
        Binding("slash", "screen.search", "search", key_display="/", tooltip="Search titles and theories"),
        Binding("n", "app.train", "train", tooltip="Train any model on any data that fits it, also your own"),
        Binding("j", "cursor_down", "Next line", show=False),
        Binding("k", "cursor_up", "Previous line", show=False),
        Binding("l,right", "enter_node", "Unfold, or go to the first lesson of the track", show=False),
        Binding("h,left", "leave_node", "Fold, or go to the lesson's track", show=False),
        Binding("g", "scroll_home", "First line", show=False),
        Binding("G", "scroll_end", "Last line", show=False),
    ]
    DEFAULT_CSS = """
    LessonTree {
        background: $background; padding: 0 1; overflow-x: hidden;
        &:focus { background-tint: $foreground 0%; }
    }
    """

    class Opened(Message):
        """The user asked to see a lesson or a run."""

        def __init__(self, entry: Lesson | LiveRun) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, lessons: dict[str, Lesson]) -> None:
        super().__init__("lessons")
        self.show_root = False
        self.guide_depth = 2
        self.show_guides = False
        self.lessons = lessons
        self.states: dict[str, Progress] = {}
        self.live: tuple[LiveRun, ...] = ()
        self.query_text = ""
        self._lines_of: dict[str, TreeNode[Entry]] = {}

    def on_mount(self) -> None:
        """Fill it."""
        self.fill()

    def fill(self) -> None:
        """Rebuild the lines for what is there now; the cursor stays on its entry if that is still there."""
        kept = key(self.entry) if self.entry is not None else ""
        self.clear()
        self.unselect()
        self._lines_of.clear()
        for live in self.live if not self.query_text else ():
            self._lines_of[f"run {live.run.id}"] = self.root.add_leaf(_run_label(live), live)
        shown = found(self.lessons, self.query_text)
        for letter in dict.fromkeys(lesson.track for lesson in shown):
            lessons = [lesson for lesson in shown if lesson.track == letter]
            track = self.root.add(self._track_label(letter, lessons), letter, expand=True)
            self._lines_of[letter] = track
            for lesson in lessons:
                self._lines_of[lesson.name] = track.add_leaf(self._lesson_label(lesson), lesson)
        first = best(shown, self.query_text)
        self.go_to(kept if kept in self._lines_of and not self.query_text else first)

    @property
    def entry(self) -> Entry | None:
        """What the cursor is on."""
        node = self.get_node_at_line(self.cursor_line)
        return node.data if node is not None else None

    def go_to(self, name: str) -> None:
        """Put the cursor on an entry, if it is there."""
        if name in self._lines_of and self.last_line >= 0:  # which lays the lines out
            self.move_cursor(self._lines_of[name])

    def on_tree_node_selected(self, event: Tree.NodeSelected[Entry]) -> None:
        """Open lessons and runs; a track folds by itself."""
        event.stop()
        if isinstance(event.node.data, (Lesson, LiveRun)):
            self.post_message(self.Opened(event.node.data))

    def action_enter_node(self) -> None:
        """Unfold the track under the cursor, or go into it."""
        if (node := self.cursor_node) and node.children:
            if node.is_expanded:
                self.move_cursor(node.children[0])
            else:
                node.expand()

    def action_leave_node(self) -> None:
        """Fold the track under the cursor, or go to the track of the lesson under it."""
        node = self.cursor_node
        if node is None:
            return
        if node.children and node.is_expanded:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def render_label(self, node: TreeNode[Entry], base_style: Style, style: Style) -> Text:
        """Draw a label, with an ellipsis where the pane ends."""
        label = super().render_label(node, base_style, style)
        room = self.scrollable_content_region.width - (2 if node.parent is not self.root else 0)
        if room > 1 and label.cell_len > room:
            label.truncate(room, overflow="ellipsis")
        return label

    def _track_label(self, letter: str, lessons: list[Lesson]) -> Text:
        title = plain(f"{letter}  {TRACKS[letter]}")
        done = sum(self._state(lesson) == "finished" for lesson in lessons)
        return Text.assemble((title, "bold"), (f"  {done}/{len(lessons)}", "dim"))

    def _lesson_label(self, lesson: Lesson) -> Text:
        return Text(f"{TICKS[self._state(lesson)]} {plain(lesson.title)}")

    def _state(self, lesson: Lesson) -> str:
        """``new``, ``begun`` or ``finished``."""
        return self.states[lesson.name].state if lesson.name in self.states else "new"


def key(entry: Entry) -> str:
    """The name by which an entry is known over rebuilds of the tree."""
    if isinstance(entry, str):
        return entry
    return entry.name if isinstance(entry, Lesson) else f"run {entry.run.id}"


def found(lessons: dict[str, Lesson], query: str) -> list[Lesson]:
    """The lessons in which every word of ``query`` occurs."""
    words = query.lower().split()
    return [lesson for lesson in lessons.values() if all(word in _searched(lesson) for word in words)]


def best(lessons: list[Lesson], query: str) -> str:
    """The lesson whose title fits ``query`` best; the first one if there is no query."""
    query = query.lower().strip()

    def rank(lesson: Lesson) -> int:
        title = f"{lesson.name} {lesson.title}".lower()
        return 0 if title.startswith(query) else 1 if query in title else 2

    return min(lessons, key=rank).name if lessons else ""


def _searched(lesson: Lesson) -> str:
    track = TRACKS[lesson.track]
    return " ".join((lesson.name, lesson.title, track, *lesson.covers, *lesson.data, lesson.theory)).lower()


def _run_label(live: LiveRun) -> Text:
    return Text(f"{MARKS.get(live.state, MARKS['running'])} {live.state}: {plain(live.lesson)}", "bold")

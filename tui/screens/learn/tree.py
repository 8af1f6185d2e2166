"""The map of the course: where to go on, the runs at work, then the tracks with their lessons and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree

from descend.engine.teaching.outline import Outline
from descend.tui.screens.learn.course import Course, Entry, MissingSystem, MissingSystems
from descend.tui.screens.learn.lines import draw_line
from descend.tui.screens.learn.progress_scanner import LiveRun, NextStep

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text
    from textual.widgets.tree import TreeNode

    from descend.tui.screens.learn.search import Hit


class LessonTree(Tree[Entry]):
    """Tracks and lessons. Only lessons, runs and the next step can be opened."""

    HELP = (
        "The lessons, track by track. The bar shows how much of a lesson is done: ✓ marks one you have finished, · one "
        "you have begun, › the next one on the recommended path, whose stops are numbered. Lines with – are not "
        "written yet. Runs that are at work, here or started from another terminal, stand near the top: open one to "
        "watch it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "select_cursor",
            "open",
            id="home.open",
            key_display="enter",
            tooltip="Open the lesson, or fold its track",
        ),
        Binding(
            "slash",
            "screen.search",
            "search",
            id="home.search",
            key_display="/",
            tooltip="Search titles, knobs and theories",
        ),
        Binding("p", "follow_path", "Next open lesson on the recommended path", id="home.path", show=False),
        Binding(
            "n",
            "app.train",
            "train",
            id="home.train",
            tooltip="Train any model on any data that fits it, also your own",
        ),
        Binding("j", "cursor_down", "Next line", id="home.down", show=False),
        Binding("k", "cursor_up", "Previous line", id="home.up", show=False),
        Binding(
            "l,right",
            "enter_node",
            "Unfold, or go to the first lesson of the track",
            id="home.unfold",
            show=False,
        ),
        Binding("h,left", "leave_node", "Fold, or go to the lesson's track", id="home.fold", show=False),
        Binding("g", "first_line", "First line", id="home.first", show=False),
        Binding("G", "last_line", "Last line", id="home.last", show=False),
    ]
    DEFAULT_CSS = """
    LessonTree {
        background: $background; padding: 0 0 0 1; overflow-x: hidden; scrollbar-size-vertical: 1;
        &:focus { background-tint: $foreground 0%; }
    }
    """

    class Opened(Message):
        """The user asked to see a lesson or a run, or to go on."""

        def __init__(self, node: TreeNode[Entry]) -> None:
            super().__init__()
            self.node = node

    def __init__(self, course: Course) -> None:
        super().__init__("lessons")
        self.show_root = False
        self.guide_depth = 2
        self.show_guides = False
        self.course = course
        self.hits: dict[str, Hit] | None = None
        """What a search has found, by key, best first; None while there is none."""
        self._lines_of: dict[str, TreeNode[Entry]] = {}
        self._unfolded: dict[str, bool] = {}

    def on_mount(self) -> None:
        """Fill it."""
        self.fill()

    def fill(self) -> None:
        """Rebuild the lines for what is there now; the cursor stays on its entry if that is still there, and what was
        folded stays folded."""
        kept = key(self.entry) if self.entry is not None else ""
        if self.hits is None:
            self._unfolded |= {name: node.is_expanded for name, node in self._lines_of.items() if node.allow_expand}
        self.clear()
        self.unselect()
        self._lines_of.clear()
        if self.hits is None:
            self._fill_course()
            self.go_to(kept if kept in self._lines_of else self.course.path[0].name if self.course.path else "")
        else:
            for hit in self.hits.values():
                self._add(self.root, hit.entry)
            self.go_to(next(iter(self.hits), ""))

    def _fill_course(self) -> None:
        findings = self.course.findings
        if findings.step is not None:
            self._add(self.root, findings.step)
        for live in findings.live:
            self._add(self.root, live)
        for letter, lessons in self.course.tracks.items():
            missing = self.course.missing[letter]
            if not lessons and not missing:
                continue
            track = self._add(self.root, letter, unfolded=bool(lessons))
            for lesson in lessons:
                self._add(track, lesson)
            group = self._add(track, MissingSystems(letter), unfolded=False) if lessons and missing else track
            for system in missing:
                self._add(group, MissingSystem(system))

    def _add(self, parent: TreeNode[Entry], entry: Entry, unfolded: bool | None = None) -> TreeNode[Entry]:
        """Add a line; ``unfolded`` is None for what holds no others, else whether it is so at first."""
        name = key(entry)
        if unfolded is None:
            node = parent.add_leaf("", entry)
        else:
            node = parent.add("", entry, expand=self._unfolded.get(name, unfolded))
        self._lines_of[name] = node
        return node

    @property
    def entry(self) -> Entry | None:
        """What the cursor is on."""
        node = self.get_node_at_line(self.cursor_line)
        return node.data if node is not None else None

    def find_meant(self, node: TreeNode[Entry]) -> Entry | None:
        """What ``node`` stands for; if the lines were made anew since it was chosen, what the cursor is on now."""
        assert node.data is not None
        return node.data if self._lines_of.get(key(node.data)) is node else self.entry

    def go_to(self, name: str) -> None:
        """Put the cursor on an entry, if it is there; what it is folded into is unfolded."""
        if (node := self._lines_of.get(name)) is None:
            return
        parent = node.parent
        while parent is not None and parent is not self.root:
            parent.expand()
            parent = parent.parent
        if self.last_line >= 0:  # which lays the lines out
            self.move_cursor(node)
            self.call_after_refresh(self._show_heading)

    def _show_heading(self) -> None:
        """Start at the top as long as the cursor is seen there, so that the first track has its heading in view."""
        if self.cursor_line < self.scrollable_content_region.height:
            self.scroll_to(y=0, animate=False)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Entry]) -> None:
        """Open lessons and runs; a track folds by itself."""
        event.stop()
        if isinstance(event.node.data, (Outline, LiveRun, NextStep)):
            self.post_message(self.Opened(event.node))

    def action_follow_path(self) -> None:
        """Go to the next open lesson on the path, from the one under the cursor."""
        entry = self.entry
        following = self.course.find_next(entry.name if isinstance(entry, (Outline, NextStep)) else "")
        if following is not None:
            self.go_to(following.name)

    def action_first_line(self) -> None:
        """Go to the first line."""
        self.cursor_line = 0
        self.scroll_to(y=0, animate=False)

    def action_last_line(self) -> None:
        """Go to the last line."""
        self.cursor_line = self.last_line
        self.scroll_to_line(self.last_line, animate=False)

    def action_enter_node(self) -> None:
        """Unfold the line under the cursor, or go into it."""
        if (node := self.cursor_node) and node.children:
            if node.is_expanded:
                self.move_cursor(node.children[0])
            else:
                node.expand()

    def action_leave_node(self) -> None:
        """Fold the line under the cursor, or go to the one that it is part of."""
        node = self.cursor_node
        if node is None:
            return
        if node.children and node.is_expanded:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def render_label(self, node: TreeNode[Entry], base_style: Style, style: Style) -> Text:
        """Draw a line in the room that there is."""
        entry = node.data
        assert entry is not None
        icon = (self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE) if node.allow_expand else ""
        hit = self.hits.get(key(entry)) if self.hits is not None else None
        text = draw_line(entry, self.course, self._find_room(node), icon, hit.where if hit is not None else "")
        text.stylize(style)
        return text

    def get_label_width(self, node: TreeNode[Entry]) -> int:
        """Every line takes the room that there is."""
        return max(0, self._find_room(node))

    def _find_room(self, node: TreeNode[Entry]) -> int:
        depth, parent = 0, node.parent
        while parent is not None and parent is not self.root:
            depth, parent = depth + 1, parent.parent
        return self.scrollable_content_region.width - self.guide_depth * depth


def key(entry: Entry) -> str:
    """The name by which an entry is known over rebuilds of the tree."""
    if isinstance(entry, str):
        return entry
    if isinstance(entry, NextStep):
        return "next step"
    if isinstance(entry, MissingSystems):
        return f"missing {entry.track}"
    if isinstance(entry, MissingSystem):
        return f"missing {entry.system}"
    return entry.name if isinstance(entry, Outline) else f"run {entry.run.id}"

"""Every run there is, live and past: look them over, open, compare, resume, fork, name, export, delete."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.runs.columns import METRIC, ORDERS, find_differing, find_order, ordered
from descend.tui.screens.runs.detail import Detail, checkpoints
from descend.tui.screens.runs.run_actions import RunActions
from descend.tui.screens.runs.run_row import RunRow
from descend.tui.screens.runs.run_scanner import RunScanner
from descend.tui.screens.runs.search import RunSearch
from descend.tui.screens.runs.table import RunTable

if TYPE_CHECKING:
    from textual.timer import Timer

    from descend.tui.screens.runs.naming import Field

EVERY = 1.0
"""Seconds between two looks at the runs folder, at least."""
KNOBS_AFTER = 0.1
"""Seconds after which knobs that differ are looked for when other runs are shown."""
SHARE = 20
"""A look is followed by at least this many times its own duration without one."""
NONE_YET = "No runs yet. Open a lesson and press space: every run is kept, and listed here."
NONE_FOUND = "No run has all these words. Escape shows all runs again."


class RunsScreen(Leaves, InShell, Screen[None]):
    """All runs.

    Args:
        scanner: what is known of them already.
    """

    HELP = (
        "All runs, those at work first. A run is a folder: leaving the shell stops none, and what a run has recorded "
        "stays until you delete it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", key_display="enter", tooltip="Watch the run, live or as it was"),
        Binding("slash", "search", "search", key_display="/", tooltip="Search ids, lessons, titles and states"),
        Binding("escape", "all", "all runs", tooltip="Empty the search and show all runs"),
        Binding("escape", "leave", "back", tooltip="Back to the previous screen"),
        Binding("space", "mark", "mark", tooltip="Mark or unmark the run"),
        Binding("c", "compare", "compare", tooltip="Compare the curves of the marked runs"),
        Binding("R", "resume", "resume", tooltip="Resume the run from its newest checkpoint"),
        Binding("f", "fork", "fork", tooltip="A new run from one of its checkpoints, with changed knobs"),
        Binding("E", "evaluate", "evaluate", tooltip="Measure a training on data it did not train on"),
        Binding("x", "export", "export", tooltip="Write its curves, or of a training its model, to a file"),
        Binding("w", "log", "log", tooltip="Show the end of the worker's log"),
        Binding("d", "delete", "delete", tooltip="Delete the marked runs, or this one"),
        Binding("s", "sort", "sort", tooltip="Sort by the next column", id="runs.sort"),
        Binding("S", "choose_order", "sort by", tooltip="Sort by a column or any metric", id="runs.sort-by"),
        Binding("r", "reverse", "reverse", tooltip="Reverse the order", id="runs.reverse"),
        Binding("e", "name('title')", "rename", tooltip="Give the run a title"),
        Binding("n", "name('note')", "note", tooltip="Write a note about the run"),
        Binding("u", "leave", "Back", show=False),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
    RunsScreen {
        & #heading { height: 1; padding: 0 1; }
        &.-tall Detail { height: 8; }
    }
    """

    class Read(Message):
        """More is known; ``left`` runs are still to be read."""

        def __init__(self, left: int) -> None:
            super().__init__()
            self.left = left

    class Looked(Message):
        """A look is over; it took ``seconds``."""

        def __init__(self, seconds: float) -> None:
            super().__init__()
            self.seconds = seconds

    class Traced(Message):
        """A curve was read."""

    def __init__(self, scanner: RunScanner) -> None:
        super().__init__()
        self.scanner = scanner
        self.order = next(iter(ORDERS))
        self.backwards = False
        self._shown_by_metric: dict[str, tuple[RunRow, RunRow]] = {}
        self._next_knobs: Timer | None = None
        self._knobs_of: set[str] = set()
        self.left: int | None = None
        self.unreadable = ""
        self.run_actions = RunActions(self)
        self._looking = self._again = self._tracing = False
        self._next_look: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="heading")
        yield RunSearch()
        yield RunTable(self.scanner.sparkline)
        yield Detail()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show what is known, and look for more."""
        take_focus(self.table)
        self.fill()
        self.look()

    def on_screen_resume(self) -> None:
        """Runs may have changed meanwhile."""
        self.look()

    @property
    def table(self) -> RunTable:
        """The table."""
        return self.query_one(RunTable)

    @property
    def chosen(self) -> list[RunRow]:
        """The marked runs, else the one under the cursor."""
        marked = [entry for entry in self.scanner.entries.copy().values() if entry.id in self.table.marked]
        under = [entry for entry in [self.table.entry] if entry is not None]
        return ordered(marked, self.order, self.backwards) or under

    # Reading

    def look(self) -> None:
        """Look through the runs folder without holding up the screen; once more if a look is in progress."""
        self._again = self._looking
        if self.is_current and not self._looking:
            self._looking = True
            self._look()

    @work(thread=True, exit_on_error=False)
    def _look(self) -> None:
        worker, began = get_current_worker(), time.monotonic()
        try:
            self.unreadable = ""
            for left in self.scanner.look():
                self.post_message(self.Read(left))
                if worker.is_cancelled:
                    return
        except DescendError as error:
            self.unreadable = plain(str(error))
        finally:
            self.post_message(self.Looked(time.monotonic() - began))

    @work(thread=True, exit_on_error=False)
    def _trace(self, wanted: list[RunRow]) -> None:
        worker = get_current_worker()
        try:
            for _ in self.scanner.trace(wanted):
                self.post_message(self.Traced())
                if worker.is_cancelled:
                    return
        finally:
            self._tracing = False
            self.post_message(self.Traced())

    def on_runs_screen_read(self, event: Read) -> None:
        """Show what is new."""
        self.left = event.left
        self.fill()

    def on_runs_screen_looked(self, event: Looked) -> None:
        """Look again before long; ages change even when nothing else does."""
        unread, self._looking, self.left = self.left != 0, False, 0
        self.table.redraw()
        if unread:
            self._tell()
        if self._next_look is not None:
            self._next_look.stop()
        pause = 0.01 if self._again else max(EVERY, SHARE * event.seconds)
        self._next_look = self.set_timer(pause, self.look)

    def on_runs_screen_traced(self) -> None:
        """Draw it; read on if other runs have come into view."""
        self.table.redraw()
        self._read_curves()

    def _read_curves(self) -> None:
        wanted = self.scanner.untraced(self.table.in_view)
        if wanted and not self._tracing:
            self._tracing = True
            self._trace(wanted)

    def fill(self) -> None:
        """Show the runs that are searched for, in the chosen order."""
        words = self.query_one(RunSearch).words
        entries = self.scanner.entries.copy()
        self.table.marked &= entries.keys()
        found = [entry for entry in entries.values() if not words or entry.matches(words)]
        rows, order = ordered(found, self.order, self.backwards), find_order(self.order)
        if self.order.startswith(METRIC):
            rows = [self._show_metric(entry) for entry in rows]
        column = self.order.split(" ")[0]
        self.table.show(rows, column, order.descending != self.backwards)
        if self._next_knobs is None:
            self._next_knobs = self.set_timer(KNOBS_AFTER, self._find_knobs)
        self._read_curves()
        self._tell()

    def _show_metric(self, entry: RunRow) -> RunRow:
        """The run with the metric that is sorted by."""
        known = self._shown_by_metric.get(entry.id)
        if known is None or known[0] is not entry:
            known = self._shown_by_metric[entry.id] = entry, entry.show_metric(self.order.removeprefix(METRIC))
        return known[1]

    def _find_knobs(self) -> None:
        """Give the knobs that differ their columns; a moment later, so that no key waits for it."""
        self._next_knobs = None
        shown = {entry.id for entry in self.table.entries}
        if shown != self._knobs_of:  # a run's knobs stay what they were asked for
            self._knobs_of = shown
            self.table.show_knobs(find_differing(self.table.entries))

    def _tell(self) -> None:
        """Bring heading, detail and keys up to date."""
        entries = self.scanner.entries.copy().values()
        found = len(self.table.entries)
        parts = [f"{found:,}" if found == len(entries) else f"{found:,} of {len(entries):,}"]
        if working := sum(entry.live for entry in entries):
            parts.append(f"{working} at work")
        if self.table.marked:
            parts.append(f"{len(self.table.marked)} marked")
        reading = "reading…" if self.left is None else f"{self.left:,} to read…" if self.left else ""
        doing = ", ".join(self.run_actions.doing.values())
        parts.append(doing or reading or self._told_order())
        heading = Text.assemble(("Runs  ", "bold"), (" · ".join(parts), "dim"))
        self.query_one("#heading", Static).update(heading, layout=False)
        nothing = "" if self.left is None else self.unreadable or (NONE_FOUND if entries else NONE_YET)
        self.query_one(Detail).show(self.table.entry, nothing)
        self.refresh_bindings()

    def _told_order(self) -> str:
        order = find_order(self.order)
        return order.reverse if self.backwards else order.told

    def told_later(self) -> None:
        """Something is being done to runs, or that is over."""
        if self.is_mounted:
            self._tell()

    # Moving about

    def on_run_table_moved(self) -> None:
        """Describe the run under the cursor; read the curves that have come into view."""
        self._read_curves()
        self._tell()

    def on_run_table_sorted(self, event: RunTable.Sorted) -> None:
        """Sort as the head of a column says."""
        self._sort(event.order)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search."""
        self.fill()

    def on_input_submitted(self) -> None:
        """Go to what was found."""
        self.query_one(RunSearch).action_leave()

    def on_run_search_left(self) -> None:
        """Move on to the table."""
        take_focus(self.table)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for the run under the cursor."""
        if not self.is_mounted or self.focused is not self.table:
            return False
        entry, searched = self.table.entry, bool(self.query_one(RunSearch).words)
        match action:
            case "all" | "leave":
                return searched == (action == "all")
            case "compare":
                return len(self.table.marked) > 1
            case "resume":
                return entry is not None and entry.state in ("paused", "stopped", "dead", "failed", "unsaved")
            case "fork":
                return entry is not None and entry.manifest is not None and bool(checkpoints(entry))
            case "evaluate":
                return (
                    entry is not None
                    and entry.state in ("done", "stopped")
                    and entry.run.preparation_file.exists()  # which trainings have, and lessons have not
                )
            case "log":
                return entry is not None and entry.state in ("failed", "dead", "unsaved")
            case "name" | "export":
                return entry is not None and entry.manifest is not None
            case "open" | "mark" | "delete":
                return entry is not None
        return True

    def action_search(self) -> None:
        """Open the search."""
        self.query_one(RunSearch).open()

    def action_all(self) -> None:
        """Show all runs again."""
        self.query_one(RunSearch).action_empty()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()

    def action_sort(self) -> None:
        """Sort by the next column."""
        names = list(ORDERS)
        place = names.index(self.order) if self.order in names else names.index("metric")
        self._sort(names[(place + 1) % len(names)])

    def action_reverse(self) -> None:
        """Sort the other way round; what has nothing to sort by stays last."""
        self.backwards = not self.backwards
        self.fill()

    def action_choose_order(self) -> None:
        """Let the user choose a column or a metric to sort by."""
        from descend.tui.screens.runs.order_screen import OrderScreen

        def sort(order: str | None) -> None:
            if order is not None:
                self._sort(order)

        counts = Counter(name for entry in self.scanner.entries.copy().values() for name in entry.metrics)
        metrics = {f"{METRIC}{name}": count for name, count in sorted(counts.items())}
        self.shell.push_screen(OrderScreen(metrics, self.order), sort)

    def _sort(self, order: str) -> None:
        self.order, self.backwards = order, False
        self._shown_by_metric.clear()
        self.fill()

    # Doing

    def on_run_table_opened(self) -> None:
        """As enter does."""
        self.action_open()

    def action_mark(self) -> None:
        """Mark the run under the cursor."""
        self.table.mark()

    def action_open(self) -> None:
        """Open the run under the cursor in its lesson."""
        entry = self.table.entry
        if entry is None:
            return
        if entry.manifest is None:
            self.notify(entry.why, severity="error", markup=False)
        else:
            self.shell.open_run(entry.run)

    def action_compare(self) -> None:
        """Compare the marked runs."""
        from descend.tui.screens.compare import CompareScreen

        runs = [entry.run for entry in self.chosen if entry.manifest is not None]
        if len(runs) > 1:
            self.shell.push_screen(CompareScreen(runs))
        else:
            self.notify("Of the marked runs fewer than two can be read.", severity="warning")

    def action_resume(self) -> None:
        """Resume the run under the cursor."""
        if (entry := self.table.entry) is not None:
            self.run_actions.resume(entry)

    def action_evaluate(self) -> None:
        """Measure the training under the cursor."""
        from descend.tui.screens.evaluation import EvaluationScreen

        if (entry := self.table.entry) is not None:
            self.shell.push_screen(EvaluationScreen(entry.run))

    def action_log(self) -> None:
        """Show what the worker wrote last."""
        from descend.tui.screens.log import LogScreen

        if (entry := self.table.entry) is not None:
            self.shell.push_screen(LogScreen(entry.run))

    def action_fork(self) -> None:
        """Start a run from a checkpoint of the run under the cursor, and open it."""
        if (entry := self.table.entry) is not None:
            self.run_actions.fork(entry)

    def action_name(self, field: Field) -> None:
        """Change title or note of the run under the cursor."""
        if (entry := self.table.entry) is not None:
            self.run_actions.name(entry, field)

    def action_export(self) -> None:
        """Write the run under the cursor to a file."""
        if (entry := self.table.entry) is not None:
            self.run_actions.export(entry)

    def action_delete(self) -> None:
        """Delete the marked runs, or the one under the cursor."""
        self.run_actions.delete(self.chosen)

"""The curves of several runs in shared panels, and a table of where the runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from descend.tui.cell_text import ascii_only, fit, plain, shows_unicode
from descend.tui.draw.linechart import GLYPHS, LINE, PENS
from descend.tui.focus import take_focus
from descend.tui.panels.grid import PanelGrid
from descend.tui.panels.panel import Panel
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.compare.comparison_table import ComparisonTable
from descend.tui.screens.compare.differences import Comparison, compare
from descend.tui.screens.compare.together import AT_ONCE, ComparedRuns, list_letters
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.runs.run_row import changed

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

POLLS = 5
"""Looks at the run folders a second."""


class Differences(VerticalScroll, can_focus=True):
    """The table of what differs, and of final metrics."""

    HELP = "Where the runs differ in knobs, data, device and seed, and in results. What they share is named last."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Scroll down", show=False, id="compare.down"),
        Binding("k", "scroll_up", "Scroll up", show=False, id="compare.up"),
    ]
    DEFAULT_CSS = """
    Differences { padding: 0 1; background: $surface; height: auto; }
    """

    def compose(self) -> ComposeResult:
        yield Static()


class CompareScreen(Leaves, InShell, Screen[None]):
    """Two runs or more, `AT_ONCE` on a page.

    Args:
        runs: in the order of their letters.
        page: which of them to show, from 0.
        table: whether the table has the place of the curves, where there is no room for both.
    """

    HELP = (
        "The same metric of several runs in one panel. A run has the same letter, marker and colour in every panel. "
        "Runs at work continue while you look. Of more than six runs, n and N show the next and the previous ones."
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", tooltip="Back to all runs", id="compare.back"),
        Binding("n", "turn(1)", "next runs", tooltip="Compare the next six runs", id="compare.next"),
        Binding("N", "turn(-1)", "previous", tooltip="Compare the previous six runs", id="compare.previous"),
        Binding(
            "t",
            "view('table')",
            "table",
            tooltip="Show where the runs differ, in place of the curves",
            id="compare.table",
        ),
        Binding("t", "view('curves')", "curves", tooltip="Show the curves", id="compare.curves"),
        Binding(
            "1",
            "zoom(1)",
            "panel",
            show=False,
            key_display="1-9",
            tooltip="Show one panel alone, or all again",
            id="compare.panel-1",
        ),
        *(Binding(str(n), f"zoom({n})", "", show=False, id=f"compare.panel-{n}") for n in range(2, 10)),
    ]
    DEFAULT_CSS = """
    CompareScreen {
        & #names { height: 1; padding: 0 1; }
        & #body { height: 1fr; }
        &.-tall Differences { max-height: 45%; }
        &.-wide #body { layout: horizontal; }
        &.-wide PanelGrid { width: 3fr; }
        &.-wide Differences { width: 2fr; height: 100%; max-height: 100%; }
        &.-short.-narrow Differences { height: 1fr; display: none; }
        &.-short.-narrow.-table Differences { display: block; }
        &.-short.-narrow.-table PanelGrid { display: none; }
    }
    """

    def __init__(self, runs: list[Run], page: int = 0, *, table: bool = False) -> None:
        super().__init__(classes="-table" if table else "")
        self.runs, self.page = runs, page
        self.called = {run.id: letter for run, letter in zip(runs, list_letters(len(runs)), strict=True)}
        self.together = ComparedRuns(runs[page * AT_ONCE : (page + 1) * AT_ONCE], page * AT_ONCE)
        self.grid = PanelGrid(self.together.history)
        self._shown: Comparison | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="names")
        with Container(id="body"):
            yield self.grid
            yield Differences()
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to read."""
        if self.has_class("-table"):
            self.query_one(Differences).focus()
        self.poll()
        self.set_interval(1 / POLLS, self.poll)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show(compare(self.together, self.called)))

    def poll(self) -> None:
        """Take in what the runs have said since the last time."""
        self.grid.changed(self.together.poll())
        if self.focused is None and self.grid.shown and not self.has_class("-table"):
            take_focus(self.grid.shown[0])
        if self.together.behind:
            self.call_later(self.poll)
        elif (found := compare(self.together, self.called)) != self._shown:
            self._shown = found
            self._show(found)

    def _show(self, found: Comparison) -> None:
        letters = [self._letter(index) for index in range(len(self.together.sessions))]
        names = [label(session.run, self.together, index) for index, session in enumerate(self.together.sessions)]
        first, last = self.page * AT_ONCE + 1, self.page * AT_ONCE + len(names)
        title = f"Compare {first:,}–{last:,} of {len(self.runs):,}" if self.pages > 1 else "Compare"
        title = title if shows_unicode() else ascii_only(title)
        self.query_one("#names", Static).update(heading(letters, names, self.size.width - 2, title))
        table = ComparisonTable(found, letters, names)
        self.query_one(Differences).query_one(Static).update(table)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-len(self.runs) // AT_ONCE)

    def _letter(self, index: int) -> Text:
        """Marker and letter of a run, in the colour of its curves."""
        mark = f"{GLYPHS[index] if index else LINE} {self.together.letters[index]}"
        panel = next(iter(self.grid.query(Panel)), None)
        style = Style(color=panel.style(PENS[index]).color, bold=True) if panel is not None else Style(bold=True)
        return Text(mark if shows_unicode() else ascii_only(mark), style)

    def on_resize(self) -> None:
        """Name the runs in the room there is."""
        if self._shown is not None:
            self._show(self._shown)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The table has a key where it has no room next to the curves, other pages where there are any."""
        if action == "turn":
            return 0 <= self.page + int(str(parameters[0])) < self.pages
        if action == "view":
            alone = self.has_class("-short") and self.has_class("-narrow")
            return alone and parameters[0] == ("curves" if self.has_class("-table") else "table")
        return True

    def action_view(self, what: str) -> None:
        """Show the table or the curves."""
        self.set_class(what == "table", "-table")
        if what == "table":
            take_focus(self.query_one(Differences))
        elif self.grid.shown:
            take_focus(self.grid.shown[0])
        self.refresh_bindings()

    def action_turn(self, by: int) -> None:
        """Compare the next runs, or the previous ones."""
        if self.is_active and 0 <= self.page + by < self.pages:
            self.app.switch_screen(CompareScreen(self.runs, self.page + by, table=self.has_class("-table")))

    def action_zoom(self, number: int) -> None:
        """Show a panel alone, also while the table has focus."""
        self.grid.action_zoom(number)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def heading(letters: list[Text], names: list[str], width: int, title: str = "Compare") -> Text:
    """``title`` and the runs in one line of ``width`` cells; where that is too short, the longest names are cut."""
    fixed = cell_len(title) + sum(2 + letter.cell_len + 1 for letter in letters)
    room, shares = width - fixed, dict.fromkeys(range(len(names)), 0)
    for left, index in zip(range(len(names), 0, -1), sorted(shares, key=lambda n: cell_len(names[n])), strict=True):
        shares[index] = max(0, min(cell_len(names[index]), room // left))
        room -= shares[index]
    said = Text(title, "bold", no_wrap=True)
    for index, (letter, name) in enumerate(zip(letters, names, strict=True)):
        said.append("  ").append_text(letter).append(f" {fit(name, shares[index])}", Style(bold=False))
    return said


def label(run: Run, together: ComparedRuns, index: int) -> str:
    """What a run is called: the user's title, else its changed knobs, else the end of its id."""
    manifest = together.manifests[index]
    short = plain(run.id).partition("-")[2].partition("-")[2] or plain(run.id)
    if manifest is None:
        return short
    return plain(manifest.title).strip() or " ".join([short.rpartition("-")[2], *changed(manifest)])

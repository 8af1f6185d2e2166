"""What ails a run: each finding with its evidence, what to try, and the lesson that shows it."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from descend.engine.diagnosis.finding import Finding
from descend.engine.teaching import catalogue
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.option_list import Options


class FindingList(Options):
    """The findings; enter takes the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "lesson", tooltip="Open the lesson that shows it"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]
    DEFAULT_CSS = """
    FindingList { height: 1fr; border: none; padding: 1; background: $background; &:focus { border: none; } }
    """


class Choice(NamedTuple):
    """A finding whose value is to be tried, and whether in a fork."""

    finding: Finding
    forks: bool


class FindingsScreen(Leaves, InShell, Screen[Choice | None]):
    """Lists ``findings`` of the run called ``name``, some of them ``forkable``; answers with what to try, and how."""

    HELP = (
        "What this run's own records say ails it: the evidence with its numbers, and the one thing to try. Up and down "
        "choose a finding; enter opens the lesson in which that can be seen happen, escape comes back from there. t "
        "opens the knobs with the proposed value filled in, f the box for a fork from one of the run's checkpoints. "
        "Nothing is changed until you say so there, and the run is kept."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "try('knobs')", "try it", tooltip="Open the knobs with the proposed value"),
        Binding("f", "try('fork')", "fork", tooltip="Fork the run from a checkpoint, with the proposed value"),
        Binding("escape", "leave", "back", tooltip="Back to the run"),
    ]
    DEFAULT_CSS = """
    FindingsScreen #heading { padding: 0 2; background: $surface; text-style: bold; }
    """

    def __init__(self, name: str, findings: list[Finding], forkable: list[Finding]) -> None:
        super().__init__()
        self.run_name, self.findings, self.forkable = name, findings, forkable

    def compose(self) -> ComposeResult:
        yield Static(Text(plain(f"What ails {self.run_name}")), id="heading")
        yield FindingList(*(Option(describe_finding(finding)) for finding in self.findings))
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with the first, which is the most serious."""
        listed = self.query_one(OptionList)
        take_focus(listed)
        listed.highlighted = 0

    @property
    def chosen(self) -> Finding:
        """The finding under the cursor."""
        return self.findings[self.query_one(OptionList).highlighted or 0]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only values of knobs can be tried by a key."""
        if action != "try":
            return True
        if not self.query(OptionList):
            return False
        return self.chosen in self.forkable if parameters == ("fork",) else bool(self.chosen.knobs)

    def on_option_list_option_highlighted(self) -> None:
        """Other keys may work now."""
        self.refresh_bindings()

    def on_option_list_option_selected(self) -> None:
        """Open the lesson."""
        self.shell.open_lesson(self.chosen.lesson)

    def action_try(self, how: str) -> None:
        """Go back, to the knobs or the box of a fork."""
        self.dismiss(Choice(self.chosen, how == "fork"))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)


def describe_finding(finding: Finding) -> Text:
    """All of it, in a few lines."""
    outline = catalogue.list_outlines().get(finding.lesson)
    title = outline.title if outline is not None else finding.lesson
    return Text.assemble(
        (plain(f"! {finding.short}"), "bold"),
        f"\n{plain(finding.evidence)}\n",
        f"{plain(finding.advice)}\n",
        ("Lesson ", "bold"),
        f"{plain(title)}\n",
    )

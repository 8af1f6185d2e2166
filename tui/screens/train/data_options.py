"""Chooses what the columns of the user's own data are for, and how it is read, with its problems below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from descend.datasets.options import join_address
from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import InShell
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.option_list import Options
from descend.tui.screens.train.column_roles import (
    CALLED,
    MEANING,
    find_roles,
    list_choices,
    make_options,
    turn_role,
)

if TYPE_CHECKING:
    from descend.datasets.spec import Spec
    from descend.datasets.table_survey import Survey

NAME, ROLE = 22, 20
"""Cells for a column's name, and for what it is for."""


class DataOptionsScreen(InShell, Dialog["Spec | None"]):
    """Returns the data as it is to be read, or None to change nothing.

    Args:
        survey: what was found in it.
    """

    HELP = (
        "What each column is for, and how the data is read. Left and right change a line, s settles all problems at "
        "once as proposed, page up and page down scroll them, enter reads the data so, escape changes nothing."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("enter", "take", "read it", priority=True),
        Binding("right,l,space", "turn(1)", "Next", show=False),
        Binding("left,h", "turn(-1)", "Previous", show=False),
        Binding("s", "settle", "settle", tooltip="Take all proposed options"),
        Binding("pagedown", "scroll(1)", "Problems down", show=False, priority=True),
        Binding("pageup", "scroll(-1)", "Problems up", show=False, priority=True),
        Binding("j", "move('down')", "Down", show=False),
        Binding("k", "move('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    DataOptionsScreen {
        & > Vertical { width: 110; height: 90%; }
        & OptionList { height: 3fr; border: none; background: $surface; padding: 0; text-wrap: nowrap;
            text-overflow: ellipsis; &:focus { border: none; background-tint: $foreground 0%; } }
        & VerticalScroll { height: 2fr; margin-top: 1; }
        & #told { height: auto; }
    }
    """

    def __init__(self, survey: Survey) -> None:
        super().__init__()
        self.survey, self.heading = survey, survey.path
        self.options = dict(survey.given)
        self.roles = find_roles(survey, self.options)

    @property
    def names(self) -> list[str]:
        """What the lines are for: columns, then options."""
        return [*self.roles, *list_choices(self.survey)]

    @property
    def address(self) -> str:
        """The data with the options that are chosen."""
        return join_address(self.survey.path, make_options(self.survey, self.roles, self.options))

    def body(self) -> ComposeResult:
        yield Options(*(Option(self._prompt(name)) for name in self.names))
        with VerticalScroll(can_focus=False):
            yield Static(id="told")
        yield Hint("←→ change", "enter read it", "s settle all", "esc leave", "pgup pgdn problems")

    def on_mount(self) -> None:
        """Start at the first line, with the problems below."""
        self.lines.highlighted = 0
        take_focus(self.lines)
        self._tell(self.survey)

    @property
    def lines(self) -> Options:
        """The columns and options."""
        return self.query_one(Options)

    def _prompt(self, name: str) -> Text:
        if name in self.roles:
            one = next(one for one in self.survey.columns if one.name == name)
            gone = f", {one.missing:,} missing" if one.missing else ""
            shown = f"{plain(name)[:NAME]:{NAME}} ‹ {self.roles[name]} ›"
            return Text(f"{shown:{NAME + ROLE + 5}}{one.kind}{gone}: {plain(one.holds)}", no_wrap=True)
        value = self.options.get(name, list_choices(self.survey)[name][0])
        shown = MEANING[name].get(value, value)
        return Text.assemble((f"{CALLED[name]:{NAME}}", "bold"), f" ‹ {plain(shown)} ›")

    def action_turn(self, by: int) -> None:
        """Take the next choice of the line."""
        if (index := self.lines.highlighted) is None:
            return
        name = self.names[index]
        if name in self.roles:
            self.roles = turn_role(self.survey, self.roles, name, by)
        else:
            known = list_choices(self.survey)[name]
            value = self.options.get(name, known[0])
            known = known if value in known else (*known, value)
            self.options[name] = known[(known.index(value) + by) % len(known)]
        self._changed()

    def action_settle(self) -> None:
        """Take what settles all problems."""
        self.options = dict(self.survey.settled)
        self.roles = find_roles(self.survey, self.options)
        self._changed()

    def action_move(self, way: str) -> None:
        """Go to the next line."""
        self.lines.action_cursor_down() if way == "down" else self.lines.action_cursor_up()

    def action_scroll(self, by: int) -> None:
        """Scroll the problems."""
        area = self.query_one(VerticalScroll)
        area.scroll_page_down(animate=False) if by > 0 else area.scroll_page_up(animate=False)

    def _changed(self) -> None:
        """Show the lines anew, and look for problems in a thread."""
        for index, name in enumerate(self.names):
            self.lines.replace_option_prompt_at_index(index, self._prompt(name))
        address = self.address
        self.run_worker(lambda: self._look(address), thread=True, exclusive=True, exit_on_error=False)

    def _look(self, address: str) -> None:
        from descend.datasets import user_path

        found: Survey | str | None
        try:
            found = user_path.survey(address)
        except DescendError as error:
            found = str(error)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._looked, found)

    def _looked(self, found: Survey | str | None) -> None:
        if not self.is_attached or found is None:
            return
        if isinstance(found, str):
            self._say(f"✗ {found}")
            return
        self.survey = found
        self._tell(found)

    def _tell(self, survey: Survey) -> None:
        from descend.engine.cli.survey_view import write_options

        if not survey.problems:
            self._say(f"No problems were found.\n\n{plain(survey.address)}")
            return
        lines = [
            f"{'✗' if problem.stops else '!'} {problem.sentence}{write_options(problem.options)}"
            for problem in survey.problems
        ]
        self._say("\n".join(map(plain, lines)))

    def _say(self, told: str) -> None:
        self.query_one("#told", Static).update(Text(told))

    def action_take(self) -> None:
        """Read the data with these options, in a thread."""
        address = self.address
        self._say("reading …")
        self.run_worker(lambda: self._read(address), thread=True, exclusive=True, exit_on_error=False)

    def _read(self, address: str) -> None:
        from descend.datasets import catalogue
        from descend.datasets.reporting import reporting_to

        worker = get_current_worker()

        def report(what: str, share: float) -> None:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._say, plain(f"{what}: {share:.0%}" if share else what))

        try:
            with reporting_to(report):
                spec = catalogue.find(address)
        except DescendError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._say, plain(f"✗ {error}"))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._taken, spec)

    def _taken(self, spec: Spec) -> None:
        if self.is_attached:
            self.dismiss(spec)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

"""A box in which one chooses, types and confirms."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import InShell
from descend.tui.screens.choice import Choice
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.path_field import PathBox, PathLine

Result = TypeVar("Result")


class FormScreen(InShell, Dialog[Result | None]):
    """Fields, a sentence that says what they mean or what is wrong with them, and the keys.

    A subclass says which fields there are, what they mean (`explain`) and what is returned for them (`result`). While
    that is wrong the box stays; None is returned if the user leaves. What is typed is never lost: it goes to the line
    whatever has focus, and is there again when a box is opened that was left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("enter", "confirm", "Confirm"),
        Binding("down", "app.focus_next", "Next field"),
        Binding("up", "app.focus_previous", "Previous field"),
    ]
    DEFAULT_CSS = """
    FormScreen {
        & Choice, & Input { margin-bottom: 1; }
        & Input { background: $boost; }
        & #told { height: auto; min-height: 2; max-height: 5; &.-wrong { color: $text-error; text-style: bold; } }
    }
    """
    keys: ClassVar[tuple[str, ...]] = ()
    """The keys, as the last line tells them."""
    starts_at: ClassVar[str] = "Choice"
    """Selects the field that has the focus at first."""
    may_fail: ClassVar[bool] = False
    """Whether what is done with the result can fail later, so that what was typed is kept until `forget` is called."""
    about: str = ""
    """What the box is for; what is typed is kept for each."""
    suggested = ""
    _early = ""

    @abstractmethod
    def fields(self) -> ComposeResult:
        """The fields and their labels: a `Choice`, a `Line`, or both."""

    @abstractmethod
    def explain(self) -> str:
        """What the fields mean as they are.

        Raises:
            DescendError: what is wrong with them and should be told before they are confirmed.
        """

    @abstractmethod
    def result(self) -> Result:
        """What the box returns for the fields as they are.

        Raises:
            DescendError: what is wrong with them.
        """

    def body(self) -> ComposeResult:
        yield from self.fields()
        yield Static(id="told")
        yield Hint(*self.keys)

    def on_mount(self) -> None:
        """Start at the field where most begin, with what was typed when the box was left."""
        take_focus(self.query_one(self.starts_at))
        for line in self.query(Input):
            self.suggested = line.value
            line.value = self._drafts.get(self.draft, line.value)
        self.check()
        if self._early:
            self._type(self._early)

    @property
    def draft(self) -> tuple[str, str]:
        """Under which what is typed is kept when the box is left."""
        return type(self).__name__, str(self.about)

    @property
    def _drafts(self) -> dict[tuple[str, str], str]:
        """What the shell keeps; nothing lasts in an app that is not the shell."""
        found: dict[tuple[str, str], str] = getattr(self.app, "drafts", {})
        return found

    def on_key(self, event: Key) -> None:
        """Type into the line, also from another field, or before there is one."""
        if event.is_printable and event.character and not isinstance(self.focused, Input):
            event.stop()
            event.prevent_default()
            if self.is_mounted and self.query(Input):
                self._type(event.character)
            else:
                self._early += event.character

    def _type(self, text: str) -> None:
        line = self.query_one(Input)
        take_focus(line)
        if line.value == self.suggested:
            line.value = ""
        line.insert(text, len(line.value))
        line.cursor_position = len(line.value)

    @property
    def chosen(self) -> str:
        """The choice."""
        return self.query_one(Choice).value

    @property
    def typed(self) -> str:
        """What was typed, without blanks around it."""
        return self.query_one(Input).value.strip()

    def on_choice_changed(self) -> None:
        self.check()

    def on_input_changed(self) -> None:
        self.check()

    def check(self) -> None:
        """Say what the fields mean, or what is wrong with them."""
        try:
            self._say(self.explain())
        except DescendError as error:
            self._say(f"✗ {error}", wrong=True)

    def action_confirm(self) -> None:
        """Return the result, or say what is wrong."""
        try:
            result = self.result()
        except DescendError as error:
            self._say(f"✗ {error}", wrong=True)
            return
        if self.may_fail:
            self._keep()
        else:
            self.forget()
        self.dismiss(result)

    def action_leave(self) -> None:
        """Do nothing."""
        self._keep()
        self.dismiss(None)

    def _keep(self) -> None:
        """Keep what was typed for the next time."""
        for line in self.query(Input):
            if line.value != self.suggested:
                self._drafts[self.draft] = line.value

    def forget(self) -> None:
        """What was typed has done its work."""
        self._drafts.pop(self.draft, None)

    def _say(self, told: str, wrong: bool = False) -> None:
        if wrong and (boxes := self.query(PathBox)):
            boxes.first().complain(told.removeprefix("✗ "))
            return
        line = self.query_one("#told", Static)
        line.update(Text(plain(told)))
        line.set_class(wrong or told.startswith("✗"), "-wrong")


class FileScreen(FormScreen[Result]):
    """A form for what is written in one of several formats.

    Args:
        name: of what is written.
        paths: the suggested path for each format.
        formats: what each is for.
    """

    def __init__(self, name: str, paths: Mapping[str, str], formats: Mapping[str, str]) -> None:
        super().__init__()
        self.about = self.subject = name
        self.paths, self.formats = paths, formats

    def fields(self) -> ComposeResult:
        first = next(iter(self.formats))
        yield Label(Text(f"{plain(self.subject)}, as"))
        yield Choice(tuple(self.formats), first)
        yield Label("to")
        yield PathBox(PathLine(self.paths[first], compact=True, select_on_focus=False))

    def explain(self) -> str:
        return self.formats[self.chosen]

    def on_choice_changed(self) -> None:
        """Suggest the path of the format that is chosen, unless the user has named another file."""
        field = self.query_one(Input)
        if field.value in self.paths.values():
            field.value = self.suggested = self.paths[self.chosen]

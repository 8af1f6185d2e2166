"""A field for a path: tab completes it, and below it stands where that is, what fits, or what is wrong."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from descend.engine.base.errors import UsageError
from descend.engine.base.paths import parse_path
from descend.tui.cell_text import plain
from descend.tui.path_completion import Completion, complete_path
from descend.tui.screens.dialog import Line

LISTED = 300
"""Characters of the names that are listed."""


class PathLine(Line):
    """A path that is typed in."""

    HELP = "Type a path; tab completes names, and lists them where several fit. ~ is your home folder."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "complete", tooltip="Complete the name of a file or folder"),
    ]

    def action_complete(self) -> None:
        """Have the box around complete what stands before the cursor."""
        box = self.parent
        if isinstance(box, PathBox):
            box.complete()


class PathBox(Vertical):
    """A path's line, and a few lines below it.

    Args:
        line: in which the path is typed.
        ends: characters that end the path in it, such as the ? before options.
    """

    DEFAULT_CSS = """
    PathBox {
        height: auto;
        & > PathLine { margin: 0; }
        & > .beside { height: auto; min-height: 1; max-height: 5; color: $text-muted; margin-bottom: 1; }
        &.-wrong > .beside { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, line: PathLine, ends: str = "") -> None:
        super().__init__()
        self.line, self.ends = line, ends
        self._fitting: tuple[str, tuple[str, ...]] = ("", ())  # the text, and the names that fit it

    def compose(self) -> ComposeResult:
        yield self.line
        yield Static(classes="beside")

    def on_mount(self) -> None:
        """Say where it is."""
        self.locate()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say where it is now."""
        self.locate()

    def split(self) -> tuple[str, str]:
        """The path, and what ends it."""
        typed = self.line.value.strip()
        place = min((typed.index(end) for end in self.ends if end in typed), default=len(typed))
        return typed[:place], typed[place:]

    @property
    def place(self) -> str:
        """Where the path is, absolute; empty if it is none."""
        try:
            return str(parse_path(self.split()[0]))
        except UsageError:
            return ""

    def locate(self) -> None:
        """Say where the path is, or what fits if that was asked for."""
        value, names = self._fitting
        if names and value == self.line.value:
            self._tell(list_names(names))
        elif self.line.value.strip():
            self._tell(f"→ {self.place}" if self.place else "")
        else:
            self._tell("tab completes names of files and folders")

    def tell(self, told: str) -> None:
        """Say what is being done with it."""
        self._tell(told)

    def complain(self, error: str) -> None:
        """Say what is wrong, and where was looked."""
        place = self.place
        self._tell(f"✗ {error}" + (f"\n→ {place}" if place and place not in error else ""), wrong=True)

    def complete(self) -> None:
        """Complete the path in a thread, as folders may be far away."""
        typed = self.line.value
        path, rest = self.split()

        def look() -> None:
            found: Completion | str
            try:
                found = complete_path(path)
            except UsageError as error:
                found = str(error)
            except OSError as error:
                found = f"{error.filename} cannot be looked into ({error.strerror})."
            self.app.call_from_thread(self._complete, typed, rest, found)

        self.run_worker(look, thread=True, exclusive=True, exit_on_error=False, group="complete")

    def _complete(self, typed: str, rest: str, found: Completion | str) -> None:
        if not self.is_attached or self.line.value != typed:  # more was typed meanwhile
            return
        if isinstance(found, str):
            self._tell(f"✗ {found}", wrong=True)
        elif not found.names:
            self._tell(f"✗ Nothing in {found.folder} begins so.", wrong=True)
        else:
            self.line.value = found.text + rest
            self.line.cursor_position = len(found.text)
            self._fitting = self.line.value, found.names if len(found.names) > 1 else ()
            self.locate()

    def _tell(self, told: str, wrong: bool = False) -> None:
        self.query_one(".beside", Static).update(Text(plain_lines(told)))
        self.set_class(wrong, "-wrong")


def list_names(names: tuple[str, ...]) -> str:
    """As many of ``names`` as there is room for."""
    listed: list[str] = []
    length = 0
    for name in names:
        length += len(name) + 2
        if listed and length > LISTED:
            return "  ".join(listed) + f"  … {len(names) - len(listed)} more"
        listed.append(name)
    return "  ".join(listed)


def plain_lines(text: str) -> str:
    """``text`` without control characters other than the ends of lines."""
    return "\n".join(plain(line) for line in text.split("\n"))

"""What the boxes above a screen have in common, and the plain question with a few answers."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.keymap import show_key
from descend.tui.private_names import bind_key
from descend.tui.screens.app_access import Leaves
from descend.tui.screens.option_list import Options

Result = TypeVar("Result")


class Dialog(Leaves, ModalScreen[Result]):
    """A box in the middle of the screen; `body` is its content."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "app.help", "Help", show=False, tooltip="What is focused, and its keys"),
    ]
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & > Vertical {
            width: 76; max-width: 100%; height: auto; max-height: 100%;
            background: $surface; border: round $primary; border-title-style: bold; padding: 1 2;
        }
        & .hint { color: $text-muted; margin-top: 1; }
    }
    """
    heading: str = ""

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Text(plain(self.heading))
            yield from self.body()

    def body(self) -> ComposeResult:
        """The widgets inside the box."""
        raise NotImplementedError


class Hint(Static):
    """The keys of a box in one line; where there is no room for all, those named last are left to the help, as it says,
    and the way out goes last."""

    DEFAULT_CSS = """
    Hint { height: 1; }
    """
    GAP = "   "

    def __init__(self, *parts: str) -> None:
        super().__init__(classes="hint")
        self.parts = parts

    def tell(self, *parts: str) -> None:
        """Show other keys."""
        self.parts = parts
        self.refresh()

    def render(self) -> Text:
        parts = [self._remapped(part) for part in self.parts]
        more = "f1 more" if isinstance(self.screen.focused, Input) else "? more"  # as ? can be typed in a line
        while len(parts) > 1 and cell_len(self.GAP.join(parts)) > self.size.width:
            others = [part for part in parts[1:] if part != more and not part.startswith("esc")]
            parts.remove(others[-1] if others else parts[-1])
            if others and more not in parts:
                parts.append(more)
        return Text(self.GAP.join(parts), no_wrap=True, overflow="ellipsis")

    def _remapped(self, part: str) -> str:
        """``part`` with the key as the user has it, if the screen's own key stands at its start."""
        shown, blank, told = part.partition(" ")
        return f"{show_key(self.screen, shown)}{blank}{told}"


class Line(Field):
    """A line to type in, in a box whose enter key takes all of it: after what was typed, however fast."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave enter to the box."""
        return action != "submit" and super().check_action(action, parameters)


class Answer(NamedTuple):
    """One way to answer: its key, what the question returns, and what it says."""

    key: str
    value: str
    text: str


class QuestionScreen(Dialog[str | None]):
    """Asks; answers with a key, with the arrows and enter, or escape for no answer (None)."""

    HELP = "Choose with the arrows and enter, or press the key in front of an answer. Escape changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "answer('')", "Cancel"),
        ("j", "move('down')", "Down"),
        ("k", "move('up')", "Up"),
    ]
    DEFAULT_CSS = """
    QuestionScreen OptionList {
        height: auto; border: none; background: $surface; padding: 0; margin-top: 1;
        &:focus { border: none; background-tint: $foreground 0%; }
    }
    """

    def __init__(self, heading: str, text: str, answers: list[Answer]) -> None:
        super().__init__()
        self.heading, self.text = heading, text
        self.answers = [*answers, Answer("esc", "", "Cancel")]
        for answer in answers:
            bind_key(self, answer.key, f"answer('{answer.value}')", answer.text)

    def body(self) -> ComposeResult:
        yield Static(Text(self.text))
        yield Options(*(Option(_option(answer), id=answer.value or None) for answer in self.answers))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the highlighted answer."""
        self.dismiss(event.option_id)

    def action_answer(self, value: str) -> None:
        """Take the answer whose key was pressed."""
        self.dismiss(value or None)

    def action_move(self, way: str) -> None:
        """Move the highlight."""
        answers = self.query_one(OptionList)
        answers.action_cursor_down() if way == "down" else answers.action_cursor_up()


def _option(answer: Answer) -> Text:
    return Text.assemble((f"{answer.key:>4}  ", "bold"), plain(answer.text))

"""One setting on a line: its name, what changes it, and its range or what is wrong with what was entered."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import Knob, Value
from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Line
from descend.tui.screens.lesson.slider import LEAP, Slider, is_numeric, turned, written

NAME = 15
"""Cells for a name and the mark before it, where names are short."""
CHANGED = "*"
"""Before the name of a setting that is not its own."""


class Choice(Widget, can_focus=True):
    """One of a few values, changed with the left and right arrows, h and l, or space."""

    HELP = "Left and right, or space, go through the choices."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "turn(-1)", "Previous choice", show=False),
        Binding("right,l,space", "turn(1)", "Next choice", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; background: $boost; &:focus { background: $block-cursor-background;
        color: $block-cursor-foreground; text-style: $block-cursor-text-style; } }
    """
    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another value was chosen."""

    def __init__(self, choices: tuple[str, ...], value: str) -> None:
        super().__init__()
        self.choices = choices if value in choices else (*choices, value)
        self.value = value

    def render(self) -> Text:
        return Text(f"‹ {plain(self.value)} ›", no_wrap=True, overflow="ellipsis")

    def on_click(self) -> None:
        """Take the next choice."""
        self.action_turn(1)

    def action_turn(self, by: int) -> None:
        """Take the choice ``by`` places on."""
        self.value = self.choices[(self.choices.index(self.value) + by) % len(self.choices)]
        self.post_message(self.Changed())


class Number(Line):
    """A number that is typed, or turned with the arrows; the whole of it is selected when it gets the keys."""

    HELP = (
        "Left and right turn the knob by a notch, with shift by several, page up and page down too; "
        "or type a number over it. ctrl+left and ctrl+right move the text cursor."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Less", show=False),
        Binding("right", "turn(1)", "More", show=False),
        Binding("shift+left,pagedown", f"turn(-{LEAP})", "Much less", show=False),
        Binding("shift+right,pageup", f"turn({LEAP})", "Much more", show=False),
    ]

    def __init__(self, spec: Knob, value: str) -> None:
        super().__init__(value, compact=True, select_on_focus=True)
        self.spec = spec

    def action_turn(self, by: int) -> None:
        """Turn by notches; from the lesson's own value if what stands there is no number."""
        try:
            value = turned(self.spec, float(self.value), by)
        except (ValueError, OverflowError):
            value = float(self.spec.default)
        self.value = written(self.spec.type(value))
        self.cursor_position = len(self.value)
        self.select_all()


class Row(Vertical):
    """A setting.

    Args:
        spec: the setting.
        value: as it is now.
        range: what it can be, in words.
        told: what it means and when a change takes effect.
        choices: its values, if there are few.
        own: the value it has unless it is changed; by default the knob's.
        name_width: cells for its name and the mark before it.
    """

    DEFAULT_CSS = """
    Row {
        height: auto;
        & > Horizontal { height: 1; }
        & .name { padding-right: 1; text-overflow: ellipsis; text-wrap: nowrap; }
        & Slider { margin-right: 1; display: none; }
        & Input, & Choice { width: 31; margin-right: 1; }
        & Input { background: $boost; }
        &.-slides Slider { display: block; }
        &.-slides Input { width: 10; }
        & .range { width: 1fr; color: $text-muted; text-overflow: ellipsis; text-wrap: nowrap; }
        & > .wrong { display: none; color: $text-error; text-style: bold; padding-left: 2; }
        &.-wrong > .wrong { display: block; }
        &.-changed .name { text-style: bold; }
        &.-here .name { text-style: bold reverse; }
    }
    """

    def __init__(
        self,
        spec: Knob,
        value: str,
        range: str,
        told: str,
        choices: tuple[str, ...] = (),
        own: Value | None = None,
        name_width: int = NAME,
    ) -> None:
        super().__init__()
        self.spec, self.range, self.told = spec, range, told
        self.own, self.name_width = spec.default if own is None else own, name_width
        self.field: Input | Choice
        if choices:
            self.field = Choice(choices, value)
        elif spec.type in (int, float):
            self.field = Number(spec, value)
        else:
            self.field = Line(value, compact=True, select_on_focus=True)
        self.slider = Slider(spec) if is_numeric(spec) and spec.name != "seed" else None
        self.set_class(self.slider is not None, "-slides")

    @property
    def setting(self) -> str:
        """Its name."""
        return self.spec.name

    def compose(self) -> ComposeResult:
        with Horizontal():
            name = Label(classes="name")
            name.styles.width = self.name_width
            yield name
            if self.slider is not None:
                yield self.slider
            yield self.field
            yield Static(Text(plain(self.range)), classes="range")
        yield Static(classes="wrong")

    def on_mount(self) -> None:
        """Draw the slider."""
        self.check()

    def on_descendant_focus(self) -> None:
        """Set the name of the setting off that has the keys."""
        self.add_class("-here")

    def on_descendant_blur(self) -> None:
        """It has them no more."""
        self.remove_class("-here")

    def on_input_changed(self) -> None:
        """Say at once what is wrong."""
        self.check()

    def on_click(self, event: events.Click) -> None:
        """A click on the slider's left or right half turns the knob."""
        if event.widget is self.slider and self.slider is not None and isinstance(self.field, Number):
            self.field.focus()
            self.field.action_turn(1 if event.x * 2 > self.slider.size.width else -1)

    def check(self) -> Value | None:
        """The value, or None after saying what is wrong with it."""
        value: Value | None = None
        try:
            value = self.spec.parse(self.field.value)
        except UsageError as error:
            self.query_one(".wrong", Static).update(Text(plain(f"✗ {error}")))
        self.set_class(value is None, "-wrong")
        changed = value is None or value != self.own
        self.set_class(changed, "-changed")
        self.query_one(".name", Label).update(Text(f"{CHANGED if changed else ' '} {plain(self.setting)}"))
        if self.slider is not None:
            self.slider.show(float(value) if value is not None else None)
        return value

    def on_choice_changed(self) -> None:
        """Mark it if it is not what it was."""
        self.check()

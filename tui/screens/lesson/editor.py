"""The settings of a run, one line each: knobs, dataset, device and seed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from descend.engine.errors import UsageError
from descend.engine.knobs import Knob, Value
from descend.engine.lesson import Lesson
from descend.tui.screens.dialog import Dialog
from descend.tui.screens.lesson.settings import Settings
from descend.tui.text import plain


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


class Row(Horizontal):
    """A setting: its name, a field to change it, and its range or what is wrong with what was entered.

    Args:
        name: of the setting.
        value: as it is now.
        range: what it can be.
        told: what it means and when a change takes effect.
        parse: checks what was entered.
        choices: its values, if there are few.
    """

    DEFAULT_CSS = """
    Row {
        height: auto;
        & > .name { width: 13; padding-right: 1; }
        & > Input, & > Choice { width: 18; margin-right: 1; }
        & > Input { background: $boost; }
        & > .range { width: 1fr; color: $text-muted; }
        & > .range.-wrong { color: $text-error; text-style: bold; }
        &:focus-within > .name { text-style: bold; }
    }
    """

    def __init__(
        self, name: str, value: str, range: str, told: str, parse: Callable[[str], Value], choices: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.setting, self.range, self.told, self.parse = name, range, told, parse
        self.field: Input | Choice = (
            Choice(choices, value) if choices else Input(value, compact=True, select_on_focus=True)
        )

    def compose(self) -> ComposeResult:
        yield Label(Text(plain(self.setting)), classes="name")
        yield self.field
        yield Static(Text(plain(self.range)), classes="range")

    def check(self) -> Value | None:
        """The value, or None after saying what is wrong with it."""
        range = self.query_one(".range", Static)
        try:
            value = self.parse(self.field.value)
        except UsageError as error:
            range.update(Text(plain(f"✗ {error}")))
            range.add_class("-wrong")
            return None
        range.update(Text(plain(self.range)))
        range.remove_class("-wrong")
        return value


class EditorScreen(Dialog[Settings | None]):
    """Edits `Settings`; returns None if the user leaves all as it is.

    Args:
        lesson: whose settings.
        settings: their values now.
        live: whether a run is at work, so that live knobs turn at once.
    """

    heading = "Settings"
    HELP = (
        "The settings of the next run. Arrows move between them, enter takes them over, escape leaves all as it is. "
        "A knob marked live turns at once while a run is at work; the others wait for the next run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave all as it is"),
        Binding("enter", "apply", "Take the settings over", priority=True),
        Binding("down", "app.focus_next", "Next setting"),
        Binding("up", "app.focus_previous", "Previous setting"),
        Binding("ctrl+d", "defaults", "The lesson's own settings", priority=True),
    ]
    DEFAULT_CSS = """
    EditorScreen {
        & VerticalScroll { height: auto; max-height: 60vh; }
        & #told { margin-top: 1; height: 2; }
        & .hint { margin-top: 0; }
    }
    """

    def __init__(self, lesson: Lesson, settings: Settings, live: bool) -> None:
        super().__init__()
        self.lesson, self.settings, self.live = lesson, settings, live

    def body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            for name, spec in self.lesson.knobs.specs.items():
                value, choices = str(self.settings.knobs[name]), choices_of(spec)
                yield Row(name, value, spec.describe(), self._told(spec), spec.parse, choices)
            if data := self.lesson.data if len(self.lesson.data) > 1 else ():
                told = self._told(Knob("", help="what it learns from", name="data"))
                yield Row("data", self.settings.data, " | ".join(data), told, str, data)
            places = devices()
            told = self._told(Knob("", help="where it trains", name="device"))
            yield Row("device", self.settings.device, " | ".join(places), told, str, places)
            yield Row("seed", str(self.settings.seed), f"0 … {SEED.high}", self._told(SEED), SEED.parse)
        yield Static(id="told")
        yield Static("enter takes all over   esc leaves all as it is   ctrl+d resets", classes="hint")

    def on_mount(self) -> None:
        """Start at the first setting."""
        self.rows[0].field.focus()

    @property
    def rows(self) -> list[Row]:
        """All settings in order."""
        return list(self.query(Row))

    def on_descendant_focus(self) -> None:
        """Explain the setting that has the keys."""
        for row in self.rows:
            if row.field.has_focus:
                self.query_one("#told", Static).update(Text(plain(row.told)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what is wrong."""
        if isinstance(row := event.input.parent, Row):
            row.check()

    def action_apply(self) -> None:
        """Return the settings if all are right, else go to the first that is not."""
        values: dict[str, Value] = {}
        for row in self.rows:
            value = row.check()
            if value is None:
                row.field.focus()
                return
            values[row.setting] = value
        knobs = {name: values[name] for name in self.lesson.knobs.specs}
        self.dismiss(
            Settings(knobs, str(values.get("data", self.settings.data)), str(values["device"]), int(values["seed"]))
        )

    def action_defaults(self) -> None:
        """Put the lesson's own settings in all fields."""
        own = Settings.of(self.lesson)
        for row in self.rows:
            row.field.value = str(own.knobs.get(row.setting, getattr(own, row.setting, row.field.value)))
            row.check()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def _told(self, spec: Knob) -> str:
        told = f"{spec.name}: {spec.help}".rstrip(": ")
        if not self.live:
            return told
        return f"{'Turns at once' if spec.live else 'From the next run on'}. {told}"


SEED = Knob(0, 0, 2**31 - 1, help="same seed, same run", name="seed", type=int)


def choices_of(spec: Knob) -> tuple[str, ...]:
    """The values of a knob that has few."""
    return ("True", "False") if spec.type is bool else tuple(map(str, spec.choices))


def devices() -> tuple[str, ...]:
    """The devices of this machine, as a run can ask for them."""
    from descend.engine.devices import cuda_count

    apple = ("mps",) if sys.platform == "darwin" else ()
    return ("auto", "cpu", *(f"cuda:{index}" for index in range(cuda_count())), *apple)

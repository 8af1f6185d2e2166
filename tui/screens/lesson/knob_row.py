"""One knob on a line: its name, a slider or another field that changes it, and its range or what is wrong with it.

A slider shows where a knob's value stands between the ends of its range; the arrows give it the next round value.
"""

from __future__ import annotations

import math
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import Knob, Value
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.choice import Choice
from descend.tui.screens.dialog import Line

NAME = 15
"""Cells for a name and the mark before it, where names are short."""
CHANGED = "*"
"""Before the name of a knob that is not at its default."""
NOTCHES = 40, 100
"""About how many values a linear slider has: for fractions, for whole numbers."""
LEAP = 4
"""Steps that the larger move takes."""
DECIMAL, BINARY = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 1.5)
"""Values of a logarithmic slider in one decade, in one octave."""


def is_numeric(spec: Knob) -> bool:
    """Whether the knob is a number with a range."""
    return spec.type in (int, float) and not spec.choices and spec.low is not None and spec.high is not None


def locate_value(spec: Knob, value: float) -> float:
    """Where ``value`` stands in the range, 0 … 1, by the knob's scale."""
    low, high = ends(spec)
    if high <= low:
        return 0.0
    share = math.log(max(value, low) / low) / math.log(high / low) if is_log(spec) else (value - low) / (high - low)
    return min(1.0, max(0.0, share))


def turn_value(spec: Knob, value: float, by: int) -> float:
    """The round value ``by`` steps on from ``value``, which need not be round itself, within the range."""
    low, high = ends(spec)
    for _ in range(abs(by)):
        value = find_next_value(spec, value, 1 if by > 0 else -1)
    value = min(high, max(low, value))
    return int(value) if spec.type is int else value


def place_value(spec: Knob, share: float) -> float:
    """The round value nearest to a place in the range, 0 … 1; the ends are the ends of the range."""
    low, high = ends(spec)
    if share <= 0 or share >= 1:
        return float(high if share >= 1 else low) if spec.type is float else int(high if share >= 1 else low)
    raw = low * (high / low) ** share if is_log(spec) else low + share * (high - low)
    near = [turn_value(spec, raw, 1), turn_value(spec, raw, -1)]
    return min(near, key=lambda value: abs(locate_value(spec, value) - share))


def find_next_value(spec: Knob, value: float, way: int) -> float:
    """The nearest round value above (1) or below (-1) ``value``."""
    low, high = ends(spec)
    if not is_log(spec):
        step = notch(high - low, NOTCHES[spec.type is int])
        step = max(1.0, step) if spec.type is int else step
        count = math.floor(value / step + 1e-9) + 1 if way > 0 else math.ceil(value / step - 1e-9) - 1
        return float(f"{count * step:.12g}")
    default = int(spec.default) if spec.type is int else 0
    base, series = (2, BINARY) if default > 1 and default & (default - 1) == 0 else (10, DECIMAL)
    power = math.floor(math.log(max(value, low), base))
    found = [float(f"{part * base**exponent:.12g}") for exponent in range(power - 1, power + 3) for part in series]
    if spec.type is int:
        found = [number for number in found if number == int(number)]
    near = [number for number in found if (number - value) * way > 1e-9 * abs(value)]
    return min(near, key=lambda number: abs(number - value)) if near else value + way


def notch(span: float, count: int) -> float:
    """1, 2 or 5 times a power of ten, so that at most about ``count`` fill ``span``."""
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next(part * power for part in (1, 2, 5, 10) if part * power >= raw * 0.999)


def ends(spec: Knob) -> tuple[float, float]:
    """Both ends of the range."""
    return float(spec.low or 0), float(spec.high or 0)


def is_log(spec: Knob) -> bool:
    """Whether equal moves multiply; that takes a positive range."""
    return spec.scale == "log" and ends(spec)[0] > 0


def format_value(value: float) -> str:
    """A value as one would type it."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def draw_slider(spec: Knob, value: float | None, width: int) -> Text:
    """``├──●─┼──┤`` in ``width`` cells: ● the value, ┼ the lesson's default; None draws no value."""
    inside = max(1, width - 2)
    cells = ["─"] * inside
    cells[round(locate_value(spec, float(spec.default)) * (inside - 1))] = "┼"
    if value is not None:
        cells[round(locate_value(spec, value) * (inside - 1))] = "●"
    text = Text(f"├{''.join(cells)}┤", no_wrap=True)
    if value is not None:
        at = 1 + round(locate_value(spec, value) * (inside - 1))
        text.stylize("bold", at, at + 1)
    return text


def share_at(x: int, width: int) -> float:
    """The place in the range that `draw_slider` draws at cell ``x`` of ``width``."""
    return min(1.0, max(0.0, (x - 1) / max(1, width - 3)))


class Slider(Widget):
    """Draws a knob's range and its value; the field that changes the value is next to it."""

    DEFAULT_CSS = """
    Slider { height: 1; width: 20; color: $foreground 80%; }
    """

    def __init__(self, spec: Knob) -> None:
        super().__init__()
        self.spec = spec
        self.value: float | None = None

    def show(self, value: float | None) -> None:
        """Put the mark at ``value``; None: nowhere, what was entered is no value."""
        self.value = value
        self.refresh()

    def render(self) -> Text:
        return draw_slider(self.spec, self.value, self.size.width)


class Number(Line):
    """A number that is typed, or turned with the arrows; the whole of it is selected when it gets focus."""

    HELP = (
        "Left and right turn the knob by one step, with shift by several, page up and page down too; "
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
        """Turn by steps; from the lesson's default if the field holds no number."""
        try:
            value = turn_value(self.spec, float(self.value), by)
        except (ValueError, OverflowError):
            value = float(self.spec.default)
        self.take(value)

    def take(self, value: float) -> None:
        """Put a value in the field."""
        self.value = format_value(self.spec.type(value))
        self.cursor_position = len(self.value)
        self.select_all()


class KnobRows(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Knobs, more than may have room: up and down stay with the box, which moves between them, and that scrolls."""


class KnobRow(Vertical):
    """A knob.

    Args:
        spec: the knob.
        value: as it is now.
        range: what it can be, in words.
        told: what it means and when a change takes effect.
        choices: its values, if there are few.
        own: the value it has unless it is changed; by default the knob's.
        name_width: cells for its name and the mark before it.
    """

    DEFAULT_CSS = """
    KnobRow {
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
        """Highlight the name of the knob that has focus."""
        self.add_class("-here")

    def on_descendant_blur(self) -> None:
        """Focus is lost."""
        self.remove_class("-here")

    def on_input_changed(self) -> None:
        """Say at once what is wrong."""
        self.check()

    def on_click(self, event: events.Click) -> None:
        """A click on the slider takes the value of that place."""
        if event.widget is self.slider and self.slider is not None and isinstance(self.field, Number):
            take_focus(self.field)
            self.field.take(place_value(self.spec, share_at(event.x, self.slider.size.width)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel turns the knob that has focus, over its slider or field; elsewhere it scrolls."""
        self._roll(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See above."""
        self._roll(event, -1)

    def _roll(self, event: events.MouseEvent, by: int) -> None:
        field = self.field
        if isinstance(field, Number | Choice) and field.has_focus and event.widget in (self.slider, field):
            event.stop()
            event.prevent_default()
            field.action_turn(by)

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

    def complain(self, sentence: str) -> None:
        """Say what is wrong with the value beside the others, until it is changed."""
        self.query_one(".wrong", Static).update(Text(plain(f"✗ {sentence}")))
        self.add_class("-wrong")
        self.call_after_refresh(self.scroll_visible, animate=False)  # with the line that has come in

    def on_choice_changed(self) -> None:
        """Mark it if it is not what it was."""
        self.check()

"""The live knobs of a run at work, one line each, turned with the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from descend.engine.base.knobs import Knob, Value
from descend.engine.run.run_request import RunRequest
from descend.tui.cell_text import fit, plain
from descend.tui.focus import take_focus
from descend.tui.screens.lesson.knob_row import (
    LEAP,
    draw_slider,
    format_value,
    is_numeric,
    place_value,
    share_at,
    turn_value,
)

if TYPE_CHECKING:
    from textual.timer import Timer

REST = 0.3
"""Seconds a knob rests before the run is told, so that a held arrow is one turn and leaves one mark."""
NAME, SLIDER = 12, 32
ROWS = 6
"""Knobs shown at once; of more, a line below says which these are."""


class LiveKnobs(Widget, can_focus=True):
    """Hidden until it is opened.

    Attributes:
        knobs: the knobs that can be turned now.
        cursor, top: which of them is chosen, and which is the first that is shown.
    """

    HELP = (
        "Knobs that can be turned while the run continues. Up and down choose one, left and right turn it, shift by "
        "more. The run takes the new value at its next step and leaves a mark on every curve."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "turn", key_display="← →", tooltip="Turn the knob by one step"),
        Binding("h", "turn(-1)", "Less", show=False),
        Binding("right,l", "turn(1)", "More", show=False),
        Binding("shift+left,pagedown", f"turn(-{LEAP})", "Much less", show=False),
        Binding("shift+right,pageup", f"turn({LEAP})", "Much more", show=False),
        Binding("down", "move(1)", "knob", key_display="↑ ↓", tooltip="The next knob"),
        Binding("j", "move(1)", "The next knob", show=False),
        Binding("up,k", "move(-1)", "The knob before", show=False),
        Binding("escape", "close", "done", tooltip="Back to the run"),
        Binding("enter,K", "close", "Done", show=False),
    ]
    DEFAULT_CSS = """
    LiveKnobs {
        height: auto; max-height: 7; padding: 0 1; background: $boost; display: none;
        &.-open { display: block; }
    }
    """

    class Turned(Message):
        """A knob has come to rest at a new value."""

        def __init__(self, name: str, value: Value) -> None:
            super().__init__()
            self.name, self.value = name, value

    class Closed(Message):
        """The learner is done."""

    def __init__(self, specs: dict[str, Knob]) -> None:
        super().__init__()
        self.knobs = {name: spec for name, spec in specs.items() if spec.live}
        self.values: dict[str, Value] = {name: spec.default for name, spec in self.knobs.items()}
        self.cursor, self.top = 0, 0
        self._resting: dict[str, Timer] = {}

    @property
    def opened(self) -> bool:
        """Whether it is shown."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show it and take the focus."""
        self.add_class("-open")
        take_focus(self)

    def close(self) -> None:
        """Hide it."""
        self.remove_class("-open")

    def show(self, settings: RunRequest) -> None:
        """Take over the values the run has, except of a knob that is being turned."""
        now = {name: self.values[name] if name in self._resting else settings.knobs[name] for name in self.knobs}
        if now != self.values:
            self.values = now
            self.refresh()

    def render(self) -> Text:
        lines = []
        for number, (name, spec) in list(enumerate(self.knobs.items()))[self.top : self.top + ROWS]:
            here = number == self.cursor
            line = Text("› " if here else "  ", "bold", no_wrap=True)
            line.append(fit(plain(name), NAME), "bold reverse" if here else "").append(" ")
            value = self.values[name]
            if is_numeric(spec):
                line.append_text(draw_slider(spec, float(value), self._slider_width))
                line.append(f" {format_value(value)}" if not isinstance(value, str) else "", "bold")
            else:
                line.append(f"‹ {plain(str(value))} ›", "bold")
            if name in self._resting:
                line.append(" …")
            lines.append(line)
        if (count := len(self.knobs)) > ROWS:
            ways = ("↑" if self.top else "") + ("↓" if self.top + ROWS < count else "")
            lines.append(Text(f"  {self.top + 1}–{self.top + ROWS} of {count} {ways}", "dim", no_wrap=True))
        return Text("\n").join(lines)

    @property
    def _slider_width(self) -> int:
        return min(SLIDER, max(10, self.size.width - 34))

    def on_click(self, event: events.Click) -> None:
        """Choose the knob of that line; on its slider take the value there, on a word's arrows the next."""
        if (at := event.get_content_offset(self)) is None or not self._point(at.y):
            return
        name, spec = list(self.knobs.items())[self.cursor]
        x = at.x - len("› ") - NAME - 1
        if is_numeric(spec) and 0 <= x < self._slider_width:
            self._take(name, place_value(spec, share_at(x, self._slider_width)))
        elif not is_numeric(spec) and x >= 0:
            self.action_turn(-1 if x < len("‹ ") else 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel turns the knob under the pointer."""
        self._roll(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See above."""
        self._roll(event, -1)

    def _roll(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        if (at := event.get_content_offset(self)) is not None and self._point(at.y):
            self.action_turn(by)

    def _point(self, line: int) -> bool:
        """Choose the knob of a line; whether there is one."""
        there = 0 <= line < min(ROWS, len(self.knobs))
        if there:
            self.cursor = self.top + line
            self.refresh()
        return there

    def action_move(self, by: int) -> None:
        """Choose the next (1) or previous (-1) knob."""
        self.cursor = (self.cursor + by) % len(self.knobs)
        self.top = min(max(self.top, self.cursor - ROWS + 1), self.cursor)
        self.refresh()

    def action_turn(self, by: int) -> None:
        """Turn the chosen knob; the run is told when it rests."""
        name, spec = list(self.knobs.items())[self.cursor]
        value = self.values[name]
        if is_numeric(spec):
            value = spec.type(turn_value(spec, float(value), by))
        else:
            choices: tuple[Value, ...] = (False, True) if spec.type is bool else spec.choices
            if not choices:
                return
            value = choices[(choices.index(value) + (1 if by > 0 else -1)) % len(choices)]
        self._take(name, value)

    def _take(self, name: str, value: Value) -> None:
        """Give a knob a value; the run is told when it rests."""
        self.values[name] = value
        if name in self._resting:
            self._resting[name].stop()
        self._resting[name] = self.set_timer(REST, lambda: self._rested(name))
        self.refresh()

    def _rested(self, name: str) -> None:
        if self._resting.pop(name, None) is None:  # a timer that was stopped too late has told it already
            return
        self.post_message(self.Turned(name, self.values[name]))
        self.refresh()

    def action_close(self) -> None:
        """Back to the run."""
        self.close()
        self.post_message(self.Closed())

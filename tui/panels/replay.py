"""Looking back at a run: one cursor over its steps for all panels, the keys that move it, and a player."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.actions import parse
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer

from descend.tui.keymap import make_id
from descend.tui.panels.stepline import StepLine

if TYPE_CHECKING:
    from descend.engine.run.history import History

WHOLE = 10.0
"""Seconds in which the player, at speed 1, goes through a whole run, however short or long."""
SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
LEAP = 0.05
"""Share of the run that the larger keys move by."""
TICK = 1 / 10
"""Seconds between two moves of the player."""


def handed_on(bindings: Sequence[BindingType]) -> list[BindingType]:
    """``bindings`` of the panels for the screen around them, which hands them on: its ``action_panels`` gets the
    action. They do not show in the line of keys a second time."""
    return [
        replace(one, action=f"panels({one.action!r})", show=False, id=one.id or make_id("panels", one.action))
        for one in bindings
        if isinstance(one, Binding) and one.key not in ("escape", "left", "right") and not one.key.isdigit()
    ]


class Replay(Container):
    """What shows a run as it is, or as it was.

    The cursor only chooses what is shown: a run at work is read and recorded meanwhile as usual.

    Attributes:
        history: the run.
        cursor: the step that is looked back at; None follows the run.
        speed: of the player, one of `SPEEDS`.
    """

    HELP = (
        "The panels of a run. Look back at any step with the keys below: all panels show it, and the run continues "
        "meanwhile. At speed 1 a whole run plays in ten seconds. Escape shows its newest step again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("comma", "scrub(-1)", "Replay", key_display=", .", tooltip="Look back one recorded step"),
        Binding("full_stop", "scrub(1)", "One recorded step forward", show=False, tooltip="One recorded step forward"),
        Binding(
            "less_than_sign",
            "leap(-1)",
            "Leap back",
            show=False,
            key_display="<",
            tooltip="Back by a twentieth of the run",
        ),
        Binding(
            "greater_than_sign",
            "leap(1)",
            "Leap forward",
            show=False,
            key_display=">",
            tooltip="Forward by a twentieth of the run",
        ),
        Binding("home", "first", "First step", show=False, tooltip="Look back at the first step"),
        Binding("end", "live", "Newest step", show=False, tooltip="Back to the newest step"),
        Binding("p", "play", "Play", tooltip="Play from the cursor; a whole run takes ten seconds"),
        Binding("p", "hold", "Pause", tooltip="Pause the player at this step"),
        Binding("g", "seek", "Go to", tooltip="Type the step to look back at"),
        Binding("plus", "speed(1)", "Speed", key_display="+ -", tooltip="Play twice as fast"),
        Binding("minus", "speed(-1)", "Slower", show=False, tooltip="Play half as fast"),
    ]

    class Moved(Message):
        """The cursor moved, or the player started, stopped or changed its speed."""

    history: History

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor: int | None = None
        self.speed = 1.0
        self.line = StepLine()
        self._player: Timer | None = None
        self._place, self._clock = 0.0, 0.0

    @property
    def playing(self) -> bool:
        """Whether the player moves the cursor."""
        return self._player is not None

    def look(self, step: int | None) -> None:
        """Show the run as it was at ``step``; None, or a step that is not over, follows the run. Stops the player."""
        self._stop()
        self._set(step)

    def offers(self, action: str) -> bool:
        """Whether ``action``, as a binding writes it, works now."""
        _, name, parameters = parse(action)
        return bool(self.check_action(name, parameters))

    def follow_cursor(self) -> None:
        """Show the cursor's step; called when it has moved."""
        raise NotImplementedError

    def on_step_line_given(self, event: StepLine.Given) -> None:
        event.stop()
        self.look(event.step)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("scrub", "leap", "first", "seek"):
            return self.history.ends is not None
        if action == "play":
            return not self.playing and self.history.ends is not None
        if action in ("hold", "speed"):
            return self.playing
        return self.cursor is not None if action == "live" else True

    def action_scrub(self, direction: int) -> None:
        """Move by one recorded step, back (-1) or forward (1)."""
        if ends := self.history.ends:
            here = ends[1] if self.cursor is None else self.cursor
            near = self.history.before(here) if direction < 0 else self.history.after(here)
            self.look(here if near is None else near)

    def action_leap(self, direction: int) -> None:
        """Move by a twentieth of the run."""
        if ends := self.history.ends:
            here = ends[1] if self.cursor is None else self.cursor
            self.look(here + direction * max(1, round(LEAP * (ends[1] - ends[0]))))

    def action_first(self) -> None:
        """Go to the first step."""
        if ends := self.history.ends:
            self.look(ends[0])

    def action_live(self) -> None:
        """Follow the run again."""
        self.look(None)

    def action_seek(self) -> None:
        """Ask for a step."""
        if ends := self.history.ends:
            self.line.ask(ends)

    def action_play(self) -> None:
        """Play from the cursor to the end; from the first step if the run is followed."""
        if ends := self.history.ends:
            self._stop()
            self._place = float(ends[0] if self.cursor is None else self.cursor)
            self._clock = time.monotonic()
            self._player = self.set_interval(TICK, self._play)
            self._set(int(self._place))

    def action_hold(self) -> None:
        """Pause the player where it is."""
        self.look(self.cursor)

    def action_speed(self, direction: int) -> None:
        """Play twice (1) or half (-1) as fast."""
        index = SPEEDS.index(self.speed) + direction
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, index))]
        self.post_message(self.Moved())

    def _play(self) -> None:
        """Move on by the time that has gone."""
        now, ends = time.monotonic(), self.history.ends or (0, 0)
        self._place += (ends[1] - ends[0]) / WHOLE * self.speed * (now - self._clock)
        self._clock = now
        if self._place >= ends[1]:
            self.look(None)
        elif int(self._place) != self.cursor:
            self._set(int(self._place))

    def _stop(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None

    def _set(self, step: int | None) -> None:
        ends = self.history.ends
        if step is not None:
            step = None if ends is None or step >= ends[1] else max(step, ends[0])
        if step is None:
            self._stop()
        self.cursor = step
        self.follow_cursor()
        self.refresh_bindings()
        self.post_message(self.Moved())

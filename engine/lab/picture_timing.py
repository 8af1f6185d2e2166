"""When pictures are taken and drawn: rarely enough to cost little, often enough that the last is never missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from descend.engine.lab.clock import TrainingClock
from descend.engine.lab.command_queue import CommandQueue
from descend.engine.lab.packing import MAX_VALUES, Values, fetch_values, require, take_values
from descend.engine.lab.pictures import Pictures
from descend.engine.lab.recorder import Recorder
from descend.engine.run.records import Picture

PICTURE = 0.2
"""Seconds between two pictures of one kind, at least."""
SPARSER = 0.01
"""… and at least this part of the training time so far, so that a long run stays small."""
TAKEN = 0.01
"""Seconds for which a picture that waits to be drawn, and is the last if the run is held or ends now, is new enough."""
EVERY = 200
"""A loop of at most so many steps shows every picture at every step."""
COSTLY = 9
"""Times as long as they took to make, costly pictures are not made again."""


class TimedPictures(Pictures):
    """The part of `Lab` that says when; and pictures that are made of many steps."""

    state: dict[str, Any]
    _clock: TrainingClock
    _controls: CommandQueue
    _recorder: Recorder
    _index: int
    _count: int

    def __init__(self) -> None:
        super().__init__()
        self._due_at: dict[str, float] = {}
        self._taken_at: dict[tuple[str, str | None], float] = {}
        self._asked, self._asked_at, self._spent = -1, 0.0, 0.0
        self._first_asked = -1
        self._waiting: dict[str, Callable[[], Picture]] = {}

    def due(self, early: bool = False) -> bool:
        """Whether pictures that are costly to make should be made at this step; what is then shown is drawn.

        True so often that making them takes at most a tenth of the time, at the first and the last step of a loop, at
        every step of one of at most `EVERY`, outside of loops, and where the user takes single steps.

        Args:
            early: also at steps 1, 2, 4, 8 … of a loop, where what matters is over soon.
        """
        if self._asked == self.step:
            return True
        now = self._clock.elapsed()
        doubled = early and self._index & (self._index - 1) == 0
        if (
            not doubled
            and self._is_in_long_loop()
            and now < self._asked_at + max(PICTURE, SPARSER * now, COSTLY * self._spent)
        ):
            return False
        if self._asked < 0:
            self._first_asked = self.step
        self._asked, self._asked_at, self._spent = self.step, now, 0.0
        return True

    def trace(self, name: str, place: Values, most: int = 1000) -> list[list[float]]:
        """Add a place to the trace ``name`` and return all of it, for the ``paths`` of `points` or `field`.

        Call it once a step. Of more than ``most`` places every second is left out, again and again, so that a trace
        stays small however long the run is; the first and the newest place are always in it. It is part of
        checkpoints.

        Args:
            place: its coordinates, such as (2,), an array, a tensor or numbers.
        """
        require(most >= 2, "a trace has at least two places")
        here = [float(value) for value in fetch_values(take_values(place)).ravel()]
        kept = self.state.setdefault(f"trace {name}", {"every": 1, "seen": 0, "places": []})
        regular = _keep_or_skip(kept, "places", here, most)
        return [*kept["places"]] if regular else [*kept["places"], here]

    def film(
        self,
        name: str,
        frame: Values | Callable[[], Values],
        caption: str = "",
        *,
        frames: int = 12,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Show how an image changes over the run: `images` of at most ``frames`` + 1 steps, evenly spread, the newest
        of which is always the last one, also when the run ends.

        Call it once a step. It is part of checkpoints.

        Args:
            frame: (height, width) or (height, width, 3), or what makes it, called only where it is needed.
            caption: of this frame; by default its step.
            low, high: as in `images`.
        """
        require(frames >= 2, "a film has at least two frames")
        kept = self.state.setdefault(f"film {name}", {"every": 1, "seen": 0, "frames": []})
        if kept["seen"] % kept["every"] and not self.due():
            kept["seen"] += 1
            return
        made = take_values(frame() if callable(frame) else frame)
        require(made.size > 0 if isinstance(made, np.ndarray) else made.numel() > 0, "a frame has pixels")
        pixels = torch.as_tensor(made).cpu()
        require(pixels.numel() * (frames + 1) <= MAX_VALUES, "the frames are too many or too large")
        here = [pixels, caption or f"step {self.step:,}"]
        regular = _keep_or_skip(kept, "frames", here, frames)
        shown = kept["frames"] if regular else [*kept["frames"], here]
        self.images(name, torch.stack([one[0] for one in shown]), [one[1] for one in shown], low=low, high=high)

    # What follows is for the worker.

    def draw_waiting(self) -> None:
        """Draw the last picture of each kind."""
        while self._waiting:
            self._recorder.put(self._waiting.popitem()[1])

    def _is_due(self, key: str) -> bool:
        now = self._clock.elapsed()
        if now < self._due_at.get(key, 0.0) and self._count > EVERY and self._asked != self.step:
            return False
        self._due_at[key] = now + max(PICTURE, SPARSER * now)
        return True

    def _are_layers_due(self) -> bool:
        if self._index == self._count - 2:  # the last step is to come
            return True
        due = self._is_due("layers")
        return due and (self._index == 0 or self._controls.stepping or self._layers.affordable(self._clock.elapsed()))

    def _is_in_long_loop(self) -> bool:
        """Whether this step need not be seen: it is one of many, not the first or last, and not a single one."""
        return 0 < self._index < self._count - 1 and self._count > EVERY and not self._controls.stepping

    def _should_take(self, kind: str, name: str | None) -> bool:
        key, now = (kind, name), self._clock.elapsed()
        if now < self._taken_at.get(key, -1.0) + TAKEN and self._is_in_long_loop() and self._asked != self.step:
            return False
        self._taken_at[key] = now
        return True

    def _show(self, key: str, make: Callable[[], Picture]) -> None:
        self._waiting[key] = make
        if self._is_due(key):
            self._draw(self._waiting.pop(key))
        if self._asked == self.step:
            took = self._clock.elapsed() - self._asked_at
            self._spent = took if self._asked != self._first_asked else 0.0  # the first imports what it needs

    def _draw(self, make: Callable[[], Picture]) -> None:
        self._recorder.put(make)


def _keep_or_skip(kept: dict[str, Any], what: str, here: Any, most: int) -> bool:
    """Keep ``here`` if it is its turn, and whether it is; of more than ``most`` every second is left out."""
    regular = bool(kept["seen"] % kept["every"] == 0)
    if regular:
        kept[what].append(here)
    kept["seen"] += 1
    if regular and len(kept[what]) > most:
        last = kept[what][-1]
        kept[what] = kept[what][::2]
        kept["every"] *= 2
        return bool(kept[what][-1] is last)
    return regular

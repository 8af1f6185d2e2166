"""How long a run has trained, how fast it goes, and how fast it may go."""

from __future__ import annotations

import time

WINDOW = 3.0
"""Seconds over which speed is measured."""


class TrainingClock:
    """Seconds of training, pauses excluded; continues from ``elapsed`` when a run is resumed."""

    def __init__(self, elapsed: float = 0.0) -> None:
        self._start = time.monotonic() - elapsed
        self._held_since: float | None = None

    @property
    def held(self) -> bool:
        """Whether the clock is paused."""
        return self._held_since is not None

    def elapsed(self) -> float:
        """Seconds of training so far."""
        held = self._held_since  # read once: another thread may let the clock go meanwhile
        return (time.monotonic() if held is None else held) - self._start

    def hold(self) -> None:
        """Pause."""
        if self._held_since is None:
            self._held_since = time.monotonic()

    def go(self) -> None:
        """Resume."""
        if self._held_since is not None:
            self._start += time.monotonic() - self._held_since
            self._held_since = None


class Speedometer:
    """Steps a second over the last `WINDOW` seconds."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = []

    def reset(self) -> None:
        """Forget what was seen, after a pause."""
        self._marks = []

    def rate(self, now: float, step: int) -> float:
        """Steps a second, having reached ``step`` at ``now``; 0 on the first call."""
        self._marks = [mark for mark in self._marks if now - mark[0] < WINDOW] + [(now, step)]
        then, before = self._marks[0]
        return (step - before) / (now - then) if now > then else 0.0


class Pacer:
    """Bounds the steps a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def wait(self, steps_a_second: float) -> None:
        """Sleep until the next step may be taken; 0 is no bound."""
        if steps_a_second <= 0:
            return
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(self._next, now - 0.05) + 1 / steps_a_second  # make up for a late step, not for a pause

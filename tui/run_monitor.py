"""One run as the shell sees it: its folder, read as it grows, and what the user has asked of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from descend.engine.run.history import History
from descend.engine.run.loading_times import describe_loading
from descend.engine.run.records import Pause, Resume, SetKnob, State, Step, Stop

if TYPE_CHECKING:
    from descend.engine.run.records import Control, Status
    from descend.engine.run.runs import Run

Phase = State | Literal["dead"]
LIVE: frozenset[Phase] = frozenset({"starting", "running", "paused"})
"""Phases in which a worker is at work."""

CHUNK = 1 << 17
LOOK = 1.0
"""Seconds between two checks whether the worker of a silent run still lives."""
PATIENCE = 60.0
"""Seconds a worker that was asked to resume an old run may need before it signs the folder."""

LEADS_TO: dict[str, Phase] = {
    "starting": "starting",
    "pausing": "paused",
    "stepping": "paused",
    "resuming": "running",
    "stopping": "stopped",
}


class RunMonitor:
    """Follows one run and passes on what the user says.

    Attributes:
        run: the run's folder.
        history: everything it has said so far.
        asked: what the user has asked for and the run has not confirmed yet, such as ``pausing``; else empty.
        behind: whether more is waiting to be read at once.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.history = History()
        self.asked = ""
        self.behind = True
        self._follower = run.follow()
        self._status_when_asked: Status | None = None
        self._dead = False
        self._next_look = 0.0
        self._loading: tuple[Status | None, str] = None, describe_loading(self.history)

    @property
    def phase(self) -> Phase:
        """What the run is doing, by its own last word; ``dead`` if its worker went away without one."""
        if self._dead:
            return "dead"
        return self.history.status.state if self.history.status else "starting"

    @property
    def loading(self) -> str:
        """What its worker does before it trains, and how long that takes as a rule; empty once it trains."""
        if self.phase != "starting":
            return ""
        if self._loading[0] is not self.history.status:  # told once for each, as a file is read
            self._loading = self.history.status, describe_loading(self.history)
        return self._loading[1]

    @property
    def aim(self) -> Phase:
        """`phase`, or where it is going if the user has just asked for something."""
        return LEADS_TO.get(self.asked, self.phase)

    @property
    def live(self) -> bool:
        """Whether a worker is, or should soon be, at work on it."""
        return self.aim in LIVE or self.phase in LIVE

    def poll(self, budget: float = 0.015) -> set[str]:
        """Take in what the run has said since, for about ``budget`` seconds at most, and return the names of what
        changed, as `History.feed` does."""
        now = time.monotonic()
        look = not self.behind and now >= self._next_look and self.phase in LIVE
        living = self.run.alive() if look else True  # asked before reading: its last words must not be missed
        changed: set[str] = set()
        records = self._follower.read(CHUNK)
        while records or self._follower.behind:
            changed |= self.history.feed(records)
            if time.monotonic() - now > budget:
                break
            records = self._follower.read(CHUNK)
        self.behind = bool(records) or self._follower.behind
        if changed:
            self._dead = False
            self._next_look = max(self._next_look, now + LOOK)
            if self.asked and self.history.status is not self._status_when_asked and self._answered():
                self.asked = ""
        elif look:
            self._next_look = now + LOOK
            if not living and not self.behind:
                self._dead, self.asked = True, ""
                changed.add("status")
        return changed

    def pause(self) -> None:
        """Pause before the next step.

        Raises:
            DescendError: the run folder cannot be written; so do all that follow.
        """
        self._ask(Pause(), "pausing")

    def resume(self) -> None:
        """Resume after a pause."""
        self._ask(Resume(), "resuming")

    def step(self) -> None:
        """Take one step, then pause."""
        self._ask(Step(), "stepping")

    def stop(self) -> None:
        """End after the current step, keeping everything."""
        self._ask(Stop(), "stopping")

    def turn(self, knob: str, value: bool | int | float | str) -> None:
        """Turn a live knob at the next step."""
        self.run.ask(SetKnob(knob=knob, value=value))

    def revived(self) -> None:
        """A new worker was started for this ended run: expect it to resume from its newest checkpoint."""
        self._expect("starting")
        self._dead = False
        self._next_look = time.monotonic() + PATIENCE

    def _answered(self) -> bool:
        """Whether the run's newest state is what the user asked for, or makes that pointless."""
        return self.asked == "starting" or self.phase == LEADS_TO[self.asked] or self.phase not in LIVE

    def _ask(self, command: Control, name: str) -> None:
        self.run.ask(command)
        self._expect(name)

    def _expect(self, name: str) -> None:
        self.asked, self._status_when_asked = name, self.history.status

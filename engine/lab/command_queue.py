"""What the user has asked of a running experiment: commands come in on one thread and are carried out on another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from descend.engine.run.records import Control, Pause, Resume, SetKnob, Step, Stop


class Stopped(BaseException):
    """The user stopped the run; raised out of `Lab.steps`. Not an ``Exception``: an experiment should not catch it."""


class CommandQueue:
    """Pause, single step, stop and knob turns between two steps.

    Attributes:
        attention: whether the experiment should `attend` before its next step; a plain flag, so that looking costs
            nothing.

    Args:
        turn: turns a live knob; called on the experiment's thread.
        check: raises if the run must end for another reason.
        held: called when the experiment is paused.
        released: called when it resumes, with whether only for a single step.
    """

    def __init__(
        self,
        *,
        turn: Callable[[SetKnob], None],
        check: Callable[[], None],
        held: Callable[[], None],
        released: Callable[[bool], None],
    ) -> None:
        self.attention = False
        self._turn, self._check, self._held, self._released = turn, check, held, released
        self._commands: SimpleQueue[Control] = SimpleQueue()
        self._woken = threading.Event()
        self._paused, self._allowed, self._stop = False, 0, False
        self._was_held = False

    @property
    def stepping(self) -> bool:
        """Whether the experiment is paused, or takes single steps."""
        return self._paused

    def hear(self, command: Control) -> None:
        """Take a command, on any thread."""
        self._commands.put(command)
        self.call()

    def call(self) -> None:
        """Make the experiment check for commands before its next step, on any thread."""
        self.attention = True
        self._woken.set()

    def begin_again(self) -> None:
        """Forget that the experiment should stop: it has."""
        self._stop = False

    def attend(self) -> None:
        """Obey, and wait here while paused."""
        self.attention = False
        self.obey()
        holding = False
        while self._paused and not self._allowed:
            if not holding:
                holding = self._was_held = True
                self._held()
            self._woken.wait()
            self._woken.clear()
            self.obey()
        if self._was_held:
            self._released(self._paused)
            self._was_held = self._paused
        if self._paused:  # a single step: check again after it
            self._allowed -= 1
            self.attention = True

    def obey(self) -> None:
        """Carry out the commands heard so far.

        Raises:
            Stopped: the user said so.
        """
        while not self._commands.empty():
            match self._commands.get():
                case Pause():
                    self._paused, self._allowed = True, 0
                case Resume():
                    self._paused, self._allowed = False, 0
                case Step(count=count):
                    self._paused, self._allowed = True, self._allowed + max(1, count)
                case Stop():
                    self._stop = True
                case SetKnob() as turn:
                    self._turn(turn)
        if self._stop:
            raise Stopped
        self._check()

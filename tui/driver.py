"""How the shell writes to the terminal: no more than needed, and no faster than the terminal reads."""

from __future__ import annotations

import asyncio
import math
import os
import select
import signal
import sys
import termios
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver
from textual.events import AppFocus, CursorPosition, Resize

from descend.tui.cell_diff import CellDiff
from descend.tui.keyboard import Keyboard
from descend.tui.private_names import count_unwritten, get_driver, is_writing

if TYPE_CHECKING:
    from types import FrameType

    from textual.app import App
    from textual.message import Message

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Between these, terminals that can show nothing, so that no half of an update is seen."""
ASK = "\x1b[6n"
"""Every terminal answers this, where the cursor is, once it has taken in all that came before."""
SLACK = 0.15
"""Seconds by which an answer may take longer than the fastest so far before the terminal counts as behind."""
GIVE_UP = 5.0
"""Seconds after which an answer is no longer waited for."""

GO = 1.0
"""Seconds that leaving waits for an answer; from the question on if there never was one."""

READ = 1 << 16
LOOK = 0.1
"""Seconds for which the thread that reads may miss the end of the shell; then an escape is the key."""
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Signals by which others end the shell: ctrl+c and similar are keys while the terminal is its own."""
MOMENT = 0.05
"""Seconds within which two signals count as sent together."""
ROOM, TRIES = 0.3, 3
"""Seconds in which a terminal that is behind may make room for being reset, and how often."""
GRACE = 3.0
"""Seconds in which the shell has to leave by itself when it is told to; a second signal does not wait for them."""
RESTORE = "".join(f"\x1b[?{mode}l" for mode in (2026, 1000, 1003, 1015, 1006, 1016, 2048, 2004, 1004)).encode()
RESTORE = b"\x18" + RESTORE + b"\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[m"
"""Resets everything Textual asks of a terminal; each part is harmless where it was not asked for. It first cancels a
sequence of which only a part was read."""


class LeanDriver(LinuxDriver):
    """Textual's driver, with updates reduced to what changed on the screen, and a measure of how far the terminal is
    behind: over a slow connection, what is on its way to the screen would else delay the answer to each key.

    Attributes:
        heard: when the user last did something.
    """

    def __init__(self, app: App[Any], *, debug: bool = False, **settings: Any) -> None:
        super().__init__(app, debug=debug, **settings)
        self._shell, self._events, self._debugs = app, asyncio.get_running_loop(), debug
        self._repaint = CellDiff()
        self._stale = False
        self._began = False
        self._fastest: float | None = None
        self._asked: float | None = None
        self._asks = True
        self.heard = time.monotonic()
        self._before: dict[int, Any] = {}
        self._told = 0
        self._gone = False
        self._holds = self._given_back = False
        self._continued = -math.inf
        signal.signal(signal.SIGTSTP, self._hear_stop)
        signal.signal(signal.SIGCONT, self._hear_continue)

    @property
    def behind(self) -> bool:
        """Whether the terminal has still to show what was sent; in case of doubt, False."""
        if count_unwritten(self):
            return True
        asked, fastest = self._asked, self._fastest
        if asked is None or fastest is None:
            return False
        return fastest + SLACK < time.monotonic() - asked < GIVE_UP

    def write(self, data: str) -> None:
        """Send ``data``, unless the terminal shows it already; nothing to one that has gone."""
        if self._gone or not is_writing(self):
            return
        if data == BEGIN:
            self._began = True
            return
        if data == END:
            if not self._began:
                super().write(END)
            self._began = False
            return
        if self._stale:
            self._stale = False
            self._repaint.forget()
        with suppress(OSError):
            columns, lines = os.get_terminal_size(self.fileno)
            self._repaint.size = columns or math.inf, lines or math.inf
        sent = self._repaint.reduced(data)
        if not sent:
            return
        if self._began:
            self._began, sent = False, BEGIN + sent
        super().write(sent + self._question() if sent.endswith("H") else sent)

    def _get_terminal_size(self) -> tuple[int, int]:
        """What the terminal itself says, whatever ``COLUMNS`` and ``LINES`` were when the shell was started."""
        with suppress(OSError):
            columns, lines = os.get_terminal_size(self.fileno)
            if columns and lines:
                return columns, lines
        return super()._get_terminal_size()

    def _question(self) -> str:
        """`ASK`, if no answer is outstanding."""
        now = time.monotonic()
        if not self._asks or (self._asked is not None and now < self._asked + GIVE_UP):
            return ""
        self._asks = self._asked is None or self._fastest is not None  # those that do not answer are not asked twice
        self._asked = now if self._asks else None
        return ASK if self._asks else ""

    def start_application_mode(self) -> None:
        """Take over the terminal."""
        self._holds = True
        self._heed_signals()  # before anything is asked of the terminal
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if not is_writing(self):  # continued in the background, where the terminal is not available
            self._holds = False
            self._heed_no_signals()
            return
        self._asks, self._asked = True, None
        resized, loop = signal.getsignal(signal.SIGWINCH), asyncio.get_running_loop()

        def ask_anew() -> None:
            if callable(resized):
                resized(signal.SIGWINCH, None)
            self._shell.refresh(layout=True)

        def forgets(number: int, frame: FrameType | None) -> None:
            self._stale = True  # a terminal that was small for a moment has lost what did not fit
            loop.call_soon_threadsafe(ask_anew)  # not here, where the next signal would overtake this one's size

        signal.signal(signal.SIGWINCH, forgets)

    def _heed_signals(self) -> None:
        """Whatever ends the shell, the terminal is restored; what was ignored, as under nohup, stays ignored."""
        for number in ENDING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._end)

    def _heed_no_signals(self) -> None:
        """Signals do what they did before."""
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _hear_stop(self, *_: object) -> None:
        """Stop between two steps of the loop, unless told to continue in the same moment, of which Python tells first;
        at once where another program has the terminal."""
        now = time.monotonic()
        if not self._holds:
            os.kill(os.getpid(), signal.SIGSTOP)
        elif now > self._continued + MOMENT:
            self._events.call_soon_threadsafe(self._stop, now)

    def _stop(self, asked: float) -> None:
        """Give the terminal back and stop, unless told since ``asked`` to continue or to end."""
        if not self._holds or self._told or self._continued > asked:
            return
        self.suspend_application_mode()
        self._given_back = True
        if not self._told and self._continued < asked:
            self._stop_others()
            os.kill(os.getpid(), signal.SIGSTOP)

    def _stop_others(self) -> None:
        """Stop what has started the shell in its own group, such as ``uv run``: the command line waits for that."""
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._hear_stop)

    def _hear_continue(self, *_: object) -> None:
        self._continued = time.monotonic()
        with suppress(RuntimeError):  # the shell has ended
            self._events.call_soon_threadsafe(self._continue)

    def _continue(self) -> None:
        """Take the terminal again, if it was given back to stop; in the background each SIGCONT is another try."""
        if not self._given_back or self._told:
            return
        self.resume_application_mode()
        if self._holds:
            self._given_back = False
            self._shell.post_message(self.SignalResume())

    def _end(self, number: int, frame: FrameType | None = None) -> None:
        """Leave with the status 128 + ``number``: cleanly if possible, but in any case soon."""
        if self._told:
            self._end_at_once(number)
        self._told = number
        self._events.call_soon_threadsafe(partial(self._shell.exit, return_code=128 + number))
        at_last = threading.Timer(GRACE, self._end_at_once, (number,))
        at_last.daemon = True
        at_last.start()

    def _end_at_once(self, number: int) -> None:
        with suppress(OSError, termios.error, ValueError):
            if self._holds and not self._gone:
                self._restore()
        with suppress(OSError, termios.error, ValueError):
            if self._holds and self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        os._exit(128 + number)

    def _restore(self) -> None:
        """Reset the terminal, after which nothing else is written there; one that does not read loses what it has
        not read."""
        if sys.__stderr__ is not None:  # what is queued would turn on again what is reset here
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno())
        for _ in range(TRIES):
            if select.select([], [self.fileno], [], ROOM)[1]:
                os.write(self.fileno, RESTORE)
                return
            termios.tcflush(self.fileno, termios.TCOFLUSH)

    def run_input_thread(self) -> None:
        """Read what the terminal sends, until the shell ends or the terminal has gone."""
        try:
            keyboard = Keyboard(self._debugs)
        except ImportError:  # Textual has another parser now, and reads with that
            super().run_input_thread()
            return
        while not self.exit_event.is_set():
            if not select.select([self.fileno], [], [], LOOK)[0]:
                messages = keyboard.tick()
            else:
                try:
                    data = os.read(self.fileno, READ)
                except OSError:
                    data = b""
                if not data:
                    self._gone = True
                    self._events.call_soon_threadsafe(self._end, signal.SIGHUP)
                    return
                messages = keyboard.feed(data)
            for message in messages:
                self.process_message(message)

    def stop_application_mode(self) -> None:
        """Give the terminal back, without a pending answer that would be read as what the user types next."""
        self._asks = False
        if self._asked is not None and not self._gone:
            until = (self._asked if self._fastest is None else time.monotonic()) + GO
            while self._asked is not None and time.monotonic() < until:
                time.sleep(0.005)
        super().stop_application_mode()
        self.close()  # which waits until all is written
        self._holds = False
        self._heed_no_signals()  # not earlier: one that ends the shell would leave the terminal raw

    def process_message(self, message: Message) -> None:
        """Take the terminal's answers out of what the user says."""
        if isinstance(message, CursorPosition):
            if (asked := self._asked) is not None:
                taken = time.monotonic() - asked
                self._fastest = taken if self._fastest is None else min(taken, self._fastest)
                self._asked = None
            return
        self.heard = time.monotonic()
        if isinstance(message, AppFocus | Resize):
            self._stale = True  # others may have written to the terminal meanwhile: the next full painting repairs it
        super().process_message(message)


def has_job_control() -> bool:
    """Whether there is a command line that continues what was stopped: a process of this session outside this one's
    group has started it. Without one, a shell that stops is never seen again."""
    import psutil  # here, because it is rarely asked for

    try:
        above = os.getppid()
        while os.getpgid(above) == os.getpgrp():
            above = psutil.Process(above).ppid()
        return os.getsid(above) == os.getsid(0)
    except (OSError, psutil.Error):
        return False


def behind(app: App[Any]) -> bool:
    """Whether the terminal of ``app`` has still to show what it was sent."""
    driver = get_driver(app)
    return isinstance(driver, LeanDriver) and driver.behind

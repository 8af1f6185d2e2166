"""What others do to the shell in its terminal: signals, noise, a line that drops."""

from __future__ import annotations

import os
import random
import re
import select
import signal
import termios
import time
from pathlib import Path

import pytest

from descend.tui.driver import LeanDriver
from tests.terminal import Terminal, descend

FIRST = "Digits: a first network"


class Watched(Terminal):
    """Keeps what the program writes, and how the terminal was set before it began.

    Attributes:
        heard: what was written.
        modes: the private modes that are on, by number.
    """

    heard = b""

    def take(self, seconds: float = 0.0, size: int = 1 << 16) -> bytes:
        text = super().take(seconds, size)
        self.heard += text
        return text

    def settings(self) -> list[object]:
        return termios.tcgetattr(self._master)

    @property
    def modes(self) -> set[int]:
        on: set[int] = set()
        for number, way in re.findall(rb"\x1b\[\?(\d+)([hl])", self.heard):
            (on.add if way == b"h" else on.discard)(int(number))
        return on

    def send(self, data: bytes) -> None:
        """Type bytes as they are, and continue reading."""
        while data:
            data = data[os.write(self._master, data[:512]) :]
            self.read(0)


def in_order(terminal: Watched) -> None:
    """The terminal is as a command line needs it: echo and lines, main screen, a cursor, no mouse."""
    local = terminal.settings()[3]
    assert isinstance(local, int)
    wanted = termios.ECHO | termios.ICANON | termios.ISIG
    assert local & wanted == wanted
    assert terminal.modes <= {25, 7}, terminal.modes
    assert 25 in terminal.modes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT], ids=lambda n: n.name)
def test_a_signal_leaves_the_terminal_in_order(folders: Path, number: signal.Signals) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        assert {1049, 1000, 2004} <= terminal.modes
        terminal.process.send_signal(number)
        assert terminal.end() == 128 + number
        in_order(terminal)


def test_what_is_ignored_as_under_nohup_stays_ignored(folders: Path) -> None:
    with Watched(["sh", "-c", 'trap "" HUP INT QUIT; exec "$@"', "sh", *descend()]) as terminal:
        terminal.wait(FIRST)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            terminal.process.send_signal(number)
        terminal.send(b"/")
        terminal.wait("search titles")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        in_order(terminal)


def test_a_second_signal_does_not_wait(folders: Path) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.process.send_signal(signal.SIGSTOP)  # both are there when it continues
        terminal.process.send_signal(signal.SIGTERM)
        terminal.process.send_signal(signal.SIGHUP)
        terminal.process.send_signal(signal.SIGCONT)
        assert terminal.end(3) in (128 + signal.SIGTERM, 128 + signal.SIGHUP)
        in_order(terminal)


def test_stopping_and_continuing_in_one_moment_is_continuing(folders: Path) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.process.send_signal(signal.SIGSTOP)  # Python hears of the next two together
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.send(b"/")
        terminal.wait("search titles")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        in_order(terminal)


class Silent(Watched):
    """Does not say where its cursor is, so that leaving waits for that."""

    def answer(self) -> None:
        pass


def test_continuing_while_the_terminal_is_given_back_is_continuing(folders: Path) -> None:
    with Silent(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.send(b"j")
        terminal.read(0.1)
        terminal.process.send_signal(signal.SIGTSTP)
        time.sleep(0.2)  # it waits to be told where the cursor is
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait(FIRST)
        terminal.send(b"/")
        terminal.wait("search titles")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        in_order(terminal)


def test_a_signal_while_it_leaves_finds_the_terminal_in_order_too(folders: Path) -> None:
    with Silent(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.send(b"j\x11")
        terminal.read(0.3)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() in (0, 128 + signal.SIGTERM)
        in_order(terminal)


@pytest.mark.parametrize("size", [(20, 5), (80, 24)], ids=str)
def test_a_signal_while_it_starts_is_no_traceback(folders: Path, size: tuple[int, int]) -> None:
    with Watched(descend(), *size) as terminal:
        while 2004 not in terminal.modes:
            terminal.read(0.1)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        assert b"Traceback" not in terminal.heard
        in_order(terminal)


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.3])
def test_ending_after_stopping_and_continuing_finds_the_terminal_in_order(folders: Path, pause: float) -> None:
    with Watched(descend(), 20, 5) as terminal:
        terminal.wait("laboratory")
        terminal.send(b"j")
        for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGTERM):
            terminal.process.send_signal(number)
            terminal.read(pause)
        assert terminal.end() in (128 + signal.SIGTERM, -signal.SIGTERM)  # the latter while the terminal is given back
        in_order(terminal)


def test_the_last_thing_written_at_a_forced_end_is_the_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still queued, such as the start of a shell that continues, would turn on what is reset."""
    driver = object.__new__(LeanDriver)
    ours, theirs = os.openpty()
    driver.fileno = theirs
    try:
        with monkeypatch.context() as patch, open(os.dup(theirs), "w") as queued:
            patch.setattr("sys.__stderr__", queued)
            driver._restore()
            queued.write("\x1b[?1049h")
            queued.flush()
            assert os.read(ours, 1 << 12).endswith(b"\x1b[m")
            assert not select.select([ours], [], [], 0.1)[0]
    finally:
        for descriptor in (ours, theirs):
            os.close(descriptor)


def test_a_terminal_that_is_behind_is_reset_too(folders: Path) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        with open(f"/proc/{terminal.process.pid}/fd/0", "wb", opener=write_without_waiting, buffering=0) as inside:
            while inside.write(b"x" * 4096):  # None once there is no room
                pass
        terminal.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        terminal.process.send_signal(signal.SIGHUP)
        time.sleep(0.15)  # it reads again before the end, with which what is unread is gone
        assert terminal.end() in (128 + signal.SIGTERM, 128 + signal.SIGHUP)
        in_order(terminal)


def write_without_waiting(path: str, flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)


def test_a_lost_line_ends_it_soon(folders: Path) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.hang_up()
        assert terminal.process.wait(60) == 128 + signal.SIGHUP


def test_what_is_pasted_in_another_encoding_is_no_reason_to_end(folders: Path) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.send(b"/")
        terminal.wait("search titles")
        terminal.send(b"\x1b[200~caf\xe9\x1b[201~ \xe9t\xe9!")
        terminal.wait("!")
        assert "caf� �t�!" in terminal.text()
        terminal.send(b"\x1b")
        terminal.wait(lambda text: "caf" not in text)
        terminal.send(b"q")
        assert terminal.end() == 0
        in_order(terminal)


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_on_the_line_does_not_end_it(folders: Path, seed: int) -> None:
    """Random bytes, without those that ask it to end or to hold: ctrl+q, q, ctrl+z; and yes to what it asks."""
    chance = random.Random(seed)
    with Watched(descend(), 100, 30) as terminal:
        terminal.wait(FIRST)
        for _ in range(40):
            noise = bytes(byte for byte in chance.randbytes(chance.randrange(200)) if byte not in b"qQ\x11\x1a")
            terminal.send(noise + b"\x1b" * (chance.random() < 0.3))
            terminal.read(chance.random() / 50)
            assert terminal.process.poll() is None, terminal.text()
        deadline = time.monotonic() + 60
        while terminal.process.poll() is None and time.monotonic() < deadline:
            terminal.send(b"\x1b")
            terminal.read(0.3)
            terminal.send(b"\x11")
            terminal.read(0.5)
        assert terminal.end(1) == 0
        in_order(terminal)

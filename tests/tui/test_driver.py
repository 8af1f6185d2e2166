"""The driver in pseudo-terminals that answer as terminals do: never, late, twice, in the midst of what is typed."""

from __future__ import annotations

import fcntl
import shlex
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.tui.typist import filling

COLUMNS, LINES = 40, 8
TYPIST = [sys.executable, "-m", "tests.tui.typist"]
ANSWER = "\x1b[1;1R"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Answering(Terminal):
    """Answers ``answers`` times, each ``late`` seconds late.

    Attributes:
        asked: how often it was asked where its cursor is.
        heard: what the program wrote.
        around: two letters for each of the next answers, typed in the same breath before and after it.
    """

    answers = 1
    late = 0.0

    def __init__(self, command: list[str] = TYPIST, **surroundings: str) -> None:
        self.asked = 0
        self.around: list[str] = []
        self.heard = b""
        self._due: list[float] = []
        super().__init__(command, COLUMNS, LINES, {"ESCDELAY": "400", **surroundings})

    def answer(self) -> None:
        self.asked += 1
        self._due += [time.monotonic() + self.late] * self.answers

    def take(self, seconds: float = 0.0, size: int = 1 << 16) -> bytes:
        text = super().take(seconds, size)
        self.heard += text
        while self._due and self._due[0] <= time.monotonic():
            self._due.pop(0)
            before, after = self.around.pop() if self.around else ("", "")
            self.press(before + ANSWER + after)
        return text

    def resize(self, columns: int, lines: int) -> None:
        """Another size: what is cut off is gone, what is new is blank."""
        self.screen.resize(lines, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def whole(self, typed: str) -> bool:
        """Whether the screen shows ``typed`` and everything below it."""
        lines = [line.rstrip() for line in self.screen.display]
        return lines == [f"> {typed}".rstrip(), *filling(self.screen.columns, self.screen.lines)]

    def quiet(self, seconds: float = 0.3) -> None:
        """Read for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.read(min(left, 0.02))


class Silent(Answering):
    answers = 0


class Late(Answering):
    late = 0.4


class Twice(Answering):
    answers = 2


class LateAndTwice(Answering):
    answers = 2
    late = 0.25


@pytest.mark.parametrize("kind", [Answering, Silent, Late, Twice, LateAndTwice])
def test_every_key_comes_once_and_in_order(kind: type[Answering]) -> None:
    with kind() as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        for letter in LETTERS:
            terminal.press(letter)
            terminal.quiet(0.03)
        terminal.wait(lambda text: terminal.whole(LETTERS))
        terminal.quiet()
        assert terminal.whole(LETTERS), terminal.text()
        assert terminal.asked >= (1 if kind is Silent else 2)
        terminal.press("\x18")
        assert terminal.end() == 0


def test_an_answer_amid_typed_keys_takes_none_of_them() -> None:
    with Answering() as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        terminal.around = ["<>"] * 6
        terminal.press("a")  # each change is followed by a question, and each answer by the next change
        terminal.wait(lambda text: terminal.whole("a" + "<>" * 6))
        terminal.quiet()
        assert terminal.whole("a" + "<>" * 6)
        terminal.press("\x18")
        assert terminal.end() == 0


def test_an_answer_in_two_pieces_is_one_answer() -> None:
    with Silent() as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        for piece in ("a", "b\x1b[1", ";1Rc", "d"):
            terminal.press(piece)
            time.sleep(0.02)
        terminal.wait(lambda text: terminal.whole("abcd"))
        terminal.press("\x18")
        assert terminal.end() == 0


def test_a_terminal_that_does_not_answer_is_not_asked_again() -> None:
    with Silent([*TYPIST, "0.2"]) as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        for place in range(1, 6):
            time.sleep(0.25)
            terminal.press(LETTERS[place - 1])
            terminal.wait(lambda text, place=place: terminal.whole(LETTERS[:place]))
        assert terminal.asked == 1


def test_another_program_may_have_the_terminal_meanwhile() -> None:
    with Answering() as terminal:
        terminal.press("ab")
        terminal.wait(lambda text: terminal.whole("ab"))
        for times in (1, 2):
            terminal.press("\x05")
            terminal.wait("the editor\nthe editor")
            terminal.quiet(0.2)
            terminal.press("\n")
            terminal.wait(lambda text, times=times: terminal.whole("ab" + "c" * (times - 1)))
            terminal.press("c")
            terminal.wait(lambda text, times=times: terminal.whole("ab" + "c" * times))
        terminal.press("\x18")
        assert terminal.end() == 0


def test_an_editor_that_cannot_be_started_gives_the_terminal_back(tmp_path: Path) -> None:
    broken = tmp_path / "editor"
    broken.write_text("neither a program nor a script")
    broken.chmod(0o755)
    with Answering(VISUAL=str(broken)) as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        terminal.press("\x02")
        terminal.wait(lambda text: terminal.whole("!"))
        terminal.press("ab")
        terminal.wait(lambda text: terminal.whole("!ab"))
        terminal.press("\x18")
        assert terminal.end() == 0


@pytest.mark.parametrize("sizes", [[(60, 12)], [(20, 5)], [(20, 5), (COLUMNS, LINES)], [(70, 4), (30, 10), (50, 7)]])
@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_another_size_is_painted_whole(sizes: list[tuple[int, int]], pause: float) -> None:
    with Answering() as terminal:
        terminal.press("ab")
        terminal.wait(lambda text: terminal.whole("ab"))
        for size in sizes:
            terminal.resize(*size)
            terminal.quiet(pause)
        terminal.wait(lambda text: terminal.whole("ab"), 10)
        terminal.press("\x18")
        assert terminal.end() == 0


def test_the_size_is_the_terminals_whatever_the_environment_says() -> None:
    with Answering(COLUMNS="100", LINES="30") as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        terminal.resize(30, 10)
        terminal.wait(lambda text: terminal.whole(""))
        terminal.press("\x18")
        assert terminal.end() == 0


@pytest.mark.parametrize("kind", [Answering, Silent, Late, LateAndTwice])
@pytest.mark.parametrize("typed", ["", "ab"])
def test_no_answer_is_left_for_the_prompt(kind: type[Answering], typed: str) -> None:
    with kind(["sh", "-c", f"{shlex.join(TYPIST)}; printf '\\033[2J\\033[H$ '; sleep 2"]) as terminal:
        terminal.wait("001 =")  # and not a moment longer: the first answer may be under way
        terminal.press(f"{typed}\x18")
        terminal.wait(lambda text: text.startswith("$"))
        terminal.quiet(0.7)
        if kind is not LateAndTwice:  # one cannot know that an answer comes again
            assert terminal.text().strip() == "$"
        assert LETTERS[0] not in terminal.text()


def test_of_two_writes_in_haste_the_last_is_what_is_seen() -> None:
    with Answering() as terminal:
        terminal.wait(lambda text: terminal.whole(""))
        terminal.quiet()
        terminal.press("\x17")
        terminal.wait("ok")
        terminal.quiet()
        assert "xx" not in terminal.text()
        assert 0 <= terminal.heard.rfind(b"xx") < terminal.heard.rfind(b"ok")


@pytest.mark.parametrize("name", ["dumb", "linux", "screen-256color", "vt100", "unheard-of"])
def test_terminals_of_any_name_show_the_same_text(name: str) -> None:
    with Answering(TERM=name, COLORTERM="") as terminal:
        terminal.press("ab")
        terminal.wait(lambda text: terminal.whole("ab"))
        terminal.press("\x18")
        assert terminal.end() == 0

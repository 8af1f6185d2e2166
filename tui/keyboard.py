"""What a terminal sends, as Textual's messages. Whatever bytes those are, none of them ends the shell."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from unicodedata import category

from textual.events import Key, MouseEvent, Resize

from descend.tui.private_names import make_key_parser

if TYPE_CHECKING:
    from textual.message import Message

START, END = "\x1b[200~", "\x1b[201~"
"""Between these, terminals send what is pasted."""
PASTE = 100_000
"""Characters that are taken of a paste, as many as the longest field can hold."""
SILENCE = 5.0
"""Seconds after which a paste whose end never came is over."""
BULK = 32
"""Characters at once that are pasted, not typed: fewer do not mean that a paste continues."""
TYPED = 200
"""Characters at once that someone may have typed while the shell was busy; more are a paste, with marks or without."""
SOON = 0.05
"""Seconds after these in which what comes belongs to them."""
FARTHEST = 10_000
"""Cells: no terminal is wider or higher, and no pointer farther."""


class Keyboard:
    """Reads bytes, cut anywhere. What is not UTF-8 becomes a replacement character, a sequence that no terminal sends
    is dropped, a paste is cut to `PASTE` characters, and so much text at once that it must be one is one."""

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._pastes = Pastes(PASTE)
        self._pasted = 0.0
        self._parser = make_key_parser(debug)

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes."""
        text, now = self._decode(data), time.monotonic()
        much = len(text) > TYPED or now < self._pasted + SOON
        if text and much and not self._pastes.inside and START[0] not in text:
            text, self._pasted = START + text + END, now
        text = self._pastes.cut(text)
        return list(self._sound(self._parser.feed(text))) if text else []

    def tick(self) -> list[Message]:
        """To be called whenever nothing has come for a moment: then an escape is the key, not the start of more."""
        over = self._pastes.tick()
        ended = list(self._sound(self._parser.feed(over))) if over else []
        return ended + list(self._sound(self._parser.tick()))

    def _sound(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Those of ``messages`` that a terminal can have meant."""
        try:
            for message in messages:
                if isinstance(message, Key) and "\ud800" <= (message.character or "") <= "\udfff":
                    continue
                if isinstance(message, MouseEvent) and not (0 <= message.x < FARTHEST and 0 <= message.y < FARTHEST):
                    continue
                if isinstance(message, Resize) and max(message.size) >= FARTHEST:
                    continue
                yield message
        except (ValueError, ArithmeticError, LookupError):  # numbers that are not a character, a size or a place
            self._parser = make_key_parser(self._debug)


class Pastes:
    """Cuts what is between the marks of a paste, before it is parsed character by character.

    Attributes:
        inside: whether a paste has begun and not ended.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = False
        self._left = 0
        self._begun = ""  # of a mark: what may be the start of one
        self._heard = 0.0

    def cut(self, text: str) -> str:
        """``text`` without what is too much, and without control characters inside a paste."""
        passed = []
        if not self.inside or len(text) > BULK:
            self._heard = time.monotonic()
        while text:
            if self.inside:
                body, mark, text = (self._begun + text).partition(END)
                self._begun = "" if mark else begun(body, END)
                body = body.removesuffix(self._begun)
                taken = "".join(c for c in body[: self._left] if c in "\n\r\t" or category(c)[0] != "C")
                self._left -= len(taken)
                passed += [taken, mark]
                self.inside = not mark
            else:
                before = len(self._begun)
                head, mark, text = (self._begun + text).partition(START)
                passed.append((head + mark)[before:])  # what was begun has been passed on: it may be a key
                self._begun = "" if mark else begun(head, START)
                self.inside, self._left = bool(mark), self.most
        return "".join(passed)

    def tick(self) -> str:
        """Nothing has come for a moment; returns the mark that ends a paste which has come to a stop."""
        if not self.inside:
            self._begun = ""
        elif time.monotonic() - self._heard > SILENCE:
            self.inside, self._begun = False, ""
            return END
        return ""


def begun(text: str, mark: str) -> str:
    """The end of ``text`` with which ``mark`` may begin."""
    return next((mark[:n] for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), "")

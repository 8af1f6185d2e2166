"""What is sent must show the same screen as what Textual asked for, only with less."""

from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.tui.cell_diff import CellDiff

COLUMNS, LINES = 24, 5
STYLES = ["", "1", "4", "2;38;2;1;2;3", "38;2;9;9;9;48;2;1;1;1", "1;38;2;9;9;9;48;2;1;1;1", "31;44", "7;38;5;9"]
pieces = st.tuples(st.sampled_from(STYLES), st.text(" ab●⣿你é", min_size=1, max_size=9))
spans = st.tuples(st.integers(1, LINES), st.integers(1, COLUMNS), st.lists(pieces, min_size=1, max_size=3))
updates = st.lists(st.lists(spans, min_size=1, max_size=4), min_size=1, max_size=8)


def cells(text: str) -> int:
    return sum(2 if character == "你" else 1 for character in text)


def written(update: list[tuple[int, int, list[tuple[str, str]]]]) -> str:
    """As Textual writes it: a place, stretches each with style and reset, and in the end the cursor's place."""
    out = ""
    for y, x, stretches in update:
        out += f"\x1b[{y};{x}H"
        for style, text in stretches:
            if x + cells(text) > COLUMNS + 1:
                break
            out += f"\x1b[{style}m{text}\x1b[0m" if style else text
            x += cells(text)
        out += "\n" if y < LINES else ""
    return out + "\x1b[1;1H"


class Shown:
    """A terminal and what it shows: blanks without the foreground that cannot be seen of them."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.Stream(self.screen)
        self.bytes = 0

    def feed(self, text: str) -> None:
        self.bytes += len(text.encode())
        self.stream.feed(text)

    def cells(self) -> list[object]:
        found: list[object] = []
        for y in range(LINES):
            for x in range(COLUMNS):
                cell = self.screen.buffer[y][x]
                plain = cell.data == " " and not (cell.underscore or cell.reverse or cell.strikethrough)
                found.append((" ", cell.bg) if plain else cell)
        return [*found, self.screen.cursor.x, self.screen.cursor.y]


@settings(max_examples=300, deadline=None)
@given(updates)
def test_the_screen_is_the_same_after_every_update(found: list[list[tuple[int, int, list[tuple[str, str]]]]]) -> None:
    asked, sent, repaint = Shown(), Shown(), CellDiff()
    for update in found:
        text = written(update)
        if "你" in text:  # half of it may be overwritten, which terminals show differently; Textual never does that
            text = text.replace("你", "ab")
        asked.feed(text)
        sent.feed(repaint.reduced(text))
        assert asked.cells() == sent.cells()


def test_wide_characters_are_sent_whole_and_what_is_behind_them_stays_in_place() -> None:
    asked, sent, repaint = Shown(), Shown(), CellDiff()
    for text in ("\x1b[1;1Ha你b  你c\x1b[1;1H", "\x1b[1;1Ha你x  你c\x1b[1;1H", "\x1b[1;1Ha--x  --c\x1b[1;1H"):
        asked.feed(text)
        sent.feed(repaint.reduced(text))
        assert asked.cells() == sent.cells()


def test_what_is_shown_already_is_not_sent() -> None:
    repaint = CellDiff()
    line = "\x1b[2;1H\x1b[38;2;9;9;9;48;2;1;1;1mloss 0.25\x1b[0m\x1b[1;1H"
    assert "loss 0.25" in repaint.reduced(line)
    assert repaint.reduced(line) == ""
    sent = repaint.reduced(line.replace("0.25", "0.26"))
    assert "6" in sent
    assert len(sent) < 50


def test_what_is_not_understood_is_sent_as_it_is_and_everything_after_it_again() -> None:
    repaint = CellDiff()
    line = "\x1b[2;1Hxx\x1b[1;1H"
    assert repaint.reduced(line) == line
    for strange in ("\x1b[?1049h", "\x1b]0;title\x07", "\x1b[3;1Ha\tb"):
        assert repaint.reduced(line) == ""
        assert repaint.reduced(strange) == strange
        assert repaint.reduced(line) == line
    assert repaint.reduced(line) == ""
    repaint.forget()
    assert repaint.reduced(line) == line


def test_what_is_written_beyond_the_screen_is_not_taken_for_shown() -> None:
    asked, sent, repaint = Shown(), Shown(), CellDiff()
    repaint.size = COLUMNS, LINES
    whole = "".join(f"\x1b[{y};1H{y}{'=' * (COLUMNS - 1)}" for y in range(1, LINES + 1)) + "\x1b[1;1H"
    for text in (whole, f"\x1b[{LINES + 2};1Hlower\x1b[1;1H", whole, f"\x1b[2;{COLUMNS - 1}Hfurther\x1b[1;1H", whole):
        asked.feed(text)
        sent.feed(repaint.reduced(text))
        assert asked.cells() == sent.cells()

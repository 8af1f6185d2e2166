"""The true program in pseudo-terminals that can do little: it opens, trains, stays in its columns and can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.terminal import Terminal, descend

COLUMNS, LINES = 80, 24
FEW = {"COLORTERM": ""}
TERMINALS = {
    "256 colours": {**FEW, "TERM": "xterm-256color"},
    "screen": {**FEW, "TERM": "screen-256color"},
    "16 colours": {**FEW, "TERM": "xterm"},
    "16 colours on white": {**FEW, "TERM": "xterm", "COLORFGBG": "0;15"},
    "linux console": {**FEW, "TERM": "linux"},
    "no colours": {"NO_COLOR": "1"},
    "C locale": {"LANG": "C", "LC_ALL": "", "LC_CTYPE": ""},
}
ASCII = {"linux console", "C locale"}
NAMED = {
    "black": (0, 0, 0),
    "red": (205, 0, 0),
    "green": (0, 205, 0),
    "brown": (205, 205, 0),
    "blue": (0, 0, 238),
    "magenta": (205, 0, 205),
    "cyan": (0, 205, 205),
    "white": (229, 229, 229),
    "brightblack": (127, 127, 127),
    "brightred": (255, 0, 0),
    "brightgreen": (0, 255, 0),
    "brightbrown": (255, 255, 0),
    "brightblue": (92, 92, 255),
    "brightmagenta": (255, 0, 255),
    "bfightmagenta": (255, 0, 255),  # as the emulator calls it
    "brightcyan": (0, 255, 255),
    "brightwhite": (255, 255, 255),
}
"""The sixteen colours as xterm draws them."""
READABLE = 2.4
"""Luminance ratio from which on a letter can be told from what is behind it."""


def luminance(colour: str, default: str) -> float:
    """Relative luminance of a colour as the emulator names it (WCAG 2, section 1.4.3)."""
    name = default if colour == "default" else colour
    red, green, blue = NAMED[name] if name in NAMED else tuple(bytes.fromhex(name))
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in (red / 255, green / 255, blue / 255)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def unreadable(terminal: Terminal, rows: range, columns: range) -> list[str]:
    """Words whose letters cannot be told from their background."""
    found = []
    for y in rows:
        row = terminal.screen.buffer[y]
        line = "".join(row[x].data for x in range(COLUMNS))
        for match in re.finditer(r"\w+", line) if len(line) == COLUMNS else ():
            cell = row[match.start()]
            if match.start() not in columns:
                continue
            light, dark = luminance(cell.fg, "white"), luminance(cell.bg, "black")
            if (max(light, dark) + 0.05) / (min(light, dark) + 0.05) < READABLE:
                found.append(f"{match[0]}: {cell.fg} on {cell.bg}")
    return found


def check(terminal: Terminal, ascii: bool, box: str = "") -> None:
    """No wide signs, every frame closed at the right edge it began at, all of it readable; of a screen under a ``box``,
    which is dimmed, only the box."""
    text = terminal.text()
    assert all(cell_len(character) == 1 for character in text if character != "\n"), text
    if ascii:
        assert text.isascii(), text
    assert not any(sign in text for sign in "\ufffd☺😀"), text
    lines = [line.ljust(COLUMNS) for line in text.split("\n")]
    top = next(n for n, line in enumerate(lines) if re.search(r"[╭+][─-]", line) and box in line)
    left = re.search(r"[╭+][─-]", lines[top]).start()  # type: ignore[union-attr]
    right = max(lines[top].rfind(corner) for corner in "╮+")
    bottom = next(n for n, line in enumerate(lines) if n > top and line[left] in "╰+")
    assert right > left, text
    assert lines[bottom][right] in "╯+", text
    assert all(line[left] in "│|" and line[right] in "│|" for line in lines[top + 1 : bottom]), text
    everything = range(LINES), range(COLUMNS)
    inside = range(top, bottom + 1), range(left, right + 1)
    assert unreadable(terminal, *(inside if box else everything)) == [], text


@pytest.mark.parametrize("name", TERMINALS)
def test_it_opens_trains_and_can_be_read(name: str, folders: Path) -> None:
    command = descend("open", "digits", "--run", "--set", "epochs=3", "--set", "pace=0")
    with Terminal(command, COLUMNS, LINES, TERMINALS[name]) as terminal:
        terminal.wait(lambda text: all(word in text for word in ("done", "loss", "n next")), 60)  # all is drawn
        check(terminal, name in ASCII)
        terminal.press("o")
        terminal.wait("characters")
        terminal.wait("theme: auto follows the terminal")
        check(terminal, name in ASCII, "Settings of the shell")
        terminal.press("\x1b")
        terminal.wait(lambda text: "characters" not in text)
        terminal.press("q")
        assert terminal.end() == 0


def test_a_terminal_of_one_letter_can_still_be_left(folders: Path) -> None:
    with Terminal(descend(), 1, 1) as terminal:
        terminal.wait(lambda text: terminal.bytes_written > 20)
        terminal.press("q")
        assert terminal.end() == 0


@pytest.mark.parametrize(
    ("term", "named"), [("dumb", "TERM is 'dumb'"), ("unknown", "'unknown'"), ("", "without TERM")]
)
def test_a_terminal_that_shows_only_lines_gets_a_sentence(term: str, named: str) -> None:
    with Terminal(descend(), 120, LINES, {"TERM": term}) as terminal:
        assert terminal.end() == 2
        said = terminal.text().strip()
    assert said.startswith("descend: The shell cannot draw on a terminal")
    assert named in said
    assert "export TERM=xterm-256color" in said
    assert "Traceback" not in said


def test_the_size_is_the_terminal_s_own(folders: Path) -> None:
    """``COLUMNS`` and ``LINES`` were exported when the terminal was another size."""
    with Terminal(descend(), 120, 40, {"COLUMNS": "60", "LINES": "15"}) as terminal:
        terminal.wait(lambda text: text.rstrip().endswith("menu"))
        assert len(text := terminal.text().rstrip().split("\n")) == 40
        assert len(text[-1]) > 100
        terminal.press("q")
        assert terminal.end() == 0

"""Python source as highlighted lines, in the colours of the theme; without colour it is told apart by weight alone."""

from __future__ import annotations

import re

from textual.content import Content

from descend.tui.cell_text import plain

KEY = re.compile(r"#\s*key:\s*(.*)$")


def lines(code: str) -> list[Content]:
    """One highlighted line each."""
    from textual.highlight import highlight

    text = "\n".join(map(plain_code, code.splitlines()))
    return highlight(text, language="python").split("\n", allow_blank=True)


def key_lines(code: str) -> dict[int, str]:
    """Line number, from 0 → why it is a key line, for those that end in ``# key: why``."""
    found = ((number, KEY.search(line)) for number, line in enumerate(code.splitlines()))
    return {number: match[1].strip() for number, match in found if match}


def start_of(code: str, name: str) -> int:
    """The line, from 0, on which the function ``name`` begins; 0 if there is none."""
    pattern = re.compile(rf"\s*(async\s+)?def\s+{re.escape(name)}\b")
    return next((number for number, line in enumerate(code.splitlines()) if pattern.match(line)), 0)


def wrapped(line: Content, width: int) -> list[Content]:
    """``line`` in pieces of at most ``width`` cells, those after the first indented beyond where it begins."""
    if line.cell_length <= width or width < 8:
        return [line] if line.cell_length <= width else line.fold(max(1, width))
    indent = min(len(line.plain) - len(line.plain.lstrip()) + 4, width // 2)
    pieces, rest, room = [], line, width
    while rest.cell_length > room:
        cut = _cut(rest.plain, room)
        pieces.append(rest[:cut])
        rest, room = rest[cut:], width - indent
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    pieces.append(rest)
    return [pieces[0], *(Content(" " * indent) + piece for piece in pieces[1:])]


def _cut(text: str, room: int) -> int:
    """After how many characters to break a line that is longer than ``room`` cells: after a space or comma, if any."""
    from rich.cells import cell_len

    end = len(text)
    while cell_len(text[:end]) > room:
        end -= 1
    if (comment := text.rfind("  # ", 0, end)) > end // 3:
        return comment
    near = max(text.rfind(" ", 0, end), text.rfind(",", 0, end)) + 1
    return near if near > end // 3 and text[:near].strip() else max(1, end)


def plain_code(line: str) -> str:
    """A line of code, safe to draw; its indentation is kept."""
    return plain(line.expandtabs(4))

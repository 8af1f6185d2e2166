"""Text from files, made safe and measured in terminal cells."""

from __future__ import annotations

import functools
import os
import sys
import unicodedata

from rich.cells import cell_len, set_cell_size

from descend.engine.text import clean

_SELECTORS = dict.fromkeys(range(0xFE00, 0xFE10))

# What is drawn where the terminal cannot show more than ASCII; whatever is not listed becomes a question mark.
_ASCII = str.maketrans(
    "─│╭╮╰╯┌┐└┘├┤┬┴┼┊━╸●▲■◆▼✚" + "·×→←↓↑…≤≥∞–−✓µ◂" + "█▉▊▋▌▍▎▏" + "▶‖✗○◌‹›▔▁⏎",
    "-|+++++++++++++:=-o^#*v+" + ".x><v^.<>8--yu<" + "########" + ">=xoo<>--<",
)


def plain(text: str) -> str:
    """``text`` as one line that is safe to draw: no control, format or surrogate characters, and no variation
    selectors, on whose width terminals disagree. Markup is kept as it is written: never interpret it."""
    return unicodedata.normalize("NFC", clean(text)).translate(_SELECTORS)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells: padded, or cut, with an ellipsis unless there is very little room. Wide
    characters count as two."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width >= 8 else set_cell_size(text, max(0, width))
    blank = " " * (width - length)
    return blank + text if right else text + blank


def ascii_only(text: str) -> str:
    """``text`` in ASCII, each character in as many cells as before."""
    if text.isascii():
        return text
    text = text.translate(_ASCII)
    return text if text.isascii() else "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


@functools.cache
def shows_unicode() -> bool:
    """Whether the terminal shows box drawing and Braille: it speaks UTF-8 and is not the bare Linux console."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").startswith("utf") and os.environ.get("TERM") != "linux"

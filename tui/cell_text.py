"""Text from files, made safe and measured in terminal cells."""

from __future__ import annotations

import functools
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.cells import cell_len, set_cell_size

from descend.engine.base.sanitize import clean

_SELECTORS = dict.fromkeys(range(0xFE00, 0xFE10))

# What is drawn where the terminal cannot show more than ASCII; whatever is not listed becomes a question mark.
_ASCII = str.maketrans(
    "─│╭╮╰╯┌┐└┘├┤┬┴┼┊━╸●▲■◆▼✚" + "·×→←↓↑…≤≥–−✓µ◂" + "█▉▊▋▌▍▎▏" + "▶‖✗○◌‹›▔▁⏎",
    "-|+++++++++++++:=-o^#*v+" + ".x><v^.<>--yu<" + "########" + ">=xoo<>--<",
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
        left = set_cell_size(text, width - 1) + "…" if width >= 8 else set_cell_size(text, max(0, width))
        note_cut(text, left)
        return left
    blank = " " * (width - length)
    return blank + text if right else text + blank


def shorten_address(address: str) -> str:
    """The last name in the path of an address, with what follows the path."""
    path, mark, options = address.partition("?")
    return path.rstrip("/").rpartition("/")[2] + mark + options


_cuts: list[list[tuple[str, str]]] = []


def note_cut(text: str, left: str) -> None:
    """Take note, for whoever watches, that ``left`` is what is drawn of ``text``."""
    if _cuts and text.strip() and text.rstrip() != left.rstrip():
        _cuts[-1].append((text, left))


@contextmanager
def watch_cuts() -> Iterator[list[tuple[str, str]]]:
    """A list of each text that is cut meanwhile, in this thread or another, and of what is left of it."""
    _cuts.append([])
    try:
        yield _cuts[-1]
    finally:
        _cuts.pop()


def ascii_only(text: str) -> str:
    """``text`` in ASCII, each character in as many cells as before."""
    if text.isascii():
        return text
    text = text.translate(_ASCII)
    return text if text.isascii() else "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


@functools.cache
def shows_unicode() -> bool:
    """Whether to draw with box drawing and Braille: as the user has chosen, else where the terminal speaks UTF-8, is
    not the bare Linux console, and the locale is not the plain C one. Remembered; `characters_changed` asks again."""
    from descend.tui import shell_settings

    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    chosen = shell_settings.get("characters", "auto")
    if chosen == "ASCII" or not encoding.lower().replace("-", "").startswith("utf"):
        return False
    return chosen == "Unicode" or (os.environ.get("TERM") != "linux" and not plain_locale(os.environ))


def characters_changed() -> None:
    """The user has chosen other characters."""
    shows_unicode.cache_clear()


def plain_locale(environment: Mapping[str, str]) -> bool:
    """Whether the user asks for the C locale, which knows ASCII alone. Python turns it into UTF-8 by itself, and puts
    ``LC_CTYPE=C.UTF-8`` next to it, so neither says anything about the terminal; ``PYTHONUTF8=1`` does."""
    if environment.get("PYTHONUTF8") == "1":
        return False
    names = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    names[1] = "" if names[1] in ("C.UTF-8", "C.utf8", "UTF-8") and names[2] in ("C", "POSIX") else names[1]
    return next((name for name in names if name), "") in ("C", "POSIX")

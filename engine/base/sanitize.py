"""Text from files, made safe for a terminal."""

from __future__ import annotations

import re
import unicodedata

HARMFUL = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of characters that control a terminal, or that it does not need."""
_HARMLESS = re.compile(r"[ -~\n]*")


def clean(text: str) -> str:
    """``text`` without control, format and surrogate characters: no escape sequence from a file reaches a terminal.
    Line breaks and tabs become blanks."""
    return "".join(
        " " if character in "\n\r\t" else character
        for character in text
        if character in "\n\r\t" or unicodedata.category(character) not in HARMFUL
    )


def clean_lines(text: str) -> str:
    """Several lines, each `clean`."""
    return text if _HARMLESS.fullmatch(text) else "\n".join(map(clean, text.split("\n")))

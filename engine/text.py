"""Text from files, made safe for a terminal."""

from __future__ import annotations

import unicodedata


def clean(text: str) -> str:
    """``text`` without control, format and surrogate characters: no escape sequence from a file reaches a terminal.
    Line breaks and tabs become blanks."""
    return "".join(
        " " if character in "\n\r\t" else character
        for character in text
        if character in "\n\r\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )

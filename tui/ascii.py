"""For terminals that show nothing but ASCII: everything the shell draws, in ASCII."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from descend.tui.cell_text import ascii_only


class Ascii(LineFilter):
    """Puts the nearest ASCII character in place of every other, each in as many cells as before."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Transform one line."""
        return [Segment(ascii_only(text), style, control) for text, style, control in segments]

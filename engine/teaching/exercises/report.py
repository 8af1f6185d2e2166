"""What the process that runs a learner's code says to the one that started it."""

from __future__ import annotations

import msgspec

FILE = "<your code>"
"""File name of the learner's code in tracebacks."""
BEGUN = b"begun\n"
"""First line of a report: the clock starts."""
TOKEN = 32
"""Bytes of the word that is told to the process alone, and that its report begins with."""
GROWN = "The check used more than 2 GB of memory and was ended; does your code grow something without limit?"


class Report(msgspec.Struct):
    """What the check found; ``trace`` is the way through the learner's lines to an error."""

    passed: bool
    sentence: str
    trace: str = ""
    line: int | None = None

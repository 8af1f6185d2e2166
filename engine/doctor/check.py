"""One finding of the doctor, and a set of them for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

MARKS: dict[bool | None, str] = {True: "✓", False: "✗", None: "!"}
ASCII_MARKS: dict[bool | None, str] = {True: "+", False: "x", None: "!"}
WORDS: dict[bool | None, str] = {True: "ok", False: "problem", None: "note"}

LONGEST = 400


class Check(msgspec.Struct):
    """What was looked at, what was found, and what to do about it."""

    group: str
    name: str
    ok: bool | None
    """``True``: fine; ``False``: something will not work; ``None``: worth knowing, everything else works."""
    found: str
    """Cleaned of control characters, like every text here."""
    advice: str = ""
    """What to do, one sentence; empty when nothing is."""

    def __post_init__(self) -> None:
        self.name, self.found, self.advice = clean(self.name), clean(self.found), clean(self.advice)

    @property
    def mark(self) -> str:
        """One character; `word` says the same in a word."""
        return MARKS[self.ok]

    @property
    def word(self) -> str:
        """``ok``, ``problem`` or ``note``."""
        return WORDS[self.ok]


def clean(text: str) -> str:
    """Return ``text`` as one printable line: control, direction and surrogate characters become escapes."""
    line = " ".join(text.split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def find_exit_status(checks: Iterable[Check]) -> int:
    """Return 1 if any check is a problem, else 0; notes are not problems."""
    return int(any(check.ok is False for check in checks))


def to_json(checks: Iterable[Check]) -> dict[str, Any]:
    """Return ``{"status": "ok" | "problems", "problems": n, "notes": n, "checks": [{…, "word": …}]}``."""
    checks = list(checks)
    return {
        "status": "problems" if find_exit_status(checks) else "ok",
        "problems": sum(check.ok is False for check in checks),
        "notes": sum(check.ok is None for check in checks),
        "checks": [{**msgspec.structs.asdict(check), "word": check.word} for check in checks],
    }

"""Errors a user can act on: one sentence that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class DescendError(Exception):
    """Something failed for a reason the user can understand; shown as one sentence, exit status 1."""

    exit_status = 1


class UsageError(DescendError):
    """The user asked for something that does not exist or cannot be; exit status 2."""

    exit_status = 2


def suggest_nearest(word: str, names: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the name most like ``word``, or the list of names if it is short."""
    known = sorted(names)
    folded = {name.lower(): name for name in reversed(known)}
    if match := get_close_matches(word.lower(), folded, n=1, cutoff=0.5):
        return f"; did you mean '{folded[match[0]]}'?"
    if 0 < len(known) <= 12:
        return f"; known: {', '.join(known)}"
    return ""


def join_names(names: list[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

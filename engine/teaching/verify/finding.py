"""What was found out about one claim or exercise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Finding:
    """Whether a claim or an exercise holds.

    Attributes:
        number: place among the lesson's claims or exercises, from 1.
        values: what a claim measured, for each seed one for each of its bounds.
        worst: the value that is furthest from, or only just within, what is needed; NaN if there is none.
        margin: how far that is from failing, as a share; negative if it fails.
        held: for how many of its seeds (``of``) a claim held.
        needed: for how many it must.
        asks: what is needed of ``worst``, such as ``< 0.25``.
        why: a sentence if it does not hold, or not always.
        seconds: what its runs took, those it shares with others included.
        before: whether it was proved before, on the same file and engine, and not again.
    """

    lesson: str
    kind: Literal["claim", "exercise"]
    number: int
    text: str
    holds: bool
    values: tuple[float, ...] = ()
    worst: float = math.nan
    margin: float = math.nan
    held: int = 0
    of: int = 0
    needed: int = 0
    asks: str = ""
    why: str = ""
    seconds: float = 0.0
    before: bool = False

    def to_json(self) -> dict[str, Any]:
        """For one line of JSON; what is not finite is null."""
        found = dict(vars(self))
        found["values"] = [value if math.isfinite(value) else None for value in self.values]
        for name in ("worst", "margin"):
            found[name] = found[name] if math.isfinite(found[name]) else None
        return found

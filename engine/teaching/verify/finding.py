"""What was found out about one claim or exercise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from descend.engine.teaching.lesson import Claim


@dataclass(frozen=True)
class Finding:
    """Whether a claim or an exercise holds.

    Attributes:
        number: place among the lesson's claims or exercises, from 1.
        values: what a claim measured, one a seed; NaN where nothing could be measured.
        worst: the value that is furthest from, or least within, what is needed; NaN if there is none.
        held: for how many of its seeds (``of``) a claim held.
        needed: for how many it must.
        asks: what is needed of each value, such as ``< 0.25``.
        why: a sentence if it does not hold, or not always.
        seconds: what its runs took, those it shares with others included.
    """

    lesson: str
    kind: Literal["claim", "exercise"]
    number: int
    text: str
    holds: bool
    values: tuple[float, ...] = ()
    worst: float = math.nan
    held: int = 0
    of: int = 0
    needed: int = 0
    asks: str = ""
    why: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """For one line of JSON; what is not finite is null."""
        found = dict(vars(self))
        found["values"] = [value if math.isfinite(value) else None for value in self.values]
        found["worst"] = self.worst if math.isfinite(self.worst) else None
        return found


def worst(claim: Claim, values: tuple[float, ...]) -> float:
    """The value that bears ``claim`` out least."""

    def margin(value: float) -> float:
        if value != value:
            return -math.inf
        margins = [-abs(value - claim.exactly)] if claim.exactly is not None else []
        margins += [value - claim.above] if claim.above is not None else []
        margins += [claim.below - value] if claim.below is not None else []
        return min(margins, default=0.0)

    return min(values, key=margin, default=math.nan)

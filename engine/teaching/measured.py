"""What the runs gave for a bound: the numbers, whether they keep it, and by how much, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from descend.engine.teaching.measure import Bound

Sign = Literal["<", "<=", ">", ">=", "=="]

WORDS: dict[Sign, str] = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "==": "exactly"}


@dataclass(frozen=True)
class Measured:
    """What a `Bound` found: ``left`` and ``right`` of its sign, and whether it holds; NaN never does."""

    bound: Bound
    left: float
    right: float

    @property
    def holds(self) -> bool:
        match self.bound.sign:
            case "<":
                return self.left < self.right
            case "<=":
                return self.left <= self.right
            case ">":
                return self.left > self.right
            case ">=":
                return self.left >= self.right
        return self.left == self.right

    @property
    def margin(self) -> float:
        """How far it is from failing, as a share of the larger side; negative where it fails, -inf for NaN."""
        if self.left != self.left or self.right != self.right:
            return -math.inf
        if self.bound.sign == "==":
            return 0.0 if self.left == self.right else -abs(self.left - self.right)
        apart = self.right - self.left if self.bound.sign in ("<", "<=") else self.left - self.right
        scale = max(abs(self.left), abs(self.right))
        return apart / scale if scale and math.isfinite(scale) else math.copysign(1.0, apart) if apart else 0.0

    @property
    def brief(self) -> str:
        """What was found, with its bound, in a few characters, such as ``largest error 3e-09 ≤ 1e-06``."""
        sign = {"<=": "≤", ">=": "≥", "==": "="}.get(self.bound.sign, self.bound.sign)
        asked = sign if self.holds else f"is not {sign}"
        return f"{self.bound.left.words} {format_number(self.left)} {asked} {format_number(self.right)}"

    @property
    def words(self) -> str:
        """What was found, with what is asked for, as in ``parameters is 2,410; at most 700 is asked for``."""
        asked = f"{WORDS[self.bound.sign]} {format_number(self.right)}"
        named = f" ({self.bound.right.words})" if self.bound.right.words else ""
        return f"{self.bound.left.words or 'it'} is {format_number(self.left)}; {asked}{named} is asked for"


@dataclass(frozen=True)
class MeasuredChoice(Measured):
    """Which word a knob was ``given``; its ``left`` is 1 if it is the one asked for, else 0."""

    given: str = ""

    @property
    def brief(self) -> str:
        sign = "=" if self.holds else "is not ="
        return f"{self.bound.left.words} {self.given or 'nothing'} {sign} {self.bound.right.words}"

    @property
    def words(self) -> str:
        return f"{self.bound.left.words} is {self.given or 'nothing'}; {self.bound.right.words} is asked for"


def format_number(value: float) -> str:
    """A number as a sentence has it: whole ones in full, others to four digits."""
    if value != value:
        return "not a number"
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"

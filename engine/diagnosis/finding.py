"""What a rule has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from descend.engine.base.knobs import Value

Severity = Literal["serious", "moderate"]


@dataclass(frozen=True)
class Finding:
    """Something that ails a run.

    Attributes:
        name: of the ailment, such as ``overfitting``.
        short: the same of this run in a few words, for a line that has little room.
        evidence: a sentence or two with the numbers and steps that it follows from.
        remedy: the one thing to try, a sentence.
        lesson: name of the lesson that shows it.
        knobs: what to try as values of knobs, if it is one.
        severity: ``serious``: the training is worth nothing as it is; ``moderate``: it could be better.
    """

    name: str
    short: str
    evidence: str
    remedy: str
    lesson: str
    knobs: Mapping[str, Value] = field(default_factory=dict)
    severity: Severity = "moderate"

    @property
    def advice(self) -> str:
        """What to try, the values of knobs first: ``Try lr=0.001: take longer steps.``"""
        remedy = f"{self.remedy[0].lower()}{self.remedy[1:]}"
        return f"Try {self.proposal}: {remedy}" if self.knobs else self.remedy

    @property
    def proposal(self) -> str:
        """``knobs`` as they are written: ``lr=0.001``."""
        return " ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
                        for name, value in self.knobs.items())  # fmt: skip

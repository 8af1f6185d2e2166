"""What became of an exercise or a prediction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Whether an exercise is solved, and one sentence on it.

    Attributes:
        output: what the learner's code printed, bounded, and where in it an error was raised.
        seconds: what the check took.
        line: line of the learner's text, from 1, that the sentence is about; None if it is about no line.
    """

    passed: bool
    sentence: str
    output: str = ""
    seconds: float = 0.0
    line: int | None = None


@dataclass(frozen=True)
class Graded:
    """Whether a prediction was right; ``right`` and ``truth`` are None where the run cannot answer this."""

    right: bool | None
    truth: float | None
    sentence: str

"""What a lesson still has for its learner: its parts, how much of each is done, and which one comes next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from descend.engine.teaching.learner_progress import LessonEntry
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.outline import Outline


class PartCount(NamedTuple):
    """How much of one kind of part of a lesson is done, such as 4 of 6 ``questions``."""

    kind: str
    done: int
    total: int


class OpenPart(NamedTuple):
    """A part that is not finished: the tab of the lesson's screen where it is done, and what is open, in words."""

    tab: str
    words: str


TABS = {"run": "theory", "predictions": "predict", "questions": "quiz", "exercises": "exercises"}
"""Kind of part → the tab where it is done, in the order in which a learner takes them."""


def count_parts(lesson: Lesson | Outline, entry: LessonEntry) -> tuple[PartCount, ...]:
    """What of ``lesson`` there is to do, kind by kind, and how much of it is done."""
    answers = [entry.quiz.get(text) for text in lesson.question_texts]
    solved = [entry.exercises.get(text) for text in lesson.exercise_texts]
    predicted = sum(text in entry.predictions for text in lesson.prediction_texts)
    return (
        PartCount("read", int(entry.opened > 0 or entry.runs > 0), 1),
        *make_counts(
            lesson,
            entry.runs,
            predicted,
            sum(one is not None and one.settled for one in answers),
            sum(one is not None and one.solved for one in solved),
        ),
    )


def make_counts(lesson: Lesson | Outline, runs: int, predicted: int, right: int, solved: int) -> tuple[PartCount, ...]:
    """The kinds of part that ``lesson`` has, with how much of each is done."""
    counts = (
        PartCount("run", int(runs > 0), 1),
        PartCount("predictions", predicted, len(lesson.prediction_texts)),
        PartCount("questions", right, len(lesson.question_texts)),
        PartCount("exercises", solved, len(lesson.exercise_texts)),
    )
    return tuple(count for count in counts if count.total)


def list_open_parts(counts: Iterable[PartCount]) -> list[OpenPart]:
    """The parts that are not finished, the next one first."""
    return [OpenPart(TABS[part.kind], _tell(part)) for part in counts if part.kind in TABS and part.done < part.total]


def _tell(part: PartCount) -> str:
    left = part.total - part.done
    return "not run yet" if part.kind == "run" else f"{left} {part.kind if left > 1 else part.kind[:-1]} open"

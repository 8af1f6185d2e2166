"""When an answered quiz question comes back: FSRS, the Free Spaced Repetition Scheduler, version 6.

FSRS models each question by its difficulty and by its stability, the days after which it is still known with a
probability of 90 %; a question is due when that probability has been reached. It is used because it is published,
because its default parameters are fitted to many millions of reviews, and because it takes account of late and early
answers, which the older SM-2 and Leitner's boxes do not. Nothing is measured of an answer but whether it is right, so
that a right one is graded "good" and a wrong one "again". The package ``fsrs`` computes it, without its random "fuzz".

Source: J. Ye, J. Su, Y. Cao, "A Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling", KDD
2022; formulas of version 6 in https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from fsrs import Scheduler

    from descend.engine.teaching.lesson import Question

LAPSE = timedelta(days=1)
"""After which a question that was answered wrong comes back."""
LONGEST = 365
"""Days between two reviews, at most."""
LAST_DAY = date(9000, 1, 1)
"""Later than that a clock is not believed."""
STABILITY = 0.001, 36_500.0
DIFFICULTY = 1.0, 10.0
"""Bounds of what FSRS computes with; a file may say anything."""


class ReviewSchedule(msgspec.Struct):
    """Where a question stands, by local days, so that neither the hour nor a change of time zone matters."""

    stability: float
    """Days."""
    difficulty: float
    """From 1 to 10."""
    last: date
    due: date
    right: bool
    """Whether the answer of that last day was right."""
    question: str
    """`mark_question` of it."""


def read_today() -> date:
    """The local day by the machine's clock."""
    return date.today()


@lru_cache(4096)
def mark_question(question: Question) -> str:
    """A fingerprint that changes with the words of a question, of a choice, or with which choice is right, and with
    nothing else."""
    parts = [question.text, *sorted(question.choices), question.choices[question.answer]]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def schedule_review(question: Question, before: ReviewSchedule | None, right: bool, today: date) -> ReviewSchedule:
    """The schedule of ``question`` after an answer given ``today``.

    A right answer on the day of the one before changes nothing: the reason had just been read, so that it says nothing
    of what is remembered. A question that was changed starts afresh. Where the clock was set back, the last answer
    counts as one of today.
    """
    from fsrs import Card, Rating, State

    mark, today = mark_question(question), min(today, LAST_DAY)
    card = Card(card_id=1)
    if before is not None and before.question == mark:
        if right and today <= before.last <= today + timedelta(days=1):  # a day more: a journey across time zones
            return before
        card = Card(
            card_id=1,
            state=State.Review if before.right else State.Relearning,
            step=None if before.right else 0,
            stability=_clamp(before.stability, STABILITY),
            difficulty=_clamp(before.difficulty, DIFFICULTY),
            last_review=_find_noon(min(before.last, today)),
        )
    card, _ = _make_scheduler().review_card(card, Rating.Good if right else Rating.Again, _find_noon(today))
    assert card.stability is not None
    assert card.difficulty is not None
    return ReviewSchedule(card.stability, card.difficulty, today, card.due.date(), right, mark)


def is_due(schedule: ReviewSchedule, today: date) -> bool:
    """Whether the question should be asked ``today``. One that was answered in the future, because the clock was wrong,
    is asked as well."""
    return schedule.due <= today or schedule.last > today + timedelta(days=1)


@lru_cache(1)
def _make_scheduler() -> Scheduler:
    from fsrs import Scheduler

    steps = (LAPSE,)
    return Scheduler(learning_steps=steps, relearning_steps=steps, maximum_interval=LONGEST, enable_fuzzing=False)


def _find_noon(day: date) -> datetime:
    """FSRS counts whole days between points in time."""
    return datetime.combine(day, time(12), UTC)


def _clamp(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])

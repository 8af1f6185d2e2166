"""The quiz questions that come back, over all lessons; `descend.engine.teaching.review_schedule` says when."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from descend.engine.teaching import catalogue, learner_progress
from descend.engine.teaching.learner_progress import AnsweredQuestion
from descend.engine.teaching.lesson import Lesson, Question
from descend.engine.teaching.review_schedule import is_due, mark_question

AT_ONCE = 10
"""Questions of a review."""


class ReviewCard(NamedTuple):
    """A question that was answered once: ``number`` of the ``lesson``'s quiz, next asked on the day ``due``."""

    lesson: Lesson
    number: int
    answer: AnsweredQuestion
    due: date

    @property
    def question(self) -> Question:
        """What is asked."""
        return self.lesson.quiz[self.number]


def list_cards(today: date) -> list[ReviewCard]:
    """Every question that was answered and is still asked in the same words, in the order in which they come back:
    those answered wrong before others, then the longest due, and the lessons mixed. What an older logbook has of a
    question says no day, so that it is due at once."""
    found = []
    entries = learner_progress.read_entries()
    for name in catalogue.list_outlines():
        answers = entries[name].quiz if name in entries else {}
        if not answers:
            continue
        lesson = catalogue.find_lesson(name)
        for number, question in enumerate(lesson.quiz):
            if (answer := answers.get(question.text)) is None:
                continue
            schedule = answer.schedule
            if schedule is None:
                found.append(ReviewCard(lesson, number, answer, today))
            elif schedule.question == mark_question(question):
                due = min(schedule.due, today) if is_due(schedule, today) else schedule.due
                found.append(ReviewCard(lesson, number, answer, due))
    return sorted(found, key=_rank)


def list_due(today: date) -> list[ReviewCard]:
    """Those of `list_cards` to be asked ``today``."""
    return [card for card in list_cards(today) if card.due <= today]


def count_due(today: date) -> int:
    """How many questions are to be asked ``today``."""
    return len(list_due(today))


def _rank(card: ReviewCard) -> tuple[bool, date, int, str]:
    schedule = card.answer.schedule
    return (card.answer.right if schedule is None else schedule.right), card.due, card.number, card.lesson.name

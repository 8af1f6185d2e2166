"""Quiz: how many questions, of what kind, and choices that do not give the answer away."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.lesson import Question
from descend.engine.teaching.shuffle import order_choices

MIN_QUESTIONS = 3
BLANKET = re.compile(
    r"\bof the (above|others)\b|^(all|none|both|neither|any) of (these|those|them)\b|"
    r"^(all|none|both|neither)( of \w+)? (is|are) (right|wrong|true|false|correct)\b"
)
"""Choices that refer to the others."""


def is_right_longest(question: Question) -> bool:
    """Whether the right choice is longer than every other."""
    others = [choice for place, choice in enumerate(question.choices) if place != question.answer]
    return len(question.choices[question.answer]) > max(map(len, others))


def check_quiz(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``questions``, ``kinds``, ``alike`` and ``above``."""
    asked = text.lesson.quiz
    if len(asked) < MIN_QUESTIONS:
        yield text.report(
            "questions", f"The quiz has {len(asked)} questions; at least {MIN_QUESTIONS} are asked for.", "quiz="
        )
    worked = sum(question.kind != "recall" for question in asked)
    if 2 * worked < len(asked):
        why = f"{worked} of {len(asked)} questions ask to compute or foresee; at least half are asked for."
        yield text.report("kinds", why, "quiz=")
    for question in asked:
        folded = [" ".join(choice.lower().split()) for choice in question.choices]
        if len(set(folded)) < len(folded):
            yield text.report("alike", f"Two choices are alike: {question.text}", question.text)
        if any(map(BLANKET.search, folded)):
            yield text.report("above", f"A choice refers to the others: {question.text}", question.text)


def check_longest(texts: Sequence[LessonText]) -> Iterator[Shortcoming]:
    """Rule ``longest``, of the lessons of one track together; each lesson with such a question is told."""
    asked = [question for text in texts for question in text.lesson.quiz]
    longest = sum(map(is_right_longest, asked))
    if 3 * longest <= len(asked):
        return
    for text in texts:
        if mine := [question for question in text.lesson.quiz if is_right_longest(question)]:
            why = f"The right choice is the longest in {longest} of the track's {len(asked)} questions; "
            yield text.report("longest", f"{why}at most a third is asked for.", mine[0].text)


def check_places(texts: Sequence[LessonText]) -> Iterator[Shortcoming]:
    """Rule ``place``, of the lessons of one track together: after the shuffle the right choice stands in no place much
    more often than chance would have it, which is by two standard deviations and one question."""
    asked = [(text, question) for text in texts for question in text.lesson.quiz]
    for place in range(max((len(question.choices) for _, question in asked), default=0)):
        chances = [1 / len(question.choices) for _, question in asked if place < len(question.choices)]
        most = sum(chances) + 2 * math.sqrt(sum(chance * (1 - chance) for chance in chances)) + 0.5
        here = [(text, question) for text, question in asked if find_right_place(question) == place]
        if len(here) <= most:
            continue
        why = f"The right choice is number {place + 1} in {len(here)} of the track's {len(asked)} questions; at most "
        why += f"{math.floor(most)} is asked for: move it among the choices."
        told = set()
        for text, question in here:
            if text.lesson.name not in told:
                told.add(text.lesson.name)
                yield text.report("place", why, question.text)


def find_right_place(question: Question) -> int:
    """Where the right choice is shown, from 0."""
    return order_choices(question).index(question.answer)

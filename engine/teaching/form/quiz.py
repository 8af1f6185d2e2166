"""Quiz: how many questions, of what kind, and choices that do not give the answer away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.lesson import Question

MIN_QUESTIONS = 3
BLANKET = ("all of the above", "none of the above", "all of these", "none of these")


def is_right_longest(question: Question) -> bool:
    """Whether the right choice is longer than every other."""
    others = [choice for place, choice in enumerate(question.choices) if place != question.answer]
    return len(question.choices[question.answer]) > max(map(len, others))


def check_quiz(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``questions``, ``kinds``, ``alike`` and ``above``."""
    asked = text.lesson.quiz
    if len(asked) < MIN_QUESTIONS:
        yield text.short(
            "questions", f"The quiz has {len(asked)} questions; at least {MIN_QUESTIONS} are asked for.", "quiz="
        )
    worked = sum(question.kind != "recall" for question in asked)
    if 2 * worked < len(asked):
        why = f"{worked} of {len(asked)} questions ask to compute or foresee; at least half are asked for."
        yield text.short("kinds", why, "quiz=")
    for question in asked:
        folded = [" ".join(choice.lower().split()) for choice in question.choices]
        if len(set(folded)) < len(folded):
            yield text.short("alike", f"Two choices are alike: {question.text}", question.text)
        if any(blanket in choice for choice in folded for blanket in BLANKET):
            yield text.short("above", f"A choice refers to the others: {question.text}", question.text)


def check_longest(texts: Sequence[LessonText]) -> Iterator[Shortcoming]:
    """Rule ``longest``, of the lessons of one track together; each lesson with such a question is told."""
    asked = [question for text in texts for question in text.lesson.quiz]
    longest = sum(map(is_right_longest, asked))
    if 3 * longest <= len(asked):
        return
    for text in texts:
        if mine := [question for question in text.lesson.quiz if is_right_longest(question)]:
            why = f"The right choice is the longest in {longest} of the track's {len(asked)} questions; "
            yield text.short("longest", f"{why}at most a third is asked for.", mine[0].text)

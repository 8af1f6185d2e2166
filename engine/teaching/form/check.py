"""All rules of form, applied to lessons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from descend.engine.teaching.form.exercises import check_exercises
from descend.engine.teaching.form.knobs import check_knobs
from descend.engine.teaching.form.panels import check_panels
from descend.engine.teaching.form.quiz import check_longest, check_quiz
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.form.sources import check_place, check_sources
from descend.engine.teaching.form.theory import check_theory
from descend.engine.teaching.lesson import Lesson

RULES = (
    *("length", "question", "questions", "kinds", "alike", "above", "longest", "prediction", "claims", "exercise"),
    *("starter", "refusal", "unused", "help", "show", "source", "after", "covers", "allow"),
)
"""Names that `Lesson.allow` takes; ``allow`` itself is told if it names none of these, or gives no reason."""


def check_form(lesson: Lesson, known: Mapping[str, Lesson]) -> list[Shortcoming]:
    """What ``lesson`` alone lacks; ``known`` are all lessons by name."""
    text = LessonText(lesson)
    short = [*check_theory(text), *check_quiz(text), *check_exercises(text), *check_knobs(text), *check_panels(text)]
    short += [*check_sources(text), *check_place(text, known)]
    for rule, reason in lesson.allow.items():
        if rule not in RULES or not reason.strip():
            what = "gives no reason" if rule in RULES else "is no rule"
            short.append(text.short("allow", f"allow: '{rule}' {what}.", "allow="))
    return [one for one in short if one.rule == "allow" or not lesson.allow.get(one.rule, "").strip()]


def check_tracks(lessons: Sequence[Lesson]) -> Iterator[Shortcoming]:
    """What whole tracks lack, reported for the lessons that contribute to it."""
    tracks: dict[str, list[LessonText]] = {}
    for lesson in lessons:
        tracks.setdefault(lesson.track, []).append(LessonText(lesson))
    for texts in tracks.values():
        for one in check_longest(texts):
            if not any(text.lesson.name == one.lesson and text.lesson.allow.get(one.rule) for text in texts):
                yield one

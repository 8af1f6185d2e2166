"""All rules of form, applied to lessons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from descend.engine.teaching import catalogue
from descend.engine.teaching.form.exercises import check_exercises
from descend.engine.teaching.form.knobs import check_knobs
from descend.engine.teaching.form.panels import check_panels
from descend.engine.teaching.form.quiz import check_longest, check_places, check_quiz
from descend.engine.teaching.form.results import check_results
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.form.sources import check_place, check_sources
from descend.engine.teaching.form.theory import check_theory
from descend.engine.teaching.lesson import Lesson

RULES = (
    *("length", "question", "takeaways", "result", "questions", "kinds", "alike", "above", "longest", "place"),
    *("prediction", "claims", "exercise", "starter", "refusal", "unused", "help", "taken", "show", "axes"),
    *("source", "after", "covers", "allow"),
    *("fails", "idle", "panel", "film", "first", "slow", "size", "answer"),
    *("cut", "outside", "largest"),
)
"""Names that `Lesson.allow` takes; ``allow`` itself is told if it names none of these, or gives no reason. Those of the
last two lines are measured by short runs (see `smoke`) and by drawing their panels."""


def check_form(lesson: Lesson, known: Mapping[str, Lesson]) -> list[Shortcoming]:
    """What ``lesson`` alone lacks, without running it; ``known`` are all lessons by name."""
    text = LessonText(lesson)
    short = [*check_theory(text), *check_results(text), *check_quiz(text), *check_exercises(text), *check_knobs(text)]
    short += [*check_panels(text), *check_sources(text), *check_place(text, known)]
    for rule, reason in lesson.allow.items():
        if rule not in RULES or not reason.strip():
            what = "gives no reason" if rule in RULES else "is no rule"
            short.append(text.report("allow", f"allow: '{rule}' {what}.", "allow="))
    return excuse(lesson, short)


def excuse(lesson: Lesson, short: Iterable[Shortcoming]) -> list[Shortcoming]:
    """Those of ``short`` that the lesson gives no reason for."""
    return [one for one in short if one.rule == "allow" or not lesson.allow.get(one.rule, "").strip()]


def check_tracks(lessons: Sequence[Lesson]) -> Iterator[Shortcoming]:
    """What whole tracks lack, reported for the lessons that contribute to it. A user's own lessons make tracks
    of their own."""
    tracks: dict[tuple[str, bool], list[LessonText]] = {}
    for lesson in lessons:
        own = lesson.module.startswith(catalogue.OWN)
        tracks.setdefault((lesson.track, own), []).append(LessonText(lesson))
    for texts in tracks.values():
        lessons_of = {text.lesson.name: text.lesson for text in texts}
        for one in (*check_longest(texts), *check_places(texts)):
            yield from excuse(lessons_of[one.lesson], [one])

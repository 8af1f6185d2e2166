"""What lessons settle of the curriculum, row by row: systems, mistakes, questions, exercises and figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.curriculum_rows import EXERCISES, FIGURES, MISTAKES, QUESTIONS, ROWS
from descend.engine.teaching.lesson import Lesson

KINDS = ("system", "mistake", "question", "exercise", "figure")


@dataclass
class CoverageEntry:
    """One thing of the curriculum, and the lessons that settle it; a figure is settled once all its rows are."""

    kind: str
    id: str
    name: str
    lessons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class UnknownRow:
    """An id that a lesson names and the curriculum does not have; ``place`` is where, as in ``quiz 2``."""

    lesson: str
    place: str
    id: str

    def __str__(self) -> str:
        return f"Lesson '{self.lesson}', {self.place}: the curriculum has no {self.id}."


def list_named(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Each place of ``lesson`` that names something of the curriculum, and the id; a mistake's is ``mistake 26``."""

    def ids(place: str, rows: tuple[str, ...] = (), mistakes: tuple[int, ...] = ()) -> Iterator[tuple[str, str]]:
        yield from ((place, row) for row in rows)
        yield from ((place, f"mistake {number}") for number in mistakes)

    yield from ids("covers", lesson.covers)
    yield from ids("lesson", lesson.rows, lesson.mistakes)
    for number, prediction in enumerate(lesson.predictions, 1):
        yield from ids(f"prediction {number}", (), prediction.mistakes)
    for number, question in enumerate(lesson.quiz, 1):
        yield from ids(f"quiz {number}", question.answers, question.mistakes)
    for number, exercise in enumerate(lesson.exercises, 1):
        yield from ids(f"exercise {number}", exercise.rows, exercise.mistakes)


def find_unknown(lesson: Lesson) -> list[UnknownRow]:
    """What ``lesson`` names that the curriculum does not have."""
    mistakes = {f"mistake {number}" for number in MISTAKES}
    return [
        UnknownRow(lesson.name, place, id)
        for place, id in list_named(lesson)
        if id not in (SYSTEMS if place == "covers" else mistakes if id.startswith("mistake ") else ROWS)
    ]


def count_coverage(lessons: Iterable[Lesson]) -> list[CoverageEntry]:
    """Every entry of the curriculum with the lessons that settle it, kind by kind as in `KINDS`."""
    by: dict[str, list[str]] = {}
    for lesson in lessons:
        for _, id in list_named(lesson):
            names = by.setdefault(id, [])
            if lesson.name not in names:
                names.append(lesson.name)
    entries = [CoverageEntry("system", id, name, by.get(id, [])) for id, name in SYSTEMS.items()]
    entries += [
        CoverageEntry("mistake", str(number), name, by.get(f"mistake {number}", []))
        for number, name in MISTAKES.items()
    ]
    entries += [CoverageEntry("question", id, name, by.get(id, [])) for id, name in QUESTIONS.items()]
    entries += [CoverageEntry("exercise", id, name, by.get(id, [])) for id, name in EXERCISES.items()]
    figures: dict[int, dict[str, str]] = {}
    for row, (number, name) in FIGURES.items():
        figures.setdefault(number, {})[row] = name
    for number, rows in sorted(figures.items()):
        missing = [row for row in rows if row not in by]
        drawn = [] if missing else list(dict.fromkeys(name for row in rows for name in by[row]))
        shown = {row: rows[row] for row in missing} or rows
        words = "; ".join(f"{row} {name}" for row, name in shown.items())
        entries.append(CoverageEntry("figure", str(number), words, drawn))
    return entries

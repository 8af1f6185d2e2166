"""The course as Home shows it: its lessons along the path, what of it is missing, and how far the learner is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.learning_path import (
    find_covering,
    find_next_lesson,
    list_after,
    list_before,
    list_missing,
    list_tracks,
    order_lessons,
)
from descend.engine.teaching.outline import Outline
from descend.tui.screens.learn.progress_scanner import NOTHING, Findings, LiveRun, NextStep


class MissingSystems(NamedTuple):
    """The systems of a track that no lesson covers yet."""

    track: str


class MissingSystem(NamedTuple):
    """A system that no lesson covers yet, by its curriculum id."""

    system: str

    @property
    def title(self) -> str:
        """Its short name."""
        return SYSTEMS[self.system]


Entry = Outline | LiveRun | NextStep | MissingSystems | MissingSystem | str
"""What a line of Home stands for; a string is the letter of a track."""


@dataclass(frozen=True)
class Neighbour:
    """What a lesson builds on or leads to: a lesson, or the name of a system that has none."""

    title: str
    lesson: Outline | None


class Course:
    """All lessons and what is known of the learner.

    Attributes:
        path: the lessons in the recommended order.
        numbers: the place of each on it, from 1, by name.
        tracks: the lessons of each track, in teaching order.
        missing: ids of the systems without a lesson, by track.
        findings: what was found out last.
        following: name of the next lesson on the path, empty if all are finished.
    """

    def __init__(self, lessons: dict[str, Outline]) -> None:
        self.lessons = lessons
        self.path = order_lessons(lessons.values())
        self.numbers = {lesson.name: number for number, lesson in enumerate(self.path, 1)}
        self.tracks = list_tracks(lessons.values())
        missing = list_missing(lessons.values())
        self.missing = {letter: [one for one in missing if one[0] == letter] for letter in self.tracks}
        self.learn(NOTHING)

    def learn(self, findings: Findings) -> None:
        """Take in what was found out about the learner."""
        self.findings = findings
        following = self.find_next()
        self.following = following.name if following is not None else ""

    def state(self, lesson: Outline) -> str:
        """``new``, ``begun`` or ``finished``."""
        known = self.findings.states.get(lesson.name)
        return known.state if known is not None else "new"

    def share(self, *lessons: Outline) -> float:
        """How much of ``lessons`` is done, from 0 to 1."""
        states = [state for one in lessons if (state := self.findings.states.get(one.name))]
        shares = sum(state.share for state in states)
        return shares / len(lessons) if lessons else 0.0

    @property
    def finished(self) -> set[str]:
        """Names of the lessons that are finished."""
        return {name for name, progress in self.findings.states.items() if progress.state == "finished"}

    def find_next(self, after: str = "") -> Outline | None:
        """The next open lesson on the path; see `find_next_lesson`."""
        return find_next_lesson(self.path, self.finished, after)

    def list_before(self, lesson: Outline) -> list[Neighbour]:
        """What ``lesson`` builds on."""
        named = [self.lessons[lesson.after]] if lesson.after in self.lessons else []
        return self._join(named, list_before(lesson), lesson)

    def list_after(self, lesson: Outline) -> list[Neighbour]:
        """What builds on ``lesson``."""
        return self._join([one for one in self.path if one.after == lesson.name], list_after(lesson), lesson)

    def _join(self, named: list[Outline], systems: list[str], lesson: Outline) -> list[Neighbour]:
        """The lessons ``named`` and those of ``systems``, then the systems without one."""
        covering = {system: find_covering(self.lessons, system) for system in systems}
        lessons = {one.name: one for one in [*named, *filter(None, covering.values())] if one.name != lesson.name}
        missing = [Neighbour(SYSTEMS[system], None) for system, found in covering.items() if found is None]
        return [Neighbour(one.title, one) for one in lessons.values()] + missing

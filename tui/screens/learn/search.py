"""Finds lessons by words of their titles, systems, knobs, data and theories, also where a word is typed in part, or
with letters left out or wrong, and says where it found them."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from textual.fuzzy import FuzzySearch

from descend.engine.base.errors import DescendError
from descend.engine.teaching import catalogue
from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.lesson import TRACKS, Lesson
from descend.engine.teaching.outline import Outline
from descend.tui.cell_text import plain
from descend.tui.screens.learn.course import Course, MissingSystem

WORD = re.compile(r"\w[\w'-]*")
SHORTEST = 3
"""Letters of a word from which letters may be left out."""
LONGEST = 24
"""Letters of a word that are compared letter by letter; a match of longer ones could take long."""
EXACT, START, WITHIN, FUZZY = 1.0, 0.9, 0.7, 0.5
"""How well a word fits one that was typed: in full, its start, some of it, with letters left out."""
ALIKE, SWAPPED = 0.75, 0.3
"""How much of a word is as it was typed at least where letters are wrong, and how well it fits then."""
AROUND = 40
"""Characters shown on both sides of a word found in a theory."""


class Place(NamedTuple):
    """Where a word stands: its ``kind``, how much that counts, and the text it is part of."""

    kind: str
    weight: float
    text: str


@dataclass(frozen=True)
class Hit:
    """A lesson, or a system without one, that fits a search; ``where`` says what was found, in short."""

    entry: Outline | MissingSystem
    score: float
    where: str
    quote: str


class LessonIndex:
    """The words of a course, made once and in a thread; after that any number of searches."""

    def __init__(self, course: Course) -> None:
        self._entries: dict[str, Outline | MissingSystem] = {}
        self._words: dict[str, dict[str, Place]] = defaultdict(dict)  # word → name → its best place
        self._initials: dict[str, list[str]] = defaultdict(list)
        self._fuzzy = FuzzySearch()
        for outline in course.path:
            with suppress(DescendError):  # its file was changed meanwhile, and cannot be loaded
                self._take(outline.name, outline, _list_places(catalogue.find_lesson(outline.name)))
        for systems in course.missing.values():
            for system in systems:
                places = [Place("title", 5, SYSTEMS[system]), Place("id", 3, system)]
                self._take(f"missing {system}", MissingSystem(system), places)
        for word in self._words:
            self._initials[word[0]].append(word)

    def _take(self, name: str, entry: Outline | MissingSystem, places: list[Place]) -> None:
        self._entries[name] = entry
        for place in places:
            for word in _list_words(place.text):
                before = self._words[word].get(name)
                if before is None or before.weight < place.weight:
                    self._words[word][name] = place

    def find(self, query: str) -> dict[str, Hit]:
        """What every word of ``query`` fits, best first, lessons before what is not written yet."""
        asked = _list_words(query)
        found: dict[str, tuple[float, str, Place]] | None = None
        for wanted in asked:
            here = self._find_word(wanted)
            if found is None:
                found = here
                continue
            joint = {}
            for name in found.keys() & here.keys():
                weakest = min(found[name], here[name], key=lambda one: one[2].weight)  # the rest is plain to see
                joint[name] = (found[name][0] + here[name][0], *weakest[1:])
            found = joint
        hits = {
            name: Hit(self._entries[name], score, _tell(word, place), _quote(word, place))
            for name, (score, word, place) in (found or {}).items()
        }

        def rank(name: str) -> tuple[bool, float]:
            return isinstance(self._entries[name], MissingSystem), -hits[name].score

        return {name: hits[name] for name in sorted(hits, key=rank)}

    def _find_word(self, wanted: str) -> dict[str, tuple[float, str, Place]]:
        """What ``wanted`` fits: by name the score, the word that it fits and where that stands."""
        found: dict[str, tuple[float, str, Place]] = {}
        for word, fits in self._list_fitting(wanted):
            for name, place in self._words[word].items():
                score = fits * place.weight
                if name not in found or found[name][0] < score:
                    found[name] = score, word, place
        return found

    def _list_fitting(self, wanted: str) -> Iterator[tuple[str, float]]:
        fitting = False
        for word in self._words:
            if word.startswith(wanted):
                fitting = True
                yield word, EXACT if word == wanted else START
            elif wanted in word:
                yield word, WITHIN * len(wanted) / len(word)
        if fitting or not SHORTEST <= len(wanted) <= LONGEST:
            return
        for word in self._initials.get(wanted[0], ()):  # whoever leaves letters out begins with the first
            if len(wanted) < len(word) <= min(LONGEST, 3 * len(wanted)):
                score, _ = self._fuzzy.match(wanted, word)
                if score > 0:
                    fitting = True
                    yield (
                        word,
                        FUZZY * min(1.0, score / (4 * len(wanted))) * len(wanted) / len(word),
                    )  # fewer left out is better
        if not fitting:
            for word in difflib.get_close_matches(wanted, self._initials.get(wanted[0], ()), 3, ALIKE):
                yield word, SWAPPED


def _list_words(text: str) -> list[str]:
    return [word for found in WORD.finditer(text.lower()) for word in {found[0], *found[0].split("-")} if word]


def _list_places(lesson: Lesson) -> list[Place]:
    """Everything that is searched of ``lesson``."""
    return [
        Place("title", 5, lesson.title),
        Place("name", 4.9, lesson.name),
        *(Place("system", 4, SYSTEMS.get(system, system)) for system in lesson.covers),
        *(Place(f"knob {name}", 3.5, name) for name in lesson.knobs.specs),
        *(Place(f"knob {name}", 3, spec.help) for name, spec in lesson.knobs.specs.items()),
        *(Place("data", 2.5, name) for name in lesson.data),
        Place("track", 2, TRACKS[lesson.track]),
        *(Place("id", 2, system) for system in lesson.covers),
        *(Place("takeaway", 2, sentence) for sentence in lesson.takeaways),
        Place("theory", 1, lesson.theory),
    ]


def _tell(word: str, place: Place) -> str:
    """Where ``word`` was found, in short."""
    return plain(place.kind if place.kind.endswith(f" {word}") else f"{place.kind}: {word}")


def _quote(word: str, place: Place) -> str:
    """The text around ``word``."""
    text = plain(" ".join(place.text.replace("*", "").replace("`", "").split()))
    at = text.lower().find(word)
    start, end = max(0, at - AROUND), min(len(text), at + len(word) + AROUND)
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"

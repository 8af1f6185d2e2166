"""The recommended path through the curriculum, and what builds on what.

The order is that of this course: first see one network learn, then the mathematics it is made of, then how it is
trained, why it generalises, and the families of networks. Each system comes after all those it builds on, so that a
beginner can take one after the other; whoever knows something skips it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.outline import Outline

SomeLesson = TypeVar("SomeLesson", Lesson, Outline)

TRACK_ORDER = tuple("DAECFGHIJKLMBNO")
"""Letters of the tracks, in the order in which the path first needs most of each."""

_PATH = """
D04 D01 O03 A01 A02 A03 D02 A07 A08 D03 D05 D06 A10 A11 D07 E01 E04
C01 C02 C03 C04 C07 A12 E02 A04 A05 A06 E03 A14 E06 E05 D08 D09 D10 D11
F01 F02 F06 C05 C06 F14 F13 F12 F15 F16 K05 K06 K01 K02 K03 E07 K04 K07
C09 C10 C11 C12 C08 C13
G01 G02 G03 G04 G05 G06 G07 G08 G09 G10 G11 G12 G13 G14 O01
H01 H02 H03 H04 H05 H06 H07 H08 H09 H10 O02
I01 I02 I03 I04 I05 I06 I07 I08 J01 J02
F05 F03 F04 A15 F07 F08 F09 F10 F17 F18 F11
L01 L02 L03 L04 L05 L06 L07 M01 M02 M03
A09 A13 B01 B02 B03 B04 B05 B06 B07 B08 B09 N01 N02 N03 O04
"""
PATH = tuple(_PATH.split())
"""Curriculum ids of all systems, in the order in which a beginner takes them."""

_BUILDS_ON = """
A02: A01 | A03: A01 | A04: A02 | A05: A04 | A06: A05 | A08: A07 | A09: A07 | A11: A10 | A12: A10 | A13: A10 A12
A14: A01 | A15: A03 A10
B01: A01 | B02: A07 B01 | B03: E01 B01 | B04: B01 | B05: B03 B04 | B06: A09 B01 | B07: B04 | B08: B07 | B09: A08 B01
C02: C01 | C03: C01 | C04: C03 | C05: D04 C01 | C06: C03 | C07: C02 | C08: C09 C10 | C09: D01 D07 C07 | C10: A03 C02
C11: A05 C02 | C12: A10 | C13: C06 D07
D02: D01 | D03: D04 A07 | D05: D04 A08 | D06: D02 D05 | D07: D04 A11 | D08: D03 D05 | D09: D08 | D10: D03 D09 | D11: D10
E01: A07 | E02: E01 | E03: E01 A05 | E04: D05 E01 | E05: E02 E04 | E06: D05 E04 | E07: E04 C07
F01: C07 A10 | F02: F01 | F03: F02 D11 | F04: F03 | F05: C05 F01 | F06: F01 | F07: F06 A15 | F08: A10 D08 E03
F09: E03 F04 | F10: F13 F05 | F11: F03 F09 F10 | F12: F01 E04 | F13: F01 E02 | F14: F06 E04 | F15: E04 E06
F16: F12 F13 F14 F15 | F17: E01 D07 G06 | F18: C07 K06
G01: A02 D04 | G02: G01 | G03: G02 | G04: G03 | G05: G01 D11 | G06: G03 E04 | G07: G02 G06 | G08: G07 F12 F15
G09: G08 | G10: G09 C06 | G11: G05 G06 | G12: G09 E06 | G13: G10 G12 | G14: G09
H01: A02 D04 | H02: H01 D07 | H03: H01 | H04: H02 E06 | H05: H04 | H06: H05 | H07: H03 H06 | H08: H07 | H09: H06 H08
H10: H06 G09
I01: H02 A02 | I02: I01 G13 | I03: D07 C11 | I04: I03 A11 | I05: D07 A10 | I06: A10 E04 I03 | I07: A02 D04
I08: I01 I02 | J01: A10 | J02: J01 E04
K01: E04 K05 | K02: K01 E06 F01 | K03: K05 | K04: K03 | K05: D07 E04 C07 | K06: K05 | K07: K05 A05
L01: A14 E04 | L02: D07 K05 | L03: K05 F13 | L04: E04 | L05: L04 A02 | L06: L04 D11 | L07: K05
M01: C05 K06 | M02: F18 | M03: F18 G06
N02: N01 | N03: N02 K04
O01: G14 | O02: H10 | O03: D04 | O04: K05
"""


def _parse_links(text: str) -> dict[str, tuple[str, ...]]:
    """The links written in ``text`` as ``id: ids it builds on``, for every system."""
    links: dict[str, tuple[str, ...]] = dict.fromkeys(PATH, ())
    for link in text.replace("\n", "|").split("|"):
        system, _, before = link.partition(":")
        if before:
            links[system.strip()] = tuple(before.split())
    return links


BUILDS_ON = _parse_links(_BUILDS_ON)
"""Curriculum id → ids of the systems to know before it; empty for what needs nothing."""


def order_lessons(lessons: Iterable[SomeLesson]) -> list[SomeLesson]:
    """``lessons`` along the path, each after the one that it names in ``after``.

    What covers no known system comes at the end of its track.
    """
    known = {lesson.name: lesson for lesson in lessons}
    ordered: dict[str, SomeLesson] = {}

    def place(lesson: SomeLesson, waiting: frozenset[str]) -> None:
        before = known.get(lesson.after)
        if before is not None and before.name not in waiting:
            place(before, waiting | {before.name})
        ordered.setdefault(lesson.name, lesson)

    for lesson in sorted(known.values(), key=_find_place):
        place(lesson, frozenset({lesson.name}))
    return list(ordered.values())


def find_next_lesson(lessons: Iterable[SomeLesson], finished: Collection[str], after: str = "") -> SomeLesson | None:
    """The first lesson along the path that is not ``finished`` and comes after the one named ``after``.

    Where the path ends it begins again, with what was skipped; None once everything else is finished.
    """
    path = order_lessons(lessons)
    names = [lesson.name for lesson in path]
    start = names.index(after) + 1 if after in names else 0
    return next((one for one in path[start:] + path[:start] if one.name not in finished and one.name != after), None)


def list_tracks(lessons: Iterable[SomeLesson]) -> dict[str, list[SomeLesson]]:
    """Track letter → its lessons along the path; every track, in teaching order, also those without lessons."""
    tracks: dict[str, list[SomeLesson]] = {letter: [] for letter in TRACK_ORDER}
    for lesson in order_lessons(lessons):
        tracks[lesson.track].append(lesson)
    return tracks


def list_missing(lessons: Iterable[Lesson | Outline], track: str = "") -> list[str]:
    """Ids of the systems that no lesson covers, along the path; of one ``track`` if stated."""
    covered = {system for lesson in lessons for system in lesson.covers}
    return [system for system in PATH if system not in covered and system.startswith(track)]


def list_before(lesson: Lesson | Outline) -> list[str]:
    """Ids of the systems that ``lesson`` builds on, without those that it covers itself."""
    before = dict.fromkeys(one for system in lesson.covers for one in BUILDS_ON.get(system, ()))
    return [system for system in before if system not in lesson.covers]


def list_after(lesson: Lesson | Outline) -> list[str]:
    """Ids of the systems that build directly on what ``lesson`` covers, along the path."""
    covers = set(lesson.covers)
    return [system for system in PATH if system not in covers and covers & set(BUILDS_ON[system])]


def find_covering(lessons: Mapping[str, SomeLesson], system: str) -> SomeLesson | None:
    """The first lesson that covers ``system``; None if there is none yet."""
    return next((lesson for lesson in lessons.values() if system in lesson.covers), None)


def _find_place(lesson: Lesson | Outline) -> tuple[int, str]:
    """Where ``lesson`` stands on the path."""
    if lesson.covers[0] in SYSTEMS:
        return PATH.index(lesson.covers[0]), lesson.name
    track = [place for place, system in enumerate(PATH) if system[0] == lesson.track]
    return max(track, default=len(PATH)), lesson.name

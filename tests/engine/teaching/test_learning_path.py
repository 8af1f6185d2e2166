"""The path leads through everything, in an order in which everything is explained before it is used."""

from __future__ import annotations

from dataclasses import replace

from descend.engine.base.knobs import KnobSet
from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.learning_path import (
    BUILDS_ON,
    PATH,
    TRACK_ORDER,
    find_covering,
    find_next_lesson,
    list_after,
    list_before,
    list_missing,
    list_tracks,
    order_lessons,
)
from descend.engine.teaching.lesson import TRACKS, Lesson


def lesson(name: str, *covers: str, after: str = "") -> Lesson:
    made = Lesson(covers=covers, run=lambda lab, knobs: None, knobs=KnobSet, after=after)
    return replace(made, name=name, title=name.title())


NET, CHAIN, BACK, GIT = lesson("net", "D04"), lesson("chain", "A08"), lesson("back", "D05", "D06"), lesson("git", "N03")


def test_every_system_is_on_the_path_once_and_after_what_it_builds_on() -> None:
    assert sorted(PATH) == sorted(SYSTEMS)
    assert sorted(TRACK_ORDER) == sorted(TRACKS)
    place = {system: number for number, system in enumerate(PATH)}
    assert sorted(BUILDS_ON) == sorted(SYSTEMS)
    wrong = [(one, before) for one, many in BUILDS_ON.items() for before in many if place[before] >= place[one]]
    assert wrong == []


def test_lessons_stand_along_the_path_each_after_the_one_it_names() -> None:
    assert order_lessons([GIT, BACK, CHAIN, NET]) == [NET, CHAIN, BACK, GIT]
    early = lesson("early", "D01", after="git")
    assert order_lessons([early, GIT, NET]) == [NET, GIT, early]
    circle = [lesson("a", "D01", after="b"), lesson("b", "D02", after="a")]
    assert {one.name for one in order_lessons(circle)} == {"a", "b"}


def test_a_lesson_on_something_new_ends_its_track() -> None:
    own = lesson("own", "A99")
    assert order_lessons([own, GIT, CHAIN]) == [CHAIN, own, GIT]


def test_the_next_lesson_is_the_first_open_one_and_what_was_skipped_comes_again_at_the_end() -> None:
    lessons = [BACK, NET, CHAIN, GIT]
    assert find_next_lesson(lessons, ()) is NET
    assert find_next_lesson(lessons, {"net"}) is CHAIN
    assert find_next_lesson(lessons, {"net"}, after="back") is GIT
    assert find_next_lesson(lessons, {"git"}, after="back") is NET
    assert find_next_lesson(lessons, {"net", "chain", "git"}, after="back") is None


def test_tracks_are_all_there_in_teaching_order_with_what_is_missing_of_each() -> None:
    tracks = list_tracks([GIT, BACK, NET])
    assert tuple(tracks) == TRACK_ORDER
    assert tracks["D"] == [NET, BACK]
    assert tracks["L"] == []
    missing = list_missing([GIT, BACK, NET])
    assert len(missing) == len(SYSTEMS) - 4
    assert list_missing([GIT, BACK, NET], "N") == ["N01", "N02"]


def test_what_a_lesson_builds_on_and_leads_to_is_told_by_its_systems() -> None:
    assert list_before(BACK) == ["D04", "A08", "D02"]
    assert "D05" in list_after(NET)
    assert "D06" not in list_after(BACK)
    assert find_covering({"net": NET, "back": BACK}, "D06") is BACK
    assert find_covering({"net": NET}, "D06") is None

"""When quiz questions come back: a learner over simulated weeks, clocks that are wrong, and an old logbook."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.engine import own

from descend.engine.teaching import catalogue, learner_progress, review, review_schedule
from descend.engine.teaching.lesson import Lesson, Question
from descend.engine.teaching.review_schedule import ReviewSchedule, is_due, mark_question, schedule_review

DAY = timedelta(days=1)
START = date(2027, 3, 1)
QUESTION = Question("How many are 2 and 2?", ("3", "4", "5"), 1, "Count.")


class Clock:
    """A clock that a test sets."""

    day = START


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(review_schedule, "read_today", lambda: clock.day)
    return clock


@pytest.fixture
def halving(folders: Path) -> Lesson:
    return own.install(folders)


def answer(lesson: Lesson, number: int, right: bool) -> None:
    """Answer a question of ``lesson``."""
    question = lesson.quiz[number]
    learner_progress.record_answer(
        lesson, number, question.answer if right else (question.answer + 1) % len(question.choices)
    )


def asked(today: date) -> list[tuple[str, int]]:
    """Lesson and number of each question that is due."""
    return [(card.lesson.name, card.number) for card in review.list_due(today)]


def test_right_answers_come_back_at_growing_intervals_and_a_wrong_one_the_next_day() -> None:
    day, schedule, waits = START, None, []
    for _ in range(5):
        schedule = schedule_review(QUESTION, schedule, True, day)
        waits.append((schedule.due - day).days)
        assert not is_due(schedule, schedule.due - DAY)
        assert is_due(schedule, schedule.due)
        day = schedule.due
    assert waits[0] == 2, "FSRS-6: a first good answer has a stability of 2.3065 days"
    assert all(later > 1.5 * sooner for sooner, later in pairwise(waits)), waits
    known = waits[-1]
    lapsed = schedule_review(QUESTION, schedule, False, day)
    assert lapsed.due == day + DAY
    again = schedule_review(QUESTION, lapsed, True, lapsed.due)
    assert 1 <= (again.due - lapsed.due).days < known, "a lapse shortens what follows"


def test_the_schedule_is_the_same_each_time_and_never_longer_than_a_year() -> None:
    def learn() -> list[ReviewSchedule]:
        found: list[ReviewSchedule] = []
        for _ in range(12):
            before = found[-1] if found else None
            found.append(schedule_review(QUESTION, before, True, before.due if before else START))
        return found

    assert learn() == learn()
    assert learn()[-1].due - learn()[-1].last == timedelta(days=review_schedule.LONGEST)


def test_a_right_answer_just_after_the_reason_was_read_proves_nothing() -> None:
    wrong = schedule_review(QUESTION, None, False, START)
    assert schedule_review(QUESTION, wrong, True, START) == wrong
    assert schedule_review(QUESTION, wrong, True, START - DAY) == wrong, "over the date line"
    right = schedule_review(QUESTION, None, True, START)
    assert schedule_review(QUESTION, right, False, START).due == START + DAY, "but a wrong one counts"


def test_a_clock_that_is_wrong_neither_crashes_nor_loses_a_question() -> None:
    far = schedule_review(QUESTION, None, True, date(2090, 1, 1))
    assert is_due(far, START), "or it would come back in sixty years"
    back = schedule_review(QUESTION, far, True, START)
    assert (back.last, back.due > START) == (START, True)
    for day in (date.min, date.max, date(1970, 1, 1)):
        for right in (True, False):
            assert is_due(schedule_review(QUESTION, far, right, day), date.max)
    odd = ReviewSchedule(-3.0, 1e300, START, START, True, mark_question(QUESTION))
    assert schedule_review(QUESTION, odd, True, START + DAY).due > START
    huge = ReviewSchedule(1e308, -1e308, START, START, True, mark_question(QUESTION))
    assert schedule_review(QUESTION, huge, True, START + DAY).due <= START + 366 * DAY


def test_a_learner_over_weeks(halving: Lesson, clock: Clock) -> None:
    assert asked(clock.day) == [], "what was never asked is not reviewed"
    answer(halving, 0, True)
    answer(halving, 1, False)
    assert asked(clock.day) == []
    assert asked(clock.day + DAY) == [("halving", 1)]
    assert asked(clock.day + 2 * DAY) == [("halving", 1), ("halving", 0)], "wrong before right"
    reviews = {0: 0, 1: 0}
    for _ in range(60):
        clock.day += DAY
        for name, number in asked(clock.day):
            assert name == "halving"
            reviews[number] += 1
            answer(halving, number, True)
        assert asked(clock.day) == []
    assert all(3 <= count <= 8 for count in reviews.values()), reviews


def test_wrong_ones_come_first_and_lessons_are_mixed(halving: Lesson, clock: Clock) -> None:
    digits = catalogue.find_lesson("digits")
    for number in range(len(digits.quiz)):
        answer(digits, number, number != 2)
    answer(halving, 0, True)
    answer(halving, 1, False)
    clock.day += 30 * DAY
    due = asked(clock.day)
    assert due[:2] == [("halving", 1), ("digits", 2)]
    assert due[2:4] == [("digits", 0), ("halving", 0)], "the lessons are mixed"
    assert review.count_due(clock.day) == len(due) == len(digits.quiz) + 2


def test_a_changed_question_starts_afresh_and_others_stay(
    halving: Lesson, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(halving, 0, False)
    answer(halving, 1, False)
    clock.day += DAY
    choices = (*halving.quiz[0].choices, "another choice")
    changed = replace(halving, quiz=(replace(halving.quiz[0], choices=choices), halving.quiz[1]))
    own.teach(monkeypatch, changed)
    assert asked(clock.day) == [("halving", 1)]
    answer(changed, 0, True)
    schedule = learner_progress.read_entry("halving").quiz[changed.quiz[0].text].schedule
    assert schedule is not None
    assert schedule == schedule_review(changed.quiz[0], None, True, clock.day)
    moved = replace(halving, quiz=(halving.quiz[1], halving.quiz[0]))
    own.teach(monkeypatch, moved)
    assert asked(clock.day) == [("halving", 0)], "the same question at another place"


def test_the_order_of_choices_is_no_part_of_a_question() -> None:
    turned = replace(QUESTION, choices=("4", "5", "3"), answer=0, why="Otherwise put.")
    assert mark_question(turned) == mark_question(QUESTION)
    assert mark_question(replace(QUESTION, answer=2)) != mark_question(QUESTION)


def test_finished_stays_finished_whatever_is_answered_later(halving: Lesson, clock: Clock) -> None:
    learner_progress.record_run(halving)
    for index in range(3):
        learner_progress.record_prediction(halving, index, 0, "run")
    for index in range(2):
        learner_progress.record_attempt(halving, index, True)
        answer(halving, index, True)
    assert learner_progress.measure_progress(halving).state == "finished"
    for right in (False, False, True, False):
        answer(halving, 1, right)
        assert learner_progress.measure_progress(halving).state == "finished"


def test_an_old_logbook_is_read_and_its_questions_are_due(halving: Lesson, folders: Path, clock: Clock) -> None:
    first, second = (question.text for question in halving.quiz[:2])
    old = {"first": 0, "latest": 0, "first_right": True, "right": True, "times": 1}
    quiz = {first: old, second: {**old, "right": False, "first_right": False}, "Gone since?": old}
    file = folders / "logbook.json"
    file.write_text(json.dumps({"format": 1, "lessons": {"halving": {"opened": 1, "quiz": quiz}, "gone": {}}}))
    assert asked(clock.day) == [("halving", 1), ("halving", 0)]
    answer(halving, 1, True)
    assert asked(clock.day) == [("halving", 0)]
    kept = json.loads(file.read_text())
    assert kept["format"] == learner_progress.FORMAT == 2, "an older descend would drop the schedules"
    assert "Gone since?" in kept["lessons"]["halving"]["quiz"]
    assert "gone" in kept["lessons"]


def test_the_scheduler_is_not_imported_to_list_lessons() -> None:
    code = "import sys; from descend.engine.teaching import review, learner_progress as l; print('fsrs' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"

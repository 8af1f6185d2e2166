"""A person who comes back on another day and is asked what they once answered."""

from __future__ import annotations

import fcntl
from datetime import date, timedelta
from pathlib import Path

import pytest

from descend.engine.teaching import learner_progress, review, review_schedule
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.shuffle import order_choices
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.review import ReviewScreen
from tests.tui import practice
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_quiz import key
from tests.tui.test_everywhere import choose

DAY = timedelta(days=1)
MANY = 13


class Clock:
    """A clock that a test sets."""

    day = date(2027, 3, 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(review_schedule, "read_today", lambda: clock.day)
    return clock


@pytest.fixture
def many(folders: Path, clock: Clock) -> Lesson:
    """A lesson with more than ten questions that were answered wrong yesterday, three that were not answered."""
    questions = "".join(
        f"        ? Is {n} [odd]?\n        + yes\n        - no\n        = See {n}.\n" for n in range(MANY)
    )
    text = practice.TEXT.replace('    quiz=quiz("""\n', f'    quiz=quiz("""\n{questions}')
    lesson = practice.install(folders, text)
    for number in range(MANY):
        learner_progress.record_answer(lesson, number, 1)
    clock.day += DAY
    return lesson


def view(shell: Shell) -> object:
    """The question that is shown."""
    assert isinstance(shell.app.screen, ReviewScreen), shell.text
    return shell.app.screen.view


async def begin(shell: Shell) -> None:
    """Open the review from Home."""
    await shell.press("R")
    await shell.until(lambda: isinstance(shell.app.screen, ReviewScreen))


@pytest.mark.parametrize("size", SIZES)
async def test_ten_are_asked_at_a_time_and_then_the_rest(size: tuple[int, int], many: Lesson, clock: Clock) -> None:
    async with opened(size) as shell:
        await shell.sees(f"R: {MANY} to review")
        await begin(shell)
        for number in range(review.AT_ONCE):
            await shell.sees(f"Review: question {number + 1} of 10", "by hand", f"Is {number} [odd]?")
            right = number != 4
            await shell.press(key(many, number, right=right), "enter")
            await shell.sees("✓ Right." if right else "✗ No: choice", f"See {number}.", "It comes back")
            await shell.press("enter")
        await shell.sees("Review done", "9 right", "1 wrong", "1  tomorrow", "Most missed: Practice", "1 wrong.")
        await shell.sees("3 more are due today.", "enter asks them", "escape back to the lessons")
        await shell.press("enter")
        await shell.sees("question 1 of 3", "Is 10 [odd]?")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        await shell.sees("R: 3 to review")
    assert review.count_due(clock.day) == 3


async def test_a_number_marks_and_enter_answers(many: Lesson, clock: Clock) -> None:
    async with opened((80, 24)) as shell:
        await begin(shell)
        wrong, right = key(many, 0, right=False), key(many, 0, right=True)
        await shell.press(wrong, "9", "a", "left", "right", "f", "n", "x")
        await shell.sees("question 1 of 10", f"› {wrong}")
        assert learner_progress.read_entry("practice").quiz[many.quiz[0].text].times == 1
        await shell.press(right, "enter")
        await shell.sees("✓ Right.", "1 right, 0 wrong")
        await shell.press(wrong, "a", "up", "down")  # it is answered: nothing changes that
        answer = learner_progress.read_entry("practice").quiz[many.quiz[0].text]
        assert (answer.times, answer.right) == (2, True)
        await shell.sees("✓ Right.", "question 1 of 10")


async def test_the_lesson_is_a_key_away_and_escape_comes_back(many: Lesson, clock: Clock) -> None:
    async with opened((80, 24)) as shell:
        await begin(shell)
        await shell.press(key(many, 0, right=False), "enter")
        await shell.sees("f opens Practice", "It comes back tomorrow.")
        await shell.press("f")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.press("escape")
        await shell.sees("question 1 of 10", "It comes back tomorrow.")


async def test_leaving_in_the_middle_keeps_what_was_answered(many: Lesson, clock: Clock) -> None:
    async with opened((80, 24)) as shell:
        await begin(shell)
        await shell.press("1", "enter", "enter", "1", "enter", "enter", "2")
        await shell.press("escape")
        await shell.sees(f"R: {MANY - 2} to review")
        await begin(shell)
        await shell.sees("question 1 of 10", "Is 2 [odd]?")


async def test_nothing_is_due_says_when_and_offers_practice(folders: Path, clock: Clock) -> None:
    lesson = practice.install(folders)
    async with opened((80, 24)) as shell:
        await begin(shell)
        await shell.sees("No question to review yet.")
        await shell.press("enter", "p", "f", "1")
        await shell.sees("No question to review yet.")
        await shell.press("escape")
        learner_progress.record_answer(lesson, 0, lesson.quiz[0].answer)
        await begin(shell)
        await shell.sees("Nothing is due today.", "in 2 days, Wed 3 Mar 2027", "p asks it anyway")
        await shell.press("p")
        await shell.sees("question 1 of 1", "What is the root of 4?")
        await shell.press(key(lesson, 0, right=True), "enter")
        await shell.sees("✓ Right.", "in 2 days")  # on the same day a right answer proves nothing


async def test_a_slip_in_a_review_does_not_undo_what_the_lesson_counts(folders: Path, clock: Clock) -> None:
    lesson = practice.install(folders)
    for number, question in enumerate(lesson.quiz):
        learner_progress.record_answer(lesson, number, question.answer)
    clock.day += 10 * DAY
    before = learner_progress.measure_progress(lesson)
    async with opened((80, 24)) as shell:
        await begin(shell)
        await shell.press(key(lesson, 0, right=False), "enter")
        await shell.sees("✗ No: choice", "It comes back tomorrow.")
        assert not learner_progress.read_entry("practice").quiz[lesson.quiz[0].text].right
        assert learner_progress.measure_progress(lesson) == before
        await shell.press("f")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.sees("Quiz ✓")


async def test_all_that_is_forgotten_is_asked_no_more(many: Lesson, clock: Clock) -> None:
    async with opened((80, 24)) as shell:
        await begin(shell)
        await choose(shell, "reset all progress")
        await shell.press("y")
        await shell.sees("No question to review yet.")


async def test_an_answer_while_the_logbook_is_held_is_kept(many: Lesson, clock: Clock, folders: Path) -> None:
    async with opened((80, 24)) as shell:
        await begin(shell)
        with open(folders / "logbook.lock", "rb") as holding:
            fcntl.flock(holding, fcntl.LOCK_EX)
            await shell.press(str(1 + order_choices(many.quiz[0]).index(0)), "enter")
            await shell.sees("✓ Right.")
        await shell.until(lambda: learner_progress.read_entry("practice").quiz[many.quiz[0].text].right)

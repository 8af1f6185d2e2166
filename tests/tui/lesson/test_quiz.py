"""A person who answers the questions of a lesson."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.teaching import learner_progress
from descend.engine.teaching.lesson import Lesson, Question
from descend.engine.teaching.shuffle import order_choices
from descend.tui.screens.learn import LearnScreen
from tests.tui import practice
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import lesson


@pytest.fixture(autouse=True)
def with_quiz(folders: Path) -> Lesson:
    return practice.install(folders)


def key(lesson: Lesson, number: int, *, right: bool) -> str:
    """The key of the right choice of a question, or of the first wrong one, where the shell shows it."""
    question = lesson.quiz[number]
    shown = order_choices(question)
    return str(
        1
        + (shown.index(question.answer) if right else next(n for n, one in enumerate(shown) if one != question.answer))
    )


def test_choices_are_shuffled_in_the_same_way_at_any_time() -> None:
    questions = [Question(f"How many are {n} and {n}?", ("a", "b", "c", "d"), 0, "") for n in range(200)]
    places = [order_choices(question).index(0) for question in questions]
    assert places == [order_choices(question).index(0) for question in questions]
    assert all(30 <= places.count(place) <= 70 for place in range(4))
    assert order_choices(Question("How many are 2 and 2?", ("3", "4", "5", "6"), 1, "")) == order_choices(questions[2])


async def test_what_was_answered_by_the_authors_index_is_still_that_choice(with_quiz: Lesson) -> None:
    learner_progress.record_answer(with_quiz, 0, 2)  # "3", as it stands in the lesson's file
    place = 1 + order_choices(with_quiz.quiz[0]).index(2)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "N")
        await shell.sees("Question 1 of 3", f"✗ {place} 3", f"✗ No: choice {key(with_quiz, 0, right=True)} is right.")


@pytest.mark.parametrize("size", SIZES)
async def test_an_answer_is_judged_and_explained_at_once(size: tuple[int, int], with_quiz: Lesson) -> None:
    async with opened(size, lesson="practice") as shell:
        await shell.press("Q")
        await shell.sees("Question 1 of 3", "[b]2[/b]")
        await shell.press(key(with_quiz, 0, right=True))
        await shell.sees("✓ Right.", "2 times 2 is 4.", "1 right, 0 not, 2 left", "Quiz 1/3")
        await shell.press("enter")
        await shell.sees("Question 2 of 3")
        await shell.press(*["down"] * (int(key(with_quiz, 1, right=False)) - 1), "enter")
        await shell.sees(
            f"✗ No: choice {key(with_quiz, 1, right=True)} is right.",
            "3 times 3 is 9.",
            "f opens the lesson that shows it: digits",
        )
        await shell.press("enter")
        await shell.press("j", "k", *["j"] * (int(key(with_quiz, 2, right=True)) - 1), "enter")
        await shell.sees("Question 3 of 3", "It is named after [Newton].")
        assert [learner_progress.read_entry("practice").quiz[q.text].right for q in with_quiz.quiz] == [
            True,
            False,
            True,
        ]
        await shell.press("enter")
        await shell.sees("3 questions: 2 right, 1 not, 0 left")


async def test_an_answer_can_be_tried_again_and_all_right_is_done(with_quiz: Lesson) -> None:
    right = [key(with_quiz, number, right=True) for number in range(3)]
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", key(with_quiz, 0, right=False))
        await shell.sees(f"✗ No: choice {right[0]} is right.")
        assert "enter answer" not in shell.text
        await shell.press(right[0])  # it is answered: nothing happens
        assert "✓ Right." not in shell.text
        await shell.press("a")
        await shell.until(lambda: "✗ No" not in shell.text)
        await shell.press(right[0], "enter", right[1], "enter", right[2])
        await shell.sees("Quiz ✓", "3 right, 0 not, 0 left")
        await shell.press("enter")
        await shell.sees("✓ All right.")


@pytest.mark.parametrize("after", ["n", "N", "i", "escape", "T"])
async def test_asking_again_loses_no_answer(after: str, with_quiz: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", key(with_quiz, 0, right=True))
        await shell.sees("Quiz 1/3", "1 right, 0 not, 2 left")
        await shell.press("a")
        await shell.sees("your right answer stays", "Quiz 1/3", "1 right, 0 not, 2 left")
        await shell.press(after)
        if after == "escape":
            await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
            shell.app.open_lesson("practice")
            await shell.until(lambda: hasattr(shell.app.screen, "lesson"))
        await shell.sees("Quiz 1/3")
        assert learner_progress.read_entry("practice").quiz[with_quiz.quiz[0].text].right


async def test_a_wrong_answer_after_a_right_one_is_told_and_takes_nothing_away(with_quiz: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", key(with_quiz, 0, right=True))
        await shell.sees("Quiz 1/3")
        await shell.press("a", key(with_quiz, 0, right=False))
        await shell.sees("✗ No: choice", "It counts as right: you had it before.", "Quiz 1/3", "1 right, 0 not, 2 left")
        done = learner_progress.measure_progress(with_quiz).done
    async with opened((80, 24), lesson="practice") as shell:  # another day
        await shell.press("Q")
        await shell.sees("Quiz 1/3", "Question 2 of 3")
        assert learner_progress.measure_progress(with_quiz).done == done


async def test_keys_that_are_no_choice_answer_nothing() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "9", "4", "0", "b", "z")
        await shell.sees("Question 1 of 3")
        assert learner_progress.read_entry("practice").quiz == {}


async def test_leaving_in_the_middle_loses_nothing(with_quiz: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", key(with_quiz, 0, right=True), "n", "n")
        await shell.sees("Question 3 of 3")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        shell.app.open_lesson("practice")
        await shell.until(lambda: hasattr(shell.app.screen, "lesson"))
        await shell.press("Q")
        await shell.sees("Question 3 of 3", "1 right")
    async with opened((80, 24), lesson="practice") as shell:  # another day
        await shell.press("Q")
        await shell.sees("Question 2 of 3", "1 right, 0 not, 2 left")
        await shell.press("N")
        await shell.sees("Question 1 of 3", "✓ Right.")


async def test_the_lesson_that_shows_it_is_a_key_away() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "n", "1")
        await shell.sees("f opens the lesson")
        await shell.press("f")
        await shell.until(lambda: lesson(shell).lesson.name == "digits")
        await shell.press("escape")
        await shell.sees("Question 2 of 3", "f opens the lesson")


async def test_many_questions_are_a_list_to_go_through(folders: Path) -> None:
    questions = "".join(
        f"        ? Question {n} about [this] and that, which takes more than a line of eighty cells to ask?\n"
        f"        {'-+'[n % 2]} yes\n        {'+-'[n % 2]} no\n        = Because {n}.\n"
        for n in range(32)
    )
    text = practice.TEXT.replace('    quiz=quiz("""\n', f'    quiz=quiz("""\n{questions}')
    asked = practice.install(folders, text)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q")
        await shell.sees("Question 1 of 35")
        await shell.press(key(asked, 0, right=True), "enter", key(asked, 1, right=False), "i")
        await shell.sees("35 questions: 1 right, 1 not, 33 left", "✓  1", "✗  2")
        for _ in range(25):
            await shell.press("down")
        await shell.sees("›", "Question 26 about")
        await shell.press("enter")
        await shell.sees("Question 27 of 35")
        await shell.press("1", "enter")
        await shell.sees("Question 28 of 35")
        await shell.press("i", "i")
        await shell.sees("Question 28 of 35")
        assert all(len(line) == 80 for line in shell.text.splitlines())

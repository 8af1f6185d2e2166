"""A person who answers the questions of a lesson."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.teaching import learner_progress
from descend.engine.teaching.lesson import Lesson
from descend.tui.screens.learn import LearnScreen
from tests.tui import practice
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import lesson


@pytest.fixture(autouse=True)
def with_quiz(folders: Path) -> Lesson:
    return practice.install(folders)


@pytest.mark.parametrize("size", SIZES)
async def test_an_answer_is_judged_and_explained_at_once(size: tuple[int, int], with_quiz: Lesson) -> None:
    async with opened(size, lesson="practice") as shell:
        await shell.press("Q")
        await shell.sees("Question 1 of 3", "[b]2[/b]")
        await shell.press("2")
        await shell.sees("✓ Right.", "2 times 2 is 4.", "1 right, 0 not, 2 open", "Quiz 1/3")
        await shell.press("enter")
        await shell.sees("Question 2 of 3")
        await shell.press("down", "enter")
        await shell.sees("✗ No: choice 1 is right.", "3 times 3 is 9.", "f opens the lesson that shows it: digits")
        await shell.press("enter")
        await shell.press("j", "k", "enter")
        await shell.sees("Question 3 of 3", "It is named after [Newton].")
        assert [learner_progress.read("practice").quiz[q.text].right for q in with_quiz.quiz] == [True, False, True]
        await shell.press("enter")
        await shell.sees("3 questions: 2 right, 1 not, 0 open")


async def test_an_answer_can_be_tried_again_and_all_right_is_done() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "1")
        await shell.sees("✗ No: choice 2 is right.")
        assert "enter answer" not in shell.text
        await shell.press("2")  # it is answered: nothing happens
        assert "✓ Right." not in shell.text
        await shell.press("a")
        await shell.until(lambda: "✗ No" not in shell.text)
        await shell.press("2", "enter", "1", "enter", "1")
        await shell.sees("Quiz ✓", "3 right, 0 not, 0 open")
        await shell.press("enter")
        await shell.sees("✓ All right.")


async def test_keys_that_are_no_choice_answer_nothing() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "9", "4", "0", "b", "z")
        await shell.sees("Question 1 of 3")
        assert learner_progress.read("practice").quiz == {}


async def test_leaving_in_the_middle_loses_nothing() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "2", "n", "n")
        await shell.sees("Question 3 of 3")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        shell.app.open_lesson("practice")
        await shell.until(lambda: hasattr(shell.app.screen, "lesson"))
        await shell.press("Q")
        await shell.sees("Question 3 of 3", "1 right")
    async with opened((80, 24), lesson="practice") as shell:  # another day
        await shell.press("Q")
        await shell.sees("Question 2 of 3", "1 right, 0 not, 2 open")
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
    questions = ", ".join(
        f'Question("Question {n} about [this] and that, which takes more than a line of eighty cells to ask?", '
        f'("yes", "no"), {n % 2}, "Because {n}.")'
        for n in range(32)
    )
    text = practice.TEXT.replace("    quiz=(\n", f"    quiz=({questions},\n")
    practice.install(folders, text)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q")
        await shell.sees("Question 1 of 35")
        await shell.press("1", "enter", "1", "i")
        await shell.sees("35 questions: 1 right, 1 not, 33 open", "✓  1", "✗  2")
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

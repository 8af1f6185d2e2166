"""A learner who is told what comes next, up to the end of the lesson and the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.teaching import learner_progress
from descend.engine.teaching.learner_progress import LessonEntry
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.next_step import count_parts, list_open_parts
from descend.tui.screens.lesson.end_card import EndCard
from tests.tui import practice
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import lesson
from tests.tui.lesson.test_predict import launched, whole

RIGHT = "def mean(numbers):\n    return sum(numbers) / len(numbers)\n"
TAKEAWAYS = 'takeaways=("Each step [doubles] the digits.", "The mean of two guesses is nearer."),\n    sources='


@pytest.fixture(autouse=True)
def with_takeaways(folders: Path) -> Lesson:
    return practice.install(folders, practice.TEXT.replace("sources=", TAKEAWAYS))


def finish(taken: Lesson, *, but_quiz: bool = False) -> None:
    """Do everything in the logbook."""
    learner_progress.record_run(taken)
    for number in range(len(taken.predictions)):
        learner_progress.record_prediction(taken, number, 0, "some-run")
    for number, question in enumerate(taken.quiz[: -1 if but_quiz else None]):
        learner_progress.record_answer(taken, number, question.answer)
    for number in range(len(taken.exercises)):
        learner_progress.record_attempt(taken, number, True, RIGHT)


def test_open_parts_are_counted_in_words(with_takeaways: Lesson) -> None:
    def tell() -> list[tuple[str, str]]:
        entry = learner_progress.read_entry("practice")
        return [(part.tab, part.words) for part in list_open_parts(count_parts(with_takeaways, entry))]

    assert list_open_parts(count_parts(with_takeaways, LessonEntry()))[0].words == "not run yet"
    finish(with_takeaways, but_quiz=True)
    assert tell() == [("quiz", "1 question open")]
    learner_progress.record_answer(with_takeaways, 2, with_takeaways.quiz[2].answer)
    assert tell() == []


@pytest.mark.parametrize("size", SIZES)
async def test_from_the_run_to_the_end_card_with_one_key_each(size: tuple[int, int]) -> None:
    async with opened(size, lesson="practice") as shell:
        await shell.press("space")
        await launched(shell)
        await whole(shell)
        await shell.sees("3 predictions open", "3 questions open", "2 exercises open", "n next: predict")
        await shell.press("Q")
        for _ in range(3):
            await shell.until(lambda: lesson(shell).body.parts.chosen == "quiz")
            quiz = lesson(shell).body.parts.part()
            await shell.press(str(quiz.order.index(quiz.question.answer) + 1))
            await shell.sees("✓ Right.")
            await shell.press("enter")
        await shell.until(lambda: lesson(shell).body.parts.chosen == "predict")
        await shell.press("1", "enter")
        await shell.sees("Prediction 2 of 3")
        await shell.type("60")
        await shell.press("enter")
        await shell.sees("Prediction 3 of 3")
        await shell.type("1")
        await shell.press("enter")
        await shell.sees("You have committed.", "2 exercises open")
        lesson(shell).body.learner.solved.update((0, 1))
        lesson(shell).progressed()
        await shell.sees("✓ Every part is done.")
        await shell.press("T", "n")
        await shell.sees("✓ Finished: Practice", "3 of 3 right", "2 of 2 solved", "You can now explain")
        await shell.sees("Each step [doubles] the digits.", "Next on the path:", "enter opens the next lesson")
        await shell.sees("Best run     train/loss 0.07248")
        card = shell.app.screen
        assert isinstance(card, EndCard)
        assert card.next_lesson is not None
        await shell.press("escape")
        await shell.until(lambda: not isinstance(shell.app.screen, EndCard))
        await shell.press("n", "enter")
        await shell.until(lambda: lesson(shell).lesson.name == card.next_lesson.name)
        await shell.press("escape")
        await shell.until(lambda: len(shell.app.screen_stack) == 1)


async def test_who_comes_back_is_told_what_is_open(with_takeaways: Lesson) -> None:
    finish(with_takeaways, but_quiz=True)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.sees("n goes on", "Q 1 question open", "n next: quiz")
        await shell.press("n")
        await shell.sees("Question 3 of 3")
        await shell.press("1", "enter")


async def test_n_is_told_only_where_it_goes_on_with_the_lesson(with_takeaways: Lesson) -> None:
    finish(with_takeaways)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.sees("✓ Every part is done.  n what you can explain now, next lesson")
        await shell.press("Q")
        await shell.sees("Question 1 of 3", "enter goes on with the lesson")
        await shell.until(lambda: "n what you can" not in shell.text)
        await shell.press("i")
        await shell.sees("n what you can explain now, next lesson")
        await shell.press("n")
        await shell.sees("✓ Finished: Practice")


async def test_n_asks_again_what_was_answered_wrongly(with_takeaways: Lesson) -> None:
    finish(with_takeaways, but_quiz=True)
    learner_progress.record_answer(with_takeaways, 2, 1)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.sees("n goes on", "Q 1 question open")
        await shell.press("n")
        await shell.sees("2 right, 1 not, 0 left", "n goes on", "n next: quiz")
        await shell.press("n")
        await shell.sees("Question 3 of 3", "number, or arrows and enter")
        assert "n goes on" not in shell.text, "there it is the next question"


async def test_a_prediction_made_after_the_run_is_not_graded_by_it_even_after_coming_back() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("space")
        await launched(shell)
        await whole(shell)
        await shell.press("P", "2", "enter", "escape")
        await shell.until(lambda: len(shell.app.screen_stack) == 1)
        shell.app.open_lesson("practice")
        await shell.until(lambda: lesson(shell).session is not None and lesson(shell).session.phase == "done")
        await shell.press("P")
        await shell.sees("Prediction 1 of 3", "You have committed. This run is over;", "next one: r.")
        assert lesson(shell).body.predict.grades == {}
    async with opened((80, 24), lesson="practice") as shell:  # also in another shell
        await shell.until(lambda: hasattr(shell.app.screen, "lesson"))
        assert lesson(shell).body.learner.predictions == {0: 1.0}
        assert lesson(shell).body.learner.asked_of == {0: ""}

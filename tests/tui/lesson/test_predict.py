"""A person who predicts, runs, and is told by their own run."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.base.errors import UsageError
from descend.engine.teaching import learner_progress
from descend.engine.teaching.lesson import Lesson
from descend.tui.screens.lesson.next_line import NextLine
from descend.tui.screens.lesson.predict import parsed
from tests.tui import practice
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_lesson import lesson
from tests.tui.recording import end, steps


@pytest.fixture(autouse=True)
def with_predictions(folders: Path) -> Lesson:
    return practice.install(folders)


async def launched(shell: Shell, count: int = 1) -> None:
    """Wait until run number ``count`` is shown."""
    await shell.until(lambda: len(shell.workers.launched) == count)
    await shell.until(lambda: lesson(shell).session is not None)
    await shell.until(lambda: lesson(shell).session.run == shell.workers.launched[-1])


async def whole(shell: Shell, last: int = 60, state: str = "done") -> None:
    """Let the newest run go to its end."""
    steps(shell.workers.launched[-1], 0, last)
    end(shell.workers.launched[-1], state)  # type: ignore[arg-type]
    await shell.until(lambda: lesson(shell).session.phase == state)


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_run_asks_and_the_run_answers(size: tuple[int, int], with_predictions: Lesson) -> None:
    async with opened(size, lesson="practice", asked=True) as shell:
        await shell.sees("space predict", "space asks what you expect")
        await shell.press("space")
        await shell.sees(
            "Prediction 1 of 3",
            "Where does the error end?",
            "Your own run",
            "space run",
            "number mark",
            "enter commits to choice 1",
        )
        assert shell.workers.launched == []
        await shell.press("down", "enter")
        await shell.sees("Prediction 2 of 3", "After how many steps")
        await shell.type("60,0")
        await shell.press("enter")
        await shell.sees("Prediction 3 of 3")
        await shell.type("0.1")
        await shell.press("enter")
        await shell.sees("You have committed.")
        await shell.press("space")
        await launched(shell)
        await whole(shell)
        await shell.press("P")
        await shell.sees("Prediction 1 of 3", "✗ It was", "below 0.1", "Each step squares it.")
        await shell.press("n")
        await shell.sees("you said", "measured", "✓ Right", "It counts.")
        await shell.press("n")
        await shell.sees("cannot answer this")
        entry = learner_progress.read_entry("practice")
        first, second, third = (entry.predictions[one.text][-1] for one in with_predictions.predictions)
        assert [first.right, second.right, third.right] == [False, True, None]
        assert [first.given, second.given, third.given] == [1, 60, 0.1]
        assert first.run == shell.workers.launched[0].id


async def test_who_asks_for_a_run_at_once_gets_it() -> None:
    async with opened((80, 24), lesson="practice", autorun=True, asked=True) as shell:
        await launched(shell)


async def test_one_who_will_not_predict_just_runs() -> None:
    async with opened((80, 24), lesson="practice", asked=True) as shell:
        await shell.press("space")
        await shell.sees("space runs without one")
        await shell.press("space")
        await launched(shell)
        await whole(shell)
        await shell.press("space")
        await launched(shell, 2)
    async with opened((80, 24), lesson="practice", asked=True) as shell:  # it was declined once: that is remembered
        await shell.press("space")
        await launched(shell)


async def test_who_was_asked_once_is_not_asked_again_after_leaving() -> None:
    async with opened((80, 24), lesson="practice", asked=True) as shell:
        await shell.press("space")
        await shell.sees("Prediction 1 of 3")
        await shell.press("1", "enter", "escape")
        await shell.until(lambda: len(shell.app.screen_stack) == 1)
        shell.app.open_lesson("practice")
        await shell.until(lambda: hasattr(shell.app.screen, "lesson"))
        await shell.press("space")
        await launched(shell)


async def test_every_run_grades_again_and_a_late_answer_waits_for_the_next() -> None:
    async with opened((120, 40), lesson="practice", asked=True) as shell:
        await shell.press("P", "1", "enter", "space")
        await launched(shell)
        await whole(shell, 5)  # after five steps the error is still large
        await shell.press("P")
        await shell.sees("✗ It was", "at [0.1] or above")
        await shell.press("a")
        await shell.until(lambda: "✗ It was" not in shell.text)
        await shell.press("2", "enter")
        await shell.sees("Prediction 2 of 3")
        await shell.press("N")
        await shell.sees("Prediction 1 of 3", "You have committed.")
        await shell.press("space")
        await launched(shell, 2)
        await whole(shell)
        await shell.press("P")
        await shell.sees("✗ It was", "below 0.1")


async def test_what_comes_after_a_run_has_begun_is_held_against_the_next_one() -> None:
    async with opened((120, 40), lesson="practice") as shell:
        await shell.press("space")
        await launched(shell)
        steps(shell.workers.launched[-1], 0, 5)
        await shell.until(lambda: lesson(shell).session.phase == "running")
        await shell.press("P")
        await shell.sees("This run has begun already;", "one: r.")
        await whole(shell)
        await shell.sees("This run is over;", "one: r.")
        assert "space runs" not in shell.text
        await shell.press("1", "enter", "N")
        await shell.sees("You have committed. This run is over;", "one: r.")
        assert "space runs" not in shell.text
        await shell.press("r")
        await launched(shell, 2)
        await shell.press("P")
        await shell.sees("You have committed. This page")
        await whole(shell)
        await shell.sees("✓ Right")


async def test_a_run_that_fails_grades_nothing_and_says_why() -> None:
    async with opened((80, 24), lesson="practice", asked=True) as shell:
        await shell.press("P", "1", "enter", "space")
        await launched(shell)
        await whole(shell, 30, "failed")
        await shell.press("P")
        await shell.sees("failed", "Your prediction also holds for the next run.")
        assert "Each step squares it." not in shell.text
        assert learner_progress.read_entry("practice").predictions["Where does the error end?"][-1].right is None


async def test_what_is_not_a_number_is_explained_and_kept_to_be_fixed() -> None:
    async with opened((80, 24), lesson="practice", asked=True) as shell:
        await shell.press("P", "n")
        await shell.sees("Prediction 2 of 3")
        await shell.press("enter")
        await shell.sees("✗ Type the number you expect")
        await shell.type("1,2,3")
        await shell.press("enter")
        await shell.sees("✗ '1,2,3' is not a number")
        await shell.press("backspace", "backspace", "backspace", "backspace", "2", "enter")
        await shell.sees("Prediction 3 of 3")
        assert lesson(shell).body.learner.predictions == {1: 12}


async def test_keys_go_past_the_field_for_a_number() -> None:
    async with opened((80, 24), lesson="practice", asked=True) as shell:
        await shell.press("P", "n")
        await shell.sees("Prediction 2 of 3", "e knobs")
        await shell.press("Q")
        await shell.sees("Question 1 of 3")
        await shell.press("P")
        await shell.press("space")
        await launched(shell)


@pytest.mark.parametrize(("size", "rows"), [((80, 24), 2), ((120, 40), 1)])
async def test_the_news_take_a_row_of_their_own_only_where_they_need_one(size: tuple[int, int], rows: int) -> None:
    async with opened(size, lesson="practice", asked=True) as shell:
        await shell.press("P", "1", "enter", "space")
        await launched(shell)
        await whole(shell)
        await shell.sees("✓ Your prediction: Right: below 0.1.", "n tells why", "3 questions open", "2 exercises open")
        assert shell.app.screen.query_one(NextLine).size.height == rows


async def test_the_news_are_told_where_the_panels_are() -> None:
    async with opened((80, 24), lesson="practice", asked=True) as shell:
        await shell.press("P", "1", "enter", "space")
        await launched(shell)
        await whole(shell)
        await shell.sees("✓ Your prediction: Right: below 0.1.", "n tells why", "n next: predict", "3 questions open")
        assert "space run" not in shell.text, "what is open is offered first"
        await shell.press("E")
        await shell.sees("Exercise 1 of 2", "P tells why")  # n is the next exercise there
        await shell.press("r")
        await launched(shell, 2)
        await shell.until(lambda: "tells why" not in shell.text)
        await whole(shell)
        await shell.press("n")
        await shell.sees("✓ Right", "Each step squares it.")
        await shell.until(lambda: "tells why" not in shell.text)
        await shell.press("r")
        await launched(shell, 3)
        await whole(shell)
        await shell.sees("✓ done", "3 questions open")
        assert "tells why" not in shell.text, "that was read already"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        ("-3", -3),
        ("1e-3", 1e-3),
        (" 12,000 ", 12000),
        ("1,234.5", 1234.5),
        ("1 000", 1000),
        ("−2", -2),
    ],
)
def test_numbers_as_people_type_them(text: str, value: float) -> None:
    assert parsed(text) == value


@pytest.mark.parametrize("text", ["", "  ", "many", "1,2,3", "5 %", "nan", "inf", "1e999", "[b]", "--1", "e"])
def test_what_is_no_number_is_a_sentence(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parsed(text)
    assert str(error.value).endswith(".")

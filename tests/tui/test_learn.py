"""A person who looks for a lesson."""

from __future__ import annotations

import io

import pytest

from descend.engine.run.records import Status
from descend.engine.teaching import catalogue, learner_progress
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.learn.tree import LessonTree, best, found
from descend.tui.screens.lesson import LessonScreen
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.recording import Worker, asked, begin, finished, say, steps


def chosen(shell: Shell) -> str:
    """The name of the lesson under the cursor."""
    entry = shell.app.screen.query_one(LessonTree).entry
    return getattr(entry, "name", str(entry))


@pytest.mark.parametrize("size", SIZES)
async def test_a_newcomer_is_led_to_the_first_lesson(size: tuple[int, int]) -> None:
    lesson = catalogue.find_lesson("digits")
    async with opened(size) as shell:
        assert chosen(shell) == "digits"
        await shell.sees(
            "descend", "enter opens the lesson Digits", lesson.title, "Can a few thousand", "quit", "search"
        )
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.sees("The network.", "idle")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert chosen(shell) == "digits"


@pytest.mark.parametrize(("down", "up"), [("down", "up"), ("j", "k")])
async def test_arrows_and_letters_move_through_the_lessons(down: str, up: str) -> None:
    async with opened() as shell:
        first = chosen(shell)
        await shell.press(down, down)
        second = chosen(shell)
        assert second != first
        await shell.sees(catalogue.find_lesson(second).title[:20])
        await shell.press(up, up)
        assert chosen(shell) == first


@pytest.mark.parametrize(("fold", "unfold"), [("h", "l"), ("left", "right")])
async def test_a_track_can_be_left_folded_and_entered(fold: str, unfold: str) -> None:
    async with opened() as shell:
        await shell.press(fold)
        assert chosen(shell) == "D"
        lines = shell.app.screen.query_one(LessonTree).last_line
        await shell.press(fold)
        await shell.until(lambda: shell.app.screen.query_one(LessonTree).last_line < lines)
        await shell.press(unfold, unfold)
        assert chosen(shell) == "digits"


async def test_search_filters_while_typing_and_enter_opens_the_best_match() -> None:
    async with opened() as shell:
        await shell.press("slash")
        await shell.type("fashion")
        await shell.until(lambda: chosen(shell) == "fashion-mnist")
        assert "a first network" not in shell.text
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "fashion-mnist"
        await shell.press("escape")
        await shell.sees("a first network")


async def test_escape_clears_a_search_that_found_nothing() -> None:
    async with opened() as shell:
        await shell.press("slash")
        await shell.type("[b]zzz q?")
        await shell.sees("No lesson has all these words")
        await shell.press("enter")
        assert isinstance(shell.app.screen, LearnScreen)
        await shell.press("escape")
        await shell.sees("a first network")
        assert shell.app.screen.focused is shell.app.screen.query_one(LessonTree)


def test_search_finds_by_words_of_title_track_and_theory() -> None:
    lessons = catalogue.list_lessons()
    assert "digits" in [lesson.name for lesson in found(lessons, "BACKPROPAGATION softmax")]
    assert found(lessons, "backpropagation unicorn") == []
    assert best(found(lessons, "digits"), "digits") == "digits"
    assert found(lessons, "") == list(lessons.values())


async def test_a_lesson_that_was_run_is_begun_and_one_whose_parts_are_all_done_is_ticked() -> None:
    finished("fashion-mnist", "stopped")
    digits = catalogue.find_lesson("digits")
    async with opened() as shell:
        await shell.sees("0/1")
        assert "✓" not in shell.text
        finished("digits")
        await shell.sees("· Digits", " parts done")
        assert "· Fashion" not in shell.text
        for number in range(len(digits.predictions)):
            learner_progress.record_prediction(digits, number, 0, "run")
        for number, question in enumerate(digits.quiz):
            learner_progress.record_answer(digits, number, question.answer)
        for number in range(len(digits.exercises)):
            learner_progress.record_attempt(digits, number, True)
        await shell.sees("✓ Digits", "✓ finished")
        assert chosen(shell) == "digits"


async def test_a_run_at_work_comes_first_and_opening_it_attaches() -> None:
    run = asked()
    begin(run)
    steps(run, 0, 20)
    worker = Worker(run)
    async with opened() as shell:
        await shell.sees("▶ running: digits")
        assert chosen(shell) == "digits"
        await shell.press("g")
        await shell.sees("This run is running", run.id)
        await shell.press("enter")
        await shell.sees("step 20/60", run.id)
        steps(run, 20, 40)
        await shell.sees("step 40/60")
        await shell.press("escape")
        worker.die()
        await shell.until(lambda: "▶ running" not in shell.text)


async def test_a_damaged_run_folder_is_skipped() -> None:
    finished("digits")
    broken = asked()
    (broken.folder / "run.json").write_text("{")
    async with opened() as shell:
        await shell.sees("· Digits")
        assert broken.id not in shell.text


async def test_a_paused_run_is_marked_as_such() -> None:
    run = asked()
    begin(run)
    say(run, Status(state="paused", device="cpu"))
    worker = Worker(run)
    async with opened((80, 24)) as shell:
        await shell.sees("‖ paused: digits")
    worker.die()


async def test_where_room_is_short_the_names_of_knobs_stay() -> None:
    from rich.console import Console

    from descend.tui.screens.learn.preview import about_lesson

    for lesson in catalogue.list_lessons().values():
        console = Console(width=41, record=True, file=io.StringIO())
        console.print(about_lesson(lesson, None))
        drawn = console.export_text().splitlines()
        for name in lesson.knobs.specs:
            assert any(line.startswith(name[:15]) for line in drawn), (lesson.name, name)


async def test_where_there_is_no_room_for_two_columns_the_titles_have_it() -> None:
    async with opened((50, 16)) as shell:
        await shell.sees("Backpropagation on a computational graph", "enter open")
        assert "Can a few thousand" not in shell.text
        await shell.pilot.resize_terminal(80, 16)
        await shell.sees("Can a few thousand")


async def test_leaving_a_lesson_that_was_opened_at_once_leads_to_its_line() -> None:
    async with opened((80, 24), lesson="eigenpairs") as shell:
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert shell.app.screen.query_one(LessonTree).entry.name == "eigenpairs"

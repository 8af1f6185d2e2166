"""A person whose progress is kept, forgotten and taken elsewhere."""

from __future__ import annotations

import fcntl
import json
import time
from pathlib import Path

import pytest

from descend.engine.teaching import learner_progress
from descend.engine.teaching.lesson import Lesson
from tests.tui import practice
from tests.tui.driving import Shell, opened
from tests.tui.lesson.test_lesson import lesson, running
from tests.tui.test_everywhere import choose


@pytest.fixture(autouse=True)
def with_parts(folders: Path) -> Lesson:
    return practice.install(folders)


async def answer(shell: Shell) -> None:
    """Answer the first question, rightly."""
    await shell.press("Q", "1")
    await shell.sees("Quiz 1/3")


async def test_opening_and_running_are_counted() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.until(lambda: learner_progress.read_entry("practice").opened == 1)
        await running(shell)
        assert learner_progress.read_entry("practice").runs == 1
    async with opened((80, 24), lesson="practice") as shell:
        await shell.until(lambda: learner_progress.read_entry("practice").opened == 2)


async def test_who_holds_the_logbook_holds_up_nothing_and_what_is_done_is_kept_afterwards(folders: Path) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.until(lambda: learner_progress.read_entry("practice").opened == 1)
        with open(folders / "logbook.lock", "rb") as holding:
            fcntl.flock(holding, fcntl.LOCK_EX)
            began = time.monotonic()
            await answer(shell)
            assert time.monotonic() - began < 2
            assert not learner_progress.read_entry("practice").quiz
        await shell.until(lambda: learner_progress.read_entry("practice").quiz)


async def test_a_lessons_progress_is_forgotten_only_when_that_is_confirmed() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await answer(shell)
        await choose(shell, "reset this lesson")
        await shell.sees("Reset this lesson's progress?", "[bold]by hand[/bold]. ", "Runs are kept.")
        await shell.press("escape")
        assert learner_progress.read_entry("practice").quiz
        await choose(shell, "reset this lesson")
        await shell.press("y")
        await shell.until(lambda: not learner_progress.read_entry("practice").quiz)
        await shell.until(lambda: "Quiz 1/3" not in shell.text)
        await shell.press("Q")
        await shell.sees("Question 1 of 3")
        assert lesson(shell).body.learner.answers == {}


async def test_all_progress_is_forgotten_at_once() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await answer(shell)
        await choose(shell, "reset all progress")
        await shell.sees("Reset all progress?")
        await shell.press("y")
        await shell.until(lambda: not learner_progress.read_entry("practice").quiz)


async def test_progress_is_written_where_the_user_says(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    async with opened((80, 24), lesson="practice") as shell:
        await answer(shell)
        await choose(shell, "export progress")
        await shell.sees("Path of the file")
        await shell.press("ctrl+u")
        await shell.press("enter")
        await shell.sees("✗ Type a path")
        shell.app.screen.query_one("Input").value = str(tmp_path / "no" / "such" / "folder.json")
        await shell.press("enter")
        await shell.sees("✗ ")
        shell.app.screen.query_one("Input").value = str(file)
        await shell.press("enter")
        await shell.until(file.exists)
        assert "What is the root of 4?" in json.dumps(json.loads(file.read_text()))
        await choose(shell, "export progress")
        await shell.sees("Path of the file")
        shell.app.screen.query_one("Input").value = str(file)
        await shell.press("enter")
        await shell.sees("✗ ")  # nothing is written over
        await shell.press("escape")


async def test_a_logbook_that_cannot_be_written_is_said_once_and_hinders_nothing(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from descend.engine.base.errors import DescendError

    def refuses(*given: object) -> None:
        raise DescendError("The logbook cannot be written: [disk] full.")

    for name in ("record_opening", "record_run", "record_answer", "record_hint"):
        monkeypatch.setattr(learner_progress, name, refuses)
    async with opened((80, 24), lesson="practice") as shell:
        await shell.sees("The logbook cannot be written: [disk] full.")
        await shell.press("Q", "1")
        await shell.sees("✓ Right.")
        await shell.press("E", "h")
        await shell.sees("hint 1 Turn [guess].")
        assert [one.message for one in shell.app._notifications] == ["The logbook cannot be written: [disk] full."]


async def test_a_question_that_changed_its_choices_is_asked_again(folders: Path) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q", "3")
        await shell.sees("✗ No: choice 1 is right.")
    practice.install(folders, practice.TEXT.replace("        - 3\n        = 2 times 2", "        = 2 times 2"))
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("Q")
        await shell.sees("Question 1 of 3", "number, or arrows and enter")

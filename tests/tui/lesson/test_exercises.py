"""A person who solves exercises: with knobs, in Python, with hints, in an editor of their own."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.app import App

from descend.engine.base.errors import DescendError
from descend.engine.teaching import learner_progress
from descend.engine.teaching.exercises import Verdict
from descend.engine.teaching.lesson import Lesson
from descend.tui.screens.lesson.code_exercise import CodeExerciseView
from descend.tui.screens.lesson.external_editor import ExternalEditor
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from tests.tui import practice
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_knob_editor import enter
from tests.tui.lesson.test_predict import launched, whole
from tests.tui.recording import end, steps

RIGHT = "def mean(numbers):\n    return sum(numbers) / len(numbers)\n"
ENDLESS = "def mean(numbers):\n    while True:\n        pass\n"


@pytest.fixture(autouse=True)
def with_exercises(folders: Path) -> Lesson:
    text = practice.TEXT.replace('("How many are there?",))', '("How many are there?",), seconds=2)')
    return practice.install(folders, text)


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Let a small script be the learner's own editor."""

    def choose(script: str) -> None:
        file = tmp_path / "editor"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("VISUAL", str(file))

    return choose


async def write(shell: Shell) -> CodeExerciseView:
    """Open the exercise in Python."""
    await shell.press("E", "n")
    await shell.sees("Fix the mean of a [list].")
    await shell.press("enter")
    await shell.until(lambda: isinstance(shell.app.screen, CodeExerciseView))
    assert isinstance(shell.app.screen, CodeExerciseView)
    await shell.until(lambda: shell.app.screen.area.has_focus)
    return shell.app.screen


async def put(shell: Shell, text: str) -> None:
    """Replace what is written by ``text``, as a paste does."""
    bench = shell.app.screen
    assert isinstance(bench, CodeExerciseView)
    bench.replace(text)


@pytest.mark.parametrize("size", SIZES)
async def test_knobs_are_set_run_and_checked_by_themselves(size: tuple[int, int], with_exercises: Lesson) -> None:
    async with opened(size, lesson="practice") as shell:
        await shell.press("E")
        await shell.sees("Exercise 1 of 2", "with the knobs", "enter set the knobs and run")
        await shell.press("enter")
        await shell.sees("Knobs", "guess", "enter runs")
        await shell.press("enter")
        await launched(shell)
        await whole(shell)
        await shell.press("E")
        await shell.sees("✗ Not yet. Guess is 10;")
        await shell.press("enter")
        await shell.sees("Knobs")
        await enter(shell, "guess", "1.5")
        await shell.press("enter")
        await launched(shell, 2)
        assert shell.workers.launched[1].manifest().knobs["guess"] == 1.5
        await shell.press("T")
        await whole(shell)
        await shell.sees("Exercise 1 is solved.")
        await shell.press("E")
        await shell.sees("✓ solved", "✓ Solved.", "Exercises 1/2")
        assert learner_progress.read_entry("practice").exercises[with_exercises.exercises[0].text].solved


async def test_hints_come_one_at_a_time_and_the_solution_only_when_asked_for_twice() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("E")
        await shell.sees("h hint 1 of 2")
        assert "Turn [guess]." not in shell.text
        await shell.press("h")
        await shell.sees("hint 1 Turn [guess].", "h hint 2 of 2")
        await shell.press("h")
        await shell.sees("hint 2 To 2.", "h the solution")
        await shell.press("h")
        await shell.sees("Show the solution?")
        await shell.press("escape")
        await shell.until(lambda: "Show the solution?" not in shell.text)
        assert "The solution" not in shell.text
        await shell.press("h", "y")
        await shell.sees("The solution", "guess = 2.0")
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("E")
        await shell.sees("hint 2 To 2.")


@pytest.mark.parametrize("size", SIZES)
async def test_code_is_checked_and_the_wrong_line_named(size: tuple[int, int], with_exercises: Lesson) -> None:
    async with opened(size, lesson="practice") as shell:
        await write(shell)
        await shell.sees("def mean(numbers):", "^s check", "esc back")
        await shell.press("ctrl+s")
        await shell.until("✗ Not yet. The mean of [1, 2, 3] is 2, yours is 3.0.")
        await put(shell, "def mean(numbers):\n    print('[b]hello[/b]')\n    return nothing\n")
        await shell.press("ctrl+s")
        await shell.until("Line 3")
        await shell.sees("nothing", "[b]hello[/b]")
        assert shell.app.screen.area.wrong == 3
        await put(shell, "def mean(numbers:\n")
        await shell.press("f5")
        await shell.until("Line 1")
        await put(shell, RIGHT)
        await shell.press("ctrl+s")
        await shell.until("✓ Solved.")
        await shell.press("escape")
        await shell.sees("✓ solved")
        practised = learner_progress.read_entry("practice").exercises[with_exercises.exercises[1].text]
        assert (practised.solved, practised.attempts, practised.code) == (True, 4, RIGHT)


async def test_bounds_are_shown_with_what_was_found(folders: Path) -> None:
    before = practice.TEXT[practice.TEXT.index("    if mean([1, 2, 3])") : practice.TEXT.index("LESSON = ")]
    measured = "number(abs(mean([1, end]) - (1 + end) / 2), f'error for {end}')"
    bounded = f"    for end in (3, 5):\n        yield {measured} <= 1e-6\n\n\n"
    text = practice.TEXT.replace(before, bounded).replace("last, quiz", "last, number, quiz")
    practice.install(folders, text)
    async with opened((120, 40), lesson="practice") as shell:
        await write(shell)
        await put(shell, RIGHT.replace("len(numbers)\n", "len(numbers) + 3e-9\n"))
        await shell.press("ctrl+s")
        await shell.until("✓ Solved.")
        await shell.sees("error for 3 3e-09 ≤ 1e-06 ✓", "error for 5 3e-09 ≤ 1e-06 ✓")
        await put(shell, RIGHT.replace("sum(numbers)", "min(5, sum(numbers))"))
        await shell.press("ctrl+s")
        await shell.until("✗ Not yet. Error for 5 is 0.5; at most 1e-06 is asked for.")
        await shell.sees("error for 3 0 ≤ 1e-06 ✓", "error for 5 0.5 is not ≤ 1e-06 ✗")


async def test_an_endless_loop_ends_by_itself_or_with_a_key() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await write(shell)
        await put(shell, ENDLESS)
        await shell.press("ctrl+s")
        await shell.until("checking…")
        await shell.sees("escape cancels", "esc cancel")
        await shell.press("escape")
        await shell.sees("The check was cancelled.", "esc back")
        await shell.press("ctrl+s")
        await shell.until("✗ Not yet.")
        assert isinstance(shell.app.screen, CodeExerciseView)


async def test_what_is_written_is_kept_and_can_be_undone_and_begun_again(with_exercises: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await write(shell)
        await shell.press("down", "down", "end")
        await shell.type("  # mine")
        await shell.sees("# mine")
        await shell.press("escape")
        await shell.sees("What you have written is kept.")
    async with opened((80, 24), lesson="practice") as shell:
        bench = await write(shell)
        await shell.sees("# mine")
        await shell.press("ctrl+r")
        await shell.sees("Begin again?")
        await shell.press("escape")
        assert "# mine" in bench.area.text
        await shell.press("ctrl+r", "y")
        await shell.until(lambda: bench.area.text == bench.starter)
        await shell.press("ctrl+z")
        await shell.sees("# mine")


async def test_question_marks_and_letters_are_typed_not_taken_for_keys() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        bench = await write(shell)
        await shell.type("qtPQ?1u")
        assert bench.area.text.startswith("qtPQ?1udef")
        await shell.press("f1")
        await shell.sees("endless loop does no harm")
        await shell.press("escape")
        assert shell.app.screen is bench


async def test_every_save_in_an_editor_of_ones_own_is_checked(editor, with_exercises: Lesson) -> None:  # type: ignore[no-untyped-def]
    editor(f"printf '{RIGHT.encode('unicode_escape').decode()}' > \"$1\"")
    async with opened((80, 24), lesson="practice") as shell:
        bench = await write(shell)
        await shell.press("ctrl+e")
        await shell.until("✓ Solved.")
        assert bench.area.text == RIGHT
        file = bench.external_editor.file
        file.write_text(
            "def mean(numbers):\n    return 7 + len(numbers)\n"
        )  # the editor continues in a window of its own
        await shell.until("✗ Not yet.")
        assert "7 + len" in bench.area.text
        await shell.press("ctrl+z")
        await shell.until(lambda: bench.area.text == RIGHT)


async def test_a_save_in_two_writes_is_checked_as_it_ends(editor, with_exercises: Lesson, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    check = LessonProgress.check

    async def check_slowly(progress: LessonProgress, number: int, code: str) -> Verdict:
        await asyncio.sleep(1.5)
        return await check(progress, number, code)

    monkeypatch.setattr(LessonProgress, "check", check_slowly)
    editor(f"printf '# ' > \"$1\"; sleep 1; printf '{RIGHT.encode('unicode_escape').decode()}' > \"$1\"")
    async with opened((80, 24), lesson="practice") as shell:
        bench = await write(shell)
        await shell.press("ctrl+e")
        await shell.until("✓ Solved.")
        assert bench.area.text == RIGHT


async def test_an_editor_that_crashes_or_is_missing_is_a_sentence(editor, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    async with opened((120, 40), lesson="practice") as shell:
        bench = await write(shell)
        monkeypatch.setenv("VISUAL", "no-such-editor-[b] --wait")
        await shell.press("ctrl+e")
        await shell.sees("The editor 'no-such-editor-[b]' of VISUAL was not found")
        monkeypatch.setenv("VISUAL", "'unclosed")
        await shell.press("ctrl+e")
        await shell.sees("VISUAL cannot be read as a command")
        editor("exit 3")
        await shell.press("ctrl+e")
        await shell.pilot.pause(0.5)
        assert bench.area.text == bench.starter
        await shell.press("ctrl+s")
        await shell.until("✗ Not yet.")


def test_a_file_for_an_editor_is_replaced_whole_or_not_at_all(editor, folders, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    editor("true")
    file = folders / "exercises" / "practice_2.py"
    file.parent.mkdir()
    kept = folders / "kept.py"
    kept.write_text("mine")
    file.symlink_to(kept)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    app: App[None] = App()
    monkeypatch.setattr(app, "suspend", nullcontext)
    opener = ExternalEditor("practice", 1)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(DescendError, match=r"\(No space left on device\); make room on its disk"):
            opener.open(app, "new", 1)
    assert kept.read_text() == "mine"
    assert list(file.parent.iterdir()) == [file]
    opener.open(app, "new", 1)
    assert file.is_symlink()
    assert kept.read_text() == "new"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(DescendError, match="is a FIFO, not a file; move it away"):
        opener.open(app, "new", 1)


def test_a_file_that_vanishes_or_is_not_text_is_skipped(with_exercises: Lesson) -> None:
    editor = ExternalEditor("practice", 1)
    assert editor.saved() is None
    editor.file.parent.mkdir(parents=True)
    editor.file.write_text("a")
    editor._seen = (0, 0)
    assert editor.saved() == "a"
    assert editor.saved() is None
    editor.file.write_bytes(b"\xff\xfe\xff")
    assert editor.saved() is None
    os.remove(editor.file)
    assert editor.saved() is None


async def test_one_can_leave_while_a_check_continues_in_the_lesson_behind() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("E", "enter", "enter")
        await launched(shell)
        await write(shell)
        await whole_behind(shell)
        await shell.press("escape")
        await shell.press("N")
        await shell.sees("✗ Not yet. Guess is 10;")


async def whole_behind(shell: Shell) -> None:
    """Let the run end while the editor is in front of the lesson."""
    steps(shell.workers.launched[-1], 0, 60)
    end(shell.workers.launched[-1], "done")
    behind = shell.app.screen_stack[-2]
    await shell.until(lambda: behind.session.phase == "done")

"""A person who practises commands in a shell that exists in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from descend.engine.teaching import learner_progress
from descend.engine.teaching.lesson import Lesson
from descend.tui.screens.lesson.command_drill import CommandDrillView
from tests.tui import practice
from tests.tui.driving import SIZES, Shell, opened

DRILL = """        CommandDrill(
            "Track [net.py], and nothing else.",
            check_tracked,
            solution=("git init", "git add net.py", "git commit -m start"),
            shell=a_shell,
            hints=("git init comes first.",),
        ),
        CodeExercise("""
CHECK = """def a_shell():
    from descend.engine.teaching.simulated_shell import SimulatedShell

    return SimulatedShell({"net.py": "a", "data.csv": "1,2"})


def check_tracked(shell):
    if sorted(shell.git.head) != ["net.py"]:
        raise Wrong(f"Committed is {', '.join(sorted(shell.git.head)) or 'nothing'}; net.py alone is asked for.")


LESSON = """


@pytest.fixture(autouse=True)
def with_drill(folders: Path) -> Lesson:
    text = practice.TEXT.replace("        CodeExercise(", DRILL, 1).replace("LESSON = ", CHECK, 1)
    return practice.install(
        folders, text.replace("    CodeExercise, Exercise,", "    CodeExercise, CommandDrill, Exercise,")
    )


async def practise(shell: Shell) -> CommandDrillView:
    await shell.press("E", "n")
    await shell.sees("Track [net.py], and nothing else.", "with commands", "enter type them")
    await shell.press("enter")
    await shell.until(lambda: isinstance(shell.app.screen, CommandDrillView))
    await shell.sees("(base) ~ $")
    assert isinstance(shell.app.screen, CommandDrillView)
    return shell.app.screen


async def type_line(shell: Shell, line: str) -> None:
    """Put a line into the field, as a paste does, and send it."""
    drill = shell.app.screen
    assert isinstance(drill, CommandDrillView)
    before = len(drill.typed)
    drill.query_one("CommandField", Input).value = line
    await shell.press("enter")
    await shell.until(lambda: len(drill.typed) > before)


@pytest.mark.parametrize("size", SIZES)
async def test_commands_are_answered_and_the_state_is_checked_after_each(
    size: tuple[int, int], with_drill: Lesson
) -> None:
    async with opened(size, lesson="practice") as shell:
        drill = await practise(shell)
        await shell.type("ls")
        await shell.press("enter", "g")
        await shell.until(lambda: drill.query_one("CommandField", Input).value == "g")
        await shell.sees("(base) ~ $ ls", "data.csv  net.py", "✗ Not yet. Committed is nothing;")
        await type_line(shell, "git init && git add .")
        await shell.sees("(base) ~ (main) $")
        await type_line(shell, "git commit -m all")
        await shell.sees("Committed is data.csv, net.py; net.py alone is asked for.")
        await type_line(shell, "git rm --cached data.csv")
        await type_line(shell, "git commit -m one")
        await shell.sees("✓ Solved.")
        await shell.press("escape")
        await shell.sees("✓ solved", "Track [net.py]")
        practised = learner_progress.read_entry("practice").exercises[with_drill.exercises[1].text]
        assert practised.solved
        assert practised.code.splitlines()[0] == "ls"


async def test_up_brings_back_earlier_lines_and_hints_come_with_a_key(with_drill: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        drill = await practise(shell)
        await shell.sees("↑ ↓ earlier lines", "^t hint", "esc back")
        await type_line(shell, "pwd")
        await type_line(shell, "git status")
        await shell.sees("in no repository")
        await shell.press("up", "up")
        await shell.until(lambda: drill.query_one("CommandField", Input).value == "pwd")
        await shell.press("down", "down")
        await shell.until(lambda: drill.query_one("CommandField", Input).value == "")
        await shell.press("up", "enter")
        await shell.until(lambda: drill.typed == ["pwd", "git status", "git status"])
        await shell.press("ctrl+t")
        await shell.sees("hint 1 git init comes first.")
        assert "^t hint" not in shell.text


async def test_what_was_typed_is_there_again_until_it_is_begun_anew(with_drill: Lesson) -> None:
    async with opened((120, 40), lesson="practice") as shell:
        await practise(shell)
        await type_line(shell, "git init")
        await shell.press("escape")
        await shell.sees("✗ Not yet. Committed is nothing;")
    async with opened((120, 40), lesson="practice") as shell:
        drill = await practise(shell)
        await shell.sees("Made an empty repository in /home/you.", "(base) ~ (main) $")
        await shell.press("ctrl+r")
        await shell.sees("A fresh shell.")
        assert "Made an empty" not in shell.text
        assert drill.typed == []
    practised = learner_progress.read_entry("practice").exercises[with_drill.exercises[1].text]
    assert (practised.attempts, practised.solved, practised.code) == (1, False, "")


async def test_nothing_typed_reaches_the_terminal_as_more_than_text() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        drill = await practise(shell)
        drill.query_one("CommandField", Input).value = "echo [red]x[/red] \x1b[2J"
        await shell.press("enter")
        await shell.sees("$ echo [red]x[/red]")
        assert "\x1b" not in shell.text

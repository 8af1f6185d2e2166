"""A person who opens descend for the first time, and what the keys, the help and the menu say to everybody."""

from __future__ import annotations

import shutil
import threading

import pytest
from textual.screen import Screen

from descend.engine.run import runs
from descend.tui import shell_settings
from descend.tui.screens.help import declared
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_lesson import running
from tests.tui.recording import finished
from tests.tui.test_everywhere import choose

BEGIN = "Begin: enter opens the lesson Digits"
RAW = ("Cursor", "cursor", "Toggle", "Scroll to", "Submit", "Delete all", "Select all", "copy", "Focus next", "node")
"""How Textual names its own actions, for programmers."""


@pytest.mark.parametrize("size", SIZES)
async def test_two_keys_lead_to_a_running_lesson_and_the_welcome_never_comes_back(size: tuple[int, int]) -> None:
    async with opened(size) as shell:
        await shell.sees(BEGIN, "A lesson explains an idea")
        assert shell.app.screen.query_one("#heading").outer_size.height == 4
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await running(shell)
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        await shell.until(lambda: BEGIN not in shell.text)
    for run in runs.list_runs():
        shutil.rmtree(run.folder)
    async with opened(size) as shell:
        await shell.sees("a deep-learning laboratory")
        assert BEGIN not in shell.text


async def test_a_newcomers_three_keys_do_what_the_welcome_says() -> None:
    async with opened((80, 24), asked=True) as shell:
        await shell.sees(BEGIN + ", space predicts, space again trains it.")
        await shell.press("enter")
        await shell.sees("space predict", "space asks what you expect, space again runs the experiment")
        await shell.press("space")
        await shell.sees("Predict first", "space run", "space runs the experiment")
        await shell.press("space")
        await shell.until(lambda: shell.workers.launched)


async def test_opening_a_lesson_without_running_it_keeps_the_welcome() -> None:
    async with opened((80, 24)) as shell:
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.press("escape")
        await shell.sees(BEGIN)


async def test_who_has_runs_from_elsewhere_is_not_welcomed() -> None:
    finished()
    async with opened((80, 24)) as shell:
        await shell.sees("· Digits")
        assert BEGIN not in shell.text
    assert shell_settings.get("welcomed", False)


def footer(shell: Shell) -> str:
    """The line of keys."""
    return shell.text.splitlines()[-1].strip()


async def test_the_keys_at_the_bottom_are_true_and_the_way_back_is_always_among_them() -> None:
    async with opened((80, 24)) as shell:
        assert footer(shell).startswith("enter open  / search  n train  u runs  o settings  q quit")
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.sees("space run")
        assert "esc back" in footer(shell)
        await running(shell)
        await shell.sees("space pause")
        assert "esc back" in footer(shell)
        assert "x stop" in footer(shell)
        for item in footer(shell).split("  "):
            if item:
                assert any(
                    active.enabled and item.strip().startswith(f"{shell.app.get_key_display(active.binding)} ")
                    for active in shell.app.screen.active_bindings.values()
                ), item
        await shell.press("u")
        await shell.sees("enter open")
        assert "esc back" in footer(shell)
        await shell.pilot.resize_terminal(40, 12)
        await shell.until(lambda: len(shell.text.splitlines()[-1]) == 40)
        assert "esc back" in footer(shell)
        assert footer(shell).endswith(" more  ^p menu")


@pytest.mark.parametrize("keys", [[], ["enter"], ["u"], ["o"], ["slash"]])
async def test_help_speaks_of_our_own_actions_alone(keys: list[str]) -> None:
    finished()
    async with opened((120, 60)) as shell:
        for key in keys:
            before = (shell.app.screen, shell.app.screen.focused)
            await shell.press(key)
            await shell.until(lambda b=before: (shell.app.screen, shell.app.screen.focused) != b)
        await shell.pilot.pause(0.1)
        await shell.press("f1")
        await shell.sees("Help", "Next part of the screen")
        told = shell.text.partition("Help")[2]
        assert [word for word in RAW if word in told] == []


def actions(screen: Screen[object]) -> set[str]:
    """What the keys of a screen do, in the words of the menu."""
    return {
        active.binding.description.capitalize()
        for active in screen.active_bindings.values()
        if active.enabled and active.binding.show and declared(active.node, active.binding)
    }


async def test_everything_the_keys_do_is_in_the_menu_too() -> None:
    finished()
    async with opened((80, 24)) as shell:
        for key in ("", "enter", "u"):
            before = shell.app.screen
            if key:
                await shell.press(key)
                await shell.until(lambda b=before: shell.app.screen is not b)
            await shell.until(lambda: actions(shell.app.screen))
            offered = [command.title for command in shell.app.get_system_commands(shell.app.screen)]
            missing = {told for told in actions(shell.app.screen) if not any(t.startswith(told) for t in offered)}
            assert missing == set()
            assert {"Doctor", "Theme"} <= set(offered)
        await choose(shell, "settings (o)")
        await shell.sees("Settings of the shell")


async def test_a_message_is_short_and_leaves_the_status_and_the_keys_alone() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await running(shell)
        shell.app.notify("One thing.")
        await shell.sees("One thing.")
        lines = shell.text.splitlines()
        assert [n for n, line in enumerate(lines) if "One thing." in line] == [0]
        assert "running" in lines[-3]
        assert sum(line.rstrip().endswith("One thing.") for line in lines) == 1


async def test_quitting_while_a_run_is_being_started_asks() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        launch, asked = shell.workers.launch, threading.Event()

        def slowly(run):  # type: ignore[no-untyped-def]
            asked.wait(60)
            return launch(run)

        shell.workers.launch = slowly  # type: ignore[method-assign]
        await shell.press("space", "q")
        assert not shell.app._exit
        asked.set()
        await shell.sees("Leave descend?", "is at work")
        assert len(shell.workers.launched) == 1
        await shell.press("b")
        await shell.until(lambda: shell.app._exit)
        assert len(shell.app.detached) == 1


async def test_quitting_after_a_start_that_failed_leaves() -> None:
    from descend.engine.base.errors import DescendError

    async with opened((80, 24), lesson="digits") as shell:
        shell.workers.error = DescendError("No worker today.")
        await shell.press("space", "q")
        await shell.until(lambda: shell.app._exit)


@pytest.mark.parametrize("key", ["e", "o"])
async def test_the_hints_of_a_box_stay_in_one_line_however_narrow(key: str) -> None:
    async with opened((40, 16), lesson="digits") as shell:
        await shell.press(key)
        await shell.sees("esc")
        lines = shell.text.splitlines()
        hint = next(line for line in lines if "esc" in line and "│" in line)
        assert "menu" not in hint
        assert sum("esc" in line for line in lines if "│" in line) == 1
        assert all(len(line) == 40 for line in lines)

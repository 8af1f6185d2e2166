"""What holds on every screen: help, the menu of actions, the doctor, and keys that mean nothing there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest
from textual.command import CommandList
from textual.events import Resize
from textual.geometry import Size

from descend.engine import doctor
from descend.engine.doctor import Check
from descend.tui.screens.help import HelpScreen
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.option_list import Options
from descend.tui.screens.palette import Palette
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_lesson import running
from tests.tui.recording import finished, steps

FINDINGS = [
    Check("Python", "descend", True, "0.1.0"),
    Check("Devices", "cuda", False, "the [driver] is too old", "Update it."),
]


@pytest.fixture(autouse=True)
def quick_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings at once: what they are is the doctor's business."""

    def examine() -> Iterator[Check]:
        yield from FINDINGS

    monkeypatch.setattr(doctor, "run_checks", examine)


async def choose(shell: Shell, words: str) -> None:
    """Find an action in the menu and take it."""
    await shell.press("ctrl+p")
    await shell.until(lambda: isinstance(shell.app.screen, Palette))
    await shell.type(words)
    await shell.pilot.pause(0.4)
    await shell.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_help_explains_what_is_focused_and_its_keys(size: tuple[int, int]) -> None:
    async with opened(size) as shell:
        await shell.press("question_mark")
        await shell.sees("The lessons, track by track", "Open the lesson, or fold its track")
        await shell.press("escape", "enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.press("f1")
        await shell.sees("The theory of this lesson", "Start a run with the current knobs")
        await shell.press("k", "j", "question_mark")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))


async def test_every_action_is_found_by_name() -> None:
    async with opened((80, 24)) as shell:
        await choose(shell, "fashion")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "fashion-mnist"
        await choose(shell, "lesson digits a first")
        await shell.until(lambda: getattr(shell.app.screen, "lesson", None) is not None)
        await shell.until(lambda: shell.app.screen.lesson.name == "digits")
        await choose(shell, "run (space)")
        await shell.until(lambda: shell.workers.launched)
        await choose(shell, "turn light")
        await shell.until(lambda: shell.app.theme == "textual-light")
        await choose(shell, "help")
        await shell.until(lambda: isinstance(shell.app.screen, HelpScreen))
        await shell.press("escape")


async def test_a_menu_without_room_bears_paging() -> None:
    async with opened((80, 24)) as shell:
        await shell.press("ctrl+p")
        await shell.until(lambda: isinstance(shell.app.screen, Palette))
        commands = shell.app.screen.query_one(CommandList)
        await shell.until(lambda: commands.option_count)
        await shell.press("down", "down")
        await shell.pilot.resize_terminal(20, 2)
        await shell.until(lambda: not commands.scrollable_content_region)
        commands._clear_caches()
        await shell.press("pageup", "pagedown", "escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


async def test_lists_without_room_bear_paging_and_drawing() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await running(shell)
        steps(shell.workers.launched[0], 0, 20)
        await shell.sees("1 loss")
        await shell.press("v")
        await shell.until(lambda: shell.app.screen.query(Options))
        listed = shell.app.screen.query_one(Options)
        await shell.press("down")
        for size in [(1, 1), (4, 50), (20, 2)]:
            await shell.pilot.resize_terminal(*size)
            listed._clear_caches()
            await shell.press("pageup", "pagedown", "end", "pagedown")
        await shell.pilot.resize_terminal(80, 24)
        await shell.press("escape")
        await shell.until(lambda: not shell.app.screen.query(Options))


async def test_a_menu_in_next_to_no_column_is_drawn() -> None:
    async with opened((80, 24)) as shell:
        await shell.press("ctrl+p")
        await shell.until(lambda: isinstance(shell.app.screen, Palette))
        for width in (4, 3, 2, 1):
            await shell.pilot.resize_terminal(width, 50)
            await shell.pilot.pause(0.05)
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


@pytest.mark.parametrize("size", SIZES)
async def test_the_doctor_shows_findings_as_they_come(size: tuple[int, int]) -> None:
    async with opened(size) as shell:
        await choose(shell, "doctor")
        await shell.sees("descend", "the [driver] is too old", "→ Update it.")
        await shell.until(lambda: "examining" not in shell.text)
        await shell.press("r")
        await shell.sees("the [driver] is too old")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


KEYS = [
    *"abcdefghijklmnoprstuvwxyz0123456789.,:;<>[]/?",
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "shift+tab", "backspace", "delete"),
    *("f1", "f5", "f12", "ctrl+a", "ctrl+e", "ctrl+z", "ctrl+d", "space", "escape", "enter", "insert"),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [(80, 24), (30, 8)])
async def test_no_sequence_of_keys_breaks_anything(seed: int, size: tuple[int, int]) -> None:
    keys = random.Random(seed)
    async with opened(size) as shell:
        for _ in range(60):
            await shell.press(keys.choice(KEYS))
        assert not shell.app._exit
        for _ in range(8):
            await shell.press("escape")
        await shell.pilot.resize_terminal(120, 40)
        await shell.press("ctrl+p")
        await shell.until(lambda: isinstance(shell.app.screen, Palette))
        assert shell.app.is_running


async def test_keys_that_mean_nothing_in_a_run_change_nothing() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await running(shell)
        session = shell.app.screen.session
        await shell.press(*(key for key in KEYS if key not in shell.app.screen.active_bindings))
        steps(session.run, 20, 22)
        await shell.sees("step 22/60", "running")
        assert shell.app.screen.session is session
        assert not session.run.control_file.exists()


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (60, 10), (300, 100)])
async def test_any_size_of_terminal_is_survived(size: tuple[int, int]) -> None:
    async with opened((120, 40), lesson="digits") as shell:
        await running(shell)
        await shell.pilot.resize_terminal(*size)
        steps(shell.workers.launched[0], 20, 30)
        await shell.press("t", "e", "escape", "question_mark", "escape", "q", "escape")
        await shell.pilot.resize_terminal(80, 24)
        await shell.sees("running")


async def test_the_keys_shown_fit_and_a_click_presses_them() -> None:
    from descend.tui.screens.keys import KeyLine

    async with opened((80, 24), lesson="digits") as shell:
        await shell.sees("space run")
        line = shell.text.splitlines()[-1]
        assert len(line) <= 80
        assert line.rstrip().endswith("? 2 more  ^p menu")
        await shell.pilot.click(KeyLine, offset=(line.index("? 2 more"), 0))
        await shell.until(lambda: isinstance(shell.app.screen, HelpScreen))


@pytest.mark.parametrize("keys", [[], ["n"], ["u"], ["enter"], ["enter", "Q"]])
async def test_keys_without_room_are_counted_and_the_way_back_is_never_among_them(keys: list[str]) -> None:
    from descend.tui.screens.keys import KeyLine

    finished()
    async with opened((80, 24)) as shell:
        for key in keys:
            before = (shell.app.screen, shell.app.screen.focused)
            await shell.press(key)
            await shell.until(lambda b=before: (shell.app.screen, shell.app.screen.focused) != b)
        line = shell.app.screen.query_one(KeyLine)
        for width in (80, 60, 40, 200):
            await shell.pilot.resize_terminal(width, 24)
            await shell.until(lambda room=width: line.size.width == room - 2)
            every = {item.key for group in line._groups()[1:] for item in group}
            text, shown = line.render().plain, {key for _, _, key in line._places} & every
            assert len(text.rstrip()) <= width - 2
            assert ("escape" in shown) == ("escape" in every)
            assert f"? {len(every - shown)} more" in text if every - shown else "? help" in text
            if width == 200:
                assert shown == every


async def test_what_is_at_hand_comes_before_the_screens_other_keys() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await shell.press("Q")
        await shell.sees("number answer  enter answer")
        assert "space run" in shell.text
        assert "s step" not in shell.text.splitlines()[-1]


async def test_a_box_says_that_it_has_more_keys_than_room() -> None:
    from descend.tui.screens.dialog import Hint

    async with opened((80, 24)) as shell:
        hint = Hint("enter writes", "esc leaves", "tab completes the name of a file", "pgup pgdn move through the list")
        await shell.app.screen.mount(hint)
        await shell.sees("enter writes   esc leaves   tab completes the name of a file   ? more")
        hint.tell("enter writes", "esc leaves")
        await shell.until(lambda: "? more" not in shell.text)


async def test_two_sizes_at_once_do_not_call_forth_each_other() -> None:
    async with opened((80, 24)) as shell:
        await shell.sees("Begin:")
        laid_out = 0
        reflow = shell.app.screen._compositor.reflow

        def count(*arguments: Any) -> Any:
            nonlocal laid_out
            laid_out += 1
            assert laid_out < 20  # here, because nothing else would have its turn
            return reflow(*arguments)

        shell.app.screen._compositor.reflow = count  # type: ignore[method-assign]
        for size in (Size(100, 30), Size(80, 24), Size(100, 30), Size(80, 24)):
            shell.app.screen.post_message(Resize(size, size))
            shell.app.screen.call_later(asyncio.sleep, 0)  # otherwise the second would take the first one's place
        await asyncio.sleep(1)
        await shell.until(lambda: laid_out)

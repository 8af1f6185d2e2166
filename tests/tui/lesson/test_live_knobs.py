"""A person who turns live knobs while a run continues."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from descend.engine.run.records import KnobChange
from descend.engine.run.runs import Run
from descend.engine.teaching.lesson import Lesson
from tests.tui import practice
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import lesson, running
from tests.tui.recording import end, say, steps


@pytest.fixture(autouse=True)
def with_live_knobs(folders: Path) -> Lesson:
    return practice.install(folders)


def turns(run: Run) -> list[tuple[str, object]]:
    """The knobs the run was told to turn."""
    try:
        said = [msgspec.json.decode(line) for line in run.control_file.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    return [(one["knob"], one["value"]) for one in said if one["kind"] == "set"]


@pytest.mark.parametrize("size", SIZES)
async def test_live_knobs_turn_without_leaving_the_run(size: tuple[int, int]) -> None:
    async with opened(size, lesson="practice") as shell:
        assert "K turn" not in shell.text
        await running(shell)
        run = shell.workers.launched[0]
        await shell.sees("K turn")
        await shell.press("K")
        await shell.sees("› damping", "rule")
        await shell.press("left", "left")
        await shell.until(lambda: turns(run))
        assert turns(run) == [("damping", 0.9)]  # a held arrow is one turn
        await shell.press("down", "right")
        await shell.until(lambda: len(turns(run)) == 2)
        assert turns(run)[1] == ("rule", "halving")
        await shell.sees("‹ halving ›")
        await shell.press("escape")
        await shell.until(lambda: not lesson(shell).live_knobs.opened)
        await shell.press("space")
        await shell.sees("pausing")


async def test_what_the_run_says_is_what_the_slider_shows() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await running(shell)
        await shell.press("K")
        say(shell.workers.launched[0], KnobChange(step=20, knob="damping", value=0.5, previous=1.0))
        await shell.until(lambda: lesson(shell).live_knobs.values["damping"] == 0.5)
        await shell.sees("┤ 0.5")


async def test_the_dials_go_when_the_run_ends() -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await running(shell)
        await shell.press("K")
        await shell.sees("› damping")
        steps(shell.workers.launched[0], 20, 60)
        end(shell.workers.launched[0], "done")
        await shell.until(lambda: "› damping" not in shell.text)
        assert not lesson(shell).live_knobs.has_focus
        await shell.press("K")
        assert "› damping" not in shell.text


async def test_more_live_knobs_than_there_is_room_for_are_counted_and_come_into_view() -> None:
    async with opened((80, 24), lesson="playground") as shell:
        await running(shell)
        await shell.press("K")
        await shell.sees("› noise", "1–6 of 10 ↓")
        await shell.press("up")
        await shell.sees("› pace", "5–10 of 10 ↑")
        await shell.press(*["up"] * 8)
        await shell.sees("› activation", "2–7 of 10 ↑↓")

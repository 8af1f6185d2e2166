"""A person with a mouse: answers, choices and knobs are clicked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events

from descend.engine.base.knobs import Knob
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.shuffle import order_choices
from descend.tui.screens.lesson.knob_editor import KnobEditorScreen
from descend.tui.screens.lesson.knob_row import KnobRow, draw_slider, place_value, share_at
from tests.tui import practice
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_lesson import lesson, running
from tests.tui.lesson.test_live_knobs import turns


@pytest.fixture(autouse=True)
def practised(folders: Path) -> Lesson:
    return practice.install(folders)


def place(shell: Shell, text: str, into: int = 0) -> tuple[int, int]:
    """Where ``text`` is on the screen, ``into`` cells into it."""
    for y, line in enumerate(shell.text.splitlines()):
        if text in line:
            return cell_len(line[: line.index(text)]) + into, y
    raise AssertionError(f"{text!r} is not on the screen:\n{shell.text}")


async def click(shell: Shell, text: str, into: int = 0, times: int = 1) -> None:
    await shell.sees(text)
    await shell.pilot.pause(0.1)
    await shell.pilot.click(offset=place(shell, text, into), times=times)


async def roll(shell: Shell, text: str, into: int, up: bool) -> None:
    x, y = place(shell, text, into)
    kind = events.MouseScrollUp if up else events.MouseScrollDown
    shell.app.post_message(kind(None, x, y, 0, 0, 0, False, False, False, x, y))
    await shell.pilot.pause(0.1)


@pytest.mark.parametrize("size", SIZES)
async def test_an_answer_is_clicked_and_so_are_the_keys_that_are_told(size: tuple[int, int], practised: Lesson) -> None:
    first = practised.quiz[0]
    wrong = next(choice for index, choice in enumerate(first.choices) if index != first.answer)
    place_of_wrong = 1 + order_choices(first).index(first.choices.index(wrong))
    async with opened(size, lesson="practice") as shell:
        await shell.press("Q")
        await click(shell, f"{place_of_wrong} {wrong}", 2)
        await shell.sees("✗ No: choice")
        await shell.pilot.pause(0.6)
        await click(shell, f"{place_of_wrong} {wrong}", 2)  # it is answered: nothing happens
        await click(shell, "a answer it again")
        await shell.until(lambda: "✗ No" not in shell.text)
        await shell.press("i")
        await click(shell, "2 " + practised.quiz[1].text[:20], 5)
        await shell.sees("Question 2 of 3")


async def test_two_clicks_answer_one_question(practised: Lesson) -> None:
    async with opened(lesson="practice", asked=True) as shell:
        await shell.press("P")
        await click(shell, "1 " + practised.predictions[0].names[0], 2, times=2)
        await shell.until(lambda: lesson(shell).body.learner.predictions)
        await shell.pilot.pause(0.2)
        assert list(lesson(shell).body.learner.predictions) == [0]


async def test_an_exercise_is_begun_with_a_click(practised: Lesson) -> None:
    async with opened(lesson="practice") as shell:
        await shell.press("E")
        await click(shell, "h hint 1")
        await shell.sees("hint 1 ")
        await click(shell, "enter set the knobs")
        await shell.until(lambda: isinstance(shell.app.screen, KnobEditorScreen))


async def test_a_knob_takes_the_place_that_is_clicked(practised: Lesson) -> None:
    async with opened(lesson="digits") as shell:
        await shell.press("e")
        await shell.until(lambda: isinstance(shell.app.screen, KnobEditorScreen))
        rows = {row.setting: row for row in shell.app.screen.query(KnobRow)}
        lr, activation = rows["lr"], rows["activation"]
        assert lr.slider is not None
        for share, value in ((0.0, "0.0001"), (1.0, "100")):
            x = round(1 + share * (lr.slider.size.width - 3))
            await shell.pilot.click(lr.slider, offset=(x, 0))
            await shell.until(lambda value=value: lr.field.value == value)
        assert lr.field.has_focus
        await roll(shell, "‹ relu ›", 3, up=False)
        assert activation.field.value == "relu", "what has no focus scrolls"
        await shell.pilot.click(activation.field, offset=(3, 0))
        await shell.until(lambda: activation.field.value == "tanh")
        await shell.pilot.pause(0.6)
        await shell.pilot.click(activation.field, offset=(0, 0))
        await shell.until(lambda: activation.field.value == "relu")
        await roll(shell, "‹ relu ›", 3, up=True)
        await shell.until(lambda: activation.field.value == "tanh")


async def test_live_knobs_are_clicked_and_rolled() -> None:
    async with opened(lesson="practice") as shell:
        await running(shell)
        run = shell.workers.launched[0]
        await shell.press("K")
        await click(shell, "‹ momentum ›" if "‹ momentum ›" in shell.text else "‹ ", 4)
        await shell.until(lambda: turns(run))
        assert turns(run)[0][0] == "rule"
        await shell.pilot.pause(0.6)
        await click(shell, "├", 1)
        await shell.until(lambda: len(turns(run)) == 2)
        name, lowest = turns(run)[1]
        assert (name, lowest) == ("damping", lesson(shell).live_knobs.knobs["damping"].low)
        await roll(shell, "├", 2, up=True)
        await shell.until(lambda: len(turns(run)) == 3)
        assert turns(run)[2][1] > lowest


@pytest.mark.parametrize(
    "spec",
    [
        Knob(0.1, name="lr", low=0.0001, high=100.0, scale="log", type=float),
        Knob(5, name="n", low=1, high=30, type=int),
        Knob(0.0, name="x", low=-2.0, high=2.0, type=float),
    ],
    ids=["log", "whole", "linear"],
)
def test_the_mark_is_drawn_where_it_was_clicked(spec: Knob) -> None:
    for width in (10, 20, 33):
        for x in range(1, width - 1):
            value = place_value(spec, share_at(x, width))
            assert spec.low <= value <= spec.high
            assert type(value) is spec.type
            drawn = draw_slider(spec, value, width).plain.index("●")
            assert abs(drawn - x) <= (1 if spec.type is float else width / 20 + 1), (width, x, value)
    assert (place_value(spec, 0.0), place_value(spec, 1.0)) == (spec.low, spec.high)

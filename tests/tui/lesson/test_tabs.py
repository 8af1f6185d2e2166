"""A person who goes through the parts of a lesson and reads its code."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

from descend.engine.teaching.lesson import Lesson
from descend.tui import app
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.lesson.reading import TheoryTab, key_lines, lines, start_of, wrapped
from tests.tui import practice
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.lesson.test_lesson import lesson, running
from tests.tui.lesson.test_predict import launched, whole


@pytest.fixture
def lesson_with_all(folders: Path) -> Lesson:
    return practice.install(folders)


def part(shell: Shell) -> str:
    """The part that is shown."""
    return lesson(shell).body.parts.chosen


@pytest.mark.parametrize("size", SIZES)
async def test_every_part_has_a_key_and_the_arrows_go_round(size: tuple[int, int], lesson_with_all: Lesson) -> None:
    async with opened(size, lesson="practice") as shell:
        await shell.sees("Newton's way.", "Theory", "Predict", "Quiz", "Exercises", "Code")
        for key, text in (
            ("P", "Where does the error end?"),
            ("Q", "What is the root of 4?"),
            ("E", "Let it [begin] at two."),
            (
                "C",
                "descend_lessons.practice" if "descend_lessons" in lesson_with_all.module else lesson_with_all.module,
            ),
            ("T", "Newton's way."),
        ):
            await shell.press(key)
            await shell.sees(text)
        for name in ("predict", "quiz", "exercises", "code", "theory"):
            await shell.press("right")
            await shell.until(lambda name=name: part(shell) == name)
        await shell.press("left")
        await shell.until(lambda: part(shell) == "code")
        assert all(len(line) == size[0] for line in shell.text.splitlines())


async def test_a_lesson_shows_only_the_parts_it_has() -> None:
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        parts = lesson(shell).body.parts.parts
        one = lesson(shell).lesson
        assert ("predict" in parts, "exercises" in parts) == (bool(one.predictions), bool(one.exercises))
        if "predict" not in parts:
            await shell.press("P")
            assert part(shell) == "theory"
        await shell.press("C")
        await shell.sees("def run(lab, k):")


async def test_from_the_panels_a_key_leads_back_to_a_part(lesson_with_all: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await running(shell)
        await shell.sees("loss")
        await shell.press("Q")
        await shell.sees("What is the root of 4?", "t panels")
        await shell.press("t")
        await shell.sees("loss", "t lesson")
        await shell.press("t")
        await shell.sees("What is the root of 4?")


async def test_the_code_begins_at_run_and_its_key_lines_are_gone_through(lesson_with_all: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("C")
        await shell.sees("def run(lab, k):", "2 key lines", "▌ marks a key line")
        assert "Newton's way" not in shell.text
        await shell.press("n")
        await shell.sees("▶ 1/2", "the mean of one guess below the root")
        await shell.press("n")
        await shell.sees("▶ 2/2", "[the error], which the curve shows")
        await shell.press("n")
        await shell.sees("▶ 1/2")
        await shell.press("N")
        await shell.sees("▶ 2/2")
        await shell.press("home")
        await shell.sees('"""Practice: the root of two, [bold]by hand[/bold]')
        await shell.press("end")
        await shell.sees("Heron of Alexandria")


async def test_the_code_keeps_its_place_when_the_terminal_changes(lesson_with_all: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("C")
        await shell.sees("def run(lab, k):")
        await shell.pilot.resize_terminal(50, 20)
        await shell.until(lambda: all(len(line) == 50 for line in shell.text.splitlines()))
        await shell.sees("def run(lab, k):")


async def test_a_part_stays_in_sight_when_the_terminal_becomes_wider_or_narrower(lesson_with_all: Lesson) -> None:
    async with opened((80, 24), lesson="practice") as shell:
        await shell.press("space")
        await launched(shell)
        await whole(shell)
        await shell.press("Q")
        await shell.sees("Question 1 of 3")
        await shell.pilot.resize_terminal(120, 40)
        await shell.sees("Question 1 of 3", "1 loss")
        await shell.pilot.resize_terminal(80, 24)
        await shell.until(lambda: "1 loss" not in shell.text)
        await shell.sees("Question 1 of 3")


async def test_every_part_is_drawn_in_ascii(lesson_with_all: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "shows_unicode", lambda: False)
    async with opened((80, 24), lesson="practice") as shell:
        for key, text in (
            ("Q", "Question 1 of 3"),
            ("2", "x No:"),
            ("P", "Prediction 1 of 3"),
            ("E", "Exercise 1 of 2"),
        ):
            await shell.press(key)
            await shell.sees(text)
            assert shell.text.isascii()
        await shell.press("C", "n")
        await shell.sees("> 1/2")
        assert shell.text.isascii()


def test_long_lines_are_wrapped_beyond_their_indentation() -> None:
    (line,) = lines("    total = " + " + ".join(f"weight_{n}" for n in range(12)))
    pieces = wrapped(line, 40)
    assert len(pieces) > 2
    assert all(piece.cell_length <= 40 for piece in pieces)
    assert all(piece.plain.startswith(" " * 8) for piece in pieces[1:])
    assert "".join(piece.plain.strip().replace(" ", "") for piece in pieces) == line.plain.replace(" ", "")


@pytest.mark.parametrize("width", [1, 2, 7, 8, 20])
def test_a_line_without_a_place_to_break_is_cut(width: int) -> None:
    (line,) = lines("x" * 50 + "漢字" * 10)
    pieces = wrapped(line, width)
    assert all(piece.cell_length <= max(2, width) for piece in pieces)
    assert "".join(piece.plain.strip() for piece in pieces) == line.plain


def test_key_lines_and_the_beginning_of_run_are_found() -> None:
    code = "x = 1\n\ndef run(lab, k):\n    y = 2  # key: it matters\n    z = 3  # keyed\n"
    assert key_lines(code) == {3: "it matters"}
    assert start_of(code, "run") == 2
    assert start_of(code, "walk") == 0


KEYS = [
    *"TPQECKtehafinNjk123459,.-",
    *("up", "down", "left", "right", "enter", "escape", "space", "tab", "shift+tab", "ctrl+s", "ctrl+z", "ctrl+r"),
    *("pagedown", "home", "end", "backspace", "shift+right"),
]


@pytest.mark.parametrize("seed", range(3))
async def test_no_sequence_of_keys_breaks_a_part(seed: int, lesson_with_all: Lesson) -> None:
    keys = random.Random(seed)
    async with opened((80, 24), lesson="practice") as shell:
        for _ in range(80):
            await shell.press(keys.choice(KEYS))
            if not any(isinstance(screen, LessonScreen) for screen in shell.app.screen_stack):
                shell.app.open_lesson("practice")
                await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.is_running
        for _ in range(6):
            await shell.press("escape")
        assert shell.app.is_running


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (300, 90)])
async def test_every_part_survives_any_size(size: tuple[int, int], lesson_with_all: Lesson) -> None:
    async with opened((120, 40), lesson="practice") as shell:
        await shell.pilot.resize_terminal(*size)
        await shell.press("P", "Q", "1", "i", "E", "h", "C", "n", "E", "n", "enter", "ctrl+z", "escape", "e", "escape")
        await shell.pilot.resize_terminal(80, 24)
        await shell.press("T")
        await shell.sees("Newton's way.")


async def test_focus_on_a_long_text_looks_up_no_styles_of_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((120, 40), lesson="digits") as shell:
        theory = shell.app.screen.query_one(TheoryTab)
        await shell.until(lambda: theory.has_focus and len(list(theory.walk_children())) > 5)
        looked: list[DOMNode] = []
        update = Stylesheet.update_nodes

        def count(sheet: Stylesheet, nodes: Iterable[DOMNode], animate: bool = False) -> None:
            looked.extend(found := list(nodes))
            update(sheet, found, animate)

        monkeypatch.setattr(Stylesheet, "update_nodes", count)
        shell.app.screen.set_focus(None)
        await shell.until(lambda: not theory.has_focus)
        theory.focus()
        await shell.until(lambda: theory.has_focus)
        assert theory in looked
        assert not [node for node in looked if theory in node.ancestors]

"""A person who writes Python: lines keep their indent, and whole levels are added and taken away."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from descend.tui.screens.lesson.code_editor import CodeArea, next_indent
from tests.tui.driving import character_to_key


class Bench(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.area = CodeArea(text)

    def compose(self) -> ComposeResult:
        yield self.area

    def on_mount(self) -> None:
        self.area.focus()


@pytest.mark.parametrize(
    ("before", "depth"),
    [
        ("x = 1", 0),
        ("def f():", 4),
        ("    if x:", 8),
        ("    if x:  # why", 8),
        ("    y = 2  # as in: this", 4),
        ('    print("#:")', 4),
        ("        return x", 4),
        ("        returned = x", 8),
        ("pass", 0),
        ("        continue", 4),
        ("    ", 4),
        ("", 0),
    ],
)
def test_a_new_line_is_as_deep_as_python_wants_it(before: str, depth: int) -> None:
    assert next_indent(before) == " " * depth


async def test_a_function_is_typed_without_a_blank() -> None:
    app = Bench("")
    async with app.run_test() as pilot:
        for line in ("def f(x):", "if x:", "return 1", "return 2", "y = f(3)"):
            await pilot.press(*(character_to_key(key) for key in line), "enter")
        assert app.area.text == "def f(x):\n    if x:\n        return 1\n    return 2\ny = f(3)\n"
        assert app.focused is app.area


async def test_selected_lines_are_indented_and_dedented() -> None:
    app = Bench("a\n\n  b\nc")
    async with app.run_test() as pilot:
        app.area.selection = type(app.area.selection)((0, 0), (3, 0))
        await pilot.press("tab")
        assert app.area.text == "    a\n\n      b\nc"
        await pilot.press("tab", "shift+tab", "shift+tab")
        assert app.area.text == "a\n\n  b\nc"
        await pilot.press("shift+tab")
        assert app.area.text == "a\n\nb\nc"
        await pilot.press("shift+tab", "ctrl+z")
        assert app.area.text == "a\n\n  b\nc"
        assert app.focused is app.area


async def test_tab_and_backspace_go_by_levels_in_the_indent_only() -> None:
    app = Bench("")
    async with app.run_test() as pilot:
        await pilot.press("tab", "tab", "space", "backspace")
        assert app.area.text == " " * 8
        await pilot.press("backspace")
        assert app.area.text == " " * 4
        await pilot.press("a", "space", "space", "backspace")
        assert app.area.text == "    a "
        await pilot.press("tab")
        assert app.area.text == "    a   "
        await pilot.press("home", "shift+tab")
        assert app.area.text == "a   "
        await pilot.press("home", "backspace")
        assert app.area.text == "a   "

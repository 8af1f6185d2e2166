"""Text from files cannot reach the terminal as anything but text."""

import pytest
from rich.cells import cell_len

from descend.tui.cell_text import ascii_only, fit, plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07name", "]0;titlename"),
        ("two\nlines\tand\ra\x9b2J", "two lines and a2J"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("a\u202etxt.exe\u200b", "atxt.exe"),
        ("heart\ufe0f\u2764\ufe0f", "heart\u2764"),
    ],
)
def test_control_characters_are_left_out(written: str, shown: str) -> None:
    assert plain(written) == shown


@pytest.mark.parametrize("text", ["", "cat", "猫猫猫", "e\u0301clair", "a long enough name"])
@pytest.mark.parametrize("width", range(12))
def test_fit_fills_its_cells_exactly(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width


def test_ascii_keeps_the_width() -> None:
    text = "╭─ 猫 ● train → 0.5 ▉⣿┊ ─╮"
    assert ascii_only(text).isascii()
    assert cell_len(ascii_only(text)) == cell_len(text)
    assert ascii_only("├●→") == "+o>"


def test_infinity_is_never_a_digit_in_ascii() -> None:
    assert not ascii_only("∞").isdigit()

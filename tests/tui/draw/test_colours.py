"""What pens of shades look like, on dark and light screens, with many colours and with few."""

from __future__ import annotations

import subprocess
import sys

from descend.tui.draw.colours import TOP, Palette, luminance

SERIES = [(86, 180, 233), (230, 159, 0), (0, 181, 133), (217, 141, 181), (240, 228, 66), (240, 120, 50)]


def palette(dark: bool = True, few: bool = False) -> Palette:
    return Palette(dark, few, SERIES.__getitem__)


def test_a_pen_names_ink_and_ground() -> None:
    ink, ground = palette().shade("shade x102030 g0")
    assert (ink, ground) == ((16, 32, 48), (0, 0, 0))
    assert palette().shade("shade v0 none") == ((0x44, 0x01, 0x54), None)


def test_ink_can_be_read_on_every_level() -> None:
    for level in range(TOP + 1):
        ink, ground = palette().shade(f"shade ink v{level}")
        assert ground is not None
        lighter, darker = sorted((luminance(ink), luminance(ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 4.5


def test_a_bright_class_is_its_series_and_a_plain_one_is_near_the_background() -> None:
    assert palette().shade("shade b7 none")[0] == SERIES[1]
    dark, light = (luminance(palette(dark).shade("shade c7 none")[0]) for dark in (True, False))
    assert dark < luminance(SERIES[1]) < light


def test_the_middle_of_the_diverging_map_is_the_background_of_its_theme() -> None:
    middle = f"shade d{TOP // 2} none"
    assert luminance(palette(dark=True).shade(middle)[0]) < 0.05
    assert luminance(palette(dark=False).shade(middle)[0]) > 0.8


def test_few_colours_are_those_of_the_cube() -> None:
    steps = {0, 0x5F, 0x87, 0xAF, 0xD7, 0xFF}
    assert {part for level in range(TOP + 1) for part in palette(few=True).shade(f"shade v{level} none")[0]} <= steps


def test_drawing_needs_no_textual() -> None:
    program = (
        "import sys, pkgutil, importlib, descend.tui.draw as d\n"
        "[importlib.import_module(f'{d.__name__}.{m.name}') for m in pkgutil.iter_modules(d.__path__)]\n"
        "print('textual' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"

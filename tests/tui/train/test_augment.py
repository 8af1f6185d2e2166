"""A person who looks at images as augmentations change them, and takes one."""

from __future__ import annotations

import sys

import pytest

from descend.tui.screens.train import augment_preview
from tests.tui.driving import opened


async def test_images_before_and_after_and_one_taken() -> None:
    async with opened((120, 40)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp --data digits")
        await shell.press("i")
        await shell.sees("Classes", "a augmentation")
        await shell.press("a")
        await shell.sees("none: as they are")
        await shell.until("▀▀▀▀▀▀▀▀", 60)
        assert "▀  ▀" not in shell.text, "nothing is changed, so there is nothing after"
        await shell.press("right")
        await shell.sees("flip: mirrored", "▀  ▀")
        await shell.press("enter")
        await shell.sees("descend run mlp --data digits --set augment=flip")
        await shell.press("i")
        await shell.sees("a augmentation")
        await shell.press("escape")


async def test_tables_are_not_augmented() -> None:
    async with opened((80, 24)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        await shell.press("enter", "down", "i")
        await shell.sees("iris: a table")
        await shell.press("a")
        await shell.pilot.pause(0.2)
        assert "augment" not in shell.text


async def test_what_goes_wrong_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = (sys.executable, "-c", "import sys; print('noise'); sys.exit('It cannot \\x1b[31mbe done.')")
    monkeypatch.setattr(augment_preview, "COMMAND", fails)
    async with opened((80, 24)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        await shell.press("i")
        await shell.sees("a augmentation")
        await shell.press("a")
        await shell.sees("✗ It cannot [31mbe done.")
        await shell.press("right", "escape", "escape")
        await shell.sees("Models")

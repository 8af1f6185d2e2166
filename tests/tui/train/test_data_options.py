"""A person who chooses in the shell what the columns of their own data are for, instead of typing options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from descend.datasets import user_path
from descend.tui.screens.train.column_roles import find_roles, list_roles, make_options, turn_role
from descend.tui.screens.train.data_options import DataOptionsScreen
from descend.tui.screens.train.screen import TrainScreen
from tests.tui.driving import SIZES, opened
from tests.tui.train.test_choosing import typed

CITIES = ("Rome", "Oslo", "rome ")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    chance = np.random.default_rng(0)
    rows = [
        f"{chance.normal():.3f},2024-0{1 + n % 8}-11,{CITIES[n % 3]},u{n // 4},{'' if n == 5 else n % 7},{'yn'[n % 2]}"
        for n in range(80)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["size,day,city,user,count,kind", *rows]))
    return tmp_path / "t.csv"


@pytest.mark.parametrize("size", SIZES)
async def test_a_table_with_problems_is_settled_by_choosing(size: tuple[int, int], table: Path) -> None:
    async with opened(size) as shell:
        await shell.press("n")
        await shell.sees("Models")
        await shell.press("d")
        await typed(shell, str(table))
        await shell.press("enter")
        await shell.sees("day", "‹ learn from ›", "‹ predict ›", "holds dates")
        screen = shell.app.screen
        assert isinstance(screen, DataOptionsScreen)
        await shell.press("s")
        await shell.sees("No problems were found.")
        assert screen.address == f"{table}?target=kind&dates=parts&case=fold&missing=mean"
        await shell.press("down", "down", "down", "right", "right", "right", "right")
        await shell.until(lambda: screen.roles["user"] == "keep together")
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, TrainScreen))
        train = shell.app.screen
        assert isinstance(train, TrainScreen)
        spec = train.specs[train.data.chosen]
        assert dict(spec.options)["missing"] == "mean"  # type: ignore[attr-defined]
        await shell.press("o")
        await shell.until(lambda: isinstance(shell.app.screen, DataOptionsScreen))
        await shell.sees("No problems were found.")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, TrainScreen))


async def test_what_cannot_be_read_so_is_said_and_the_box_stays(table: Path) -> None:
    async with opened((120, 40)) as shell:
        await shell.press("n")
        await shell.sees("Models")
        await shell.press("d")
        await typed(shell, str(table))
        await shell.press("enter")
        await shell.sees("holds dates")
        await shell.press("enter")
        await shell.sees("✗ Column 'day' of t.csv holds dates or times")
        assert isinstance(shell.app.screen, DataOptionsScreen)
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, TrainScreen))
        await shell.press("escape")
        await shell.press("o")
        await shell.sees("Options are for tables of your own")


async def test_images_named_by_a_table_have_choices_too(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for n in range(20):
        Image.new("L", (8, 8), 10 * n).save(tmp_path / f"set/p{n}.png")
    rows = [f"p{n},{'ab'[n % 2]},w{n}" for n in range(20)]
    (tmp_path / "set/labels.csv").write_text("\n".join(["file,kind,note", *rows]))
    async with opened((120, 40)) as shell:
        await shell.press("n")
        await shell.sees("Models")
        await shell.press("d")
        await typed(shell, str(tmp_path / "set"))
        await shell.press("enter")
        await shell.sees("images of 8 × 8 grey", "set               image, classes")
        await shell.press("o")
        await shell.sees("file", "kind", "‹ predict ›", "note", "‹ not used ›", "No problems were found.")
        await shell.press("down", "right", "down", "right")
        screen = shell.app.screen
        assert isinstance(screen, DataOptionsScreen)
        await shell.until(lambda: (screen.roles["kind"], screen.roles["note"]) == ("names images", "predict"))
        await shell.sees("names no image in")
        await shell.press("up", "left", "left", "enter")
        await shell.until(lambda: isinstance(shell.app.screen, TrainScreen))
        await shell.sees("?target=note")


def test_roles_say_what_options_say(table: Path) -> None:
    found = user_path.survey(f"{table}?ignore=size,3&group=user&target=kind&missing=drop&seed=4")
    assert found is not None
    roles = find_roles(found, found.given)
    assert roles == {
        "size": "leave out",
        "day": "learn from",
        "city": "leave out",
        "user": "keep together",
        "count": "learn from",
        "kind": "predict",
    }
    assert make_options(found, roles, found.given) == {
        "target": "kind",
        "ignore": "size,city",
        "group": "user",
        "missing": "drop",
        "seed": "4",
    }
    turned = roles
    while turned["count"] != "keep together":
        turned = turn_role(found, turned, "count", 1)
    assert turned["user"] == "learn from", "one column only keeps rows together"
    for _ in list_roles(found):
        turned = turn_role(found, turned, "size", -1)
    assert turned["size"] == "leave out"

"""Lessons that learn from a table of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from descend.engine.base.errors import UsageError
from descend.engine.launch import launcher
from descend.engine.run.run_request import RunRequest
from descend.engine.teaching import catalogue


def table(folder: Path) -> str:
    """A table of 200 rows with numbers, words and two classes."""
    chance = np.random.default_rng(0)
    rows = [
        f"{a:.3f},{b:.3f},{'left' if a > b else 'right'},{'yes' if a + b > 0 else 'no'}"
        for a, b in chance.normal(size=(200, 2))
    ]
    (folder / "own.csv").write_text("\n".join(["a,b,side,kind", *rows]))
    return str(folder / "own.csv")


def own() -> list[str]:
    """The lessons that take one."""
    return [name for name in catalogue.list_outlines() if catalogue.find_lesson(name).takes_tables]


def test_lessons_about_tables_take_ones_own() -> None:
    assert {"k-means", "principal-components", "preprocessing", "data-splits"} <= set(own())


@pytest.mark.parametrize("name", ["k-means", "principal-components"])
def test_a_lesson_learns_from_it(name: str, tmp_path: Path) -> None:
    from tests.engine.train.trained import conduct, said

    lesson = catalogue.find_lesson(name)
    smoke = {**({"pace": 0} if "pace" in lesson.knobs.specs else {}), **lesson.smoke}
    run = conduct(launcher.prepare(RunRequest(name, smoke, device="cpu", data=table(tmp_path))))
    history = said(run)
    assert history.status is not None
    assert history.status.state == "done", history.failure
    assert run.manifest().stamp is not None, "a later change of the file is told"


def test_what_a_lesson_cannot_learn_from_is_told(tmp_path: Path) -> None:
    def refuse(name: str, data: str) -> str:
        with pytest.raises(UsageError) as refused:
            launcher.check_request(RunRequest(name, data=data))
        return str(refused.value)

    own_table = table(tmp_path)
    assert "does not learn from" in refuse("digits", own_table)
    assert "does not learn from 'diabetes'" in refuse("k-means", "diabetes")
    assert "learns from tables with classes" in refuse("k-means", f"{own_table}?target=a&task=regression")
    assert "nowhere.csv" in refuse("k-means", str(tmp_path / "nowhere.csv"))

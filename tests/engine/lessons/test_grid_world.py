"""Grid world: what is said of a policy, and what the goal is worth."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tests.engine.teaching.contract import smoke_run

from descend.engine.lessons.reinforcement import grid_world
from descend.engine.run.packed_array import is_not_yet
from descend.engine.run.result import Result
from descend.engine.teaching import catalogue


def test_a_way_that_never_arrives_is_no_number_of_moves() -> None:
    said: dict[str, float] = {}
    lab = SimpleNamespace(results=lambda **found: said.update(found))
    grid_world.report(lab, "learned", dict.fromkeys(grid_world.squares(), 0))  # up, everywhere
    assert said == {"learned/squares that lead to the goal": 1}  # the square beneath the goal


def test_planned_and_learned_stand_side_by_side_with_values_and_arrows() -> None:
    result = Result.of(smoke_run(catalogue.find_lesson("grid-world")))
    first, *_, last = result.history.pictures["field/planned and learned"]
    assert first.panes == last.panes == ["planned", "learned"]
    for record, missing in ((first, True), (last, False)):
        assert record.values.shape == (5, 10)
        for pane in (0, 1):
            part, texts = record.values.numpy()[:, 5 * pane :][:, :5], [line[5 * pane :][:5] for line in record.texts]
            assert part[grid_world.GOAL] == 0
            assert all(np.isnan(part[wall]) and texts[wall[0]][wall[1]] == "wall" for wall in grid_world.WALLS)
            for row, column in grid_world.squares():
                start = "A" if (row, column) == grid_world.START else ""
                value = float(part[row, column])
                if pane and missing:
                    assert is_not_yet(value)
                    assert texts[row][column] == f"{start} ·".strip()
                else:
                    arrow, number = texts[row][column].split()
                    assert arrow in [f"{start}{one}" for one in grid_world.ARROWS]
                    assert float(number) == pytest.approx(value, abs=0.006)
    assert last.values.numpy()[grid_world.START] == pytest.approx(result.last("planned/value of the start"))


def test_the_map_in_the_theory_is_that_of_the_run() -> None:
    lesson = catalogue.find_lesson("grid-world")
    lines = [line.split() for line in lesson.theory.splitlines() if len(line.split()) == 5 and {*line} <= {*" ·AG█"}]
    every = [(row, column) for row in range(5) for column in range(5)]
    places = {sign: [place for place in every if lines[place[0]][place[1]] == sign] for sign in "AG█·"}
    assert places["A"] == [grid_world.START]
    assert places["G"] == [grid_world.GOAL]
    assert places["█"] == sorted(grid_world.WALLS)
    assert sorted(places["·"] + places["A"]) == grid_world.squares()
    assert "{map}" not in lesson.theory

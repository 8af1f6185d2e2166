"""Grid world: what is said of a policy, and what the goal is worth."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from descend.engine.lessons.reinforcement import grid_world


def test_a_way_that_never_arrives_is_no_number_of_moves() -> None:
    said: dict[str, float] = {}
    lab = SimpleNamespace(results=lambda **found: said.update(found))
    grid_world.report(lab, "learned", dict.fromkeys(grid_world.squares(), 0))  # up, everywhere
    assert said == {"learned/squares that lead to the goal": 1}  # the square beneath the goal


def test_the_goal_is_shaded_as_its_value_and_walls_have_none() -> None:
    drawn: list[Any] = []
    lab = SimpleNamespace(field=lambda name, values, **more: drawn.append(values))
    grid_world.show(lab, "values", torch.zeros(5, 5), dict.fromkeys(grid_world.squares(), 0))
    assert drawn[0][grid_world.GOAL] == 0
    assert all(drawn[0][wall].isnan() for wall in grid_world.WALLS)

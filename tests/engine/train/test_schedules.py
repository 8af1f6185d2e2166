"""The course of the learning rate."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from descend.engine.train.schedules import compute_factor


def course(schedule: str, steps: int = 100, warmup: float = 0.0) -> list[float]:
    return [compute_factor(schedule, step, steps, warmup) for step in range(steps)]


def test_constant_and_step() -> None:
    assert set(course("constant")) == {1.0}
    assert [compute_factor("step", step, 100) for step in (0, 49, 50, 74, 75, 99)] == [1, 1, 0.1, 0.1, 0.01, 0.01]


@pytest.mark.parametrize("warmup", [0.0, 0.2])
def test_cosine_is_that_of_torch_after_the_warm_up(warmup: float) -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    rise = round(100 * warmup)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=100 - rise)
    for value in course("cosine", warmup=warmup)[rise:]:
        assert value == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-9)
        optimiser.step()
        scheduler.step()


def test_warm_up_rises_to_one() -> None:
    values = course("constant", warmup=0.1)
    assert all(a < b for a, b in pairwise(values[:11]))
    assert values[0] > 0
    assert values[10:] == [1.0] * 90


def test_one_cycle_rises_then_falls() -> None:
    values = course("one-cycle")
    top = values.index(max(values))
    assert (top, max(values)) == (30, 1.0)
    assert values[0] == pytest.approx(1 / 25)
    assert values[-1] < 0.01
    assert values[:31] == sorted(values[:31])
    assert values[30:] == sorted(values[30:], reverse=True)
    assert course("one-cycle", warmup=0.5).index(1.0) == 50


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one-cycle"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_short_trainings_have_a_positive_rate(schedule: str, steps: int) -> None:
    assert all(0 < value <= 1 for value in course(schedule, steps, 0.3))

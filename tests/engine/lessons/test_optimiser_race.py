"""The rules that the lesson spells out are those of torch.optim."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from descend.engine.lessons.optimisation.optimiser_race import RULES, rosenbrock, slope

TORCH: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "SGD": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "Adam": (torch.optim.Adam, {}),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_takes_the_steps_of_torch(name: str) -> None:
    kind, settings = TORCH[name]
    ours, memory = torch.tensor([-0.5, 0.5], dtype=torch.float64), {}
    theirs = ours.clone().requires_grad_()
    optimiser = kind([theirs], lr=0.001, **settings)
    for _ in range(200):
        theirs.grad = slope(theirs.detach())
        optimiser.step()
        RULES[name](ours, slope(ours), memory, 0.001)
    assert (ours - theirs.detach()).abs().max() < 1e-9
    assert rosenbrock(*ours) < 8.5


def test_the_slope_is_the_gradient_where_it_is_small() -> None:
    place = torch.tensor([0.3, 0.1], dtype=torch.float64, requires_grad=True)
    rosenbrock(*place).backward()
    assert place.grad is not None
    assert torch.allclose(slope(place.detach()), place.grad)

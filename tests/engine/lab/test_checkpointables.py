"""What is restored of a checkpoint where knobs have changed: what training made, not what was asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from descend.engine.base.errors import DescendError
from descend.engine.lab.checkpointables import Tracked
from descend.engine.lab.checkpoints import copy_to_cpu

OPTIMISERS: dict[str, Callable[[Any], Optimizer]] = {
    "SGD": lambda p: SGD(p, 0.1),
    "SGD with momentum": lambda p: SGD(p, 0.1, 0.9),
    "Adam": lambda p: Adam(p, 0.1),
    "Adam with amsgrad": lambda p: Adam(p, 0.1, amsgrad=True),
    "AdamW": lambda p: AdamW(p, 0.1),
    "RMSprop": lambda p: RMSprop(p, 0.1),
    "RMSprop with centered": lambda p: RMSprop(p, 0.1, centered=True),
    "Adagrad": lambda p: Adagrad(p, 0.1),
}
SCHEDULERS: dict[str, Callable[[Optimizer], LRScheduler]] = {
    "step": lambda o: StepLR(o, 3, 0.5),
    "cosine": lambda o: CosineAnnealingLR(o, 40),
    "exponential": lambda o: ExponentialLR(o, 0.9),
    "lambda": lambda o: LambdaLR(o, lambda step: 1 / (1 + step)),
    "sequence": lambda o: SequentialLR(o, [LinearLR(o, 0.1, total_iters=4), ExponentialLR(o, 0.9)], [4]),
}


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def take(steps: int, model: nn.Module, optimiser: Optimizer, scheduler: LRScheduler | None = None) -> list[float]:
    """Take ``steps``; the rate of each."""
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.zero_grad()
        model(torch.ones(4, 3)).square().sum().backward()
        optimiser.step()
        if scheduler is not None:
            scheduler.step()
    return rates


def tracked(**objects: Any) -> Tracked:
    found = Tracked()
    for name, each in objects.items():
        found.add(name, each)
    found.made()
    return found


def checkpoint(of: Tracked) -> tuple[dict[str, Any], dict[str, Any]]:
    return copy_to_cpu(of.snapshot()), copy_to_cpu(of.made())


@pytest.mark.parametrize(("before", "after"), itertools.permutations(OPTIMISERS, 2))
def test_an_optimiser_of_another_kind_begins_afresh(before: str, after: str) -> None:
    model = net()
    optimiser = OPTIMISERS[before](model.parameters())
    parent = tracked(net=model, it=optimiser)
    take(3, model, optimiser)
    other = net()
    fresh = OPTIMISERS[after](other.parameters())
    said = tracked(net=other, it=fresh).restore(*checkpoint(parent), {"kind": after})
    assert said == [f"'it' is {after} now and was {before}, so it begins with fresh state."]
    assert torch.equal(other.weight, model.weight)
    alone = net()
    alone.load_state_dict(model.state_dict())
    expected = OPTIMISERS[after](alone.parameters())
    take(4, other, fresh)
    take(4, alone, expected)
    assert torch.equal(other.weight, alone.weight), "as one that never knew the other"


@pytest.mark.parametrize("name", OPTIMISERS)
def test_without_a_change_it_continues_bit_for_bit(name: str) -> None:
    model = net()
    optimiser = OPTIMISERS[name](model.parameters())
    parent = tracked(net=model, it=optimiser)
    take(3, model, optimiser)
    optimiser.param_groups[0]["lr"] = 0.03  # as the experiment itself does
    other = net()
    again = OPTIMISERS[name](other.parameters())
    assert tracked(net=other, it=again).restore(*checkpoint(parent)) == []
    take(3, model, optimiser)
    take(3, other, again)
    assert again.param_groups[0]["lr"] == 0.03
    assert torch.equal(other.weight, model.weight)


def test_options_asked_for_win_and_what_training_made_stays() -> None:
    model = net()
    optimiser = AdamW(model.parameters(), 0.1, betas=(0.9, 0.99), weight_decay=0.01)
    parent = tracked(it=optimiser)
    take(3, model, optimiser)
    optimiser.param_groups[0]["eps"] = 1e-3  # which the experiment changed, and no knob
    again = AdamW(net().parameters(), 0.02, betas=(0.5, 0.99), weight_decay=0.3)
    saved, made = checkpoint(parent)
    assert tracked(it=again).restore(saved, made, {"lr": 0.02}) == []
    group = again.param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"], group["eps"]) == (0.02, (0.5, 0.99), 0.3, 1e-3)
    assert {int(state["step"]) for state in again.state.values()} == {3}
    old = AdamW(net().parameters(), 0.02)
    assert tracked(it=old).restore(saved, None, {"lr": 0.02}) == [], (
        "of a version that did not say what it was made with"
    )
    assert old.param_groups[0]["lr"] == 0.02
    assert tracked(it=SGD(net().parameters(), 0.02)).restore(saved, None, {"lr": 0.02}) == [
        "'it' is SGD now and was of another kind, so it begins with fresh state."
    ]


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("way", ["fork", "turn"])
def test_a_scheduler_takes_its_course_from_another_rate(name: str, way: str) -> None:
    def made(rate: float) -> tuple[nn.Module, SGD, LRScheduler, Tracked]:
        model = net()
        sgd = SGD(model.parameters(), rate)
        scheduler = SCHEDULERS[name](sgd)
        return model, sgd, scheduler, tracked(sgd=sgd, scheduler=scheduler)

    model, sgd, scheduler, parent = made(0.01)
    take(7, model, sgd, scheduler)
    expected = made(0.002)
    wanted = take(20, *expected[:3])[7:]
    if way == "turn":
        parent.turn("lr", 0.002)
        rates = take(13, model, sgd, scheduler)
    else:
        child = made(0.002)
        child[3].restore(*checkpoint(parent), {"lr": 0.002})
        rates = take(13, *child[:3])
    assert rates == pytest.approx(wanted)


def test_a_scheduler_with_another_length_takes_that_course() -> None:
    def made(length: int) -> tuple[nn.Module, SGD, LRScheduler, Tracked]:
        model = net()
        sgd = SGD(model.parameters(), 0.01)
        falling = CosineAnnealingLR(sgd, length)
        return model, sgd, falling, tracked(sgd=sgd, falling=falling)

    *former, parent = made(20)
    take(5, *former)
    *model, child = made(40)
    child.restore(*checkpoint(parent), {"steps": 40})
    *whole, _ = made(40)
    assert take(30, *model) == pytest.approx(take(35, *whole)[5:])


def test_other_schedulers_keep_what_they_counted() -> None:
    model = net()
    sgd = SGD(model.parameters(), 0.1)
    plateau, cycle = ReduceLROnPlateau(sgd, patience=0), OneCycleLR(SGD(net().parameters(), 0.1), 0.4, 20)
    parent = tracked(sgd=sgd, plateau=plateau, cycle=cycle)
    for loss in (1.0, 2.0, 3.0):
        plateau.step(loss)
    for _ in range(7):
        cycle.step()
    assert sgd.param_groups[0]["lr"] == pytest.approx(0.001)
    again = SGD(net().parameters(), 0.2)
    later = ReduceLROnPlateau(again, patience=4), OneCycleLR(SGD(net().parameters(), 0.1), 0.4, 20)
    tracked(sgd=again, plateau=later[0], cycle=later[1]).restore(*checkpoint(parent), {"lr": 0.2})
    assert again.param_groups[0]["lr"] == pytest.approx(0.002)
    assert (later[0].best, later[0].patience) == (1.0, 4)
    assert later[1].get_last_lr() == cycle.get_last_lr()


class Noisy(nn.Module):
    """A module with a buffer that follows from a knob, and statistics."""

    def __init__(self, steepness: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("levels", torch.linspace(0, steepness, 5))
        self.register_buffer("seen", torch.zeros(()))


def test_buffers_that_follow_from_a_knob_follow_it() -> None:
    module = Noisy(1.0)
    parent = tracked(net=module)
    module.norm(torch.randn(8, 3))
    module.seen += 8
    saved = checkpoint(parent)
    plain = Noisy(1.0)
    tracked(net=plain).restore(*saved)
    assert plain.seen == 8
    other = Noisy(2.0)
    assert tracked(net=other).restore(*saved, {"steepness": 2.0}) == ["'net' has levels as the changed knobs make it."]
    assert (other.levels[-1], other.seen) == (2.0, 8)
    assert torch.equal(other.norm.running_mean, module.norm.running_mean)


def test_layers_that_moved_are_found_and_other_forms_are_refused() -> None:
    parent = tracked(net=nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))
    longer = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.3), nn.Linear(4, 2))
    tracked(net=longer).restore(*checkpoint(parent), {"dropout": 0.3})
    assert torch.equal(longer[3].weight, parent.snapshot()["net"]["2.weight"])
    with pytest.raises(DescendError, match="does not fit 'net' with width=5, as "):
        tracked(net=nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))).restore(*checkpoint(parent), {"width": 5})
    with pytest.raises(
        DescendError, match="does not fit 'net', as it has no weight: its code, its data or the version of a library"
    ):
        tracked(net=nn.Linear(3, 4)).restore(*checkpoint(parent))


def test_a_live_dropout_reaches_layers_that_drop_out_inside() -> None:
    module = nn.ModuleList([nn.LSTM(3, 4, 2, dropout=0.1), nn.MultiheadAttention(4, 2, dropout=0.1), nn.Dropout2d(0.1)])
    tracked(net=module, x=torch.zeros(2), y=np.zeros(2)).turn("dropout", 0.4)
    assert (module[0].dropout, module[1].dropout, module[2].p) == (0.4, 0.4, 0.4)

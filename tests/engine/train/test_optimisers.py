"""Optimisers: what a GPU's kernels ask of memory, and steps that are left out."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from descend.engine.train import optimisers
from descend.engine.train.settings import TrainKnobs

CPU = torch.device("cpu")
NAMES = TrainKnobs.specs["optimiser"].choices


def made(net: nn.Module, name: object) -> torch.optim.Optimizer:
    return optimisers.make_optimiser(
        SimpleNamespace(optimiser=name, lr=0.01, momentum=0.9, weight_decay=0.01), net, CPU
    )


def test_each_name_is_an_optimiser_of_its_own() -> None:
    net = nn.Linear(2, 1)
    kinds = [(type(made(net, name)).__name__, made(net, name).defaults.get("momentum")) for name in NAMES]
    assert kinds == [("SGD", 0.0), ("SGD", 0.9), ("Adam", None), ("AdamW", None), ("RMSprop", 0)]
    with pytest.raises(KeyError):
        made(net, "another")


def convolution(*, last: bool) -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last if last else torch.contiguous_format)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_resumes_in_another_memory_order(name: str) -> None:
    x = torch.randn(5, 3, 8, 8)
    first = convolution(last=False)
    optimiser = made(first, name)
    first(x).square().sum().backward()
    optimiser.step()
    ends = []
    for last in (False, True):
        net = convolution(last=last)
        goes_on = made(net, name)
        net.load_state_dict(first.state_dict())
        goes_on.load_state_dict(copy.deepcopy(optimiser.state_dict()))
        net(x).square().sum().backward()
        goes_on.step()
        ends.append(net.weight.detach().clone())
    assert torch.allclose(ends[0], ends[1], atol=1e-5)


def test_gradients_lie_in_memory_as_their_weights() -> None:
    weights = nn.Parameter(torch.zeros(2, 1, 100))
    torch.bmm(torch.rand(2, 10, 100), weights.transpose(1, 2)).sum().backward()
    assert weights.grad is not None
    before = weights.grad.clone()
    assert before.stride() != weights.stride(), "autograd lays them out otherwise"
    optimisers.lay_out_gradients(made(nn.ParameterList([weights]), "adam"))
    assert weights.grad.stride() == weights.stride()
    assert torch.equal(weights.grad, before)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_whose_gradients_are_not_finite_is_left_out_without_asking_the_device(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the device was waited for")

    monkeypatch.setattr(torch.amp.GradScaler, "_maybe_opt_step", asked)
    ends = []
    for spoilt in ((0, 3), ()):
        torch.manual_seed(2)
        net, scaler = nn.Linear(3, 2), torch.amp.GradScaler("cpu", init_scale=1024.0)
        optimiser = made(net, name)
        for step in range(6) if spoilt else (1, 2, 4, 5):
            x = torch.full((4, 3), float(step + 1))
            optimiser.zero_grad()
            scaler.scale(net(x).square().sum()).backward()
            if step in spoilt:
                assert net.weight.grad is not None
                net.weight.grad[0, 0] = torch.inf
            scaler.unscale_(optimiser)
            scaler.step(optimiser)
            scaler.update()
        assert (scaler.get_scale() < 1024) == bool(spoilt)
        ends.append([parameter.detach() for parameter in net.parameters()])
    for one, other in zip(*ends, strict=True):
        assert torch.allclose(one, other, rtol=1e-5)
        assert torch.isfinite(one).all()

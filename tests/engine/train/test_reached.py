"""Whether several processes must look for parameters that a step leaves out: decided by trying."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from descend.engine.train.reached import reaches_all
from descend.engine.train.settings import TrainKnobs
from descend.engine.train.task import Classification


class Model(nn.Module):
    """Two layers, and what the test makes of them."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.layers = nn.ModuleList(nn.Linear(4, 3) for _ in range(4))
        self.norm = nn.BatchNorm1d(4)
        if kind == "frozen":
            self.layers[1:].requires_grad_(False)

    def forward(self, x: Tensor) -> Any:
        x = self.norm(x)
        if self.kind == "experts":
            return torch.stack([self.layers[int(row.argmax()) % 4](row) for row in x])
        if self.kind == "some":
            return sum(layer(x) for layer in self.layers if not self.training or torch.rand(()) < 0.7)
        if self.kind == "other outputs":
            return self.layers[0](x), [layer(x) for layer in self.layers[1:]]
        if self.kind == "frozen":
            return self.layers[0](x)
        return sum(layer(x) for layer in self.layers)


@pytest.mark.parametrize(
    ("kind", "all_of_them"),
    [("plain", True), ("frozen", True), ("experts", False), ("some", False), ("other outputs", False)],
)
def test_what_is_left_out_is_found(kind: str, all_of_them: bool) -> None:
    net, x = Model(kind), torch.randn(2, 4)
    objective = Classification(("a", "b", "c"), False)
    state, before = torch.get_rng_state(), [buffer.clone() for buffer in net.buffers()]
    assert reaches_all(net, x, torch.tensor([0, 1]), objective, nullcontext, TrainKnobs()) is all_of_them
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, before, net.buffers()))
    assert all(weights.grad is None for weights in net.parameters())

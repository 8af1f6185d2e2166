"""Whether each step reaches all parameters of a model, so that processes need not look for those it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from descend.engine.train.evaluation import find_scores
from descend.engine.train.kept import keep_buffers
from descend.engine.train.model_warnings import keep_generators
from descend.engine.train.task import Task

TRIES = 3
"""Passes in which each parameter has to get a gradient: some layers are left out at random."""


def reaches_all(net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], k: Any) -> bool:
    """Whether every parameter of ``net`` that trains gets a gradient from a few samples; nothing of ``net`` changes.

    The fewer samples, the surer: what chooses a part of the network for each, such as experts, leaves out others.
    """
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), keep_generators(), keep_buffers(net):
        try:
            return all(_reaches_all_once(net, x, y, objective, autocast, k, attempt) for attempt in range(TRIES))
        except RuntimeError:  # of the user's own code; the step itself tells of it
            return False
        finally:
            net.zero_grad(set_to_none=True)


def _reaches_all_once(
    net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], k: Any, seed: int
) -> bool:
    torch.manual_seed(seed)
    net.train()
    net.zero_grad(set_to_none=True)
    with autocast():
        returned = net(x.clone())
        output = objective.fitted(find_scores(returned, objective.part), x)
        if output is None:
            return False
        loss = objective.penalise(returned, output.float(), objective.target(x, y), k)
    loss.backward()
    return all(weights.grad is not None for weights in net.parameters() if weights.requires_grad)

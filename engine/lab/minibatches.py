"""Mini-batches in a new random order each epoch, and how many numbers a network learns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from descend.engine.lab.lab import Lab


class Minibatch(NamedTuple):
    """One step's share of the training set."""

    step: int
    """From 0, over all epochs."""
    epoch: int
    place: int
    """In its epoch, from 0."""
    chosen: Tensor
    """(n,) int64: indices of its samples, on the training device; ``x.index_select(0, chosen)`` is fast."""


def minibatches(
    lab: Lab, count: int, *, epochs: int, batch_size: int, unit: str = "samples", paced: bool = True
) -> Iterator[Minibatch]:
    """The steps of `Lab.steps` over ``epochs`` visits of ``count`` samples, ``batch_size`` at a time.

    Each epoch visits all in a new order, drawn from the run's seed and the epoch's number alone, so that a resumed run
    sees what it would have seen; a last batch that is not full is taken as it is. Track what learns before the loop.
    """
    per_epoch = -(-count // batch_size)
    shuffled = -1
    for step in lab.steps(epochs * per_epoch, samples=batch_size, unit=unit, per_epoch=per_epoch, paced=paced):
        epoch, place = divmod(step, per_epoch)
        if epoch != shuffled:
            shuffled = epoch
            order = torch.randperm(count, generator=torch.Generator().manual_seed(lab.seed * 100_003 + epoch))
            order = order.to(lab.device)
        yield Minibatch(step, epoch, place, order[place * batch_size : (place + 1) * batch_size])


def count_parameters(net: nn.Module) -> int:
    """How many numbers ``net`` learns: those of its parameters that are not frozen, shared ones once."""
    return sum(weights.numel() for weights in net.parameters() if weights.requires_grad)

"""What a model does that can be trained but is hardly intended: a warning each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from descend.datasets.dataset import WARNING
from descend.engine.train.outputs import find_tensor
from descend.engine.train.task import LanguageModelling, Task

SEQUENTIAL = (nn.RNNBase, nn.MultiheadAttention)
SAME = 1e-3
"""Difference of outputs, as a share of their size, that rounding can make."""


@torch.no_grad()
def find_suspicions(net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any]) -> list[str]:
    """Sentences on what seems wrong with ``net``, which is in evaluation mode, with two samples ``x``.

    It is also tried with its weights moved at random, as fresh ones may be zero.
    """

    def outputs(given: Tensor) -> Tensor | None:
        seed_all(0)  # so that what is drawn at random is the same each time
        with autocast():
            found = find_tensor(net(given.clone()), objective.part)
        fitted = None if found is None else objective.fitted(found, given)
        return None if fitted is None else fitted.float()

    first = outputs(x)
    with move_weights(net):
        moved, again = outputs(x), outputs(x)
        if first is None or moved is None or again is None:
            return []
        if have_differences(moved, again):
            return [f"{WARNING}the model gives two outputs for one input: it keeps state between calls."]
        found = []
        if not torch.equal(x[0], x[1]):
            if torch.equal(first[0], first[1]) and torch.equal(moved[0], moved[1]):
                found.append(
                    f"{WARNING}the model gives the same output for samples that differ: it ignores its input. Is that "
                    "overwritten in forward, multiplied by 0, or reduced to a constant?"
                )
            alone = [outputs(torch.stack([sample, sample])) for sample in x]
            if any(out is not None and have_differences(moved[row], out[row]) for row, out in enumerate(alone)):
                how = explain_mixing(net)
                found.append(f"{WARNING}the output for a sample depends on the others of its batch, as {how}.")
        if isinstance(objective, LanguageModelling):
            other = x.clone()
            other[:, -1] = (other[:, -1] + 1) % len(objective.vocabulary)
            changed = outputs(other)
            if not found and changed is not None and have_differences(moved[:, :-1], changed[:, :-1]):
                unit = objective.tokeniser.unit
                found.append(
                    f"{WARNING}the scores for a {unit} depend on {unit}s after it, so the model sees what it is "
                    "to predict; attention needs a causal mask."
                )
    return found


def explain_mixing(net: nn.Module) -> str:
    """How a model like ``net`` mixes the samples of a batch, and what to do."""
    if any(isinstance(module, SEQUENTIAL) and not getattr(module, "batch_first", True) for module in net.modules()):
        return "where the first dimension is treated as time; samples come first, so say batch_first=True"
    return (
        "where a mean, a norm or a softmax is taken over the first dimension; samples come first, so take dim=1 or -1"
    )


def seed_all(seed: int) -> None:
    """Seed the generators of torch, NumPy and Python, from which a model may draw."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def has_drawn(seed: int) -> bool:
    """Whether anything was drawn from NumPy's or Python's generators since they were seeded with ``seed``."""
    now = random.getstate(), np.random.get_state()
    with keep_generators():
        seed_all(seed)
        then = random.getstate(), np.random.get_state()
    return now[0] != then[0] or not all(map(np.array_equal, now[1], then[1]))


@contextmanager
def keep_generators() -> Iterator[None]:
    """The generators of NumPy and Python are afterwards as they were."""
    before = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def have_differences(one: Tensor, other: Tensor) -> bool:
    """Whether two outputs differ by more than rounding."""
    if one.shape != other.shape:
        return True
    return bool((one - other).abs().max() > SAME * one.abs().max().clamp(min=1e-6))


@contextmanager
def move_weights(net: nn.Module) -> Iterator[None]:
    """The weights moved at random, for as long as the context lasts."""
    kept = [parameter.detach().clone() for parameter in net.parameters()]
    try:
        for parameter in net.parameters():
            if parameter.is_floating_point() or parameter.is_complex():
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
        yield
    finally:
        for parameter, before in zip(net.parameters(), kept, strict=True):
            parameter.copy_(before)

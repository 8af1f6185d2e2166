"""How much room a run's checkpoints take, estimated from above before there are any."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size
from descend.engine.lab.checkpointables import SWITCHES

OVERHEAD = 40_000
"""Bytes of a checkpoint besides tensors: the state of generators, knobs, the last value of each series."""
OF_TENSOR = 600
"""Bytes with which the file describes and aligns a tensor, about."""
GATHERED = {"SGD": 0, "RMSprop": 1, "Adagrad": 1}
"""Numbers that an optimiser gathers for each weight, before its switches; of all others two."""


def measure_tensors(state: Any) -> int:
    """Bytes that the tensors in ``state`` take in a checkpoint."""
    if isinstance(state, torch.Tensor):
        return state.numel() * state.element_size() + OF_TENSOR
    entries = state.values() if isinstance(state, Mapping) else state if isinstance(state, (list, tuple)) else ()
    return sum(map(measure_tensors, entries))


def estimate_optimiser(optimiser: Optimizer) -> int:
    """Bytes that the state of ``optimiser`` takes at most, also if it has taken no step yet."""
    total = 0
    for group in optimiser.param_groups:
        gathered = GATHERED.get(type(optimiser).__name__, 2) + sum(bool(group.get(switch)) for switch in SWITCHES)
        trained = [weights for weights in group["params"] if weights.requires_grad]
        total += gathered * measure_tensors(trained) + len(trained) * OF_TENSOR * bool(gathered)  # its own step
    return max(total, measure_tensors(list(optimiser.state.values())))


def estimate_checkpoint(net: nn.Module, optimiser: Optimizer, copies: int) -> int:
    """Bytes of a checkpoint at most, with ``copies`` of the weights."""
    return OVERHEAD + copies * measure_tensors(net.state_dict()) + estimate_optimiser(optimiser)


def require_space(folder: Path, each: int, files: int) -> str:
    """See whether there is room in ``folder`` for so many checkpoint ``files`` of ``each`` so many bytes. Returns a
    sentence if there is for fewer; nothing if there is for all.

    Raises:
        DescendError: there is not even for the newest while the next is written.
    """
    try:
        free = shutil.disk_usage(folder).free + sum(file.stat().st_size for file in folder.glob("checkpoints/*.pt"))
    except OSError:
        return ""
    said = f"{format_size(free)} are free for {folder}"
    if free < each * min(files, 2):
        raise DescendError(
            f"A checkpoint takes {format_size(each)} and there are two while one is written, but {said}; make room, or "
            "set another $DESCEND_HOME."
        )
    if free >= each * files:
        return ""
    beside = free // each - 3
    remedy = f"set checkpoints={beside}, or make room" if beside >= 0 else "make room"
    return f"The checkpoints may take {format_size(each * files)}, and {said}; {remedy}."

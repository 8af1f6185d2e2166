"""What the engine takes of torch that torch does not promise, each with what takes its place where it is missing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import batchnorm, dropout
from torch.optim.lr_scheduler import LRScheduler

from descend.engine.base.private_names import PrivateName

BATCH = "torch.nn.modules.batchnorm:"
SCHEDULER = "torch.optim.lr_scheduler:"

NAMES = (
    PrivateName("torch", "torch:_foreach_norm", "norms of all weights in one call", "a call for each weight"),
    PrivateName("torch", "torch:_foreach_sub", "changes of all weights in one call", "a call for each weight"),
    PrivateName("torch", "torch:_foreach_copy_", "copies of all weights in one call", "a call for each weight"),
    PrivateName("torch", BATCH + "_BatchNorm", "batch normalisation, users' own too", "torch's own classes of it"),
    PrivateName("torch", BATCH + "_NormBase", "layers with running statistics, users' own too", "torch's own classes"),
    PrivateName("torch", "torch.nn.modules.dropout:_DropoutNd", "dropout, users' own too", "torch's own classes"),
    PrivateName("torch", "torch.nn:Module._buffers", "buffers that are not there yet", "those that are there"),
    PrivateName(
        "torch",
        "torch.nn:Module._load_state_dict_pre_hooks",
        "a module that makes room for what is loaded loads it as it is",
        "every module is taken for one",
    ),
    PrivateName("torch", "torch:Tensor._version", "a model that writes into its input is told", "it is not told"),
    PrivateName(
        "torch",
        SCHEDULER + "LRScheduler._last_lr",
        "a fork's rates are those of its schedule from the first step on",
        "they are so from the second on",
    ),
    PrivateName(
        "torch",
        SCHEDULER + "StepLR._get_closed_form_lr",
        "the rate of a schedule at a step without the steps before it",
        "the rate it had when it was saved, until the next step",
    ),
    PrivateName("torch", "torch._dynamo", "is imported before runs are forked", "every run imports it, in seconds"),
    PrivateName(
        "torch",
        "torch.optim:Adam._step_supports_amp_scaling",
        "RMSprop leaves out steps of mixed precision without waiting for the device",
        "it waits",
        subclass="engine/train/optimisers.py",
    ),
)

LAST_RATES = "_last_lr"
"""Under which the state of a scheduler has its rates."""


def _compute_norms(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    return [torch.linalg.vector_norm(tensor) for tensor in tensors]


def _subtract(tensors: Sequence[Tensor], others: Sequence[Tensor]) -> Sequence[Tensor]:
    return [tensor - other for tensor, other in zip(tensors, others, strict=True)]


def _copy(targets: Sequence[Tensor], sources: Sequence[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


# Looked up once: these are called at every recorded step.
compute_norms: Callable[[Sequence[Tensor]], Sequence[Tensor]] = getattr(torch, "_foreach_norm", _compute_norms)
subtract_each: Callable[[Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor]]
subtract_each = getattr(torch, "_foreach_sub", _subtract)
copy_each: Callable[[Sequence[Tensor], Sequence[Tensor]], object] = getattr(torch, "_foreach_copy_", _copy)

KNOWN_BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm
KNOWN_NORMS = *KNOWN_BATCH_NORMS, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d
KNOWN_DROPOUTS = nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout

BatchNorm: Any = getattr(batchnorm, "_BatchNorm", KNOWN_BATCH_NORMS)
RunningNorm: Any = getattr(batchnorm, "_NormBase", KNOWN_NORMS)
Dropout: Any = getattr(dropout, "_DropoutNd", KNOWN_DROPOUTS)


def get_buffers(module: nn.Module) -> dict[str, Tensor | None]:
    """The buffers of ``module`` itself, by name; None for those that are not there yet."""
    try:
        return dict(module._buffers.items())
    except AttributeError:
        return dict(module.named_buffers(recurse=False))


def makes_room(module: nn.Module) -> bool:
    """Whether ``module`` has a hook that changes it, or what is loaded, before a state is loaded."""
    return bool(getattr(module, "_load_state_dict_pre_hooks", True))


def get_version(tensor: Tensor) -> int:
    """How often ``tensor`` was written into."""
    version: int = getattr(tensor, "_version", 0)
    return version


def update_rates(scheduler: LRScheduler) -> Sequence[float | Tensor]:
    """The rates that the course of a restored ``scheduler`` has at this step, which it then takes for its last."""
    find = getattr(scheduler, "_get_closed_form_lr", None)
    if find is None:
        return scheduler.get_last_lr()
    scheduler._last_lr = rates = list(find())
    return rates


def import_compiler() -> None:
    """Import what the first optimiser of a process would import, in seconds."""
    with suppress(ImportError):
        importlib.import_module("torch._dynamo")

"""Models that are trained in a form slightly different from their author's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from descend.engine.base.errors import join_names
from descend.engine.train.kept import keep_buffers
from descend.engine.train.outputs import find_tensor
from descend.engine.train.task import LanguageModelling, Task

TARGETS = ("targets", "target", "labels", "y")


def adapt_forward(net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any]) -> list[str]:
    """Have ``net`` given its input as targets as well, if its scores have the right shape only then; says so if it is.

    What it makes of the targets, its own loss, is not used.
    """
    if not isinstance(objective, LanguageModelling):
        return []
    try:
        takes = inspect.signature(net.forward).parameters
    except (ValueError, TypeError):
        return []
    name = next((word for word in TARGETS if word in takes and takes[word].default is None), None)
    if name is None or has_wanted_form(net, x, objective, autocast):
        return []

    def give(
        module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return given, {name: given[0], **named}

    hook = net.register_forward_pre_hook(give, with_kwargs=True)
    if not has_wanted_form(net, x, objective, autocast):
        hook.remove()
        return []
    return [f"forward is given {name} too, as without them it returns no scores for every place; its loss is not used."]


def has_wanted_form(net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any]) -> bool:
    """Whether the output has the expected shape. Nothing changes."""
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    net.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad(), keep_buffers(net), autocast():
            output = find_tensor(net(x.clone()))
        return output is not None and objective.fitted(output, x) is not None
    except torch.OutOfMemoryError:
        raise
    except BaseException:  # a model may raise SystemExit
        return False
    finally:
        net.train()


def choose_precision(net: nn.Module, works: Callable[[], bool]) -> list[str]:
    """Have ``net`` compute with numbers of a kind with which it ``works``, where it does not as it is; says so.

    First its buffers are in single precision, as tables from NumPy are in double; then all of it is in double.
    """
    if works() or any(isinstance(parameter, UninitializedParameter) for parameter in net.parameters()):
        return []
    buffers = {name: buffer for name, buffer in net.named_buffers() if buffer.is_floating_point()}
    others = {name: buffer for name, buffer in buffers.items() if buffer.dtype != torch.float32}
    everything = buffers | {name: weights for name, weights in net.named_parameters() if weights.is_floating_point()}
    kept = {name: tensor.data for name, tensor in everything.items()}
    kinds = " and ".join(sorted({str(buffer.dtype).removeprefix("torch.") for buffer in others.values()}))
    for tensors, kind, note in (
        (others, torch.float32, f"{join_names(list(others)[:4])} was {kinds}; it is float32 here, as the samples are."),
        (everything, torch.float64, "Its forward computes in float64, so its weights are float64 all the same."),
    ):
        for name, tensor in tensors.items():
            tensor.data = kept[name].to(kind)
        if tensors and works():
            return [note]
        for name, tensor in tensors.items():
            tensor.data = kept[name]
    return []

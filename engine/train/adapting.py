"""Language models that return scores for every place only where they are given targets too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from descend.engine.train.objective import Language, Objective
from descend.engine.train.outputs import tensor_in

TARGETS = ("targets", "target", "labels", "y")


def adapted(net: nn.Module, x: Tensor, objective: Objective, autocast: Callable[[], Any]) -> list[str]:
    """Have ``net`` given its input as targets as well, if its scores have the right form only then; says so if it is.

    What it makes of the targets, its own loss, is not used.
    """
    if not isinstance(objective, Language):
        return []
    try:
        takes = inspect.signature(net.forward).parameters
    except (ValueError, TypeError):
        return []
    name = next((word for word in TARGETS if word in takes and takes[word].default is None), None)
    if name is None or fits(net, x, objective, autocast):
        return []

    def give(
        module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return given, {name: given[0], **named}

    hook = net.register_forward_pre_hook(give, with_kwargs=True)
    if not fits(net, x, objective, autocast):
        hook.remove()
        return []
    return [f"forward is given {name} too, as without them it returns no scores for every place; its loss is not used."]


def fits(net: nn.Module, x: Tensor, objective: Objective, autocast: Callable[[], Any]) -> bool:
    """Whether the output has the form that is wanted. Nothing changes."""
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    net.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad(), autocast():
            output = tensor_in(net(x))
        return output is not None and objective.fitted(output, x) is not None
    except torch.OutOfMemoryError:
        raise
    except Exception:
        return False
    finally:
        net.train()

"""What a module consists of: its layers in the order in which data passes them, counted without computing anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from descend.datasets.data_shape import DataShape

TEXT = 64
"""Characters of an example of text, for a model that can read any number."""


@dataclass(frozen=True)
class LayerCall:
    """One call of a module that computes something itself.

    Attributes:
        path: where it is, as in `nn.Module.named_modules`; ``(model)`` for the whole.
        type: name of its class.
        output: shape of what it returns, or of the first tensor in it; None if it was never called.
        parameters: how many it has that no layer before it has.
        shared: whether it has others that a layer before it has too.
        multiply_adds: of matrix products and convolutions, for that input; all else is small compared with them.
    """

    path: str
    type: str
    output: tuple[int, ...] | None
    parameters: int
    shared: bool
    multiply_adds: int


def make_example(shape: DataShape, net: nn.Module, device: torch.device | str = "meta") -> Tensor:
    """A batch of one sample of such data, all zeros, on ``device``; text as long as ``net`` can read at once."""
    if shape.kind == "text":
        length = shape.size[0] if shape.size else getattr(net, "context", TEXT)
        return torch.zeros(1, length, dtype=torch.int64, device=device)
    return torch.zeros(1, *shape.size, device=device)


def list_layers(net: nn.Module, x: Tensor) -> list[LayerCall]:
    """The layers of ``net`` when it evaluates ``x``, in order, then those that ``x`` does not pass.

    On the meta device this takes neither time nor memory. Every parameter is counted in one layer, also those of a
    module that calls no part of its own for them.
    """
    found: list[LayerCall] = []
    counted: set[int] = set()
    inside: list[list[int]] = []  # of each module being called: multiply-adds so far when it began, and of its parts

    def layer(path: str, module: nn.Module, output: tuple[int, ...] | None, multiply_adds: int) -> LayerCall:
        own = list(module.parameters(recurse=False))
        new = {id(parameter): parameter.numel() for parameter in own if id(parameter) not in counted}
        counted.update(new)
        return LayerCall(
            path or "(model)", name_kind(module), output, sum(new.values()), len(new) < len(own), multiply_adds
        )

    def begin(module: nn.Module, inputs: Any) -> None:
        inside.append([counter.get_total_flops() // 2, 0])

    def end(path: str, module: nn.Module, inputs: Any, output: Any) -> None:
        start, parts = inside.pop()
        everything = counter.get_total_flops() // 2 - start
        if inside:
            inside[-1][1] += everything
        own = everything - parts
        if own or not any(module.children()) or any(True for _ in module.parameters(recurse=False)):
            found.append(layer(path, module, _find_shape(output), own))

    modules = dict(net.named_modules())
    hooks = [nn.Module.register_forward_pre_hook(module, begin) for module in modules.values()]
    hooks += [nn.Module.register_forward_hook(module, partial(end, path)) for path, module in modules.items()]
    training = [module for module in modules.values() if module.training]
    net.eval()
    counter = FlopCounterMode(display=False)
    try:
        with counter:
            net(x)
    finally:
        for hook in hooks:
            hook.remove()
        for module in training:
            module.training = True
    idle = [
        layer(path, module, None, 0)
        for path, module in modules.items()
        if any(id(parameter) not in counted for parameter in module.parameters(recurse=False))
    ]
    return found + idle


def list_parts(net: nn.Module) -> list[LayerCall]:
    """The modules of ``net`` that have parameters of their own, or no parts, as they are defined: nothing is called."""
    found: list[LayerCall] = []
    counted: set[int] = set()
    for path, module in net.named_modules():
        own = list(module.parameters(recurse=False))
        new = {id(parameter): parameter.numel() for parameter in own if id(parameter) not in counted}
        counted.update(new)
        if own or not any(module.children()):
            count, shared = sum(new.values()), len(new) < len(own)
            found.append(LayerCall(path or "(model)", name_kind(module), None, count, shared, 0))
    return found


def name_kind(module: nn.Module) -> str:
    """The name of a module's class, as its author wrote it."""
    return str(getattr(module, "original_name", type(module).__name__))


def count_weight_bytes(net: nn.Module) -> int:
    """Memory that the parameters take, in bytes."""
    return sum(parameter.numel() * parameter.element_size() for parameter in net.parameters())


def _find_shape(output: Any) -> tuple[int, ...] | None:
    """The shape of the first tensor in ``output``."""
    if isinstance(output, Tensor):
        return tuple(output.shape)
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, (tuple, list)):
        return next((shape for part in output if (shape := _find_shape(part)) is not None), None)
    return None

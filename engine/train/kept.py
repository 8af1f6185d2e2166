"""Keeps what a model changes when it is only tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer

from descend.engine.lab.private_names import get_buffers


@contextmanager
def keep_buffers(net: nn.Module) -> Iterator[None]:
    """The buffers of ``net`` are afterwards what they were, also those that forward creates, in another size, or for
    the first time."""
    kept = [
        (module, {name: (buffer, None if buffer is None else buffer.clone()) for name, buffer in own.items()})
        for module, own in list_buffers(net)
        if not any(isinstance(buffer, UninitializedBuffer) for buffer in own.values())
    ]
    try:
        yield
    finally:
        with torch.no_grad():
            for module, before in kept:
                _restore(module, before)


def list_buffers(net: nn.Module) -> list[tuple[nn.Module, dict[str, Tensor | None]]]:
    """Every module with the buffers it has itself, by name; None for those that are not there yet."""
    return [(module, get_buffers(module)) for module in net.modules()]


def _restore(module: nn.Module, before: Mapping[str, tuple[Tensor | None, Tensor | None]]) -> None:
    now = get_buffers(module)
    changing = now.keys() - before.keys()
    for name in changing:
        delattr(module, name)
    for name, (buffer, values) in before.items():
        if buffer is None or values is None:
            if now.get(name) is not None:
                changing.add(name)
                setattr(module, name, None)
            continue
        other = now.get(name)
        if other is None or other.shape != values.shape:
            changing.add(name)
        if other is not buffer and not isinstance(module, torch.jit.ScriptModule):
            setattr(module, name, buffer)
        if buffer.shape != values.shape:
            buffer.resize_(values.shape)
        buffer.copy_(values)
    if changing:
        _take_any_size(module, changing)


def _take_any_size(module: nn.Module, names: set[str]) -> None:
    """Have ``module`` take a state in which these buffers have another size than now, or are there already."""

    def fit(module: nn.Module, state: Mapping[str, Any], prefix: str, *_: Any) -> None:
        for name in names:
            saved, now = state.get(prefix + name), get_buffers(module).get(name)
            if isinstance(saved, Tensor) and (now is None or now.shape != saved.shape):
                near = next((tensor.device for tensor in (now, *module.parameters()) if tensor is not None), None)
                module.register_buffer(name, torch.empty_like(saved, device=near))

    module.register_load_state_dict_pre_hook(fit)

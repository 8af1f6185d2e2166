"""Optimisers by name."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def make(k: Any, net: nn.Module, device: torch.device) -> torch.optim.Optimizer:
    """The optimiser that the settings ``k`` ask for, over the trainable parameters of ``net``.

    Adam's ``weight_decay`` is a penalty on the loss, AdamW's acts on the weights alone. One kernel updates all weights
    where torch has one.
    """
    parameters: list[nn.Parameter] = [parameter for parameter in net.parameters() if parameter.requires_grad]
    fused = device.type in ("cpu", "cuda") and all(parameter.is_floating_point() for parameter in parameters)
    rate, decay = k.lr, k.weight_decay
    if k.optimiser in ("sgd", "momentum"):
        momentum = k.momentum if k.optimiser == "momentum" else 0.0
        return torch.optim.SGD(parameters, rate, momentum, weight_decay=decay, fused=fused)
    if k.optimiser == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, weight_decay=decay)
    kind = torch.optim.AdamW if k.optimiser == "adamw" else torch.optim.Adam
    return kind(parameters, rate, weight_decay=decay, fused=fused)

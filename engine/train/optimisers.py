"""Optimisers by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def make_optimiser(
    k: Any, net: nn.Module, device: torch.device, frozen: Iterable[nn.Parameter] = ()
) -> torch.optim.Optimizer:
    """The optimiser that the knobs ``k`` ask for, over the trainable parameters of ``net`` and the ``frozen`` ones,
    which have no gradient and stay as they are: so a checkpoint fits where others are frozen.

    Adam's ``weight_decay`` is a penalty on the loss, AdamW's acts on the weights alone. One kernel updates all weights
    where torch has one.
    """
    still = {id(parameter) for parameter in frozen}
    parameters: list[nn.Parameter] = [
        parameter for parameter in net.parameters() if parameter.requires_grad or id(parameter) in still
    ]
    fused = device.type in ("cpu", "cuda") and all(parameter.is_floating_point() for parameter in parameters)
    rate, decay = k.lr, k.weight_decay
    made: torch.optim.Optimizer
    if k.optimiser in ("sgd", "momentum"):
        momentum = k.momentum if k.optimiser == "momentum" else 0.0
        made = torch.optim.SGD(parameters, rate, momentum, weight_decay=decay, fused=fused)
        begin_momentum(made)
        made.register_load_state_dict_post_hook(begin_momentum)  # of what was frozen before
    elif k.optimiser == "rmsprop":
        made = RMSprop(parameters, rate, weight_decay=decay)
    else:
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[k.optimiser]
        made = kind(parameters, rate, weight_decay=decay, fused=fused)
    made.register_load_state_dict_post_hook(lay_out_state)
    return made


def begin_momentum(optimiser: torch.optim.Optimizer) -> None:
    """Give each weight that trains a momentum of zero, if it should have one and has none: else a first step that is
    left out leaves chance memory there."""
    for group in optimiser.param_groups:
        for weights in group["params"] if group["momentum"] else ():
            if weights.requires_grad and "momentum_buffer" not in optimiser.state[weights]:
                optimiser.state[weights]["momentum_buffer"] = torch.zeros_like(weights)


def lay_out_state(optimiser: torch.optim.Optimizer) -> None:
    """Bring what ``optimiser`` keeps of each weight into the memory order of the weight.

    Fused kernels go through both as they lie in memory, and a checkpoint of a run with another ``channels_last`` has
    another order.
    """
    for weights, kept in optimiser.state.items():
        for name, value in kept.items():
            if isinstance(value, Tensor) and value.shape == weights.shape and value.stride() != weights.stride():
                kept[name] = torch.empty_like(weights, dtype=value.dtype).copy_(value)


def densify(optimiser: torch.optim.Optimizer) -> None:
    """Fill in the gradients that are sparse, as of embeddings with ``sparse=True``: most optimisers need dense ones."""
    for group in optimiser.param_groups:
        for weights in group["params"]:
            if weights.grad is not None and weights.grad.layout != torch.strided:
                weights.grad = weights.grad.to_dense()


def lay_out_gradients(optimiser: torch.optim.Optimizer) -> None:
    """Bring gradients into the memory order of their weights, which fused kernels on a GPU require; autograd may
    leave them another stride where a dimension is 1."""
    for group in optimiser.param_groups:
        for weights in group["params"]:
            if weights.grad is not None and weights.grad.stride() != weights.stride():
                weights.grad = torch.empty_like(weights).copy_(weights.grad)


class RMSprop(torch.optim.RMSprop):
    """RMSprop that leaves out steps as fused optimisers do: told by the tensor ``found_inf`` of a `GradScaler`, which
    would otherwise wait for the device at every step."""

    _step_supports_amp_scaling = True
    found_inf: Tensor

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        if not hasattr(self, "found_inf"):
            loss: float | None = super().step(closure)
            return loss
        left_out = self.found_inf.reshape(()).bool()
        taking_part = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        before = [(p.clone(), self.state[p]["square_avg"].clone() if self.state[p] else 0.0) for p in taking_part]
        loss = super().step(closure)
        for weights, (earlier, average) in zip(taking_part, before, strict=True):
            weights.copy_(torch.where(left_out, earlier, weights))
            square = self.state[weights]["square_avg"]
            square.copy_(torch.where(left_out, average, square))
        return loss

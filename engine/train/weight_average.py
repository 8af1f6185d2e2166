"""A moving average of the weights, which is judged and kept in place of the weights of the last step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from descend.engine.lab.checkpointables import match_names


class WeightAverage:
    """Exponential moving average of the weights of ``net`` (B. Polyak, A. Juditsky, Acceleration of Stochastic
    Approximation by Averaging, 1992; with exponential weights as in M. Tan, Q. Le, EfficientNet, 2019).

    Buffers, such as the statistics of layers that normalise, are those of the last step. While there were few steps,
    the decay is smaller, (1 + n) / (10 + n) after n of them, so that how the weights began is soon forgotten.

    Args:
        decay: what is left of the average at each step; 0: there is none.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.net, self.decay = net, decay
        self._steps = 0
        self._weights: dict[str, Any] = {}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are after a step."""
        if not self.decay:
            return
        learned = {parameter.data_ptr() for parameter in self.net.parameters()}
        averages: dict[torch.dtype, tuple[list[Tensor], list[Tensor]]] = {}
        for name, now in self.net.state_dict().items():
            average = self._weights.get(name)
            if not isinstance(now, Tensor):
                self._weights[name] = now
            elif average is None or average.shape != now.shape or average.dtype != now.dtype:
                self._weights[name] = now.detach().clone()
            elif now.data_ptr() in learned and (now.is_floating_point() or now.is_complex()):
                for group, tensor in zip(averages.setdefault(now.dtype, ([], [])), (average, now), strict=True):
                    group.append(tensor)
            else:
                average.copy_(now)
        blend = get_ema_multi_avg_fn(min(self.decay, (1 + self._steps) / (10 + self._steps)))
        for former, latest in averages.values():
            blend(former, latest, self._steps)
        self._steps += 1

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block ``net`` has the averaged weights, if there are any yet; after it the last ones again."""
        if not self._weights:
            yield
            return
        with swapped(self.net, self._weights):
            yield

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, not copied."""
        return {"steps": self._steps, "weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned.

        Raises:
            Misfit: it is of another network.
        """
        near = {name: value.device for name, value in self.net.state_dict().items() if isinstance(value, Tensor)}
        weights = match_names(self.net, state["weights"]) if state["weights"] else {}
        self._steps = int(state["steps"])
        self._weights = {
            name: value.detach().to(near.get(name, value.device), copy=True) if isinstance(value, Tensor) else value
            for name, value in weights.items()
        }


@contextmanager
def swapped(net: nn.Module, weights: Mapping[str, Any]) -> Iterator[None]:
    """Within the block ``net`` has these ``weights``; after it those it had, with which training goes on."""
    last = {
        name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in net.state_dict().items()
    }
    net.load_state_dict(match_names(net, weights))
    try:
        yield
    finally:
        net.load_state_dict(last)

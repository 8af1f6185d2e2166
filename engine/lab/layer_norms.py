"""Magnitudes per layer: gradient, weight and what the optimiser changed."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Sequence

import torch

from descend.engine.lab import private_names
from descend.engine.run.records import Array, Layers

FREE, SHARE = 0.1, 0.03
"""Seconds that pictures may take of any training, and the share of its time beyond that."""
FREE_BYTES, BYTES = 100_000, 2_000
"""Bytes that their records may have in any log, and a second of training beyond that."""


def group_by_layer(net: torch.nn.Module) -> dict[str, list[torch.nn.Parameter]]:
    """The trainable parameters of ``net`` by layer: the module that owns them, by its path and, where the path is only
    a number, its type (``1 Linear``)."""
    found = {}
    for path, module in net.named_modules():
        parameters = [parameter for parameter in module.parameters(recurse=False) if parameter.requires_grad]
        if parameters:
            kind = type(module).__name__
            name = f"{path} {kind}" if path.rpartition(".")[2].isdigit() else path or kind
            found[name] = parameters
    return found


class LayerWatch:
    """Takes a picture of a net's layers over one step: weights before it, weights and gradients after it.

    Attributes:
        spent: seconds of the training loop that pictures took so far.
        size: bytes that their records have in the log, about.
    """

    def __init__(self) -> None:
        self.spent, self.size = 0.0, 0
        self._names: list[str] = []
        self._weights: list[torch.Tensor] = []
        self._owners = torch.empty(0, dtype=torch.int64)
        self._before: list[torch.Tensor] = []
        self.remembers = False
        """Whether the weights before the current step are kept, so that `picture` can be taken after it."""

    def affordable(self, elapsed: float) -> bool:
        """Whether pictures have taken no more of ``elapsed`` seconds of training, and of the log, than they may."""
        return self.spent <= FREE + SHARE * elapsed and self.size <= FREE_BYTES + BYTES * elapsed

    @torch.no_grad()
    def remember(self, net: torch.nn.Module) -> None:
        """Keep a copy of the weights as they are now."""
        start = time.perf_counter()
        layers = group_by_layer(net)
        weights: list[torch.Tensor] = [weight for layer in layers.values() for weight in layer]
        known = len(weights) == len(self._weights) and all(map(operator.is_, weights, self._weights))
        if not known or list(layers) != self._names:
            owners = [place for place, layer in enumerate(layers.values()) for _ in layer]
            self._names, self._weights = list(layers), weights
            self._owners = torch.tensor(owners, device=weights[0].device if weights else None)
            self._before = []
        if not all(old.shape == new.shape for old, new in zip(self._before, weights, strict=False)):
            self._before = []
        if self._before:
            private_names.copy_each(self._before, weights)
        else:
            self._before = [weight.detach().clone() for weight in weights]
        self.remembers = bool(weights)
        self.spent += time.perf_counter() - start

    @torch.no_grad()
    def picture(self, net: torch.nn.Module, step: int) -> Callable[[], Layers]:
        """Compare ``net`` with the remembered weights and forget them; the record is made by calling the result, which
        waits for the device."""
        start = time.perf_counter()
        self.remembers = False
        names, owners, weights = self._names, self._owners, self._weights
        placed = [(place, weight.grad) for place, weight in enumerate(weights) if weight.grad is not None]
        gradients = [gradient if gradient.layout == torch.strided else gradient.to_dense() for _, gradient in placed]
        reached = owners if len(placed) == len(weights) else owners[[place for place, _ in placed]]
        changes = private_names.subtract_each(weights, self._before)
        count = len(names)
        table = torch.stack(
            [
                compute_norms(gradients, reached, count),
                compute_norms(weights, owners, count),
                compute_norms(changes, owners, count),
            ]
        )
        self.size += len("".join(names)) + 20 * count + 200
        self.spent += time.perf_counter() - start

        def make() -> Layers:
            gradient, weight, update = (Array.of(row) for row in table.cpu().numpy())
            return Layers(step=step, names=names, gradient=gradient, weight=weight, update=update)

        return make


def compute_norms(tensors: Sequence[torch.Tensor], owners: torch.Tensor, count: int) -> torch.Tensor:
    """Euclidean norm of each layer's ``tensors`` together, (count,) float32, on their device; nothing waits for it.

    Args:
        owners: the layer of each, (tensors,).
    """
    wide = torch.float32 if owners.device.type == "mps" else torch.float64  # or the square of a small norm is zero
    squares = torch.zeros(count, dtype=wide, device=owners.device)
    if len(tensors):
        each = list(private_names.compute_norms(list(tensors)))
        if len({norm.dtype for norm in each}) > 1:
            each = [norm.to(wide) for norm in each]
        squares.index_add_(0, owners, torch.stack(each).to(wide).square())
    return squares.sqrt().float()

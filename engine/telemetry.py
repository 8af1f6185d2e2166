"""Magnitudes per layer: gradient, weight and what the optimiser changed."""

from __future__ import annotations

from collections.abc import Callable

import torch

from descend.engine.records import Array, Layers


def layers_of(net: torch.nn.Module) -> dict[str, list[torch.nn.Parameter]]:
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


def norms(layers: list[list[torch.Tensor]]) -> torch.Tensor:
    """Euclidean norm of each layer's tensors taken together, (layers,), on their device; nothing waits for it."""
    return torch.stack(
        [torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(t) for t in layer])) for layer in layers]
    ).float()


class LayerWatch:
    """Takes a picture of a net's layers over one step: weights before it, weights and gradients after it."""

    def __init__(self) -> None:
        self._before: dict[str, list[torch.Tensor]] = {}

    @property
    def remembers(self) -> bool:
        """Whether the weights before the current step are kept, so that `picture` can be taken after it."""
        return bool(self._before)

    @torch.no_grad()
    def remember(self, net: torch.nn.Module) -> None:
        """Keep a copy of the weights as they are now."""
        self._before = {name: [p.detach().clone() for p in layer] for name, layer in layers_of(net).items()}

    @torch.no_grad()
    def picture(self, net: torch.nn.Module, step: int) -> Callable[[], Layers]:
        """Compare with the remembered weights and forget them; the record is made by calling the result, which waits
        for the device."""
        before, self._before = self._before, {}
        layers = {name: layer for name, layer in layers_of(net).items() if name in before}
        gradients = [[p.grad if p.grad is not None else p.new_zeros(1) for p in layer] for layer in layers.values()]
        changes = [[p - old for p, old in zip(layer, before[name], strict=True)] for name, layer in layers.items()]
        table = torch.stack([norms(gradients), norms([list(layer) for layer in layers.values()]), norms(changes)])

        def make() -> Layers:
            gradient, weight, update = (Array.of(row) for row in table.cpu().numpy())
            return Layers(step=step, names=list(layers), gradient=gradient, weight=weight, update=update)

        return make

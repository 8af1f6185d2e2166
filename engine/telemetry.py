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


def norms(tensors: list[torch.Tensor], layer_of: torch.Tensor, layers: int) -> torch.Tensor:
    """Euclidean norm of each layer's tensors taken together, (layers,), on their device; nothing waits for it.

    Args:
        layer_of: index of the layer that each of ``tensors`` belongs to.
    """
    each = torch.stack(torch._foreach_norm(tensors)).float()  # one call for all, as clip_grad_norm_ makes it
    return each.new_zeros(layers).index_add_(0, layer_of.to(each.device), each.square()).sqrt()


class LayerWatch:
    """Takes a picture of a net's layers over one step: weights before it, weights and gradients after it."""

    def __init__(self) -> None:
        self._before: dict[int, torch.Tensor] = {}

    @property
    def remembers(self) -> bool:
        """Whether the weights before the current step are kept, so that `picture` can be taken after it."""
        return bool(self._before)

    @torch.no_grad()
    def remember(self, net: torch.nn.Module) -> None:
        """Keep a copy of the weights as they are now."""
        parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
        self._before = {id(kept): copy for kept, copy in zip(parameters, copies(parameters), strict=True)}

    @torch.no_grad()
    def picture(self, net: torch.nn.Module, step: int) -> Callable[[], Layers]:
        """Compare with the remembered weights and forget them; the record is made by calling the result, which waits
        for the device."""
        before, self._before = self._before, {}
        layers = {name: [p for p in layer if id(p) in before] for name, layer in layers_of(net).items()}
        layers = {name: layer for name, layer in layers.items() if layer}
        weights: list[torch.Tensor] = [parameter for layer in layers.values() for parameter in layer]
        layer_of = torch.tensor([index for index, layer in enumerate(layers.values()) for _ in layer])
        gradients = [p.grad if p.grad is not None else p.new_zeros(1) for p in weights]
        gradients = [gradient.to_dense() if gradient.is_sparse else gradient for gradient in gradients]
        changes = [before[id(p)] for p in weights]
        torch._foreach_add_(changes, weights, alpha=-1)  # the sign does not matter to a norm
        table = torch.stack([norms(tensors, layer_of, len(layers)) for tensors in (gradients, weights, changes)])

        def make() -> Layers:
            gradient, weight, update = (Array.of(row) for row in table.cpu().numpy())
            return Layers(step=step, names=list(layers), gradient=gradient, weight=weight, update=update)

        return make


def copies(tensors: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    """A copy of each, made by one call for all."""
    copied = [torch.empty_like(tensor) for tensor in tensors]
    if copied:
        torch._foreach_copy_(copied, list(tensors))
    return copied

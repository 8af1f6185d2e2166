"""Parameters that do not train, as the knob ``freeze`` names them."""

from __future__ import annotations

from torch import nn

from descend.datasets.data_shape import format_count
from descend.engine.lab.minibatches import count_parameters
from descend.engine.lab.private_names import RunningNorm
from descend.engine.train.model_error import ModelError
from descend.engine.train.value_checks import check_frozen, is_below, list_near, split_prefixes


class FrozenPart:
    """The part of ``net`` that stays as it is.

    Args:
        wanted: prefixes of names of parameters, with commas between them; a prefix ends where a part of a name does.

    Attributes:
        parameters: those that would train otherwise.
        norms: layers in that part whose running statistics stay as well.

    Raises:
        SettingError: there is no such prefix.
        ModelError: nothing is left to train.
    """

    def __init__(self, net: nn.Module, wanted: str) -> None:
        prefixes, named = split_prefixes(wanted), dict(net.named_parameters(remove_duplicate=False))
        check_frozen(wanted, named, whole=True)
        frozen = {name for name in named if any(is_below(name, prefix) for prefix in prefixes)}
        chosen = {id(named[name]): named[name] for name in frozen if named[name].requires_grad}
        self.parameters = list(chosen.values())
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        if frozen and not any(parameter.requires_grad for parameter in named.values()):
            raise ModelError(f"freeze={wanted} leaves nothing to train{list_near([*named], '')}.")
        self.norms = [
            module
            for path, module in net.named_modules()
            if isinstance(module, RunningNorm)
            and (
                any(is_below(path, prefix) for prefix in prefixes)
                or {f"{path}.{name}" for name, _ in module.named_parameters()} & frozen
            )
        ]

    def hold(self) -> None:
        """Have its layers that normalise take the statistics they came with, and leave them, although all else
        trains."""
        for module in self.norms:
            module.eval()

    def describe(self, net: nn.Module) -> str:
        """How much of ``net`` trains, as the beginning of a sentence."""
        learned = count_parameters(net)
        if not self.parameters:
            return f"{learned:,} parameters"
        kept = format_count(len(self.norms), "layer")
        still = f", {kept} of normalisation {'keeps' if len(self.norms) == 1 else 'keep'} the statistics"
        whole = sum(parameter.numel() for parameter in net.parameters())
        return f"{learned:,} of {whole:,} parameters train{still if self.norms else ''}"

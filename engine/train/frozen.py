"""Parameters that do not train, as the knob ``freeze`` names them."""

from __future__ import annotations

from torch import nn

from descend.datasets.data_shape import format_count
from descend.engine.lab.minibatches import count_parameters
from descend.engine.lab.private_names import RunningNorm
from descend.engine.train.model_error import ModelError
from descend.engine.train.own_model import join_names

SHOWN = 12
"""Names listed in a sentence."""


class FrozenPart:
    """The part of ``net`` that stays as it is.

    Args:
        wanted: prefixes of names of parameters, with commas between them; a prefix ends where a part of a name does.

    Attributes:
        parameters: those that would train otherwise.
        norms: layers in that part whose running statistics stay as well.

    Raises:
        Unfit: there is no such prefix, or nothing is left to train.
    """

    def __init__(self, net: nn.Module, wanted: str) -> None:
        prefixes = [prefix.strip().rstrip(".") for prefix in wanted.split(",") if prefix.strip()]
        named = dict(net.named_parameters(remove_duplicate=False))
        for prefix in prefixes:
            if not any(is_below(name, prefix) for name in named):
                raise ModelError(f"No parameter is called '{prefix}'{list_near(named, prefix)}.")
        frozen = {name for name in named if any(is_below(name, prefix) for prefix in prefixes)}
        chosen = {id(named[name]): named[name] for name in frozen if named[name].requires_grad}
        self.parameters = list(chosen.values())
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        if frozen and not any(parameter.requires_grad for parameter in named.values()):
            raise ModelError(f"freeze={wanted} leaves nothing to train{list_near(named, '')}.")
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


def is_below(name: str, prefix: str) -> bool:
    """Whether ``name`` begins with all parts of ``prefix``."""
    return f"{name}.".startswith(f"{prefix}.")


def list_near(names: dict[str, nn.Parameter], prefix: str) -> str:
    """The prefixes there are beside the first part of ``prefix`` that is none, as the end of a sentence."""
    above = ""
    for part in prefix.split("."):
        if not any(is_below(name, f"{above}{part}") for name in names):
            break
        above = f"{above}{part}."
    depth = above.count(".") + 1
    found = list(dict.fromkeys(".".join(name.split(".")[:depth]) for name in names if name.startswith(above)))
    found = [f"'{name}'" if name.isdecimal() else name for name in found]  # not to be read as counts
    listed = found[:SHOWN] + ([f"{len(found) - SHOWN} more"] if len(found) > SHOWN else [])
    return f"; there are {join_names(listed)}"

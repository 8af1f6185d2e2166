"""What the engine takes of torch that torch does not promise, each with what takes its place where it is missing."""

from __future__ import annotations

import importlib
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import batchnorm, dropout
from torch.optim.lr_scheduler import LRScheduler

from descend.engine.base.private_names import PrivateName

BATCH = "torch.nn.modules.batchnorm:"
SCHEDULER = "torch.optim.lr_scheduler:"

NAMES = (
    PrivateName("torch", "torch:_foreach_norm", "norms of all weights in one call", "a call for each weight"),
    PrivateName("torch", "torch:_foreach_sub", "changes of all weights in one call", "a call for each weight"),
    PrivateName("torch", "torch:_foreach_copy_", "copies of all weights in one call", "a call for each weight"),
    PrivateName("torch", BATCH + "_BatchNorm", "batch normalisation, users' own too", "torch's own classes of it"),
    PrivateName("torch", BATCH + "_NormBase", "layers with running statistics, users' own too", "torch's own classes"),
    PrivateName("torch", "torch.nn.modules.dropout:_DropoutNd", "dropout, users' own too", "torch's own classes"),
    PrivateName("torch", "torch.nn:Module._buffers", "buffers that are not there yet", "those that are there"),
    PrivateName(
        "torch",
        "torch.nn:Module._load_state_dict_pre_hooks",
        "a module that makes room for what is loaded loads it as it is",
        "every module is taken for one",
    ),
    PrivateName("torch", "torch:Tensor._version", "a model that writes into its input is told", "it is not told"),
    PrivateName(
        "torch",
        SCHEDULER + "LRScheduler._last_lr",
        "a fork's rates are those of its schedule from the first step on",
        "they are so from the second on",
    ),
    PrivateName(
        "torch",
        SCHEDULER + "StepLR._get_closed_form_lr",
        "the rate of a schedule at a step without the steps before it",
        "the rate it had when it was saved, until the next step",
    ),
    PrivateName("torch", "torch._dynamo", "the first optimiser does not import it", "it does, in seconds"),
    PrivateName("torch", "torch:_disable_dynamo", "the first optimiser imports no compiler", "it does, in seconds"),
    PrivateName("torch", "torch._compile", "may ask for `disable` without the compiler", "the compiler is imported"),
    PrivateName(
        "torch",
        "torch.optim:Adam._step_supports_amp_scaling",
        "RMSprop leaves out steps of mixed precision without waiting for the device",
        "it waits",
        subclass="engine/train/optimisers.py",
    ),
)

LAST_RATES = "_last_lr"
"""Under which the state of a scheduler has its rates."""


def _compute_norms(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    return [torch.linalg.vector_norm(tensor) for tensor in tensors]


def _subtract(tensors: Sequence[Tensor], others: Sequence[Tensor]) -> Sequence[Tensor]:
    return [tensor - other for tensor, other in zip(tensors, others, strict=True)]


def _copy(targets: Sequence[Tensor], sources: Sequence[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


# Looked up once: these are called at every recorded step.
compute_norms: Callable[[Sequence[Tensor]], Sequence[Tensor]] = getattr(torch, "_foreach_norm", _compute_norms)
subtract_each: Callable[[Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor]]
subtract_each = getattr(torch, "_foreach_sub", _subtract)
copy_each: Callable[[Sequence[Tensor], Sequence[Tensor]], object] = getattr(torch, "_foreach_copy_", _copy)

KNOWN_BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm
KNOWN_NORMS = *KNOWN_BATCH_NORMS, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d
KNOWN_DROPOUTS = nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout

BatchNorm: Any = getattr(batchnorm, "_BatchNorm", KNOWN_BATCH_NORMS)
RunningNorm: Any = getattr(batchnorm, "_NormBase", KNOWN_NORMS)
Dropout: Any = getattr(dropout, "_DropoutNd", KNOWN_DROPOUTS)


def get_buffers(module: nn.Module) -> dict[str, Tensor | None]:
    """The buffers of ``module`` itself, by name; None for those that are not there yet."""
    try:
        return dict(module._buffers.items())
    except AttributeError:
        return dict(module.named_buffers(recurse=False))


def makes_room(module: nn.Module) -> bool:
    """Whether ``module`` has a hook that changes it, or what is loaded, before a state is loaded."""
    return bool(getattr(module, "_load_state_dict_pre_hooks", True))


def get_version(tensor: Tensor) -> int:
    """How often ``tensor`` was written into."""
    version: int = getattr(tensor, "_version", 0)
    return version


def update_rates(scheduler: LRScheduler) -> Sequence[float | Tensor]:
    """The rates that the course of a restored ``scheduler`` has at this step, which it then takes for its last."""
    find = getattr(scheduler, "_get_closed_form_lr", None)
    if find is None:
        return scheduler.get_last_lr()
    scheduler._last_lr = rates = list(find())
    return rates


COMPILER = "torch._dynamo"
"""What compiles: some 800 modules, of which a first optimiser asks only for leave not to be compiled."""
DISABLED = "__dynamo_disable"
"""Under which a function remembers what is called in its place, so that it is not compiled."""


def _do_nothing(*_: object, **__: object) -> None:
    """For torch's own ``graph_break()``, where nothing is compiled."""


class CompilerStandIn(ModuleType):
    """In ``sys.modules`` for `COMPILER` until that is needed: its import takes longer than torch's own.

    Two of torch's modules get from it what does nothing; whoever else asks it for anything gets the real module's.
    """

    _given: weakref.WeakSet[Callable[..., Any]]
    _answers: dict[tuple[str, str], Callable[..., Any]]

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(spec.name)
        # What describes a module can be read without having it imported, as `inspect` does of all there are.
        described = {"__spec__": spec, "__loader__": spec.loader, "__file__": spec.origin, "__package__": spec.name}
        vars(self).update(described, __path__=spec.submodule_search_locations)
        answers = {
            ("torch._compile", "disable"): self._disable,
            ("torch.optim.optimizer", "graph_break"): _do_nothing,
        }
        vars(self).update(_given=weakref.WeakSet(), _answers=answers)

    def __getattr__(self, name: str) -> Any:
        asking = sys._getframe(1).f_globals.get("__name__", "")
        answer = self._answers.get((asking, name))
        if answer is not None and self.stands():
            return answer
        if name.startswith("__") and name != "__all__":  # looked for in every module by some
            raise AttributeError(f"module '{COMPILER}' has no attribute '{name}'")
        return getattr(self._give_way(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._give_way(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._give_way(), name)

    def __dir__(self) -> list[str]:
        return dir(self._give_way())

    def stands(self) -> bool:
        """Whether it still is what the name means."""
        return sys.modules.get(COMPILER) is self

    def _disable(self, function: Callable[..., Any], *_: object, **__: object) -> Callable[..., Any]:
        self._given.add(function)
        return function

    def _give_way(self) -> ModuleType:
        self.remove()
        return importlib.import_module(COMPILER)

    def remove(self) -> None:
        """Stand for nothing any more: the next to ask for the compiler imports it."""
        for finder in [each for each in sys.meta_path if isinstance(each, _PartFinder) and each.stand_in is self]:
            with suppress(ValueError):
                sys.meta_path.remove(finder)
        if vars(torch).get("_dynamo") is self:
            vars(torch).pop("_dynamo", None)
        if self.stands():
            sys.modules.pop(COMPILER, None)
        for function in list(self._given):  # torch asks anew, and then they are not compiled
            vars(function).pop(DISABLED, None)
        self._given.clear()


class _PartFinder(MetaPathFinder):
    """Has the stand-in give way where a part of the compiler is imported, as in ``import torch._dynamo.config``."""

    def __init__(self, stand_in: CompilerStandIn) -> None:
        self.stand_in = stand_in

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """A spec of what is imported by then; None for the usual way."""
        if not fullname.startswith(COMPILER + "."):
            return None
        self.stand_in._give_way()
        part = sys.modules.get(fullname)
        return None if part is None else ModuleSpec(fullname, _Imported(part))


class _Imported(Loader):
    """Loads nothing: the module is there already, and would otherwise be there twice."""

    def __init__(self, part: ModuleType) -> None:
        self.part, self.spec = part, part.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module."""
        return self.part

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it was."""
        module.__spec__ = self.spec


def postpone_compiler() -> bool:
    """Keep the first optimiser of this process from importing the compiler, which takes seconds, until something needs
    it; for processes that train and whose modules are our own to say. Returns whether a stand-in is there: not where
    the compiler is imported already, or where torch asks for it in a way that is not known.
    """
    if COMPILER in sys.modules:
        return isinstance(sys.modules[COMPILER], CompilerStandIn)
    spec = PathFinder.find_spec(COMPILER, torch.__path__)
    if spec is None:
        return False
    stand_in = CompilerStandIn(spec)
    sys.modules[COMPILER] = stand_in
    vars(torch).setdefault("_dynamo", stand_in)
    sys.meta_path.insert(0, _PartFinder(stand_in))
    if not _is_asked_as_known(stand_in):
        stand_in.remove()
        return False
    return True


def _is_asked_as_known(stand_in: CompilerStandIn) -> bool:
    """Whether torch asks ``stand_in`` for leave, and keeps that where it can be taken back."""

    def probe() -> bool:
        return True

    ask = getattr(torch, "_disable_dynamo", None)
    return ask is not None and ask(probe)() is True and stand_in.stands() and DISABLED in vars(probe)

"""Finds tensors that a model keeps where torch does not look: in plain lists, dictionaries, objects and closures."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import Any

from torch import Tensor, nn

DEPTH = 8
"""Depth to which objects are searched."""
MAX_VALUES = 20_000
"""Objects that are visited at most."""
LIBRARIES = ("torch", "torchvision", "descend")
"""Packages whose modules hide nothing from torch."""
OWN = frozenset(vars(nn.Module()))
"""Attributes of every module, in which torch keeps what is registered."""


@dataclass(frozen=True)
class HiddenTensor:
    """A tensor that requires a gradient and is not a parameter of the model.

    Attributes:
        path: of the layer that has it, or its own, as one writes it after ``self.``.
        layer: name of the layer's class; empty if it belongs to none.
        holder: what it is kept in: list, tuple, dict, or empty for an attribute of something.
    """

    tensor: Tensor
    path: str
    layer: str
    holder: str


def find_hidden(net: nn.Module) -> Iterator[HiddenTensor]:
    """The tensors that ``net``, its modules and the files of their classes keep so."""
    seen = {id(part) for part in [*net.modules(), *net.parameters(), *net.buffers()]}
    modules = list(net.named_modules())
    starts = [
        (f"{path}.{name}" if path else name, value, "", 0)
        for path, module in modules
        for name, value in list_attributes(module).items()
        if name not in OWN
    ]
    own = {type(module): None for _, module in modules if type(module).__module__.partition(".")[0] not in LIBRARIES}
    for kind in own:
        starts += [(f"{kind.__name__}.{key}", value, "", 0) for key, value in vars(kind).items()]
    for name in dict.fromkeys(kind.__module__ for kind in own):
        if name in sys.modules:
            starts += [(key, value, "", 0) for key, value in vars(sys.modules[name]).items()]
    for count, (path, value, holder) in enumerate(_walk_objects(starts, seen)):
        if count > MAX_VALUES:
            return
        if isinstance(value, Tensor) and value.requires_grad and value.is_leaf:
            yield HiddenTensor(value, path, "", holder)
        elif isinstance(value, nn.Module):
            for name, module in value.named_modules():
                below = f"{path}.{name}" if name else path
                for parameter in module.parameters(recurse=False):
                    if parameter.requires_grad and id(parameter) not in seen:
                        seen.add(id(parameter))
                        yield HiddenTensor(parameter, below, type(module).__name__, holder)


def _walk_objects(starts: list[tuple[str, Any, str, int]], seen: set[int]) -> Iterator[tuple[str, Any, str]]:
    """Everything that is reached, with its path and what holds it."""
    todo = starts[::-1]
    while todo:
        path, value, holder, depth = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield path, value, holder
        if depth < DEPTH:
            todo += [(*part, depth + 1) for part in _list_parts(path, value, holder)][::-1]


def _list_parts(path: str, value: Any, holder: str) -> list[tuple[str, Any, str]]:
    """What is in an object: path, value, and what holds it."""
    if isinstance(value, Tensor):
        return []
    if isinstance(value, nn.Module):
        return [(f"{path}.{name}", part, "") for name, part in list_attributes(value).items() if name not in OWN]
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return [(f"{path}.{place}", part, kind) for place, part in enumerate(value)]
    if isinstance(value, Mapping):
        return [(f"{path}.{key}", part, "dict") for key, part in list(value.items())]
    if isinstance(value, functools.partial):
        return [(path, value.func, ""), (path, value.args, ""), (path, value.keywords, "")]
    if isinstance(value, MethodType):
        return [(path, value.__self__, holder)]
    if isinstance(value, FunctionType):
        names = value.__code__.co_freevars
        return [(name, _read_cell(cell), "") for name, cell in zip(names, value.__closure__ or (), strict=True)]
    if isinstance(value, type) or type(value).__module__.partition(".")[0] in ("builtins", "torch", "numpy"):
        return []
    return [(f"{path}.{name}", part, "") for name, part in list_attributes(value).items()]


def list_attributes(value: Any) -> dict[str, Any]:
    """The attributes that an object has of its own, also in slots."""
    try:
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        found = {name: getattr(value, name) for name in slots if isinstance(name, str) and hasattr(value, name)}
        return {**found, **getattr(value, "__dict__", {})}
    except Exception:
        return {}


def _read_cell(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None

"""Methods by which every module is trained, and what a model's own code may have replaced them with."""

from __future__ import annotations

import inspect
import io
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from descend.engine.base.sanitize import clean
from descend.engine.train.model_error import ModelError
from descend.engine.train.own_model import find_line
from descend.engine.train.remedies import suggest_remedy

METHODS = (
    *("train", "eval", "parameters", "named_parameters", "buffers", "named_buffers", "modules", "named_modules"),
    *("children", "named_children", "to", "float", "state_dict", "load_state_dict", "zero_grad"),
)
CALLED: dict[str, tuple[object, ...]] = {
    "train": (True,),
    "eval": (),
    "parameters": (),
    "buffers": (),
    "modules": (),
    "state_dict": (),
}
"""Those that are called, with what."""


def check_methods(net: nn.Module, file: Path) -> None:
    """Check that nothing of the user's is named like a method by which modules are trained, and does something else.

    Raises:
        Unfit: something is.
    """
    for module in list_modules(net):
        kind = type(module).__name__
        if taken := [name for name in METHODS if name in vars(module)]:
            raise ModelError(
                f"{kind} sets self.{taken[0]}, which every nn.Module has as a method; give it another name."
            )
        for name, given in CALLED.items():
            method = getattr(type(module), name)
            if method is getattr(nn.Module, name):
                continue
            try:
                inspect.signature(method).bind(module, *given)
            except TypeError:
                raise describe_replaced(kind, name, method) from None
            except ValueError:  # no signature is known
                continue
    check_state(net)
    try:
        for mode in (False, True):
            net.train(mode)
            if net.training is not mode:
                raise describe_replaced(type(net).__name__, "train", type(net).train)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"Calling train({mode}) of the model failed{find_line(error, file)}: {error}.", suggest_remedy(error)
        ) from None


def check_state(net: nn.Module) -> None:
    """Check that checkpoints can store and restore the state of ``net``.

    Raises:
        Unfit: parameters are not in it, or what is cannot be read back safely.
    """
    state = net.state_dict()
    if lacking := [name for name, _ in net.named_parameters() if name not in state]:
        raise ModelError(
            f"The state_dict of {type(net).__name__} lacks {clean(lacking[0])[:80]}, which checkpoints would lose.",
            "Have it return everything that super().state_dict returns.",
        )
    others = {name: value for name, value in state.items() if not isinstance(value, Tensor)}
    if not others:
        return
    kept = io.BytesIO()
    try:
        torch.save(others, kept)
        kept.seek(0)
        torch.load(kept, weights_only=True)
    except Exception:
        name, value = next(iter(others.items()))
        raise ModelError(
            f"{clean(name)[:80]} of the state_dict is of type {type(value).__name__}, which checkpoints cannot store.",
            "Have get_extra_state return tensors, numbers, text, and lists or dictionaries of these.",
        ) from None


def describe_replaced(kind: str, name: str, method: object) -> ModelError:
    """What to say of a method that does not do what it is called for."""
    code = getattr(method, "__code__", None)
    where = f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code is not None else ""
    return ModelError(
        f"{kind} defines a method {name}{where} that takes the place of nn.Module.{name}, by which it is trained.",
        f"Give it another name{', such as fit' if name == 'train' else ''}, or have it do what super().{name} does.",
    )


def list_modules(net: nn.Module) -> Iterator[nn.Module]:
    """``net`` and all modules in it, without asking its own methods."""
    seen: set[int] = set()
    todo = [net]
    while todo:
        module = todo.pop()
        if id(module) not in seen:
            seen.add(id(module))
            yield module
            todo += [part for _, part in nn.Module.named_children(module)]

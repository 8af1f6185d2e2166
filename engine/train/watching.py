"""Watches a model while it is tried: which functions of torch it calls, with what, and from which line of its file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from descend.engine.lab.private_names import get_version
from descend.engine.train.own_model import is_own

DROPOUTS = {
    "dropout": True,
    "dropout1d": True,
    "dropout2d": True,
    "dropout3d": True,
    "feature_dropout": True,
    "alpha_dropout": False,
    "feature_alpha_dropout": False,
}
"""Functions (input, share, training) that leave out values at random; whether they do if they are not told."""
DRAWS = ("rand", "rand_like", "bernoulli", "bernoulli_", "uniform_", "randperm")
"""Functions that draw at random what masks are made of."""
CUTS = ("detach", "detach_", "item", "tolist", "numpy", "data", "argmax", "round", "sign", "floor")
"""Functions through which no gradient passes."""
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")


class CallRecorder(TorchFunctionMode):
    """Takes note of every call of torch made in its context; a place is ``file.py, line 3``, or empty.

    Args:
        net: what is tried.
        given: its input.
        file: where its code is.
        still: leave out what is at random or follows the batch in training: dropout, and statistics of batches.

    Attributes:
        used: of each parameter that was an argument, by its ``id``, where; ``unseen`` those where no gradient is kept.
        strangers: tensors that require a gradient and are not parameters of the net, each with where it was used.
        drops: where values were left out at random.
        draws: where numbers were drawn at random.
        cuts: where gradients were cut off, with the function.
        wrote: where its input was written to first, with the layer; None if nowhere.
    """

    def __init__(self, net: nn.Module, given: Tensor, file: Path, *, still: bool = False) -> None:
        super().__init__()
        self.given, self.file, self.still = given, file, still
        self.names = {id(module): path for path, module in net.named_modules()}
        self.known = {id(parameter) for parameter in net.parameters()}
        self.used: dict[int, str] = {}
        self.unseen: dict[int, str] = {}
        self.strangers: dict[int, tuple[Tensor, str]] = {}
        self.drops: list[str] = []
        self.draws: list[str] = []
        self.cuts: list[tuple[str, str]] = []
        self.wrote: str | None = None

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        whole = resolve_name(func) or getattr(func, "__name__", "")
        name = whole.removesuffix(".__get__").rpartition(".")[2]
        if name in CUTS:
            self.cuts.append((name, self._line()))
        if name in DRAWS and not (args and isinstance(args[0], nn.Parameter)) and "nn.init" not in whole:
            self.draws.append(self._line())
        if is_random(name, args, kwargs):
            self.drops.append(self._line())
        if self.still:
            args, kwargs = make_deterministic(name, args, kwargs)
        before, shape = get_version(self.given), self.given.shape
        result = func(*args, **kwargs)
        if self.wrote is None and (get_version(self.given) != before or self.given.shape != shape):
            self.wrote = ", ".join(filter(None, [self._layer(), self._line()]))
        if name in CUTS or any(True for _ in find_tensors(result)):  # else it was only asked for its shape or such
            for tensor in find_tensors((args, kwargs)):
                if tensor.requires_grad and tensor.is_leaf and tensor is not self.given:
                    self._see(tensor)
        return result

    def _see(self, tensor: Tensor) -> None:
        key = id(tensor)
        places = self.used if torch.is_grad_enabled() else self.unseen
        if key in self.known and key not in places:
            places[key] = self._line()
        elif key not in self.known and key not in self.strangers and torch.is_grad_enabled():
            self.strangers[key] = tensor, self._line()

    def _layer(self) -> str:
        """The layer whose forward is being run, if it is one within the net."""
        frame = sys._getframe(1)
        while frame is not None:
            module = frame.f_locals.get("self") if frame.f_code.co_name == "forward" else None
            if isinstance(module, nn.Module):
                path = self.names.get(id(module), "")
                return f"{path} ({type(module).__name__})" if path else ""
            frame = frame.f_back  # type: ignore[assignment]
        return ""

    def _line(self) -> str:
        frame = sys._getframe(1)
        while frame is not None:
            if is_own(frame.f_code.co_filename, self.file):
                return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}"
            frame = frame.f_back  # type: ignore[assignment]
        return ""


def find_tensors(value: Any) -> Iterator[Tensor]:
    """The tensors among arguments, in lists of them too."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from find_tensors(part)
    elif isinstance(value, dict):
        yield from find_tensors(list(value.values()))


def is_random(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call leaves out values at random."""
    if name in DROPOUTS:
        training = read_argument(args, kwargs, 2, "train" if "train" in kwargs else "training", DROPOUTS[name])
        return bool(training) and read_argument(args, kwargs, 1, "p", 0.5) > 0
    if name == "scaled_dot_product_attention":
        return bool(read_argument(args, kwargs, 4, "dropout_p", 0.0) > 0)
    if name == "multi_head_attention_forward":
        return bool(kwargs.get("training", True)) and read_argument(args, kwargs, 10, "dropout_p", 0.0) > 0
    place = find_training_place(args) if name in RECURRENT else None
    return place is not None and bool(args[place]) and args[place - 1] > 0


def find_training_place(args: tuple[Any, ...]) -> int | None:
    """At which place a recurrent layer's function is told whether it is in training: after the share of its dropout."""
    shares = [place for place, value in enumerate(args) if isinstance(value, float)]
    return shares[0] + 1 if shares and shares[0] + 1 < len(args) else None


def read_argument(args: tuple[Any, ...], kwargs: dict[str, Any], place: int, word: str, default: Any) -> Any:
    """What a function is given for an argument."""
    return args[place] if len(args) > place else kwargs.get(word, default)


def make_deterministic(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call that leaves out nothing and takes no statistics of a batch."""
    if name in DROPOUTS or name == "rrelu":
        word = "train" if "train" in kwargs else "training"
        return replace_argument(args, kwargs, 2 if name in DROPOUTS else 3, word, False)
    if name == "batch_norm" and read_argument(args, kwargs, 1, "running_mean", None) is not None:
        return replace_argument(args, kwargs, 5, "training", False)
    if name == "scaled_dot_product_attention":
        return replace_argument(args, kwargs, 4, "dropout_p", 0.0)
    if name == "multi_head_attention_forward":
        return args, {**kwargs, "training": False}
    if name in RECURRENT and (place := find_training_place(args)) is not None:
        return (*args[:place], False, *args[place + 1 :]), kwargs
    return args, kwargs


def replace_argument(
    args: tuple[Any, ...], kwargs: dict[str, Any], place: int, word: str, value: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments with another value for one of them."""
    if len(args) > place:
        return (*args[:place], value, *args[place + 1 :]), kwargs
    return args, {**kwargs, word: value}


def format_place(places: Iterable[str]) -> str:
    """`` (model.py, line 3)`` of the first place that is known."""
    return next((f" ({place})" for place in places if place), "")

"""What a run consists of: objects that checkpoints save, resuming restores and live knobs reach.

What a checkpoint says of an object is what training made of it, and what it was made with. Where knobs are changed, as
in a fork, the first is restored and the second is not: an option that an object would be made with now, and was not
then, is used as it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Value, format_knobs
from descend.engine.lab import private_names
from descend.engine.lab.private_names import LAST_RATES

SWITCHES = "momentum", "amsgrad", "centered"
"""Hyperparameters of torch's optimisers that decide, by being zero or not, what is gathered for each weight."""


class Tracked:
    """Modules, optimisers, schedulers (anything with ``state_dict``), tensors and arrays, by name."""

    def __init__(self) -> None:
        self._objects: dict[str, Any] = {}
        self._made: dict[str, Any] = {}

    def add(self, name: str, tracked: Any) -> None:
        """Track an object; one already tracked under ``name`` is replaced.

        Raises:
            TypeError: it can be neither saved nor restored in place.
        """
        if not (hasattr(tracked, "state_dict") or isinstance(tracked, (torch.Tensor, np.ndarray))):
            raise TypeError(f"cannot track {name}: a {type(tracked).__name__} has no state_dict; use lab.state")
        self._objects[name] = tracked
        self._made.pop(name, None)

    def names(self) -> set[str]:
        """What the objects are called."""
        return set(self._objects)

    def made(self) -> dict[str, Any]:
        """The hyperparameters of every object before training changed any, as plain values: now, for what is new."""
        for name, tracked in self._objects.items():
            if name not in self._made:
                self._made[name] = read_settings(tracked)
        return self._made

    def snapshot(self) -> dict[str, Any]:
        """The state of every object, not copied."""
        return {
            name: tracked.state_dict() if hasattr(tracked, "state_dict") else tracked
            for name, tracked in self._objects.items()
        }

    def restore(
        self,
        saved: Mapping[str, Any],
        made: Mapping[str, Any] | None = None,
        changed: Mapping[str, Value] | None = None,
    ) -> list[str]:
        """Set the objects, in place, to what `snapshot` returned.

        Args:
            made: what the method of that name returned with it.
            changed: knobs that have other values now, by their name; without any, everything is as it was, bit for bit.

        Returns:
            Sentences on what is not as it was, though no knob is called so.

        Raises:
            DescendError: something saved does not fit its object.
        """
        ours, told = self.made(), list[str]()
        for name, tracked in self._objects.items():
            if name not in saved:
                continue
            theirs = saved[name]
            try:
                if changed and hasattr(tracked, "load_state_dict"):
                    told += load_state(name, tracked, theirs, (made or {}).get(name), ours[name])
                elif isinstance(tracked, torch.nn.Module):
                    tracked.load_state_dict(match_names(tracked, theirs))
                elif hasattr(tracked, "load_state_dict"):
                    tracked.load_state_dict(theirs)
                elif isinstance(tracked, np.ndarray):
                    tracked[...] = theirs.numpy()
                else:
                    with torch.no_grad():
                        tracked.copy_(theirs)
            except (RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
                why = f", as {error.args[0]}" if isinstance(error, Misfit) else ""
                raise DescendError(describe_misfit(name, changed, why)) from None
        for tracked in self._objects.values() if changed else ():
            if isinstance(tracked, LRScheduler):
                apply_rates(tracked)
        return told

    def turn(self, knob: str, value: Value) -> None:
        """Write a live knob to optimisers that have a hyperparameter of its name and, if it is ``dropout``, to dropout.

        A scheduler continues from a turned ``lr`` as if it had begun with that.
        """
        ours = self.made()
        for name, tracked in self._objects.items():
            if isinstance(tracked, Optimizer):
                for group, first in zip(tracked.param_groups, ours[name]["groups"], strict=False):
                    if knob == "lr" and "initial_lr" in group and group["initial_lr"]:
                        group["lr"] = group["lr"] * value / group["initial_lr"]
                        group["initial_lr"] = first["initial_lr"] = first["lr"] = value
                    elif knob in group:
                        group[knob] = first[knob] = value
            elif isinstance(tracked, torch.nn.Module) and knob == "dropout":
                for module in tracked.modules():
                    if isinstance(module, private_names.Dropout):
                        module.p = float(value)
                    elif isinstance(module, (torch.nn.RNNBase, torch.nn.MultiheadAttention)):
                        module.dropout = float(value)
        for tracked in self._objects.values():
            if knob == "lr" and isinstance(tracked, LRScheduler):
                tracked.base_lrs = [group["initial_lr"] for group in tracked.optimizer.param_groups]


def read_settings(tracked: Any) -> Any:
    """What ``tracked`` was made with, as plain values: of a module its buffers, as digests."""
    if isinstance(tracked, Optimizer):
        groups = [{key: value for key, value in group.items() if key != "params"} for group in tracked.param_groups]
        return {"kind": describe_kind(tracked), "groups": make_plain(groups)}
    if isinstance(tracked, torch.nn.Module):
        return {
            f"{path}.{name}".lstrip("."): digest_tensor(buffer)
            for path, module in tracked.named_modules()
            if not isinstance(module, private_names.RunningNorm)  # whose buffers are statistics
            for name, buffer in module.named_buffers(recurse=False)
        }
    return make_plain(tracked.state_dict()) if hasattr(tracked, "state_dict") else None


def describe_kind(optimiser: Optimizer) -> str:
    """What an optimiser gathers for each weight, in words: ``SGD with momentum``."""
    switches = [key for key in SWITCHES if any(group.get(key) for group in optimiser.param_groups)]
    name = type(optimiser).__name__
    return f"{name} with {' and '.join(switches)}" if switches else name


def make_plain(value: Any) -> Any:
    """``value`` with None in place of what is not plain, such as tensors."""
    if isinstance(value, dict):
        return {key: make_plain(entry) for key, entry in value.items() if isinstance(key, (str, int))}
    if isinstance(value, (list, tuple)):
        return [make_plain(entry) for entry in value]
    return value if isinstance(value, (bool, int, float, str)) else None


def digest_tensor(tensor: torch.Tensor) -> str:
    """A few characters that distinguish the contents of tensors."""
    content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return hashlib.blake2b(content.tobytes(), digest_size=8).hexdigest()


def merge_state(theirs: Any, made: Any, ours: Any) -> Any:
    """``theirs``, with what it was ``made`` with replaced by ``ours`` where that is something else."""
    if isinstance(theirs, dict) and isinstance(made, dict) and isinstance(ours, dict):
        return {key: merge_state(value, made.get(key), ours.get(key)) for key, value in theirs.items()}
    if isinstance(theirs, (list, tuple)) and isinstance(made, list) and isinstance(ours, list):
        if len(theirs) == len(made) == len(ours):
            return type(theirs)(merge_state(*three) for three in zip(theirs, made, ours, strict=True))
        return ours
    return theirs if ours is None or ours == made else ours


def load_state(name: str, tracked: Any, theirs: Any, made: Any, ours: Any) -> list[str]:
    """Restore an object that has a ``state_dict`` where knobs were changed; what to say of it."""
    if isinstance(tracked, torch.nn.Module):
        state, fresh = match_names(tracked, theirs), tracked.state_dict()
        other = [buffer for buffer, now in ours.items() if buffer in state and now != (made or {}).get(buffer, now)]
        tracked.load_state_dict({**state, **{buffer: fresh[buffer].clone() for buffer in other}})
        return [f"'{name}' has {', '.join(other)} as the changed knobs make it."] if other else []
    if isinstance(tracked, Optimizer):
        before = made["kind"] if made is not None else find_kind(theirs["param_groups"], ours)
        if before != ours["kind"]:
            return [f"'{name}' is {ours['kind']} now and was {before}, so it begins with fresh state."]
        base = make_plain(theirs["param_groups"]) if made is None else made["groups"]
        tracked.load_state_dict({**theirs, "param_groups": merge_state(theirs["param_groups"], base, ours["groups"])})
    elif made is None:
        tracked.load_state_dict(theirs)
    else:
        tracked.load_state_dict({**merge_state(theirs, made, ours), **continue_schedule(theirs, made, ours)})
    return []


def find_kind(groups: list[dict[str, Any]], ours: Any) -> str:
    """The kind of an optimiser whose hyperparameters alone are known, those of ``ours`` if they have the same names."""
    keys = [key for key in (*SWITCHES, "decoupled_weight_decay") if key in groups[0]]
    same = groups[0].keys() - {"params"} == ours["groups"][0].keys()
    alike = same and all(bool(groups[0][key]) == bool(ours["groups"][0][key]) for key in keys)
    return ours["kind"] if alike else "of another kind"


def continue_schedule(theirs: Any, made: Any, ours: Any) -> dict[str, list[float]]:
    """The rates of a scheduler that began with those of ``ours`` and continued as ``theirs`` did."""
    rates = [each.get(LAST_RATES) for each in (theirs, made, ours)]
    if not all(rates) or not len(rates[0]) == len(rates[1]) == len(rates[2]):
        return {}
    return {LAST_RATES: [rate * new / old if old else rate for rate, old, new in zip(*rates, strict=True)]}


def apply_rates(scheduler: LRScheduler) -> None:
    """Give the optimiser of a restored ``scheduler`` the rates that its schedule has at this step."""
    for group, rate in zip(scheduler.optimizer.param_groups, private_names.update_rates(scheduler), strict=True):
        group["lr"] = rate


class Misfit(ValueError):
    """A checkpoint's tensors are not those of a module; the words say which."""


def match_names(net: torch.nn.Module, saved: Mapping[str, Any]) -> Mapping[str, Any]:
    """``saved`` under the names of the state of ``net``: layers without weights, such as dropout, that came or went
    shift the numbers of those after them.

    Raises:
        Misfit: there are other tensors, or one has another shape, and no hook of ``net`` makes room for them.
    """
    own = net.state_dict()
    if any(private_names.makes_room(module) for module in net.modules()):  # such as for buffers that come late
        return saved
    if own.keys() == saved.keys():
        for name, tensor in own.items():
            if find_shape(tensor) != find_shape(saved[name]):
                raise Misfit(f"{name} has {format_numbers(saved[name])} there and {format_numbers(tensor)} here")
        return saved
    pairs = list(zip(own.items(), saved.items(), strict=False))
    if len(own) == len(saved) and all(
        here.rpartition(".")[2] == there.rpartition(".")[2] and find_shape(mine) == find_shape(kept)
        for (here, mine), (there, kept) in pairs
    ):
        return {here: kept for (here, _), (_, kept) in pairs}
    gone, new = [name for name in saved if name not in own], [name for name in own if name not in saved]
    raise Misfit(f"it has no {new[0]}" if new else f"it holds {gone[0]}, which is not here")


def find_shape(value: Any) -> tuple[int, ...] | None:
    """Shape of a tensor; None for anything else."""
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def format_numbers(value: Any) -> str:
    """``3 × 4 numbers``."""
    return f"{' × '.join(map(str, find_shape(value) or (1,)))} numbers"


def describe_misfit(name: str, changed: Mapping[str, Value] | None, why: str) -> str:
    """The sentence on a checkpoint that does not fit the object called ``name``."""
    if changed:
        return (
            f"The checkpoint does not fit '{name}' with {format_knobs(changed)}{why}: those, or "
            "an edit of a model's own file or its data, change its layers; begin a new run with them."
        )
    return (
        f"The checkpoint does not fit '{name}'{why}: its code, its data or the version of a library has changed; "
        "restore that, or begin a new run."
    )

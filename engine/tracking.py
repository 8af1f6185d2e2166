"""What a run consists of: objects that checkpoints save, resuming restores and live knobs reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.modules.dropout import _DropoutNd

from descend.engine.errors import DescendError
from descend.engine.knobs import Value

SETTINGS = {
    "lr", "momentum", "dampening", "weight_decay", "nesterov", "betas", "eps", "alpha", "amsgrad", "centered",
    "maximize", "rho", "lr_decay", "lambd", "t0", "etas", "step_sizes", "initial_lr", "momentum_decay",
    "base_lrs", "gamma", "step_size", "milestones", "T_max", "eta_min", "total_steps",
}  # fmt: skip
"""What optimisers and schedulers are told, as against what they keep."""


class Tracked:
    """Modules, optimisers, schedulers (anything with ``state_dict``), tensors and arrays, by name."""

    def __init__(self) -> None:
        self._objects: dict[str, Any] = {}
        self._made: dict[str, list[dict[str, Any]]] = {}

    def add(self, name: str, tracked: Any) -> None:
        """Track an object; one already tracked under ``name`` is replaced.

        Raises:
            TypeError: it can be neither saved nor restored in place.
        """
        if not (hasattr(tracked, "state_dict") or isinstance(tracked, (torch.Tensor, np.ndarray))):
            raise TypeError(f"cannot track {name}: a {type(tracked).__name__} has no state_dict; use lab.state")
        self._objects[name] = tracked
        self._made.pop(name, None)
        if groups := holders(tracked):
            self._made[name] = [
                {key: plain(value) for key, value in group.items() if key in SETTINGS} for group in groups
            ]

    def snapshot(self) -> dict[str, Any]:
        """The state of every object, not copied."""
        return {
            name: tracked.state_dict() if hasattr(tracked, "state_dict") else tracked
            for name, tracked in self._objects.items()
        }

    def settings(self) -> dict[str, Any]:
        """Of every optimiser its kind and, a group each, the settings it was made with; of every scheduler its rates.

        A fork compares them with those of its own, made from its own knobs: what differs was asked for anew.
        """
        return {name: {"kind": kind(self._objects[name]), "made": made} for name, made in self._made.items()}

    def restore(self, saved: dict[str, Any], settings: dict[str, Any] | None = None, fork: bool = False) -> list[str]:
        """Set the objects, in place, to what `snapshot` returned; of a fork's optimisers only what its knobs leave.

        Args:
            settings: what `settings` returned then; None if the checkpoint is from before it had them.
            fork: whether knobs may have been changed: then settings that are made otherwise now stay as they are.

        Returns:
            A sentence on each object that starts afresh.

        Raises:
            DescendError: something saved does not fit its object.
        """
        afresh = []
        for name, tracked in self._objects.items():
            if name not in saved:
                continue
            then = (settings or {}).get(name)
            if isinstance(tracked, torch.optim.Optimizer) and not same_kind(tracked, saved[name], then):
                afresh.append(f"What '{name}' kept of each weight is another optimiser's, so it starts afresh.")
                continue
            try:
                if isinstance(tracked, torch.nn.Module):
                    tracked.load_state_dict(fitting(tracked.state_dict(), saved[name]))
                elif hasattr(tracked, "load_state_dict"):
                    tracked.load_state_dict(saved[name])
                elif isinstance(tracked, np.ndarray):
                    tracked[...] = saved[name].numpy()
                else:
                    with torch.no_grad():
                        tracked.copy_(saved[name])
            except (RuntimeError, ValueError, KeyError) as error:
                why = f"{error.args[0]}, since" if isinstance(error, Misfit) else "as"
                raise DescendError(
                    f"The checkpoint does not fit '{name}': {why} a knob or a model's own file has changed; fork with "
                    "knobs that leave its layers and sizes as they are."
                ) from None
            if fork and then is not None:
                self._keep_changed(name, tracked, then["made"])
        return afresh

    def _keep_changed(self, name: str, tracked: Any, before: list[dict[str, Any]]) -> None:
        """Give back to a restored optimiser or scheduler what it was made with, where that is not as ``before``."""
        for group, made, was in zip(holders(tracked), self._made[name], before, strict=False):
            for setting, value in made.items():
                if setting in was and was[setting] != value:
                    group[setting] = value

    def turn(self, knob: str, value: Value) -> None:
        """Write a live knob to optimisers that have a setting of its name and, if it is ``dropout``, to dropout."""
        for name, tracked in self._objects.items():
            if isinstance(tracked, torch.optim.Optimizer):
                for group, made in zip(tracked.param_groups, self._made[name], strict=True):
                    if knob in group:
                        group[knob] = made[knob] = value
            elif isinstance(tracked, torch.nn.Module) and knob == "dropout":
                for module in tracked.modules():
                    if isinstance(module, _DropoutNd):
                        module.p = float(value)


class Misfit(ValueError):
    """A checkpoint's tensors are not those of a module; the words say which."""


def holders(tracked: Any) -> list[dict[str, Any]]:
    """Where the settings of an optimiser or a scheduler are kept, as it holds them; nothing for other objects."""
    if isinstance(tracked, torch.optim.Optimizer):
        return tracked.param_groups
    return [vars(tracked)] if isinstance(tracked, torch.optim.lr_scheduler.LRScheduler) else []


def plain(value: Any) -> Any:
    """A setting as a number, text, or list of numbers, which a checkpoint can hold without code."""
    if isinstance(value, torch.Tensor):
        return value.item()
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def kind(tracked: Any) -> str:
    """What a kept state is of: the class, and whether it has a momentum, which decides what is kept of a weight."""
    groups = holders(tracked)
    parts = [part for part in ("momentum", "amsgrad", "centered") if groups and groups[0].get(part)]
    return " ".join([type(tracked).__qualname__, *parts])


def same_kind(optimiser: torch.optim.Optimizer, saved: dict[str, Any], then: dict[str, Any] | None) -> bool:
    """Whether a saved state is one of the same kind; a checkpoint that does not say is judged by its settings."""
    if then is not None:
        return bool(then["kind"] == kind(optimiser))
    groups = saved.get("param_groups") or [{}]
    return set(groups[0]) == set(optimiser.state_dict()["param_groups"][0])


def fitting(own: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """``saved`` under the names of a module's ``own`` state: layers without weights, such as dropout, that came or went
    shift the numbers of those after them.

    Raises:
        Misfit: there are other tensors, or one has another shape.
    """
    if set(own) == set(saved):
        for name, tensor in own.items():
            if shape(tensor) != shape(saved[name]):
                raise Misfit(f"{name} has {sized(saved[name])} there and {sized(tensor)} here")
        return saved
    pairs = list(zip(own.items(), saved.items(), strict=False))
    if len(own) == len(saved) and all(
        here.rpartition(".")[2] == there.rpartition(".")[2] and shape(mine) == shape(kept)
        for (here, mine), (there, kept) in pairs
    ):
        return {here: kept for (here, _), (_, kept) in pairs}
    gone, new = [name for name in saved if name not in own], [name for name in own if name not in saved]
    raise Misfit(f"it has no {new[0]}" if new else f"it holds {gone[0]}, which is not here")


def shape(value: Any) -> tuple[int, ...] | None:
    """Shape of a tensor; None of what is none."""
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def sized(value: Any) -> str:
    """``3 × 4 numbers``."""
    return f"{' × '.join(map(str, shape(value) or (1,)))} numbers"

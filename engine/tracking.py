"""What a run consists of: objects that checkpoints save, resuming restores and live knobs reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.modules.dropout import _DropoutNd

from descend.engine.errors import DescendError
from descend.engine.knobs import Value


class Tracked:
    """Modules, optimisers, schedulers (anything with ``state_dict``), tensors and arrays, by name."""

    def __init__(self) -> None:
        self._objects: dict[str, Any] = {}

    def add(self, name: str, tracked: Any) -> None:
        """Track an object; one already tracked under ``name`` is replaced.

        Raises:
            TypeError: it can be neither saved nor restored in place.
        """
        if not (hasattr(tracked, "state_dict") or isinstance(tracked, (torch.Tensor, np.ndarray))):
            raise TypeError(f"cannot track {name}: a {type(tracked).__name__} has no state_dict; use lab.state")
        self._objects[name] = tracked

    def snapshot(self) -> dict[str, Any]:
        """The state of every object, not copied."""
        return {
            name: tracked.state_dict() if hasattr(tracked, "state_dict") else tracked
            for name, tracked in self._objects.items()
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Set the objects, in place, to what `snapshot` returned.

        Raises:
            DescendError: something saved does not fit its object.
        """
        for name, tracked in self._objects.items():
            if name not in saved:
                continue
            try:
                if hasattr(tracked, "load_state_dict"):
                    tracked.load_state_dict(saved[name])
                elif isinstance(tracked, np.ndarray):
                    tracked[...] = saved[name].numpy()
                else:
                    with torch.no_grad():
                        tracked.copy_(saved[name])
            except (RuntimeError, ValueError, KeyError):
                raise DescendError(
                    f"The checkpoint does not fit '{name}': a changed knob, or an edit of a model's own file, has "
                    "changed its shape; fork with knobs that keep the network as it is."
                ) from None

    def turn(self, knob: str, value: Value) -> None:
        """Write a live knob to optimisers that have a setting of its name and, if it is ``dropout``, to dropout."""
        for tracked in self._objects.values():
            if isinstance(tracked, torch.optim.Optimizer):
                for group in tracked.param_groups:
                    if knob in group:
                        group[knob] = value
            elif isinstance(tracked, torch.nn.Module) and knob == "dropout":
                for module in tracked.modules():
                    if isinstance(module, _DropoutNd):
                        module.p = float(value)

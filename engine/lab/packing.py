"""Arrays, tensors and numbers on their way into a picture: taken at once, fetched and packed later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from descend.engine.run.records import Array

Values = Any
"""A NumPy array, a tensor, or a sequence of numbers."""
Cell = str | int | float | bool | None
LARGEST = 300_000
"""Numbers that one picture has at most."""


def taken(values: Values) -> Values:
    """``values`` as a tensor or an array that nobody will change; a GPU is not waited for."""
    if isinstance(values, torch.Tensor):
        return values.detach().clone()
    if isinstance(values, (list, tuple)) and any(isinstance(value, torch.Tensor) for value in values):
        return torch.stack([torch.as_tensor(value).detach() for value in values])
    return np.array(values)


def fetched(values: Values) -> np.ndarray:
    """What `taken` returned as an array; waits for a GPU."""
    if isinstance(values, torch.Tensor):
        values = values.cpu()
        return (values.float() if values.dtype in (torch.bfloat16, torch.float16) else values).numpy()
    return np.asarray(values)


def shape(values: Values) -> tuple[int, ...]:
    """Shape of an array or tensor."""
    return tuple(values.shape)


def size(values: Values) -> int:
    """How many numbers it has."""
    return int(np.prod(shape(values), dtype=np.int64))


def need(holds: bool, otherwise: str) -> None:
    """Raise ValueError unless a condition ``holds``."""
    if not holds:
        raise ValueError(f"{otherwise}.")


def pairs(values: Values) -> Values:
    """Places (m, 2), taken; one place (2,) counts as (1, 2)."""
    kept = taken(values)
    if shape(kept) == (2,):
        kept = kept[None]
    need(len(shape(kept)) == 2 and shape(kept)[1] == 2, f"places have two coordinates, not shape {shape(kept)}")
    return kept


def places(named: Mapping[str, Values] | None) -> dict[str, Values]:
    """Places (m, 2) by name, taken."""
    return {name: pairs(values) for name, values in (named or {}).items()}


def packed(named: Mapping[str, Values]) -> dict[str, Array]:
    """What `places` returned, for a record."""
    return {name: Array.of(fetched(values)) for name, values in named.items()}


def plain(cell: object) -> Cell:
    """A table's cell: one-element tensors and NumPy's numbers become Python's."""
    if hasattr(cell, "item"):
        cell = cell.item()
    return cell if cell is None or isinstance(cell, (bool, int, float)) else str(cell)


def shades(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    """``values`` as bytes: ``low`` is 0, ``high`` 255; what is not a number is 0."""
    if values.dtype == np.uint8 and low is None and high is None:
        return values
    values = values.astype(np.float64)
    finite = values[np.isfinite(values)]
    low = float(finite.min(initial=np.inf)) if low is None else low
    high = float(finite.max(initial=-np.inf)) if high is None else high
    width = high - low if np.isfinite(high - low) and high > low else 1.0
    scaled = np.nan_to_num((values - low) / width, nan=0.0, posinf=1.0, neginf=0.0)
    return np.round(scaled.clip(0, 1) * 255).astype(np.uint8)

"""Arrays, tensors and numbers on their way into a picture: taken at once, fetched and packed later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from descend.engine.run.packed_array import NOT_YET, is_not_yet
from descend.engine.run.records import Array

Values = Any
"""A NumPy array, a tensor, or a sequence of numbers, in which None is one that is not computed yet."""
Cell = str | int | float | bool | None
MAX_VALUES = 300_000
"""Numbers that one picture has at most."""


def take_values(values: Values) -> Values:
    """``values`` as a tensor or an array that nobody will change; a GPU is not waited for."""
    if isinstance(values, torch.Tensor):
        return values.detach().clone()
    if isinstance(values, (list, tuple)) and any(isinstance(value, torch.Tensor) for value in values):
        return torch.stack([torch.as_tensor(NOT_YET if value is None else value).detach() for value in values])
    array = np.array(values)
    if array.dtype == object:
        given = [NOT_YET if value is None else value for value in array.ravel().tolist()]
        array = np.array(given, np.float64).reshape(array.shape)
    return array


def fetch_values(values: Values) -> np.ndarray:
    """What `take_values` returned as an array; waits for a GPU."""
    if isinstance(values, torch.Tensor):
        values = values.cpu()
        values = (values.float() if values.dtype in (torch.bfloat16, torch.float16) else values).numpy()
    array: np.ndarray = np.asarray(values)
    return array


def get_shape(values: Values) -> tuple[int, ...]:
    """Shape of an array or tensor."""
    return tuple(values.shape)


def count_values(values: Values) -> int:
    """How many numbers it has."""
    return int(np.prod(get_shape(values), dtype=np.int64))


def require(holds: bool, otherwise: str) -> None:
    """Raise ValueError unless a condition ``holds``."""
    if not holds:
        raise ValueError(f"{otherwise}.")


def take_pairs(values: Values) -> Values:
    """Places (m, 2), taken; one place (2,) counts as (1, 2)."""
    kept = take_values(values)
    if get_shape(kept) == (2,):
        kept = kept[None]
    require(
        len(get_shape(kept)) == 2 and get_shape(kept)[1] == 2,
        f"places have two coordinates, not shape {get_shape(kept)}",
    )
    return kept


def take_places(named: Mapping[str, Values] | None) -> dict[str, Values]:
    """Places (m, 2) by name, taken."""
    return {name: take_pairs(values) for name, values in (named or {}).items()}


def pack_places(named: Mapping[str, Values]) -> dict[str, Array]:
    """What `take_places` returned, for a record."""
    return {name: Array.of(fetch_values(values)) for name, values in named.items()}


def make_plain(cell: object) -> Cell:
    """A table's cell: one-element tensors and NumPy's numbers become Python's, and what is not finite a word."""
    if hasattr(cell, "item"):
        cell = cell.item()
    if isinstance(cell, float) and not math.isfinite(cell):  # JSON has no such numbers
        return None if is_not_yet(cell) else "NaN" if math.isnan(cell) else "inf" if cell > 0 else "-inf"
    return cell if cell is None or isinstance(cell, (bool, int, float)) else str(cell)


def scale_to_bytes(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
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

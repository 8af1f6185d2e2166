"""What models return: the tensor in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def find_tensor(output: Any, part: int | str | None = None) -> Tensor | None:
    """The scores in what a model returned: it itself, its ``logits``, or the first of several; None if there are none.

    ``part`` says which of several it is, where that is known.

    Libraries return objects or dictionaries with ``logits``; recurrent layers the outputs first, then their state.
    """
    if isinstance(output, Tensor):
        return output
    if part is not None:
        try:
            chosen = output[part]
        except (LookupError, TypeError):
            chosen = None
        if isinstance(chosen, Tensor):
            return chosen
    named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if isinstance(named, Tensor):
        return named
    if isinstance(output, (tuple, list)) and output and isinstance(output[0], Tensor):
        return output[0]
    return None


def list_parts(output: Any) -> dict[int | str, Tensor]:
    """The tensors in a sequence or a dictionary that a model returned, by place or key."""
    if isinstance(output, Mapping):
        items = list(output.items())
    elif isinstance(output, (tuple, list)):
        items = list(enumerate(output))
    else:
        return {}
    return {key: value for key, value in items if isinstance(value, Tensor)}


def describe_output(value: Any, depth: int = 0) -> str:
    """What ``value`` is, in a few words: ``a tensor (2, 10)``, ``a tuple of a tensor (2, 10) and None``."""
    if isinstance(value, Tensor):
        kind = "" if value.is_floating_point() else f" of {str(value.dtype).removeprefix('torch.')}"
        return f"a tensor {format_shape(value.shape)}{kind}"
    if isinstance(value, Mapping) and depth < 2:
        return f"a dictionary with {', '.join(map(repr, list(value)[:6])) or 'nothing'}"
    if isinstance(value, (tuple, list)) and depth < 2:
        parts = [describe_output(part, depth + 1) for part in value[:4]] + (["…"] if len(value) > 4 else [])
        return f"a {type(value).__name__} of {' and '.join(parts) or 'nothing'}"
    return "None" if value is None else f"an object of type {type(value).__name__}"


def format_shape(shape: torch.Size | tuple[int, ...]) -> str:
    """``(2, 10)``; ``()`` for a single number."""
    return f"({', '.join(map(str, shape))})"

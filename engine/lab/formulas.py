"""Formulas with their numbers put in, for the steps of an operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from descend.engine.lab.packing import count_values, fetch_values, require, take_values

TERMS = 9
"""Terms of a sum that are written at most; of more, the middle ones are left out."""


def write_number(value: float) -> str:
    """``value`` with at most four significant digits, as a factor: ``3``, ``0.25``, ``(−2)``."""
    text = f"{float(value):.4g}".replace("-", "−")
    return f"({text})" if text.startswith("−") else text


def write_dot_product(left: Any, right: Any, bias: float | None = None) -> str:
    """The sum of the products of two arrays of one size, term by term: ``1×0 + 2×(−1) + 0.5 = −1.5``.

    Args:
        left, right: arrays, tensors or sequences of n numbers, in any shape.
        bias: is added at the end.

    Raises:
        ValueError: they are not of one size, or empty.
    """
    a, b = (fetch_values(take_values(one)).astype(np.float64).ravel() for one in (left, right))
    require(
        count_values(a) == count_values(b) > 0,
        f"a dot product needs arrays of one size, not {count_values(a)} and {count_values(b)} numbers",
    )
    terms = [f"{write_number(x)}×{write_number(y)}" for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    if len(terms) > TERMS:
        terms = [*terms[: TERMS - 2], "…", terms[-1]]
    if bias is not None:
        terms.append(write_number(bias))
    total = float(a @ b) + float(bias or 0.0)
    return f"{' + '.join(terms)} = {f'{total:.4g}'.replace('-', '−')}"

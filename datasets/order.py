"""The order of classes."""

from __future__ import annotations

from collections.abc import Iterable

from descend.datasets.forms import is_number


def sort_classes(names: Iterable[str]) -> list[str]:
    """Names of classes: those that are numbers by their value, so that 10 comes after 9, then words by the alphabet."""
    return sorted(names, key=lambda name: (0, float(name), name) if is_number(name) else (1, 0.0, name))

"""The kinds of panels there are, found by walking this package, and which of them a run needs."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable
from typing import TYPE_CHECKING

import descend.tui.panels
from descend.tui.panels.panel import Panel

if TYPE_CHECKING:
    from descend.engine.history import History


@functools.cache
def kinds() -> list[type[Panel]]:
    """Every subclass of `Panel` defined in a module of this package, in the order of display."""
    found = []
    for info in pkgutil.iter_modules(descend.tui.panels.__path__):
        module = importlib.import_module(f"{descend.tui.panels.__name__}.{info.name}")
        found += [
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, Panel) and kind.__module__ == module.__name__
        ]
    return sorted((kind for kind in found if kind is not Panel), key=lambda kind: (kind.order, kind.__name__))


def wanted(history: History, expected: Iterable[str] = ()) -> list[tuple[type[Panel], str]]:
    """Kind and subject of each panel that ``history`` needs, and that it will need once it holds the ``expected``
    names of series and pictures; in the order of display."""
    series, pictures = list(history.series), list(history.pictures)
    for name in expected:
        drawn = any(kind.subjects([], [name]) for kind in kinds())
        names = pictures if drawn else series
        if name not in names:
            names.append(name)
    return [(kind, subject) for kind in kinds() for subject in kind.subjects(series, pictures)]

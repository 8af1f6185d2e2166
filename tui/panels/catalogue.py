"""The kinds of panels there are, found by walking this package, and which of them a run needs."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import descend.tui.panels
from descend.engine.evaluation.names import ON_DEMAND
from descend.tui.panels.panel import Panel

if TYPE_CHECKING:
    from descend.engine.run.history import History


Subject = tuple[type[Panel], str]
"""A kind of panel, and what of a run it shows."""
Choice = Sequence[tuple[str, bool]]
"""The user's choice of panels: names, as `named` gives them, in order, and whether each is shown."""


@functools.cache
def kinds() -> list[type[Panel]]:
    """Every panel defined in a module of this package, but for those that others build on; in the order of display."""
    from descend.tui.panels.picture_panel import PicturePanel

    found = []
    for info in pkgutil.iter_modules(descend.tui.panels.__path__):
        module = importlib.import_module(f"{descend.tui.panels.__name__}.{info.name}")
        found += [
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, Panel) and kind.__module__ == module.__name__
        ]
    bases = Panel.subjects.__func__, PicturePanel.subjects.__func__  # type: ignore[attr-defined]
    concrete = (kind for kind in found if hasattr(kind, "kind") or kind.subjects.__func__ not in bases)  # type: ignore[attr-defined]
    return sorted(concrete, key=lambda kind: (kind.order, kind.__name__))


def offered(history: History, expected: Iterable[str] = ()) -> list[Subject]:
    """Kind and subject of each panel that ``history`` can show, and will be able to once it holds the ``expected``
    names of series and pictures; in the order of display."""
    series, pictures = list(history.series), list(history.pictures)
    for name in expected:
        drawn = any(kind.subjects([], [name]) != kind.subjects([], []) for kind in kinds())
        names = pictures if drawn else series
        if name not in names:
            names.append(name)
    return [(kind, subject) for kind in kinds() for subject in kind.subjects(series, pictures)]


def by_importance(subjects: Sequence[Subject], show: Sequence[str]) -> list[Subject]:
    """``subjects`` in the order in which a lesson's ``show`` names them, the others after them as they were."""
    places = {name: place for place, name in reversed([*enumerate(show)])}
    return sorted(subjects, key=lambda subject: places.get(shown_as(subject), len(places)))


def shown_as(subject: Subject) -> str:
    """The name by which a lesson's ``show`` knows a panel: that of its picture or metric."""
    return subject[1].partition("/")[2] or subject[1]


def named(subject: Subject) -> str:
    """The name of ``subject`` in a choice of panels."""
    return f"{subject[0].__name__} {subject[1]}"


def arranged(subjects: Sequence[Subject], choice: Choice = ()) -> list[tuple[Subject, bool]]:
    """``subjects`` in the order of ``choice``, and whether each is shown. Those that the choice does not know come
    after what they follow without it, and are shown unless they, or their kind, are shown on demand."""
    found = {named(subject): subject for subject in subjects}
    order = [(found[name], shown) for name, shown in choice if name in found]
    known = {name for name, _ in choice}
    for index, subject in enumerate(subjects):
        if named(subject) not in known:
            before = [one for one, _ in order].index(subjects[index - 1]) + 1 if index else 0
            order.insert(before, (subject, subject[0].shown_by_default and subject[1] not in ON_DEMAND))
    return order


def wanted(history: History, expected: Iterable[str] = (), choice: Choice = ()) -> list[Subject]:
    """The panels that are shown of ``history``, in the order of display."""
    return [subject for subject, shown in arranged(offered(history, expected), choice) if shown]

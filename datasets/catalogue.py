"""The catalogue of datasets, found by walking ``datasets``: dropping a family's file in adds them everywhere."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from descend import datasets as package
from descend.datasets.spec import Spec
from descend.engine.errors import UsageError, nearest


@functools.cache
def specs() -> dict[str, Spec]:
    """Every dataset by name: the embedded ones, which work with no network, first."""
    modules = (importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    found: list[Spec] = [spec for module in modules for spec in getattr(module, "DATASETS", ())]
    return {spec.name: spec for spec in sorted(found, key=lambda spec: (not spec.embedded, spec.name))}


def names() -> tuple[str, ...]:
    """The names of all datasets."""
    return tuple(specs())


def find(name: str) -> Spec:
    """The dataset called ``name``; ``_`` may stand for ``-``.

    Raises:
        UsageError: there is none; the sentence names the nearest.
    """
    known = specs()
    if spec := known.get(name.lower().replace("_", "-")):
        return spec
    raise UsageError(f"There is no dataset '{name}'{nearest(name, known) or '; see `descend data list`.'}")

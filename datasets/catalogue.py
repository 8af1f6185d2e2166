"""The catalogue of datasets, found by walking ``datasets``: dropping a family's file in adds them everywhere. The
user's own data is named by its path."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil

from descend import datasets as package
from descend.datasets.options import cut_address
from descend.datasets.spec import Spec
from descend.engine.base.errors import UsageError, suggest_nearest


@functools.cache
def list_specs() -> dict[str, Spec]:
    """Every dataset by name: the embedded ones, which work with no network, first."""
    modules = (importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    found: list[Spec] = [spec for module in modules for spec in getattr(module, "DATASETS", ())]
    return {spec.name: spec for spec in sorted(found, key=lambda spec: (not spec.embedded, spec.name))}


def list_names() -> tuple[str, ...]:
    """The names of all datasets."""
    return tuple(list_specs())


def find(name: str, **options: object) -> Spec:
    """The dataset called ``name``, where ``_`` may stand for ``-``; or the user's own data at a path.

    A path may end in options, as ``data.csv?target=price&missing=drop``; ``options`` are added to them. Data of one's
    own is looked at here, a table read whole.

    Raises:
        UsageError: there is no such dataset; the sentence names the nearest. Or an option is wrong.
        DescendError: the file or folder is there but cannot be learned from; the sentence says why.
    """
    known = list_specs()
    path, _ = cut_address(name)
    if spec := known.get(path.lower().replace("_", "-")):
        if options or path != name:
            raise UsageError(f"The dataset '{spec.name}' takes no options; they are for data of your own.")
        return spec
    if is_path(name):
        from descend.datasets import user_path

        return user_path.find_spec(name, {key: str(value) for key, value in options.items()})
    raise UsageError(f"There is no dataset '{name}'{suggest_nearest(name, known) or '; see `descend data list`.'}")


def is_path(name: str) -> bool:
    """Whether ``name`` means data of the user's own rather than a dataset of the catalogue."""
    path, _ = cut_address(name)
    if not path or path.lower().replace("_", "-") in list_specs():
        return False
    return os.sep in path or bool(os.path.splitext(path)[1]) or os.path.exists(path)

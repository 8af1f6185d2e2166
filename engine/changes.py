"""What a run was asked for and is not the same any more: the file of the user's own model, the user's own data."""

from __future__ import annotations

import hashlib
from pathlib import Path

from descend.datasets.stamp import Stamp, difference, stamped
from descend.engine.errors import DescendError
from descend.engine.manifest import Manifest
from descend.engine.text import clean
from descend.engine.train import source


def stamp(address: str) -> Stamp | None:
    """The state of the user's own data at an ``address``; None if it cannot be read, or is a dataset of the catalogue.

    Raises:
        DescendError: there is no such data.
    """
    from descend.datasets import catalogue, paths

    if address in catalogue.names():
        return None
    try:
        return stamped(*paths.files(address))
    except OSError:
        return None


def since(manifest: Manifest) -> list[str]:
    """What is not as it was when the run was asked for, a clause each, as "net.py was edited since the run was asked
    for". Data is not read if sizes and times are the same."""
    return [clause for clause in (_model(manifest), _data(manifest)) if clause]


def _model(manifest: Manifest) -> str:
    file = source.file_of(manifest.name)
    if not manifest.source or file is None:
        return ""
    try:
        same = hashlib.sha256(file.read_bytes()).hexdigest() == manifest.source
    except OSError as error:
        return _gone(file, error)
    return "" if same else f"{clean(file.name)} was edited since the run was asked for"


def _data(manifest: Manifest) -> str:
    from descend.datasets import paths

    if manifest.stamp is None:
        return ""
    place = paths.place(manifest.data)
    try:
        how = difference(manifest.stamp, *paths.files(manifest.data))
    except OSError as error:
        return _gone(place, error)
    except DescendError as error:
        return f"the data is not what it was when the run was asked for: {clean(str(error)).removesuffix('.')}"
    return how and f"{clean(place.name)} changed since the run was asked for: it {how}"


def _gone(place: Path, error: OSError) -> str:
    why = "is not there any more" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    return f"{clean(str(place))} {why}"

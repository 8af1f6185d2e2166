"""What has changed since a run was created: the file of the user's own model, the user's own data."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from descend.datasets.spec import Spec
from descend.datasets.stamp import Stamp, describe_difference, make_stamp
from descend.datasets.user_data import UserData
from descend.engine.base.errors import DescendError
from descend.engine.base.files import read_file
from descend.engine.base.sanitize import clean
from descend.engine.run.manifest import Manifest
from descend.engine.train import model_source

NOW = "what continues the run uses what is there now"


class Change(NamedTuple):
    """What has changed, in a clause that begins with the name of a file, and what that means for going on."""

    what: str
    then: str


def stamp_data(spec: Spec) -> Stamp | None:
    """The state of the user's own data; None if it cannot be read, or is a dataset of the catalogue."""
    if not isinstance(spec, UserData):
        return None
    try:
        return make_stamp(spec.path, spec.files)
    except OSError:
        return None


def find_changes(manifest: Manifest) -> list[str]:
    """What has changed since the run was created, a warning each. Data is not read if sizes and times are the
    same."""
    found = (_check_model(manifest), check_data(manifest))
    return [f"Warning: {'; '.join(filter(None, change))}." for change in found if change is not None]


def _check_model(manifest: Manifest) -> Change | None:
    if not manifest.source:
        return None
    try:
        file = model_source.find_file(manifest.name)
    except DescendError as error:
        return Change(clean(str(error)).removesuffix("."), "")
    if file is None:
        return None
    try:
        text = read_file(Path(os.path.realpath(file)), model_source.MAX_BYTES)
        same = hashlib.sha256(text).hexdigest() == manifest.source
    except OSError as error:
        return _describe_gone(file, error)
    return None if same else Change(f"{clean(file.name)} was edited since the run was created", NOW)


def check_data(manifest: Manifest) -> Change | None:
    """How the user's own data differs from what the run learned from; None if it does not, of what was checked."""
    from descend.datasets import user_path

    if manifest.stamp is None:
        return None
    place = user_path.find_path(manifest.data)
    try:
        how = describe_difference(manifest.stamp, *user_path.list_files(manifest.data))
    except OSError as error:
        return _describe_gone(place, error)
    except DescendError as error:
        return Change(f"{clean(place.name)} changed since the run was created: {clean(str(error)).rstrip('.')}", "")
    if not how:
        return None
    return Change(f"{clean(place.name)} changed since the run was created: it {how}", f"{NOW}, prepared as before")


def _describe_gone(place: Path, error: OSError) -> Change:
    why = "no longer exists" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    return Change(f"{clean(str(place))} {why}", "restore it to resume the run")

"""What has changed since a run was created: the file of the user's own model, the user's own data."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from descend.datasets.preparation import Preparation
from descend.datasets.spec import Spec
from descend.datasets.stamp import Stamp, describe_difference, make_stamp
from descend.datasets.user_data import UserData
from descend.engine.base.errors import DescendError
from descend.engine.base.files import read_file
from descend.engine.base.sanitize import clean
from descend.engine.run.manifest import Manifest
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run
from descend.engine.train import model_source

NOW = "what continues the run uses what is there now"


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
    return [f"Warning: {clause}." for clause in (_check_model(manifest), check_data(manifest)) if clause]


def _check_model(manifest: Manifest) -> str:
    if not manifest.source:
        return ""
    try:
        file = model_source.find_file(manifest.name)
    except DescendError as error:
        return clean(str(error)).removesuffix(".")
    if file is None:
        return ""
    try:
        text = read_file(Path(os.path.realpath(file)), model_source.MAX_BYTES)
        same = hashlib.sha256(text).hexdigest() == manifest.source
    except OSError as error:
        return _describe_gone(file, error)
    return "" if same else f"{clean(file.name)} was edited since the run was created; {NOW}"


def check_data(manifest: Manifest) -> str:
    """How the user's own data differs from what the run learned from, without a full stop; empty if it does not, of
    what was checked."""
    from descend.datasets import user_path

    if manifest.stamp is None:
        return ""
    place = user_path.find_path(manifest.data)
    try:
        how = describe_difference(manifest.stamp, *user_path.list_files(manifest.data))
    except OSError as error:
        return _describe_gone(place, error)
    except DescendError as error:
        return f"the data has changed since the run was created: {clean(str(error)).removesuffix('.')}"
    return how and f"{clean(place.name)} changed since the run was created: it {how}; {NOW}"


def require_same_tokens(run: Run, prepared: Preparation) -> None:
    """Check that the data of a run that goes on from a checkpoint is text cut into the tokens that it was begun with:
    others would mean nothing to its weights.

    Raises:
        DescendError: it is not.
    """
    if prepared.kind != "text" or not run.preparation_file.exists() or not run.checkpoint_steps():
        return
    before = read_preparation(run)
    if (before.vocabulary, before.merges) != (prepared.vocabulary, prepared.merges):
        raise DescendError(
            f"The text no longer consists of the {before.shape.unit}s that the run was begun with: it has changed, or "
            "what learns byte pairs has; restore it, or train anew."
        )


def _describe_gone(place: Path, error: OSError) -> str:
    why = "no longer exists" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    return f"{clean(str(place))} {why}; restore it to resume the run"

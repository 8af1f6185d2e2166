"""Are the datasets here, and can descend write where it keeps things?"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from descend.engine.base import paths
from descend.engine.base.units import format_gib
from descend.engine.doctor.check import Check

LITTLE = 2**30


def check_datasets() -> Iterator[Check]:
    """Yield each dataset of the catalogue: built in, found and where, or how to get it."""
    from descend.datasets import catalogue

    for name in catalogue.list_names():
        spec = catalogue.find(name)
        try:
            present, where = spec.present(), spec.where()
        except OSError as error:
            advice = "Make its folder readable, or set DESCEND_DATA to another."
            yield Check("Data", name, None, f"{spec.title}: {_explain(error)}", advice)
            continue
        if present:
            found = "built in" if spec.embedded or where is None else f"in {where}"
            yield Check("Data", name, True, f"{spec.title}, {found}")
        elif spec.embedded:
            yield Check("Data", name, False, f"{spec.title}, built in but not there", spec.missing_message())
        else:
            advice = f"Run `descend data fetch {name}` if you need it."
            found = f"not whole in {where}" if where else "not on this machine"
            yield Check("Data", name, None, f"{spec.title}, {found}", advice)


def check_folders() -> Iterator[Check]:
    """Yield where runs and data are kept, whether a file can be written there, and the room left."""
    home, data = paths.home(), paths.data_home()
    for name, folder in (("home", home), ("runs", paths.runs_home())):
        refusal = try_write(folder, locked=True)
        advice = "Make it writable, or set DESCEND_HOME to a folder that is." if refusal else ""
        yield Check("Folders", name, not refusal, f"{folder}{refusal and f': {refusal}'}", advice)
    yield report_data_folder(data)
    devices: set[int] = set()
    for name, folder in (("home", home), ("data", data)):
        there = find_existing(folder)
        if (device := os.stat(there).st_dev) not in devices:
            devices.add(device)
            yield report_free_space(f"room for {name}", shutil.disk_usage(there).free)


def report_data_folder(folder: Path) -> Check:
    """Report the data folder; one that cannot be written to still serves what is in it."""
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        advice = "Make it readable, or set DESCEND_DATA to a folder that is."
        return Check("Folders", "data", False, f"{folder}: cannot be read", advice)
    if refusal := try_write(folder):
        advice = "What is in it can be used; to fetch more, set DESCEND_DATA to a folder you can write to."
        return Check("Folders", "data", None, f"{folder}: {refusal}", advice)
    return Check("Folders", "data", True, str(folder))


def report_free_space(name: str, free: int) -> Check:
    """Report the free bytes of a disk."""
    if free >= LITTLE:
        return Check("Folders", name, True, f"{format_gib(free)} GiB free")
    advice = "Delete runs with `descend delete RUN`, or choose another disk by DESCEND_HOME and DESCEND_DATA."
    return Check("Folders", name, None, f"only {format_gib(free)} GiB free", advice)


def find_existing(folder: Path) -> Path:
    """Return ``folder``, or the nearest thing above it that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.exists(path))


def try_write(folder: Path, locked: bool = False) -> str:
    """Try to write a file in ``folder`` (or where it would be created); say why not, ``""`` if it worked.

    Nothing is left behind.

    Args:
        locked: lock the file too, as a run's writer does; some network file systems cannot.
    """
    there = find_existing(folder)
    if not there.is_dir():
        return f"{there} is a file" if there != folder else "is a file"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"descend")
            file.flush()
            if locked:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return _explain(error)
    return ""


def _explain(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

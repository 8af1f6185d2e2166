"""Large tables as numbers on disk: made once, read from there by every run, removed when they are no longer used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from descend.datasets.column_encoder import ColumnEncoder
from descend.datasets.data_shape import Kind, Task
from descend.datasets.dataset import Dataset
from descend.datasets.date_parts import DateColumn
from descend.datasets.stamp import make_stamp
from descend.datasets.tokenisers import Merges
from descend.engine.base.errors import DescendError
from descend.engine.base.paths import home
from descend.engine.base.units import format_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 2
DAYS = 30
"""Unused for so long, a table is removed."""
UNFINISHED = 2
"""Days after which one that was never finished is."""
DESCRIPTION = "table.json"
ARRAYS = ("train_x", "train_y", "test_x", "test_y")
OPTIONAL = ("train_held", "train_times", "train_group")


class KeptTable(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a table besides its numbers; the fields are those of `Dataset`.

    Attributes:
        source: the path of the file.
        groups: names of the groups, by the numbers that are kept of the rows.
    """

    source: str
    task: Task
    classes: tuple[str, ...]
    dates: tuple[DateColumn, ...]
    targets: tuple[str, ...]
    label: str
    missing: dict[str, int]
    notes: tuple[str, ...]
    groups: tuple[str, ...] = ()
    mark: str = ""
    inputs: dict[str, tuple[str, ...]] = {}
    features: tuple[str, ...] = ()
    encoders: tuple[ColumnEncoder, ...] = ()
    kind: Kind = "table"
    text: str = ""
    vocabulary: tuple[str, ...] = ()
    merges: Merges = ()
    scale: int = 1
    values: tuple[float, float] | None = None


def find_root() -> Path:
    """Where they are kept."""
    return home() / "cache" / "tables"


def name_folder(place: Path, files: tuple[Path, ...], options: Mapping[str, Any]) -> Path:
    """The folder of a table, by the digest of its files and what is asked of it."""
    stamp = make_stamp(place, files)
    times = "" if stamp.whole else stamp.times  # of large files not all is digested
    asked = json.dumps([FORMAT, stamp.digest, times, sorted(options.items())], default=list)
    return find_root() / hashlib.sha256(asked.encode()).hexdigest()[:32]


def load_table(folder: Path, name: str) -> Dataset | None:
    """The dataset called ``name`` that is kept in ``folder``, its rows mapped into memory; None if it is not there."""
    import numpy as np

    try:
        kept = msgspec.json.decode((folder / DESCRIPTION).read_bytes(), type=KeptTable)
        found: dict[str, NDArray[Any]] = {
            key: np.load(folder / f"{key}.npy", mmap_mode="r" if key.endswith("_x") else None, allow_pickle=False)
            for key in (*ARRAYS, *OPTIONAL)
            if key in ARRAYS or (folder / f"{key}.npy").exists()
        }
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    with suppress(OSError):
        os.utime(folder)  # it was used
    groups = tuple(kept.groups[at] for at in found["train_group"].tolist()) if kept.groups else ()
    return Dataset(
        name,
        kept.classes,
        found["train_x"],
        found["train_y"],
        found["test_x"],
        found["test_y"],
        kind=kept.kind,
        task=kept.task,
        features=kept.features,
        encoders=kept.encoders,
        dates=kept.dates,
        targets=kept.targets,
        label=kept.label,
        mark=kept.mark,
        inputs=kept.inputs,
        text=kept.text,
        vocabulary=kept.vocabulary,
        merges=kept.merges,
        scale=kept.scale,
        values=kept.values,
        missing=kept.missing,
        notes=kept.notes,
        train_groups=groups,
        train_held=found.get("train_held"),
        train_times=found.get("train_times"),
    )


def finish_table(new: Path, folder: Path, kept: KeptTable) -> None:
    """Give a table that was made in ``new`` its name; one that another process finished before is taken instead."""
    (new / DESCRIPTION).write_bytes(msgspec.json.encode(kept))
    try:
        new.rename(folder)
    except OSError:
        if not (folder / DESCRIPTION).exists():
            raise
        shutil.rmtree(new, ignore_errors=True)


def begin_table(folder: Path, needed: int, what: str) -> Path:
    """A new folder in which the table of ``folder`` is made; what is too old is removed.

    Args:
        needed: bytes that it takes on disk while it is made.

    Raises:
        DescendError: there is no room, or nothing can be written.
    """
    root = find_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        remove_old()
        if needed > (free := shutil.disk_usage(root).free):
            raise DescendError(
                f"{what} takes {format_size(needed)} on disk while it is made into numbers, and {root} has "
                f"{format_size(free)} free; make room, set DESCEND_HOME to another disk, or say limit=N."
            )
        new = root / f".{folder.name}.{os.getpid()}"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
    except OSError as error:
        raise DescendError(f"{root} cannot be written to ({error.strerror}), where large tables are kept.") from None
    return new


def list_tables() -> list[tuple[Path, str, int, float]]:
    """Each table that is kept: its folder, the file it was, its bytes and when it was used last (Unix time)."""
    found = []
    with suppress(OSError):
        for folder in sorted(find_root().iterdir()):
            with suppress(OSError):
                source = ""
                with suppress(OSError, msgspec.DecodeError):
                    source = msgspec.json.decode((folder / DESCRIPTION).read_bytes(), type=KeptTable).source
                size = sum(file.stat().st_size for file in folder.iterdir())
                found.append((folder, source, size, folder.stat().st_mtime))
    return found


def remove_old(days: float = DAYS) -> int:
    """Remove what was not used for so many ``days``; returns how many bytes that were."""
    freed = 0
    for folder, source, size, used in list_tables():
        if time.time() - used > 86_400 * (days if source else min(days, UNFINISHED)) or not days:
            shutil.rmtree(folder, ignore_errors=True)
            freed += size
    return freed

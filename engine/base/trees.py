"""Folders with all that is in them, however deep: `os.walk` and `shutil.rmtree` end at Python's recursion limit."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def walk(top: Path) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    """``top`` and every folder below, each with what is in it that is no folder; links are not followed, and what
    cannot be read is passed over."""
    pending = [top]
    while pending:
        folder, others = pending.pop(), []
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                else:
                    others.append(entry)
        yield folder, others


def remove(top: Path) -> None:
    """Remove the folder ``top`` with all that is in it.

    Raises:
        OSError: something in it may not be removed; more of it may be left than that.
    """
    try:
        shutil.rmtree(top)
    except RecursionError:
        flatten(top)
        shutil.rmtree(top)


def flatten(top: Path) -> None:
    """Move every folder below ``top`` into ``top`` itself, so that none is deep.

    Raises:
        OSError: one may not be moved.
    """
    numbers = itertools.count()
    pending = [entry.path for entry in os.scandir(top) if entry.is_dir(follow_symlinks=False)]
    while pending:
        folder = pending.pop()
        for entry in [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]:
            place = next(place for number in numbers if not os.path.lexists(place := os.path.join(top, f"{number}")))
            os.rename(entry.path, place)
            pending.append(place)

"""What a path that is being typed can become: names of files and folders, as a command line completes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from descend.engine.base.paths import parse_path

MOST = 10_000
"""Entries of a folder that are looked at."""


class Completion(NamedTuple):
    """What can be typed on.

    Attributes:
        text: what was typed, with all that is certain behind it.
        names: of what fits, folders with a slash; those that begin with a dot only if that was typed.
        folder: in which was looked, absolute.
    """

    text: str
    names: tuple[str, ...]
    folder: str


def complete_path(typed: str) -> Completion:
    """Complete the last name of ``typed``; ``~`` is the home folder. Reads that folder.

    Raises:
        UsageError: nothing can have that path.
        OSError: the folder cannot be read; its ``filename`` is the folder.
    """
    if typed == "~":
        typed = "~/"
    head, slash, begun = typed.rpartition("/")
    folder = str(parse_path(f"{head}{slash}" or "."))
    names = sorted(_list_names(folder), key=str.casefold)
    if not begun.startswith("."):
        names = [name for name in names if not name.startswith(".")]
    fitting = [name for name in names if name.startswith(begun)]
    fitting = fitting or [name for name in names if name.casefold().startswith(begun.casefold())]
    certain = _find_common_start(fitting)
    if len(certain) < len(begun):  # names that differ from what was typed, and from each other, in their case
        certain = begun
    return Completion(f"{head}{slash}{certain}", tuple(fitting), folder)


def _find_common_start(names: list[str]) -> str:
    first, last = min(names, default=""), max(names, default="")
    return first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _list_names(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for _, entry in zip(range(MOST), entries, strict=False):
            if entry.name.isprintable():  # others cannot be typed
                yield f"{entry.name}/" if entry.is_dir() else entry.name

"""A folder with a table for each part: ``train.csv`` and ``test.csv``, and ``validation.csv`` if there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from descend.datasets.compressed import find_suffix
from descend.datasets.csv_reader import CsvTable
from descend.datasets.split import PARTS
from descend.datasets.table_split import find_part
from descend.engine.base.errors import DescendError, UsageError

COLUMN = "part of the split"
"""Name of the column that is added to the joined table."""


def find_split_files(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The table of each part in ``folder``, by a word of `PARTS`; {} if it has none for training, or none to test.

    Raises:
        UsageError: two files are of one part.
        OSError: the folder cannot be read.
    """
    found = list_parts(folder, suffixes)
    return {part: found[part] for part in PARTS if part in found} if {"train", "test"} <= found.keys() else {}


def list_parts(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The table of each part that there is in ``folder``, by a word of `PARTS`; raises as `find_split_files`."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        part = find_part(file.name.partition(".")[0])
        if not part or find_suffix(file) not in suffixes or not file.is_file():
            continue
        if part in found:
            raise UsageError(f"{folder.name} has two tables for {part}: {found[part].name} and {file.name}; keep one.")
        found[part] = file
    return found


def choose_new_rows(place: Path, suffixes: tuple[str, ...]) -> Path:
    """The file with the rows to predict: ``place``, or in such a folder the table for the test.

    Raises:
        UsageError: it is a folder that has none.
    """
    if not place.is_dir():
        return place
    if test := list_parts(place, suffixes).get("test"):
        return test
    tables = sorted(file.name for file in place.iterdir() if find_suffix(file) in suffixes and file.is_file())
    if not tables:
        raise UsageError(f"{place} is a folder without a table; name a file with rows.")
    raise UsageError(f"{place} is a folder without a test.csv; name one of its tables, such as {place / tables[0]}.")


def join_parts(files: Mapping[str, Path], read: Callable[[Path], CsvTable]) -> CsvTable:
    """The rows of all ``files``, in their order, and a column that says of which part each is.

    Lines are counted through, as if the files stood below each other.

    Raises:
        DescendError: a file has no row, or lacks a column that another has.
    """
    joined: CsvTable | None = None
    for part, file in files.items():
        table = read(file)
        if not table.lines:
            raise DescendError(f"{file.name} has names of columns and no row; add rows, or take it away.")
        if joined is None:
            columns = [*table.columns, [part] * len(table.lines)]
            joined = replace(table, names=[*table.names, COLUMN], columns=columns)
            continue
        if odd := sorted(set(joined.names[:-1]) ^ set(table.names)):
            without = file if odd[0] in joined.names else joined.file
            raise DescendError(
                f"{without.name} has no column '{odd[0]}', which the other parts have; every part needs the same "
                "columns, also what is to be predicted."
            )
        for name, column in zip(joined.names, joined.columns, strict=True):
            column += [part] * len(table.lines) if name == COLUMN else table.columns[table.names.index(name)]
        begin = joined.lines[-1] if joined.lines else 0
        joined.lines += [begin + line for line in table.lines]
    assert joined is not None
    joined.notes.append(f"Lines are counted through {', '.join(file.name for file in files.values())}.")
    return joined

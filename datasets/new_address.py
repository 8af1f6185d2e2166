"""What can be said of new data after its name, as in ``new.csv?encoding=latin-1``: how it is written, not what it
means."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from descend.datasets.compressed import find_suffix
from descend.datasets.new_rows import READING
from descend.datasets.options import parse_options, split_address
from descend.datasets.records import SUFFIXES
from descend.datasets.table import TableOptions
from descend.engine.base.errors import UsageError

OF_ROWS = (*READING, "totals")
OF_TEXT = ("encoding",)


def split_new_rows(data: str, learned: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path of a table of new rows, and the options to read it with: those of the training's table, ``learned``,
    but for what ``data`` says itself.

    Raises:
        UsageError: it says something else, or what is not of such a file.
    """
    path, said = split_said(data, OF_ROWS)
    if find_suffix(Path(path)) in SUFFIXES and (odd := next((name for name in said if name in READING), "")):
        raise UsageError(f"{odd}= is for tables written as text, and {Path(path).name} is not.")
    return path, {**learned, **said}


def split_new_text(data: str, learned: str) -> tuple[str, str]:
    """The path of a text, and its encoding: what ``data`` says, else that of the training's text, ``learned``; raises
    as `split_new_rows` does."""
    path, said = split_said(data, OF_TEXT)
    return path, said.get("encoding", split_address(learned)[1].get("encoding", ""))


def split_said(data: str, sayable: Collection[str]) -> tuple[str, dict[str, Any]]:
    """The path in ``data``, and the options after it, of those that are ``sayable``."""
    path, given = split_address(data)
    options = parse_options(TableOptions, given, "a table")
    if odd := next((name for name in given if name not in sayable), ""):
        raise UsageError(
            f"{odd}= is settled by the training; of new data can be said how it is written: {', '.join(sayable)}."
        )
    return path, {name: getattr(options, name) for name in given}

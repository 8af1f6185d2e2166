"""The user's own data by its path: what family a file or a folder belongs to."""

from __future__ import annotations

import dataclasses
import functools
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import (
    image_folder,
    image_table,
    labelled_images,
    listing,
    npy_files,
    npz_file,
    split_files,
    table,
    text_file,
)
from descend.datasets.compressed import find_suffix
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.encodings import find_other_kind, read_start
from descend.datasets.memory import TooLarge
from descend.datasets.options import join_address, list_names, parse_options, split_address
from descend.datasets.tabular import is_tabular
from descend.datasets.user_data import UserData, make_spec
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.paths import parse_path

if TYPE_CHECKING:
    from descend.datasets.table_survey import Survey

AS_TABLE = "Read as a table, as its lines are cut into columns; kind=text reads it as text."

FAMILIES: dict[str, type[Any]] = {
    "a table": table.TableOptions,
    "a text file": text_file.TextOptions,
    "an .npz file": npz_file.ArrayOptions,
    ".npy files": npy_files.NpyOptions,
    "a folder of images": image_folder.FolderOptions,
    "a folder of images and a table": image_table.ImageTableOptions,
}
"""Kinds of data, with the options of each."""
Options = tuple[tuple[str, str], ...]


def find_spec(address: str, more: Mapping[str, str]) -> UserData:
    """The data at ``address``, a path and its options, to which ``more`` are added.

    Raises:
        UsageError: there is no such path, it is of no kind that can be read, or an option is wrong.
        DescendError: it cannot be learned from.
    """
    path, options = split_address(address)
    options |= more
    place = parse_path(path, kept=True)
    name = join_address(path, options)
    if arrays := _find_arrays(place):
        return _find_npy(place, name, options, arrays)
    try:
        status = place.stat()
    except OSError as error:
        why = "" if isinstance(error, FileNotFoundError) else f" that can be read ({error.strerror})"
        raise UsageError(f"There is no file or folder '{path}'{why}.") from None
    given = tuple(options.items())
    if place.is_dir() and (named := image_table.find_table(place, options)):
        said = read_options(place, "a folder of images and a table", options)
        found = labelled_images.list_labelled(place, named, said)
        if found.test is not None:
            found = dataclasses.replace(found, notes=(*found.notes, *warn_of_idle(options, "the table")))
        return image_folder.make_spec(place, name, found, said, given)
    if place.is_dir() and (parts := split_files.find_split_files(place, table.SUFFIXES)):
        return _find_split(place, name, options, parts)
    if place.is_dir():
        pictured = read_options(place, "a folder of images", options)
        listed = listing.list_images(place, pictured.limit, pictured.ignore)
        if listed.test is not None:
            listed = dataclasses.replace(listed, notes=(*listed.notes, *warn_of_idle(options, "the folder")))
        return image_folder.make_spec(place, name, listed, pictured, given)
    read = functools.partial(_read_dataset, place, name, given, (status.st_mtime_ns, status.st_size))
    return make_spec(read(), place, options, f"A file of {status.st_size:,} bytes of your own.", read)


def _find_arrays(place: Path) -> dict[str, Path]:
    """The ``.npy`` files at ``place``, if it is of such."""
    try:
        if place.is_dir() and not npy_files.holds_arrays(place):
            return {}
        found = npy_files.find_files(place)
    except OSError:
        return {}  # which is said when it is looked at
    if place.is_dir() and not found:
        raise UsageError(f"{place} holds .npy files of other names; {npy_files.FORM}.")
    return found


def _find_npy(place: Path, name: str, options: dict[str, str], arrays: Mapping[str, Path]) -> UserData:
    """The data in ``arrays``, called as `npy_files.find_files` has it."""
    files = tuple(arrays.values())
    version = tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    read = functools.partial(_read_npy, place, name, tuple(options.items()), version)
    listed = ", ".join(file.name for file in files)
    named = place if place.exists() else files[0]
    return dataclasses.replace(make_spec(read(), named, options, f"{listed} of your own.", read), files=files)


@functools.lru_cache(maxsize=2)
def _read_npy(place: Path, name: str, given: Options, version: tuple[tuple[int, int], ...]) -> Dataset:
    files = npy_files.find_files(place)
    return npy_files.read_files(place, files, name, read_options(place, ".npy files", dict(given)))


def _find_split(place: Path, name: str, options: dict[str, str], parts: Mapping[str, Path]) -> UserData:
    """The data in a folder with a table for each of the ``parts``."""
    files = tuple(parts.values())
    version = tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    read = functools.partial(_read_tables, place, name, tuple(options.items()), version)
    listed = ", ".join(file.name for file in files)
    return dataclasses.replace(make_spec(read(), place, options, f"{listed} of your own.", read), files=files)


@functools.lru_cache(maxsize=2)
def _read_tables(place: Path, name: str, given: Options, version: tuple[tuple[int, int], ...]) -> Dataset:
    found = _read_any_table(place, name, read_options(place, "a table", dict(given)))
    return dataclasses.replace(found, notes=(*found.notes, *warn_of_idle(dict(given), "the files")))


def _read_any_table(place: Path, name: str, options: table.TableOptions) -> Dataset:
    """The table ``place``, from disk if it does not fit into memory."""
    from descend.datasets.streamed_table import read_streamed

    try:
        return table.read_table(place, name, options)
    except TooLarge:
        return read_streamed(place, name, options)


def warn_of_idle(options: Mapping[str, str], instead: str) -> tuple[str, ...]:
    """A warning if ``options`` ask for a share of test rows though something else, ``instead``, says which they are."""
    given = [f"{name}=" for name in ("test", "seed") if name in options]
    return (
        (f"{WARNING}{' and '.join(given)} changed nothing, as {instead} already told the test part.",) if given else ()
    )


def read_options(place: Path, family: str, given: Mapping[str, str]) -> Any:
    """The options of the data in ``place``, of a kind in `FAMILIES`, from those ``given``.

    Raises:
        UsageError: there is no such option, or it is for another kind of data, or its value does not fit.
    """
    unknown = [name for name in given if name not in list_names(FAMILIES[family])]
    for name in unknown:
        if other := next((other for other, kind in FAMILIES.items() if name in list_names(kind)), ""):
            say = "; kind=table reads it as one" if (family, other) == ("a text file", "a table") else ""
            raise UsageError(f"The option {name} is for {other}, and {place.name} is read as {family}{say}.")
    return parse_options(FAMILIES[family], given, family)


def survey(address: str) -> Survey | None:
    """What there is to say of the columns of the table at ``address``; None if it is none, or an option is for another
    kind of data.

    Raises:
        DescendError: its cells cannot be read.
    """
    from descend.datasets.table_survey import survey_table

    path, options = split_address(address)
    place = parse_path(path, kept=True)
    if place.is_dir():
        if named := image_table.find_table(place, options):
            chosen = read_options(place, "a folder of images and a table", options)
            return labelled_images.survey_images(place, path, named, chosen, options)
        if not split_files.find_split_files(place, table.SUFFIXES):
            return None
    elif not place.is_file() or (options.get("kind") or detect_kind(place, options)) != "table":
        return None
    said = read_options(place, "a table", options)
    try:
        return survey_table(place, path, options)
    except TooLarge:
        from descend.datasets.table_sample import sample_table

        sample = sample_table(place, said)
        return survey_table(place, path, options, sample.table)


def find_path(address: str) -> Path:
    """The file or folder of an `Own.address`; it may no longer exist."""
    return Path(split_address(address)[0])


def list_files(address: str) -> tuple[Path, tuple[Path, ...]]:
    """The file or folder of an `Own.address`, and all files that are read of it.

    Raises:
        OSError: there is no such file.
        DescendError: it is a folder that cannot be learned from, or an option is wrong.
    """
    found = find_path(address)
    if arrays := _find_arrays(found):
        return found, tuple(arrays.values())
    if not stat.S_ISDIR(found.stat().st_mode):
        return found, (found,)
    given = split_address(address)[1]
    if named := image_table.find_table(found, given):
        said = read_options(found, "a folder of images and a table", given)
        return found, (*named.files, *labelled_images.list_labelled(found, named, said).files)
    if parts := split_files.find_split_files(found, table.SUFFIXES):
        return found, tuple(parts.values())
    options = read_options(found, "a folder of images", given)
    return found, listing.list_images(found, options.limit, options.ignore).files


@functools.lru_cache(maxsize=2)  # looking for it reads it, and so does loading it right after
def _read_dataset(file: Path, name: str, given: Options, version: tuple[int, int]) -> Dataset:
    options = dict(given)
    suffix = find_suffix(file)
    if not file.is_file():
        raise UsageError(f"{file} is neither a file nor a folder.")
    if not file.stat().st_size:
        raise DescendError(f"{file.name} is empty; there is nothing to learn from.")
    if suffix in npz_file.SUFFIXES:
        return npz_file.read_npz(file, name, read_options(file, "an .npz file", options))
    kind = options.get("kind") or detect_kind(file, options)
    if kind == "text":
        return text_file.read_text(file, name, read_options(file, "a text file", options))
    if kind:
        found = _read_any_table(file, name, read_options(file, "a table", options))
        note = () if suffix in table.SUFFIXES or "kind" in options else (AS_TABLE,)
        idle = warn_of_idle(options, f"split={options['split']}") if "split" in options else ()
        return dataclasses.replace(found, notes=(*note, *found.notes, *idle))
    if what := find_other_kind(read_start(file)):
        raise UsageError(f"{file.name} is of a kind that cannot be read: {what}.")
    known = ", ".join((*table.SUFFIXES, *npz_file.SUFFIXES, npy_files.SUFFIX, *text_file.SUFFIXES))
    raise UsageError(
        f"{file.name} is of a kind that cannot be read; data is a file that ends in {known}, any other file with "
        "kind=table or kind=text, or a folder of images."
    )


def detect_kind(file: Path, options: Mapping[str, str]) -> str:
    """What ``file`` holds, by its ending, by ``options`` that only tables have, and by its lines: table, text or ""."""
    suffix = find_suffix(file)
    if suffix not in text_file.SUFFIXES:
        return "table" if suffix in table.SUFFIXES else ""
    if suffix in text_file.TABLES and (set(options) - list_names(text_file.TextOptions)) & list_names(
        table.TableOptions
    ):
        return "table"
    return "table" if suffix in text_file.TABLES and is_tabular(file, options.get("encoding", "")) else "text"

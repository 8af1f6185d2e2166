"""A folder of images with a table that names them: ``images/`` and ``labels.csv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets import table
from descend.datasets.columns import Column, ColumnFinder
from descend.datasets.compressed import find_suffix
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.image_folder import ImageOptions
from descend.datasets.labels import empty_option, mark_option
from descend.datasets.listing import COPIES, find_pictures, list_classes, list_entries, spell_name
from descend.datasets.options import list_names, option, parse_options
from descend.datasets.records import Nesting
from descend.datasets.split_files import find_split_files, join_parts
from descend.datasets.table_split import find_part
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMED = ("labels", "label", "annotations", "metadata", "images")
"""What such a table is called, where folders could be classes as well."""


@dataclass(frozen=True)
class ImageTableOptions(ImageOptions):
    """What can be said of a folder of images and the table that names them."""

    target: str = option(
        "",
        "the column with the class, or the number, of each image; default: the last; of labels or "
        "numbers several, with commas between",
    )
    image: str = option("", "the column that names the files; default: the one that does")
    task: str = option(
        "", "what to learn; default: by what is in the target", among=("classification", "labels", "regression")
    )
    mark: str = mark_option()
    empty: str = empty_option()
    missing: str = option("error", "what to do about missing files and empty targets", among=("error", "drop"))
    split: str = option("", "a column that says train, validation or test of each image; default: one called split")
    group: str = option("", "a column whose images of one value stay together, in training or in test")
    header: str = option("", "whether the table's first line names the columns", among=("yes", "no"))
    delimiter: str = option("", "what separates its cells: comma, semicolon, tab, bar, space")
    limit: int = option(0, "rows to read at most; 0 is all", low=0)


OWN = list_names(ImageTableOptions) - list_names(ImageOptions) - {"limit"}
"""Options that only such a folder has."""


@dataclass(frozen=True)
class ImageTable:
    """A table that names pictures.

    Attributes:
        files: of the table, several if each part has its own.
        columns: all of them.
        image: the one that names pictures.
        pictures: all below the folder.
        places: the place among these of each row's picture, (rows,); -1 where it is not there.
    """

    files: tuple[Path, ...]
    columns: list[Column]
    image: Column
    pictures: list[Path]
    places: NDArray[np.int64]
    notes: list[str]

    @property
    def name(self) -> str:
        """For sentences."""
        return " and ".join(file.name for file in self.files)


class PictureIndex:
    """Finds pictures below ``root`` by how a table names them: with more folders, or fewer, or none, and without the
    ending."""

    def __init__(self, root: Path, pictures: Sequence[Path]) -> None:
        self._places: dict[str, list[int]] = {}
        for place, picture in enumerate(pictures):
            path = picture.relative_to(root)
            for whole in (path, path.with_suffix("")):
                for tail in list_tails(spell_name(whole.as_posix())):
                    self._places.setdefault(tail, []).append(place)

    def find(self, cell: str) -> list[int]:
        """Places of the pictures that ``cell`` may mean; one, if it is clear."""
        tails = list_tails(cell.strip().replace("\\", "/").removeprefix("./"))
        return next((found for tail in tails if (found := self._places.get(tail, []))), [])


def list_tails(path: str) -> list[str]:
    """``a/b/c`` → ``[a/b/c, b/c, c]``, in lower case."""
    parts = path.casefold().split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def find_table(root: Path, given: Mapping[str, str]) -> ImageTable | None:
    """The table in ``root`` that names images there; None if it is another kind of folder.

    Args:
        given: the options, of whatever kind of folder.

    Raises:
        DescendError: there is a table and it names none, or no table where one was asked for.
        UsageError: there are several.
    """
    asked = bool(OWN & given.keys())
    parts = find_split_files(root, table.SUFFIXES)
    files = tuple(parts.values()) or choose_files(root, asked)
    if not files:
        return None
    pictures = find_pictures(root)
    if parts and not pictures:
        return None
    if not pictures:
        raise DescendError(
            f"{root} has no images; name its table, {files[0]}, to learn from that"
            f"{', or add a test.csv beside it' if find_part(files[0].name.partition('.')[0]) == 'train' else ''}."
        )
    known = {name: word for name, word in given.items() if name in list_names(ImageTableOptions)}
    options = parse_options(ImageTableOptions, known, "a folder of images and a table")
    reading = table.TableOptions(header=options.header, delimiter=options.delimiter, limit=options.limit)
    try:
        read = join_parts(parts, lambda file: read_cells(file, reading)) if parts else read_cells(files[0], reading)
        found = match(root, read, files, pictures, options.image)
    except DescendError:
        if asked or not has_classes(root):
            raise
        return None
    if found is None and (not parts or options.image) and (asked or not has_classes(root)):
        if options.image:
            raise DescendError(f"Column '{options.image}' of {files[0].name} names no image in {root}; choose another.")
        raise DescendError(
            f"{files[0].name} has no column that names images in {root}; write their file names into one, or "
            f"name the table, {files[0]}, to learn from that alone."
        )
    if found is not None and not asked and 2 * len(set(found.places.tolist()) - {-1}) < len(pictures):
        return None if has_classes(root) else found
    return found


def read_cells(file: Path, options: table.TableOptions) -> CsvTable:
    """The cells of ``file``; lists and objects of JSON and Parquet as JSON, as only the target is learned from."""
    return table.read_cells(file, options, lambda names: Nesting(frozenset(names)))


def choose_files(root: Path, asked: bool) -> tuple[Path, ...]:
    """The table in ``root`` that may name its images, if there is one; ``asked`` for if an option says so."""
    entries = [entry for entry, is_folder in list_entries(root) if not is_folder]
    tables = [file for file in entries if find_suffix(file) in table.SUFFIXES and not file.name.endswith(COPIES)]
    if named := [file for name in NAMED for file in tables if file.name.partition(".")[0].lower() == name]:
        return (named[0],)
    if not tables and asked:
        raise UsageError(f"{root} has no table that names its images; add a labels.csv with a line for each.")
    if not tables or (has_classes(root) and not asked):
        return ()
    if len(tables) > 1:
        listed = ", ".join(file.name for file in tables[:4])
        more = "" if len(tables) <= 4 else f" and {len(tables) - 4} more"
        raise UsageError(
            f"{root} has {len(tables)} tables, {listed}{more}; name the one to learn from, or call the one that names "
            "images labels.csv."
        )
    return (tables[0],)


def has_classes(root: Path) -> bool:
    """Whether there are two folders with images in them."""
    folders = list_classes(root).items()
    return sum(bool(folder.pictures) for _, folder in folders) > 1


def match(root: Path, read: CsvTable, files: tuple[Path, ...], pictures: list[Path], image: str) -> ImageTable | None:
    """Find each row's picture by the column ``image``, or the one that names most; None if none names any.

    Raises:
        DescendError: a row may mean several.
        UsageError: there is no such column.
    """
    import numpy as np

    columns = make_columns(read)
    index = PictureIndex(root, pictures)
    best: tuple[int, Column, list[list[int]]] = (0, columns[0], [])
    for column in [ColumnFinder(columns, read.file.name)(image)] if image else columns:
        found = [index.find(cell) if cell else [] for cell in column.cells]
        count = len({place for places in found for place in places})
        if count > best[0]:
            best = (count, column, found)
    count, column, found = best
    if not count:
        return None
    several = next((row for row, places in enumerate(found) if len(places) > 1), None)
    if several is not None:
        two = [spell_name(str(pictures[place].relative_to(root))) for place in found[several][:2]]
        raise DescendError(
            f"Line {column.lines[several]:,} of {read.file.name} has '{shorten_cell(column.cells[several])}', which "
            f"may be {two[0]} or {two[1]}; write the folder before the name."
        )
    places = np.array([places[0] if places else -1 for places in found], np.int64)
    return ImageTable(files, columns, column, pictures, places, list(read.notes))


def make_columns(read: CsvTable) -> list[Column]:
    """The columns of a table of images."""
    return [
        Column(name, cells, read.lines, place=place)
        for place, (name, cells) in enumerate(zip(read.names, read.columns, strict=True), 1)
    ]

"""The pictures in a user's folder: which there are, of which class, and which are for the test."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import image_file
from descend.datasets.data_shape import Task, format_count
from descend.datasets.dataset import WARNING
from descend.datasets.order import find_lookalikes, sort_classes
from descend.datasets.split import PARTS, UNTRAINED
from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_FILES = 1_000_000
LEFTOVERS = (
    ".",
    "__MACOSX",
    "@eaDir",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
    "Thumbs.db",
    "desktop.ini",
)
"""How names begin of what other programs leave in folders."""
COPIES = ("~", ".bak", ".old", ".orig", ".tmp", ".part", ".crdownload")
"""How names end of copies and of what was not finished, which are not read whatever they hold."""
TRAIN, TEST = PARTS["train"], UNTRAINED
AFTER = ("set", "data", "images", "image", "imgs", "split")
"""What may follow the name of a part, as in ``training_set`` and ``val2017``."""
SHOWN = 6
"""Endings of names that are listed."""


@dataclass(frozen=True, eq=False)
class FolderListing:
    """The pictures of a folder.

    Attributes:
        labels: the class of each file, (n,); of the task labels 1 for each that it has and else 0, (n, k); or the
            numbers to predict, (n,) or (n, k).
        test: which are for the test; None if nothing parts them.
        table: the files that name them and say what they show; () if folders do.
        label, mark, targets: as in `Dataset`.
        groups: of each file, if those of a group stay together.
        held: which are for validation; () if that is not said.
        task: what is learned.
    """

    files: tuple[Path, ...]
    labels: Sequence[int] | NDArray[Any]
    test: tuple[bool, ...] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    table: tuple[Path, ...] = ()
    label: str = ""
    targets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    held: tuple[bool, ...] = ()
    mark: str = ""
    task: Task = "classification"


def list_images(root: Path, limit: int = 0, ignore: Collection[str] = ()) -> FolderListing:
    """The pictures below ``root``, in order of class and path.

    Args:
        limit: pictures of each class and part at most; 0 is all.
        ignore: classes to leave out.

    Raises:
        DescendError: there are no two classes, or one has too few images.
        UsageError: there is no class to leave out of such a name.
    """
    notes: list[str] = []
    train, test = find_parts(root, notes)
    there = list_classes(train or root)
    notes += warn_of_subfolders(train or root, ignore)
    if unknown := [name for name in ignore if name not in there]:
        raise UsageError(f"{root} has no class '{unknown[0]}' to leave out{suggest_nearest(unknown[0], there) or '.'}")
    classes = sort_classes(name for name in there if name not in ignore)
    if len(classes) < 2:
        one = f"only the class '{classes[0]}'" if classes else "no folders in it"
        inner = next(iter(list_folders(train or root)), None)
        inside = f"; if the classes are in {inner}, name that" if inner and len(list_folders(inner)) > 1 else ""
        raise DescendError(f"{root} has {one}; images are put into one folder for each class, two or more{inside}.")
    if alike := find_lookalikes(classes):
        notes.append(f"{WARNING}the classes {alike}; if they are meant to be one, put them together.")
    for name in classes:
        if not there[name].pictures:
            raise DescendError(f"{(train or root) / name} {there[name].lack}{suggest_ignore(name, ignore)}.")
    places = [(train or root, there, False)]
    if test is not None:
        tested = {name: folder for name, folder in list_classes(test).items() if name not in ignore}
        if unknown := sort_classes(set(tested) - set(classes)):
            alike = next((name for name in classes if name.casefold() == unknown[0].casefold()), "")
            remedy = (
                f"call it '{alike}' as there"
                if alike
                else f"one of the two is wrong{suggest_ignore(unknown[0], ignore)}"
            )
            raise DescendError(f"{test} has a class '{unknown[0]}' that {train} does not have; {remedy}.")
        places.append((test, tested, True))
        if untested := [name for name in classes if name not in tested or not tested[name].pictures]:
            notes.append(f"Never tested, for lack of images in {spell_name(test.name)}: {join_few(untested)}.")
    for place, here, _ in places:
        used = [folder for name, folder in here.items() if name not in ignore]
        notes += [*describe_unused(place, used), *describe_unnamed(place, used)]
    found = [
        (file, label, for_test)
        for _, here, for_test in places
        for label, name in enumerate(classes)
        if name in here
        for file in here[name].pictures[: limit or None]
    ]
    files, labels = [file for file, _, _ in found], [label for _, label, _ in found]
    many = Counter(labels)
    rare = min(range(len(classes)), key=lambda label: many[label])
    if len(files) < 5 or (test is None and many[rare] < 2):
        raise DescendError(
            f"{root} has {format_count(len(files), 'image')} in all and {many[rare]} of "
            f"'{classes[rare]}'; at least 5 in "
            "all and 2 of each class are needed."
        )
    tests = None if test is None else tuple(for_test for _, _, for_test in found)
    return FolderListing(tuple(files), tuple(labels), tests, tuple(classes), tuple(dict.fromkeys(notes)))


def find_parts(root: Path, notes: list[str]) -> tuple[Path | None, Path | None]:
    """The folders with the classes to train on and to test with; None where ``root`` has no such folder."""
    there = list_folders(root)

    def part(names: Sequence[str]) -> Path | None:
        """The first folder of such a name that has folders in it."""
        fitting = (folder for name in names for folder in there if strip_suffix(folder) == name)
        return next((folder for folder in fitting if list_folders(folder)), None)

    train, test = part(TRAIN), part(TEST)
    if train is None:
        if len(there) > 1 and all(strip_suffix(folder) in (*TRAIN, *TEST) for folder in there):
            raise DescendError(
                f"{root} has the folders {join_few([folder.name for folder in there])}, which are "
                f"no classes, and no train "
                "with a folder for each class in it; put the images to train on into such folders."
            )
        return None, None
    used = [train, *([test] if test is not None else [])]
    if test is None:
        notes.append(
            f"There is no folder with classes to test with next to {train.name}, so a share of it is kept for that."
        )
    elif strip_suffix(test) not in TEST[:2]:
        notes.append(f"Tested with what is in {test.name}.")
    if others := [spell_name(folder.name) for folder in there if folder not in used]:
        notes.append(f"Left out besides {' and '.join(folder.name for folder in used)}: {join_few(others)}.")
    return train, test


def strip_suffix(folder: Path) -> str:
    """The name of a folder by its letters, without what may follow the name of a part."""
    name = "".join(filter(str.isalpha, folder.name.lower()))
    return next((name.removesuffix(end) for end in AFTER if name.endswith(end)), name)


def spell_name(name: str) -> str:
    """A name on disk as text; bytes that are not text are escaped, as ``\\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def list_folders(place: Path) -> list[Path]:
    """The folders in ``place`` by name."""
    return [entry for entry, is_folder in list_entries(place) if is_folder]


def list_entries(place: Path) -> list[tuple[Path, bool]]:
    """Files and folders in ``place`` by name, and which are folders; without what is hidden, neither a file nor a
    folder, or left there by other programs."""
    found = []
    try:
        with os.scandir(place) as scanned:
            for entry in sorted(scanned, key=lambda entry: entry.name):
                if entry.name.startswith(LEFTOVERS):
                    continue
                with suppress(OSError):  # a link that leads nowhere
                    if (is_folder := entry.is_dir()) or entry.is_file():
                        found.append((place / entry.name, is_folder))
    except OSError as error:
        raise DescendError(f"{place} cannot be read ({error.strerror}); make it readable.") from None
    return found


@dataclass(frozen=True)
class ClassFolder:
    """What is in a folder of a class: pictures in order, and how the names of other files end, how often."""

    pictures: tuple[Path, ...]
    others: Counter[str]

    @property
    def lack(self) -> str:
        """Why there is nothing to learn from, and what to do."""
        if not self.others:
            return "is an empty folder; put images into it"
        return f"holds no images that Pillow reads here, only {count_endings(self.others)}; save them as PNG or JPEG"


def list_classes(place: Path) -> dict[str, ClassFolder]:
    """What is in each folder in ``place``, and in folders within it."""
    found: dict[str, ClassFolder] = {}
    total, endings = 0, image_file.list_extensions()
    for folder in list_folders(place):
        files = list(itertools.islice(walk_files(folder, {identify(place)}), MAX_FILES))
        total += len(files)
        if total >= MAX_FILES:
            raise DescendError(f"{place} holds more than {MAX_FILES:,} files; name the folder with the images in it.")
        first = {
            file.suffix.lower(): file
            for file in reversed(files)
            if file.suffix.lower() not in endings and not file.name.lower().endswith(COPIES)
        }
        read = endings | {suffix for suffix, file in first.items() if image_file.begins_as_picture(file)}
        pictures = tuple(file for file in files if file.suffix.lower() in read)
        others = Counter(find_ending(file) for file in files if file.suffix.lower() not in read)
        found[spell_name(folder.name)] = ClassFolder(pictures, others)
    return found


def warn_of_subfolders(place: Path, ignore: Collection[str]) -> list[str]:
    """A warning if all classes in ``place`` contain folders of the same names, which may be splits or the classes
    themselves."""
    within = {
        spell_name(folder.name): {spell_name(inner.name) for inner in list_folders(folder)}
        for folder in list_folders(place)
        if spell_name(folder.name) not in ignore
    }
    same = sorted(set.intersection(*within.values())) if within else []
    if len(same) < 2:
        return []
    return [
        f"{WARNING}each class, as '{next(iter(within))}', has the folders {join_few(same)}, whose images are merged; "
        "if these are the classes, name a folder that holds them; if splits, put the classes in train and test."
    ]


def describe_unused(place: Path, classes: Iterable[ClassFolder]) -> list[str]:
    """Sentences on the files in ``place`` and its ``classes`` that are not used."""
    loose = [entry for entry, is_folder in list_entries(place) if not is_folder]
    pictures = [file for file in loose if file.suffix.lower() in image_file.list_extensions()]
    others = sum((folder.others for folder in classes), Counter(map(find_ending, set(loose) - set(pictures))))
    notes = []
    if pictures:
        notes.append(
            f"Left out, having no class: {format_count(len(pictures), 'image')} in {spell_name(place.name)} itself."
        )
    if others:
        notes.append(f"Skipped in {spell_name(place.name)}, not being images: {count_endings(others)}.")
    return notes


def describe_unnamed(place: Path, classes: Iterable[ClassFolder]) -> list[str]:
    """A sentence on the pictures in ``place`` and its ``classes`` that are known by their contents only."""
    named = image_file.list_extensions()
    found = Counter(find_ending(file) for each in classes for file in each.pictures if file.suffix.lower() not in named)
    if not found:
        return []
    return [f"Read in {spell_name(place.name)}, being images despite their names: {count_endings(found)}."]


def count_endings(endings: Counter[str]) -> str:
    """How many files, and how their names end, the most frequent first, as ``3 files (.txt 2, .xml 1)``."""
    listed = sorted(endings.items(), key=lambda item: (-item[1], item[0]))
    more = sum(count for _, count in listed[SHOWN:])
    shown = [f"{name} {count:,}" for name, count in listed[:SHOWN]] + ([f"others {more:,}"] if more else [])
    return f"{format_count(endings.total(), 'file')} ({', '.join(shown)})"


def find_ending(file: Path) -> str:
    """How a file's name ends, as ``.txt``."""
    return clean(spell_name(file.suffix.lower()))[:12] or "no ending"


def join_few(names: Sequence[str]) -> str:
    """The first of ``names``, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + more


def identify(folder: Path) -> tuple[int, int]:
    """What tells ``folder`` from every other, by whatever links it is reached."""
    try:
        status = os.stat(folder)
    except OSError as error:
        raise DescendError(f"{folder} cannot be read ({error.strerror}); make it readable.") from None
    return status.st_dev, status.st_ino


def walk_files(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """The files below ``folder``; a link back to one that is being walked, or to one of ``seen``, is not followed."""
    walked: dict[tuple[int, int], Iterator[tuple[Path, bool]]] = {}  # Python's recursion has a limit

    def enter(folder: Path) -> None:
        this = identify(folder)
        if this not in seen and this not in walked:
            walked[this] = iter(list_entries(folder))

    enter(folder)
    while walked:
        for entry, is_folder in next(reversed(walked.values())):
            if is_folder:
                enter(entry)
                break
            yield entry
        else:
            walked.popitem()


def suggest_ignore(name: str, ignored: Iterable[str]) -> str:
    """What to say to do without the class of that name; nothing if no option can express it."""
    return "" if set(name) & set(",&%\\") else f", or leave it out with ignore={','.join([*ignored, name])}"


def find_pictures(folder: Path) -> list[Path]:
    """The pictures in ``folder`` and below, by name."""
    endings = image_file.list_extensions()
    return sorted(file for file in walk_files(folder, set()) if file.suffix.lower() in endings)

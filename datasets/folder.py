"""The user's folder of images: one folder a class, or ``train`` and ``test`` with one folder a class in each."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets import picture
from descend.datasets.dataset import Dataset
from descend.datasets.options import option
from descend.datasets.own import Own
from descend.datasets.shape import counted
from descend.datasets.split import stratified
from descend.engine.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 2**32
MOST_FILES = 1_000_000
SIZES = (8, 16, 24, 28, 32, 48, 64)
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
TRAIN, TEST = ("train", "training"), ("test", "testing", "val", "valid", "validation")


@dataclass(frozen=True)
class FolderOptions:
    """What can be said of a folder of images."""

    size: str = option("", "side of the images, or HEIGHTxWIDTH; default: what most have, at most 64")
    colour: str = option("", "what to make of them; default: what they are", among=("grey", "rgb"))
    broken: str = option("error", "what to do about broken images", among=("error", "skip"))
    limit: int = option(0, "images of each class at most; 0 is all", least=0)
    test: float = option(0.2, "share of each class that is kept for the test", least=0.01, most=0.9)
    seed: int = option(0, "seed of the split", least=0, most=2**31 - 1)


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder: files and labels, and which are for the test; None if the folder does not part them."""

    files: tuple[Path, ...]
    labels: tuple[int, ...]
    test: tuple[bool, ...] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def spec(root: Path, name: str, options: FolderOptions, given: tuple[tuple[str, str], ...]) -> Own:
    """What is in a folder of images, from the names of its files and their first bytes.

    Raises:
        DescendError: it is no folder of images by class, or a file is no picture.
        UsageError: an option does not fit.
    """
    import numpy as np

    listing = listed(root, options.limit)
    sizes, grey, broken = [], True, 0
    for file in listing.files:
        try:
            height, width, is_grey = picture.looked_at(file)
        except picture.Broken as error:
            if options.broken == "error":
                raise refused(error) from None
            broken += 1
            continue
        sizes.append((height, width))
        grey &= is_grey
    if not sizes:
        raise DescendError(f"None of the {len(listing.files):,} images in {root} can be read.")
    height, width = chosen_size(options.size, sizes)
    if options.colour:
        grey = options.colour == "grey"
    size = len(listing.files) * height * width * (1 if grey else 3)
    if size > MOST_BYTES:
        raise DescendError(
            f"{len(listing.files):,} images of {height} × {width} pixels take {size / 1e9:.1f} GB, more than "
            f"{MOST_BYTES / 1e9:.1f}; choose a smaller size=…, or limit=N for the first N of each class."
        )
    train, test = parts(listing, np.ones(len(listing.files), bool), options)
    return Own(
        name=name,
        title=root.name,
        description=f"A folder of {len(listing.files):,} images of your own, in {len(listing.classes)} classes.",
        sample_shape=(height, width) if grey else (height, width, 3),
        classes=listing.classes,
        train_size=len(train),
        test_size=len(test),
        path=root,
        options=given,
        read=functools.partial(read, name, listing, height, width, grey, options),
    )


def read(name: str, listing: Listing, height: int, width: int, grey: bool, options: FolderOptions) -> Dataset:
    """Read every picture.

    Raises:
        DescendError: one is broken, unless they are to be skipped, or too few are left.
    """
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    count = len(listing.files)
    images = np.zeros((count, height, width) if grey else (count, height, width, 3), np.uint8)
    whole = np.ones(count, bool)

    def fill(place: int) -> picture.Broken | None:
        try:
            images[place] = picture.pixels(listing.files[place], height, width, grey)
        except picture.Broken as error:
            return error
        return None

    with ThreadPoolExecutor() as pool:  # pictures are decoded outside Python
        for place, error in enumerate(pool.map(fill, range(count))):
            whole[place] = error is None
            if error is not None and options.broken == "error":
                pool.shutdown(cancel_futures=True)
                raise refused(error)
    notes = list(listing.notes)
    if not whole.all():
        first = listing.files[int(whole.argmin())]
        notes.append(f"{counted(int((~whole).sum()), 'broken image')} skipped, the first {legible(first.name)}.")
    train, test = parts(listing, whole, options)
    labels = np.array(listing.labels, np.int64)
    if len(set(labels[train].tolist())) < len(listing.classes):
        raise DescendError("A class has no image left that can be read; mend some, or remove its folder.")
    return Dataset(
        name, listing.classes, images[train], labels[train], images[test], labels[test], scale=255, notes=tuple(notes)
    )


def refused(error: picture.Broken) -> DescendError:
    """The sentence on a broken image, with what to do."""
    return DescendError(f"{str(error).removesuffix('.')}; mend or remove it, or say broken=skip.")


def parts(
    listing: Listing, whole: NDArray[np.bool_], options: FolderOptions
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test images, of those that are ``whole``."""
    import numpy as np

    at = np.flatnonzero(whole)
    if listing.test is not None:
        test = np.array(listing.test, bool)[at]
        return at[~test], at[test]
    train, test = stratified(np.array(listing.labels, np.int64)[at], options.test, options.seed)
    return at[train], at[test]


def listed(root: Path, limit: int = 0) -> Listing:
    """The pictures below ``root``, in order of class and path.

    Raises:
        DescendError: there are no two classes, or one has too few images.
    """
    notes: list[str] = []
    names = {folder.name.lower(): folder for folder in folders(root)}
    train = next((names[name] for name in TRAIN if name in names), None)
    test = next((names[name] for name in TEST if name in names and folders(names[name])), None)
    if train is not None and folders(train):
        classes, parted = by_class(train, notes), [(train, False)]
        used = [train.name]
        if test is not None:
            parted.append((test, True))
            used.append(test.name)
        else:
            notes.append(
                f"Beside {train.name} is no folder with classes to test with, so a share of it is kept for that."
            )
        if others := [legible(folder.name) for folder in names.values() if folder not in (train, test)]:
            notes.append(f"Left out beside {' and '.join(used)}: {', '.join(others)}.")
    else:
        classes, parted = by_class(root, notes), [(root, False)]
    if len(classes) < 2:
        one = f"only the class '{next(iter(classes))}'" if classes else "no folders in it"
        inner = next(iter(folders(parted[0][0])), None)
        inside = f"; if the classes are in {inner}, name that" if inner and len(folders(inner)) > 1 else ""
        raise DescendError(f"{root} has {one}; images are put into one folder for each class, two or more{inside}.")
    found: list[tuple[Path, int, bool]] = []
    ordered = sorted(classes)
    if len({name.casefold() for name in ordered}) < len(ordered):
        notes.append("Some classes differ in capital letters only; if they are meant to be one, put them together.")
    for place, for_test in parted:
        here = by_class(place, notes) if for_test else classes
        if unknown := sorted(set(here) - set(classes)):
            raise DescendError(
                f"{place} has a class '{unknown[0]}' that {train} does not have; one of the two is wrong."
            )
        for label, name in enumerate(ordered):
            if name not in here:
                continue
            files = here[name]
            if not files:
                raise DescendError(f"{place / name} holds no images; remove that folder, or put images into it.")
            found += [(file, label, for_test) for file in (files[:limit] if limit else files)]
    files, labels = [file for file, _, _ in found], [label for _, label, _ in found]
    if len(files) < 5 or (len(parted) == 1 and min(map(labels.count, set(labels))) < 2):
        rare = min(range(len(ordered)), key=labels.count)
        raise DescendError(
            f"{root} has {counted(len(files), 'image')} in all and {labels.count(rare)} of '{ordered[rare]}'; at least "
            "5 in all and 2 of each class are needed."
        )
    tests = None if len(parted) == 1 else tuple(for_test for _, _, for_test in found)
    return Listing(tuple(files), tuple(labels), tests, tuple(ordered), tuple(dict.fromkeys(notes)))


def legible(name: str) -> str:
    """A name on disk as text; bytes that are none are spelled, as ``\\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def folders(place: Path) -> list[Path]:
    """The folders in ``place``, hidden ones left out."""
    return [entry for entry in entries(place) if entry.is_dir()]


def entries(place: Path) -> list[Path]:
    """What is in ``place`` by name, without what is hidden or left there by other programs."""
    try:
        return sorted(entry for entry in place.iterdir() if not entry.name.startswith(LEFTOVERS))
    except OSError as error:
        raise DescendError(f"{place} cannot be read ({error.strerror}); make it readable.") from None


def by_class(place: Path, notes: list[str]) -> dict[str, list[Path]]:
    """The pictures of each folder in ``place``, those of folders within it among them."""
    found: dict[str, list[Path]] = {}
    loose = [entry for entry in entries(place) if entry.suffix.lower() in picture.SUFFIXES and entry.is_file()]
    others = 0
    for folder in folders(place):
        files = list(itertools.islice(walked(folder, {os.path.realpath(place)}), MOST_FILES))
        if others + len(files) >= MOST_FILES:
            raise DescendError(f"{place} holds more than {MOST_FILES:,} files; name the folder with the images in it.")
        pictures = [file for file in files if file.suffix.lower() in picture.SUFFIXES]
        found[legible(folder.name)] = pictures
        others += len(files) - len(pictures)
    if loose:
        notes.append(f"Left out, as of no class: {counted(len(loose), 'image')} in {legible(place.name)} itself.")
    if others:
        notes.append(f"Passed over, as no images: {counted(others, 'file')}.")
    return found


def walked(folder: Path, seen: set[str]) -> Iterator[Path]:
    """The files below ``folder``; a link back to a folder that is being walked is not followed."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    for entry in entries(folder):
        if entry.is_dir():
            yield from walked(entry, seen | {real})
        elif entry.is_file():
            yield entry


def chosen_size(size: str, sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """Height and width of all images: as told, as they all are, or square and near the median of their longer sides."""
    if size:
        height, cross, width = size.lower().replace("×", "x").partition("x")
        sides = (height, width) if cross else (height, height)
        if not all(side.isdecimal() and 4 <= int(side) <= 512 for side in sides):
            raise UsageError(
                f"The option size is a side from 4 to 512, as 32, or HEIGHTxWIDTH, as 24x32, not '{size}'."
            )
        return int(sides[0]), int(sides[1])
    if len(set(sizes)) == 1 and min(sizes[0]) >= 4 and max(sizes[0]) <= SIZES[-1]:
        return sizes[0]
    median = sorted(max(pair) for pair in sizes)[len(sizes) // 2]
    side = next((side for side in SIZES if side >= median), SIZES[-1])
    return side, side

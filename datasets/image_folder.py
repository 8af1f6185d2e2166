"""The user's images, read: of a folder with one folder a class, or with a table that names them (`image_table`)."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets import brightness, image_file
from descend.datasets.data_shape import format_count, format_value
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.labels import warn_of_constant
from descend.datasets.listing import FolderListing, spell_name, suggest_ignore
from descend.datasets.memory import check_memory
from descend.datasets.options import option
from descend.datasets.table_split import split_rows
from descend.datasets.user_data import UserData
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZES = (8, 16, 24, 28, 32, 48, 64)


@dataclass(frozen=True)
class ImageOptions:
    """What can be said of images in files."""

    size: str = option("", "side of the images, or HEIGHTxWIDTH; default: the most common size, at most 64")
    colour: str = option("", "convert to; default: as they are", among=("grey", "rgb"))
    broken: str = option("error", "what to do about broken images", among=("error", "skip"))
    test: float = option(0.2, "share of each class that is kept for the test", low=0.01, high=0.9)
    seed: int = option(0, "seed of the split", low=0, high=2**31 - 1)


@dataclass(frozen=True)
class FolderOptions(ImageOptions):
    """What can be said of a folder with a folder of images for each class."""

    ignore: tuple[str, ...] = option((), "folders of classes to leave out")
    limit: int = option(0, "images of each class at most; 0 is all", low=0)


@dataclass(frozen=True)
class ImageForm:
    """What all pictures become."""

    height: int
    width: int
    grey: bool
    wide: bool
    """Whether some have values of more than 8 bits."""


def make_spec(
    root: Path, name: str, found: FolderListing, options: ImageOptions, given: tuple[tuple[str, str], ...]
) -> UserData:
    """What is in a folder whose images are ``found``.

    Raises:
        DescendError: a file is not a picture, or they take too much memory.
        UsageError: an option does not fit.
    """
    import numpy as np

    looks = read_headers(found, options.broken)
    if not looks:
        raise DescendError(f"None of the {len(found.files):,} images in {root} can be read.")
    notes = list(found.notes)
    if several := [file for file, look in looks.items() if look.several]:
        notes.append(
            f"Of several frames or pages the first is used: {format_count(len(several), 'image')}, as "
            f"{spell_name(several[0].name)}."
        )
    height, width = choose_size(options.size, [(look.height, look.width) for look in looks.values()])
    grey = options.colour == "grey" if options.colour else all(look.grey for look in looks.values())
    check_memory(
        2 * len(found.files) * height * width * (1 if grey else 3),  # all, and once more while they are parted
        f"{root.name}, {len(found.files):,} images of {height} × {width} pixels,",
        f"choose a smaller size=…, or limit=N for the first N{'' if found.table else ' of each class'}",
    )
    train, test = split_parts(found, np.ones(len(found.files), bool), options)
    found = dataclasses.replace(found, notes=tuple(notes))
    form = ImageForm(height, width, grey, any(look.wide for look in looks.values()))
    learned = f"in {len(found.classes)} classes" if found.classes else f"with {', '.join(found.targets)}"
    if found.task == "labels":
        learned = f"with {len(found.targets)} labels"
    return UserData(
        name=name,
        title=root.name,
        description=f"A folder of {len(found.files):,} images of your own, {learned}.",
        task=found.task,
        targets=found.targets,
        sample_shape=(height, width) if grey else (height, width, 3),
        classes=found.classes,
        train_size=len(train),
        test_size=len(test),
        path=root,
        options=given,
        files=(*found.table, *found.files),
        read=functools.partial(read_images, name, found, form, options),
    )


def read_headers(found: FolderListing, broken: str) -> dict[Path, image_file.ImageHeader]:
    """What the beginning of each picture tells; of those that are broken nothing.

    Raises:
        DescendError: one is broken and such are not skipped.
    """
    looks = {}
    with warnings.catch_warnings(action="ignore"):  # Pillow's, of irregular files that are read nevertheless
        for file in found.files:
            try:
                looks[file] = image_file.read_header(file)
            except image_file.BrokenImage as error:
                if broken == "error":
                    raise describe_broken(error) from None
    return looks


def read_images(name: str, listing: FolderListing, form: ImageForm, options: ImageOptions) -> Dataset:
    """Read every picture.

    Raises:
        DescendError: one is broken, unless such are skipped, or too few are left.
    """
    import numpy as np

    shape = (form.height, form.width)
    notes, spread = list(listing.notes), image_file.FULL
    whole = np.ones(len(listing.files), bool)
    if form.wide:
        spread = measure_ranges(listing, whole, options, notes)
    images = np.zeros((len(listing.files), *shape) if form.grey else (len(listing.files), *shape, 3), np.uint8)

    def fill(place: int) -> None:
        if whole[place]:
            images[place] = image_file.read_pixels(listing.files[place], *shape, form.grey, spread)

    call_for_each(fill, whole, options)
    if not whole.all():
        first = listing.files[int(whole.argmin())]
        notes.append(
            f"{format_count(int((~whole).sum()), 'broken image')} skipped, the first {spell_name(first.name)}."
        )
    train, test = split_parts(listing, whole, options)
    labels = np.asarray(listing.labels)
    if gone := [label for label in range(len(listing.classes)) if not (labels[train] == label).any()]:
        raise DescendError(
            f"The class '{listing.classes[gone[0]]}' has no image left that can be read; fix some"
            f"{suggest_ignore(listing.classes[gone[0]], options.ignore) if isinstance(options, FolderOptions) else ''}."
        )
    if listing.task == "labels":
        used = np.concatenate([train, test])
        notes += warn_of_constant(listing.targets, labels[used], np.arange(len(train)))
    scale = find_white(images if whole.all() else images[whole], notes)
    return Dataset(
        name,
        listing.classes,
        images[train],
        labels[train],
        images[test],
        labels[test],
        scale=scale,
        spread=spread,
        task=listing.task,
        targets=listing.targets,
        label=listing.label,
        mark=listing.mark,
        train_groups=tuple(listing.groups[at] for at in train.tolist()) if listing.groups else (),
        train_held=np.array(listing.held, bool)[train] if listing.held else None,
        notes=tuple(notes),
    )


def find_white(images: NDArray[np.uint8], notes: list[str]) -> int:
    """The value of ``images`` (n, h, w, …) that is taken as white: 255, or the brightest where all are nearly black;
    warnings are added to ``notes``."""
    sides = tuple(range(1, images.ndim))
    lows, highs = images.min(sides), images.max(sides)
    low, high = int(lows.min()), int(highs.max())
    if low == high:
        why = ", as wholly transparent ones do" if low == 255 else ""
        notes.append(f"{WARNING}all images hold the single value {low}{why}; nothing can be learned from them.")
        return 255
    if blank := int((lows == highs).sum()):
        notes.append(f"Blank, with a single value: {format_count(blank, 'image')}.")
    if high >= brightness.FEW:
        return 255
    notes.append(f"{WARNING}the brightest pixel is {high}, which is taken as white.")
    return high


def call_for_each(do: Callable[[int], None], whole: NDArray[np.bool_], options: ImageOptions) -> None:
    """Call ``do`` with the place of every picture; those that turn out to be broken are no longer ``whole``.

    Raises:
        DescendError: one is broken and such are not skipped.
    """
    from concurrent.futures import ThreadPoolExecutor

    def tried(place: int) -> image_file.BrokenImage | None:
        try:
            do(place)
        except image_file.BrokenImage as error:
            return error
        return None

    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor() as pool:  # pictures are decoded outside Python
        for place, error in enumerate(pool.map(tried, range(len(whole)))):
            if error is None:
                continue
            whole[place] = False
            if options.broken == "error":
                pool.shutdown(cancel_futures=True)
                raise describe_broken(error)


def measure_ranges(
    listing: FolderListing, whole: NDArray[np.bool_], options: ImageOptions, notes: list[str]
) -> tuple[float, float]:
    """The smallest and the largest value of the training pictures of more than 8 bits."""
    import numpy as np

    spans = np.full((len(whole), 2), np.nan)

    def measure(place: int) -> None:
        spans[place] = image_file.measure_range(listing.files[place]) or np.nan

    call_for_each(measure, whole, options)
    wide = ~np.isnan(spans[:, 0])
    train = np.zeros(len(whole), bool)
    train[split_parts(listing, whole, options)[0]] = True
    if not (train & wide).any():
        train[:] = True
    low, high = float(spans[train & wide, 0].min()), float(spans[train & wide, 1].max())
    if low == high:
        raise DescendError(
            f"All images with more than 8 bits a value hold the one value {format_value(low)}; "
            f"there is nothing to learn "
            "from."
        )
    notes.append(
        f"{format_count(int(wide.sum()), 'image')} of {len(whole):,} with more than 8 bits a value: "
        f"{format_value(low)} to "
        f"{format_value(high)}, the range of those to train on, became 0 to 255."
    )
    if (beyond := wide & ((spans[:, 0] < low) | (spans[:, 1] > high))).any():
        notes.append(
            f"{format_count(int(beyond.sum()), 'image')} of the test with values beyond that range, cut off there."
        )
    if not (wide | ~whole).all():
        notes.append(
            f"The other {int((whole & ~wide).sum()):,} have 8 bits and stay as they are; if brightness tells classes "
            "apart, save all of them alike."
        )
    return low, high


def describe_broken(error: image_file.BrokenImage) -> DescendError:
    """The sentence on a broken image, with what to do."""
    return DescendError(f"{str(error).removesuffix('.')}; fix it or keep it elsewhere, or say broken=skip.")


def split_parts(
    listing: FolderListing, whole: NDArray[np.bool_], options: ImageOptions
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test images, of those that are ``whole``."""
    import numpy as np

    at = np.flatnonzero(whole)
    if listing.test is not None:
        test = np.array(listing.test, bool)[at]
        return at[~test], at[test]
    groups = [listing.groups[place] for place in at.tolist()] if listing.groups else []
    strata = listing.task != "regression"
    train, test = split_rows(np.asarray(listing.labels)[at], strata, options.test, options.seed, groups)
    return at[train], at[test]


def choose_size(size: str, sizes: list[tuple[int, int]]) -> tuple[int, int]:
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

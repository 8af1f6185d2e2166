"""The user's arrays in ``.npy`` files: x and y beside each other, in two parts or one, or a single table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import npz
from descend.datasets.dataset import Dataset
from descend.datasets.memory import TooLarge
from descend.datasets.npz_file import INPUTS, OUTPUTS, TEST, TRAIN, ArrayOptions, join_few, make_dataset
from descend.datasets.options import option
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIX = ".npy"
FORM = "there must be x.npy and y.npy beside each other, or X_train.npy, y_train.npy, X_test.npy and y_test.npy"
FORMS = sorted(
    {form for part in ("", *TRAIN, *TEST) for name in (*INPUTS, *OUTPUTS) for form in (part + name, name + part)},
    key=len,
    reverse=True,
)
"""How names of such files end, as letters and digits in lower case; the longest first."""


@dataclass(frozen=True)
class NpyOptions(ArrayOptions):
    """What can be said of ``.npy`` files."""

    target: str = option("", "of a single array: the column to predict, from 1, or from the end below 0; default: -1")


def find_files(place: Path) -> dict[str, Path]:
    """The ``.npy`` files that belong together, by what they hold, such as ``xtrain``: those in a folder, those that are
    called like the file ``place``, or those whose names begin so; {} if there is no such file, or folder of them."""
    if place.is_dir():
        found = {strip(file): file for file in list_arrays(place)}
        return found if all(key in FORMS for key in found) else match_endings(list_arrays(place), "")
    if place.suffix.lower() == SUFFIX:
        begin, form = cut_form(place)
        beside = match_endings(list_arrays(place.parent), begin) if form else {}
        return beside if len(beside) > 1 else {"": place} if place.is_file() else {}
    if place.exists() or not place.parent.is_dir() or not place.name:
        return {}
    return match_endings(list_arrays(place.parent), "".join(filter(str.isalnum, place.name.lower())))


def list_arrays(folder: Path) -> list[Path]:
    """The ``.npy`` files in ``folder``, by name."""
    return sorted(
        file for file in folder.iterdir() if file.suffix.lower() == SUFFIX and file.name[0] != "." and file.is_file()
    )


def strip(file: Path) -> str:
    """The letters and digits of a name, in lower case: ``X_train.npy`` is ``xtrain``."""
    return "".join(filter(str.isalnum, file.stem.lower()))


def cut_form(file: Path) -> tuple[str, str]:
    """The name of ``file`` as what comes before one of `FORMS`, and that; "" if it has none."""
    name = strip(file)
    form = next((form for form in FORMS if name.endswith(form)), "")
    return name.removesuffix(form), form


def match_endings(files: Sequence[Path], begin: str) -> dict[str, Path]:
    """Those of ``files`` whose names are ``begin`` and one of `FORMS`, by that."""
    names = {strip(file): file for file in files}
    return {form: names[begin + form] for form in reversed(FORMS) if begin + form in names}


def holds_arrays(folder: Path) -> bool:
    """Whether ``folder`` is one of ``.npy`` files."""
    return bool(list_arrays(folder))


def read_files(place: Path, files: Mapping[str, Path], name: str, options: NpyOptions) -> Dataset:
    """Read ``files`` as a dataset called ``name``; they are mapped into memory, and nothing in them is executed.

    Raises:
        DescendError: one is no such file, or they do not match; the sentence says which and how.
        UsageError: ``target`` does not fit.
    """
    if len(files) == 1 and "" in files:
        return read_single(files[""], name, options)
    if options.target:
        raise UsageError(
            f"target= is for a single array, and {join_few([f.name for f in files.values()])} hold x and y."
        )
    headers = {key: read_header(file) for key, file in files.items()}
    called = place.name if place.is_dir() else " and ".join(file.name for file in files.values())
    names = {file.stem if strip(file) == key else key: key for key, file in files.items()}
    known = [npz.ArrayHeader(word, headers[key].shape, headers[key].dtype) for word, key in names.items()]

    def read(header: npz.ArrayHeader) -> NDArray[Any]:
        return map_array(files[names[header.key]])

    try:
        return make_dataset(called, known, read, name, options, FORM)
    except TooLarge:
        from descend.datasets.mapped_arrays import read_mapped

        return read_mapped(place, list(files.values()), known, read, name, options, FORM)


def read_single(file: Path, name: str, options: NpyOptions) -> Dataset:
    """Read a table in one array, a column of which is to be predicted."""
    import numpy as np

    header = read_header(file)
    target = options.target or "-1"
    if len(header.shape) != 2 or header.shape[1] < 2:
        raise DescendError(
            f"{file.name} has the shape {header.shape}, and no y beside it; {FORM}, or one table (n, columns) with "
            "what to predict in its last column."
        )
    width = header.shape[1]
    if not target.lstrip("-").isdecimal() or not (0 < int(target) <= width or 0 < -int(target) <= width):
        raise UsageError(f"target= is the number of a column of {file.name}, from 1 to {width}, not '{target}'.")
    if "x" in cut_form(file)[1] and not options.target:
        raise DescendError(
            f"{file.name} has no y beside it; {FORM}, or say target=-1 if its last column is the target."
        )
    place = int(target) - 1 if int(target) > 0 else width + int(target)
    whole = map_array(file)
    known = [
        npz.ArrayHeader("x", (len(whole), width - 1), whole.dtype),
        npz.ArrayHeader("y", (len(whole),), whole.dtype),
    ]
    try:
        found = make_dataset(
            file.name,
            known,
            lambda header: np.delete(whole, place, 1) if header.key == "x" else whole[:, place],
            name,
            options,
            FORM,
        )
    except TooLarge:
        from descend.datasets.mapped_arrays import read_mapped

        found = read_mapped(
            file,
            [file],
            known,
            lambda header: whole if header.key == "x" else np.array(whole[:, place]),
            name,
            options,
            FORM,
            place,
        )
    names = tuple(f"x{at + 1}" for at in range(width) if at != place)
    said = f"Column {place + 1} of {width} is what to predict" + (
        "; target=… chooses another." if not options.target else "."
    )

    renamed = dict(zip(found.features, names, strict=True))
    missing = {renamed[feature]: count for feature, count in found.missing.items()}
    return replace(found, features=names, missing=missing, notes=(said, *found.notes))


def read_header(file: Path) -> npz.ArrayHeader:
    """What the array in ``file`` says of itself.

    Raises:
        DescendError: it is none, holds Python objects, or is not whole.
    """
    try:
        size = file.stat().st_size
        if not size:
            raise DescendError(f"{file.name} is empty; there is nothing to learn from.")
        with open(file, "rb") as stream:
            header = npz.ArrayHeader(file.stem, *npz.read_header(stream))
            begin = stream.tell()
    except DescendError:
        raise
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror}).") from None
    except Exception as error:  # a made-up or damaged file can fail in any way
        raise DescendError(f"{file.name} is not a valid .npy file ({type(error).__name__}); {FORM}.") from None
    npz.refuse_objects(header, file)
    if header.bytes > size - begin:
        raise DescendError(
            f"{file.name} is damaged: it says that it has the shape {header.shape}, and there are only "
            f"{size - begin:,} bytes of it."
        )
    return header


def map_array(file: Path) -> NDArray[Any]:
    """The array in ``file``, mapped into memory.

    Raises:
        DescendError: it cannot be read.
    """
    import numpy as np

    header = read_header(file)
    if not header.bytes:
        return np.empty(header.shape, header.dtype)
    try:
        found: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DescendError(f"{file.name} cannot be read ({error}).") from None
    return found

"""The user's arrays: an ``.npz`` file as NumPy writes it, with samples x and what is to be learned of them, y."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets.dataset import Dataset
from descend.datasets.options import option
from descend.datasets.shape import counted
from descend.datasets.split import shuffled, stratified
from descend.engine.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".npz",)
MOST_BYTES = 2**32
FEW_CLASSES, MOST_CLASSES = 20, 1000
INPUTS, OUTPUTS = ("x", "data", "images", "features", "inputs"), ("y", "target", "targets", "labels", "label")
FORM = "an .npz holds x and y, or train_x, train_y, test_x and test_y"


@dataclass(frozen=True)
class ArrayOptions:
    """What can be said of an ``.npz`` file."""

    task: str = option("", "what to learn; default: by what y holds", among=("classification", "regression"))
    missing: str = option("error", "what to do about NaN in x", among=("error", "drop", "mean"))
    test: float = option(0.2, "share that is kept for the test", least=0.01, most=0.9)
    seed: int = option(0, "seed of the split", least=0, most=2**31 - 1)


def read(file: Path, name: str, options: ArrayOptions) -> Dataset:
    """Read an ``.npz`` file as a dataset called ``name``; nothing that it holds is ever executed.

    x of shape (n, d) or (n,) is a table; (n, h, w), (n, h, w, c) and (n, c, h, w) with c of 1 or 3 are images, bytes or
    numbers from 0 to 1. y is (n,), (n, k), or one-hot (n, classes).

    Raises:
        DescendError: it is no such file; the sentence says which array is wrong and how.
    """
    import warnings

    import numpy as np

    found = members(file)
    notes: list[str] = []
    x, y, test = joint(found, file.name)
    y, classes = outputs(y, options.task, file.name, notes)
    missing: dict[str, int] = {}
    features: tuple[str, ...] = ()
    if x.ndim == 1:
        x = x[:, None]
    if x.dtype.kind not in "buif":
        raise DescendError(f"x in {file.name} holds {x.dtype}, not numbers; turn it into numbers before saving.")
    if x.ndim == 2:
        x, keep, missing = table(x, options.missing, file.name, notes)
        y, test = y[keep], None if test is None else test[keep]
        features = tuple(f"x{place}" for place in range(1, x.shape[1] + 1))
        scale = 1
    else:
        x, scale = pictures(x, file.name, notes)
    if len(x) < 5:
        raise DescendError(f"{file.name} has {counted(len(x), 'sample')}; at least 5 are needed.")
    if test is None:
        split = stratified(y, options.test, options.seed) if classes else shuffled(len(y), options.test, options.seed)
        train_at, test_at = split
    else:
        train_at, test_at = np.flatnonzero(~test), np.flatnonzero(test)
    if not len(train_at) or not len(test_at):
        raise DescendError(f"{file.name} leaves no sample to train on or none to test with; give it more of both.")
    if unknown := sorted(set(y[test_at].tolist()) - set(y[train_at].tolist())) if classes else []:
        listed = ", ".join(f"'{classes[label]}'" for label in unknown[:8])
        notes.append(
            f"Only in the test set, and so never learned: {counted(len(unknown), 'class', 'classes')}, {listed}."
        )
    if options.missing == "mean" and x.ndim == 2 and np.isnan(x).any():
        with warnings.catch_warnings(action="ignore"):  # of a column that has numbers in the test set only
            means = np.nanmean(x[train_at], 0)
        x = np.where(np.isnan(x), np.where(np.isnan(means), np.nanmean(x, 0), means), x)
    targets = () if classes else ("y",) if y.ndim == 1 else tuple(f"y{place}" for place in range(1, y.shape[1] + 1))
    return Dataset(
        name,
        classes,
        x[train_at],
        y[train_at],
        x[test_at],
        y[test_at],
        scale=scale,
        kind="table" if x.ndim == 2 else "image",
        task="classification" if classes else "regression",
        features=features,
        targets=targets,
        missing=missing,
        notes=tuple(notes),
    )


def members(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays in ``file`` by their names in lower case."""
    import zipfile

    import numpy as np

    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_BYTES:
            raise DescendError(f"{file.name} unpacks to {size:,} bytes, more than {MOST_BYTES:,}; save fewer samples.")
        with np.load(file, allow_pickle=False) as archive:
            found = {}
            for key in archive.files:
                try:
                    found[key.lower()] = archive[key]
                except ValueError as error:
                    if "pickle" not in str(error):
                        raise
                    raise DescendError(
                        f"Array '{key}' of {file.name} holds Python objects, which could run any program when they are "
                        "read; save it with a type of numbers or text."
                    ) from None
    except MemoryError:
        raise DescendError(
            f"{file.name} says that it holds more than fits into memory; save fewer samples, or it is damaged."
        ) from None
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror or 'it is damaged'}).") from None
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError, SyntaxError) as error:
        raise DescendError(f"{file.name} is no sound .npz file ({type(error).__name__}); {FORM}.") from None
    return {key: value for key, value in found.items() if isinstance(value, np.ndarray)}


def joint(found: Mapping[str, NDArray[Any]], file: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_] | None]:
    """All samples x, all y, and which are for the test, (n,); None if the file does not part them."""
    import numpy as np

    def pair(part: str) -> list[NDArray[Any]]:
        """The arrays x and y of a part; fewer if it has not got them."""

        def forms(names: tuple[str, ...]) -> list[str]:
            return [form for name in names for form in ((f"{part}_{name}", f"{name}_{part}") if part else (name,))]

        return [found[key] for keys in map(forms, (INPUTS, OUTPUTS)) for key in keys if key in found][:2]

    whole, train = pair(""), pair("train")
    test = next((arrays for arrays in map(pair, ("test", "val", "valid")) if len(arrays) == 2), [])
    if len(whole) == 2:
        parts = [whole]
    elif len(train) == 2:
        parts = [train, test] if test else [train]
    else:
        raise DescendError(f"{file} holds {', '.join(map(repr, sorted(found))) or 'nothing'}; {FORM}.")
    for x, y in parts:
        for key, array in (("x", x), ("y", y)):
            if array.ndim == 0 or not array.size:
                raise DescendError(f"An array {key} of {file} has the shape {array.shape} and so no samples; {FORM}.")
        if len(x) != len(y):
            raise DescendError(f"{file} has {len(x):,} samples in an x and {len(y):,} in its y; each needs the other.")
    for key, arrays in zip("xy", zip(*parts, strict=True), strict=True):
        if len(arrays) == 2 and arrays[0].shape[1:] != arrays[1].shape[1:]:
            raise DescendError(
                f"{file} has {key} of shape {arrays[0].shape} for training and {arrays[1].shape} for the test; all but "
                "the first number must agree."
            )
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return x, y, np.arange(len(x)) >= len(train[0]) if len(parts) == 2 else None


def outputs(y: NDArray[Any], task: str, file: str, notes: list[str]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Labels and classes, or float32 numbers and ()."""
    import numpy as np

    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind not in "buifUS" or y.ndim > 2:
        raise DescendError(f"y in {file} has the shape {y.shape} of {y.dtype}; it is labels (n,) or numbers (n, k).")
    if y.dtype.kind == "f" and len(odd := np.argwhere(~(np.abs(y) <= np.finfo(np.float32).max))):
        at = odd[0].tolist()
        raise DescendError(f"y in {file} has {y[tuple(at)]} at index {at}, no 32-bit number; leave such samples out.")
    if y.ndim == 2 and y.dtype.kind in "buif" and task != "regression" and y.shape[1] > 1:
        if np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all():
            notes.append("y is one-hot; each sample's class is where its 1 stands.")
            y = y.argmax(1)
        elif task == "classification":
            raise DescendError(f"y in {file} has the shape {y.shape}; classes are labels (n,) or one-hot.")
    words = y.dtype.kind in "US"
    if words and task == "regression":
        raise DescendError(f"y in {file} holds words; regression predicts numbers, so say task=classification.")
    if words and y.ndim == 2:
        raise DescendError(f"y in {file} has the shape {y.shape}; labels have the shape (n,).")
    if y.ndim == 2:
        return y.astype(np.float32), ()
    values, indices = np.unique(y, return_inverse=True)
    if not task:
        whole = words or y.dtype.kind in "bui" or not (y % 1).any()
        few = len(values) <= (MOST_CLASSES if words else FEW_CLASSES) or (
            y.dtype.kind in "bui" and values[0] == 0 and values[-1] == len(values) - 1 and len(values) <= len(y) / 5
        )
        task = "classification" if whole and few else "regression"
        notes.append(f"y has {len(values):,} different values, so the task is {task}; task=… changes that.")
    if task == "regression":
        return y.astype(np.float32), ()
    if not 2 <= len(values) <= MOST_CLASSES:
        raise DescendError(f"y in {file} has {counted(len(values), 'class', 'classes')}; 2 to {MOST_CLASSES:,} can be.")
    named = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values.tolist()]
    return indices.astype(np.int64), tuple(name.removesuffix(".0") for name in named)


def table(
    x: NDArray[Any], missing: str, file: str, notes: list[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], dict[str, int]]:
    """The rows to keep as float32 (n, d), which of all they are, and the NaN of each column."""
    import numpy as np

    with np.errstate(over="ignore"):
        x = x.astype(np.float32)
    if len(infinite := np.argwhere(np.isinf(x))):
        row, column = infinite[0].tolist()
        raise DescendError(f"x in {file} is infinite at index [{row}, {column}]; leave such samples out.")
    gaps = np.isnan(x)
    found = {f"x{place + 1}": int(count) for place, count in enumerate(gaps.sum(0)) if count}
    keep = np.ones(len(x), bool)
    if not found:
        return x, keep, found
    if gaps.all(0).any():
        raise DescendError(f"x in {file} has only NaN in column {int(gaps.all(0).argmax())}; leave that out.")
    if missing == "error":
        row, column = np.argwhere(gaps)[0].tolist()
        raise DescendError(
            f"x in {file} has {gaps.sum():,} NaN in {counted(len(found), 'column')}, the first at index "
            f"[{row}, {column}]; say missing=drop to leave those rows out, or missing=mean to fill the gaps."
        )
    if missing == "drop":
        keep = ~gaps.any(1)
        notes.append(f"{counted(int((~keep).sum()), 'row')} of {len(x):,} with NaN left out.")
    else:
        notes.append("NaN is replaced by the mean of its column in the training set.")
    return x[keep], keep, found


def pictures(x: NDArray[Any], file: str, notes: list[str]) -> tuple[NDArray[np.uint8], int]:
    """Images as bytes, (n, h, w) or (n, h, w, 3), and their brightest value."""
    import numpy as np

    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] not in (1, 3):
        x = np.moveaxis(x, 1, 3)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[3] != 3):
        raise DescendError(
            f"x in {file} has the shape {x.shape}; it is a table (n, columns), or images (n, h, w), "
            "(n, h, w, 3) or (n, 3, h, w)."
        )
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        at = np.argwhere(~np.isfinite(x))[0].tolist()
        raise DescendError(f"x in {file} has {x[tuple(at)]} at index {at}; an image has no such pixels.")
    low, high = x.min(), x.max()
    if low < 0 or high > 255:
        raise DescendError(f"x in {file} goes from {low} to {high}; pixels go from 0 to 255, or from 0 to 1.")
    if x.dtype.kind == "f" and high <= 1:
        notes.append("Pixels from 0 to 1 are kept as bytes, in 256 steps.")
        return np.ascontiguousarray(np.round(x * 255).astype(np.uint8)), 255
    if x.dtype.kind == "f" and (x % 1).any():
        notes.append("Pixels are rounded to whole numbers.")
    return np.ascontiguousarray(np.round(x).astype(np.uint8) if x.dtype.kind == "f" else x.astype(np.uint8)), (
        255 if high > 1 else 1
    )

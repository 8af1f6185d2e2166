"""The user's arrays: an ``.npz`` file as NumPy writes it, with samples x and targets y."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import brightness, npz
from descend.datasets.data_shape import Task, format_count
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.labels import MAX_LABELS, read_ticks, warn_of_constant
from descend.datasets.memory import check_memory
from descend.datasets.options import option
from descend.datasets.order import sort_classes
from descend.datasets.precision import DOUBLE, FAR, SINGLE, is_merged, is_narrow, standardise
from descend.datasets.split import PARTS, UNTRAINED
from descend.datasets.table_split import split_rows
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".npz",)
FEW_CLASSES, MAX_CLASSES = 20, 1000
MAX_OUTPUTS, MAX_COLUMNS = 10_000, 1_000_000
"""Numbers of a sample to predict, and columns of a table, at most."""
INPUTS = ("x", "data", "images", "image", "features", "inputs", "input", "samples")
OUTPUTS = ("y", "target", "targets", "labels", "label")
TRAIN, TEST = PARTS["train"], UNTRAINED
SHOWN = 8
"""Arrays, columns or classes that are listed."""


@dataclass(frozen=True)
class ArrayOptions:
    """What can be said of an ``.npz`` file."""

    task: str = option("", "what to learn; default: by what y holds", among=("classification", "labels", "regression"))
    missing: str = option("error", "what to do about NaN in x", among=("error", "drop", "mean"))
    test: float = option(0.2, "share that is kept for the test", low=0.01, high=0.9)
    seed: int = option(0, "seed of the split", low=0, high=2**31 - 1)


def read_npz(file: Path, name: str, options: ArrayOptions) -> Dataset:
    """Read an ``.npz`` file as a dataset called ``name``; nothing that it holds is ever executed.

    Raises:
        DescendError: as `make_dataset`.
    """
    headers = npz.read_headers(file)
    return make_dataset(file.name, headers, lambda header: npz.read_array(file, header), name, options, npz.FORM)


def make_dataset(
    file: str,
    headers: Sequence[npz.ArrayHeader],
    read: Callable[[npz.ArrayHeader], NDArray[Any]],
    name: str,
    options: ArrayOptions,
    form: str,
) -> Dataset:
    """The dataset called ``name`` of the arrays in ``file``, of which each is ``read`` when it is needed.

    x of shape (n, d) or (n,) is a table; (n, h, w), (n, h, w, c) and (n, c, h, w) with c of 1 or 3 are images. y is
    (n,), (n, k), one-hot (n, classes), or 0 and 1 for each of several labels (n, k).

    Raises:
        DescendError: there are no such arrays, or one takes too much memory; the sentence says
            which array is wrong and how.
    """
    import warnings

    import numpy as np

    notes: list[str] = []
    parts = choose_arrays(headers, file, notes, form)
    check_width(parts, file)
    check_memory(estimate_memory(parts), file, "save fewer samples, or with fewer bytes each")
    task, y, classes = read_outputs(join_arrays([read(y) for _, y in parts], "y", file), options.task, file, notes)
    x = join_arrays([read(x) for x, _ in parts], "x", file)
    require_numbers(x.dtype, file)
    test = np.arange(len(x)) >= parts[0][0].shape[0] if len(parts) == 2 else None
    scale = 1
    missing: dict[str, int] = {}
    filled: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = {}
    features: tuple[str, ...] = ()
    if x.ndim == 3 and 1 in x.shape[1:]:
        notes.append(f"x of shape {x.shape} has one row or column a sample, so it is read as a table.")
    is_table = is_table_shape(x.shape)
    if is_table:
        x, keep, missing = read_table(x.reshape(len(x), -1), options.missing, file, notes)
        if keep is not None:
            x, y, test = x[keep], y[keep], None if test is None else test[keep]
        features = tuple(f"x{place}" for place in range(1, x.shape[1] + 1))
    train_at, test_at = choose_parts(task, y, classes, test, options, file, notes)
    values: tuple[float, float] | None = None
    if not is_table:
        x, scale, values = brightness.convert_to_bytes(brightness.arrange_axes(x, file), train_at, test_at, file, notes)
    elif options.missing == "mean" and missing:
        with warnings.catch_warnings(action="ignore"):  # of a column that has numbers in the test set only
            means = np.nanmean(x[train_at], 0)
        gaps = np.isnan(x)
        filled = {
            name: (gaps[train_at, at], gaps[test_at, at]) for at, name in enumerate(features) if gaps[:, at].any()
        }
        x = np.where(np.isnan(x), np.where(np.isnan(means), np.nanmean(x, 0), means), x)
    targets = name_targets(y, classes)
    if task == "labels":
        notes += warn_of_constant(targets, y, train_at)
    return Dataset(
        name,
        classes,
        x[train_at],
        y[train_at],
        x[test_at],
        y[test_at],
        scale=scale,
        values=values,
        kind="table" if is_table else "image",
        task=task,
        features=features,
        targets=targets,
        missing=missing,
        filled=filled,
        notes=tuple(notes),
    )


def require_numbers(dtype: np.dtype[Any], file: str) -> None:
    """Check that x holds numbers.

    Raises:
        DescendError: it does not.
    """
    if dtype.kind not in "buif":
        raise DescendError(f"x in {file} holds {dtype}, not numbers; turn it into numbers before saving.")


def choose_parts(
    task: Task,
    y: NDArray[Any],
    classes: Sequence[str],
    test: NDArray[np.bool_] | None,
    options: ArrayOptions,
    file: str,
    notes: list[str],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of what is trained on and of the ``test``, which is drawn if None.

    Raises:
        DescendError: there is too little.
    """
    import numpy as np

    if len(y) < 5:
        raise DescendError(f"{file} has {format_count(len(y), 'sample')}; at least 5 are needed.")
    if test is None:
        train_at, test_at = split_rows(y, task != "regression", options.test, options.seed)
    else:
        train_at, test_at = np.flatnonzero(~test), np.flatnonzero(test)
    if not len(train_at) or not len(test_at):
        raise DescendError(f"{file} leaves no sample to train on or none to test with; give it more of both.")
    if unknown := sorted(set(y[test_at].tolist()) - set(y[train_at].tolist())) if classes else []:
        notes.append(
            f"Only in the test set, and so never learned: {format_count(len(unknown), 'class', 'classes')}, "
            f"{join_few([classes[label] for label in unknown])}."
        )
    return train_at, test_at


def name_targets(y: NDArray[Any], classes: Sequence[str]) -> tuple[str, ...]:
    """Names of the numbers to predict, () of classes."""
    return () if classes else ("y",) if y.ndim == 1 else tuple(f"y{place}" for place in range(1, y.shape[1] + 1))


def choose_arrays(
    headers: Sequence[npz.ArrayHeader], file: str, notes: list[str], form: str = npz.FORM
) -> list[tuple[npz.ArrayHeader, npz.ArrayHeader]]:
    """The arrays x and y of what is trained on, and of what is for the test if the file parts them.

    Names are compared by their letters and digits: ``X_train``, ``train-x`` and ``xTrain`` are one. What is not used
    is said.

    Raises:
        DescendError: there are no such arrays, or they do not match.
    """
    named: dict[str, list[npz.ArrayHeader]] = {}
    for header in headers:
        named.setdefault("".join(filter(str.isalnum, header.key.lower())), []).append(header)

    def found(part: str, names: Sequence[str]) -> npz.ArrayHeader | None:
        for form in (form for name in names for form in (f"{part}{name}", f"{name}{part}")):
            if len(same := named.get(form, ())) > 1:
                raise DescendError(f"{file} holds {join_few([header.key for header in same])}, which are too similar.")
            if same:
                return same[0]
        return None

    def pair(*parts: str) -> list[tuple[npz.ArrayHeader, npz.ArrayHeader]]:
        """The first of those parts that has both an x and a y; or none."""
        both = ((found(part, INPUTS), found(part, OUTPUTS)) for part in parts)
        return next(([(x, y)] for x, y in both if x is not None and y is not None), [])

    train, test = pair(*TRAIN) or pair(""), pair(*TEST)
    if not train:
        held = join_few([header.key for header in headers]) if headers else "nothing"
        raise DescendError(f"{file} holds {held}; {form}.")
    parts = train + test
    for x, y in parts:
        for header in (x, y):
            if not header.shape or not header.bytes:
                raise DescendError(
                    f"Array {join_few([header.key])} of {file} has the shape {header.shape} and so no samples; {form}."
                )
        if x.shape[0] != y.shape[0]:
            raise DescendError(
                f"{file} has {x.shape[0]:,} samples in {join_few([x.key])} and {y.shape[0]:,} in "
                f"{join_few([y.key])}; each needs "
                "the other."
            )
    for key, both in zip("xy", zip(*parts, strict=True), strict=True):
        if len({header.shape[1:] for header in both}) > 1:
            raise DescendError(
                f"{file} has {key} of shape {both[0].shape} for training and {both[1].shape} for the test; all but "
                "the first number must agree."
            )
    if test:
        notes.append(
            f"Trained with {join_few([header.key for header in train[0]])}, tested with "
            f"{join_few([header.key for header in test[0]])}."
        )
    used = [header for part in parts for header in part]
    if left := [header.key for header in headers if header not in used]:
        notes.append(f"Left out: {format_count(len(left), 'array')}, {join_few(left)}.")
    return parts


def is_table_shape(shape: tuple[int, ...]) -> bool:
    """Whether an x of that ``shape`` is a table: (n,), (n, d), or (n, d, 1) or (n, 1, d), which are not images."""
    return len(shape) < 3 or (len(shape) == 3 and 1 in shape[1:])


def check_width(parts: Sequence[tuple[npz.ArrayHeader, npz.ArrayHeader]], file: str) -> None:
    """Check, by their headers alone, that samples do not have too many numbers, as each is checked.

    Raises:
        DescendError: they have.
    """
    for x, y in parts:
        for header, width in ((x, MAX_COLUMNS if is_table_shape(x.shape) else sys.maxsize), (y, MAX_OUTPUTS)):
            if (found := math.prod(header.shape[1:])) > width:
                raise DescendError(
                    f"Array {join_few([header.key])} of {file} has {found:,} numbers a sample, more than {width:,}; "
                    "save fewer of them."
                )


def estimate_memory(parts: Sequence[tuple[npz.ArrayHeader, npz.ArrayHeader]]) -> int:
    """Bytes that it takes at most to read them: as they are stored, joined, as they are kept, and once more split; and
    to sort a y, which makes copies and indices."""
    stored = sum(header.bytes for part in parts for header in part)
    kept = sum(x.bytes // x.dtype.itemsize * (4 if is_table_shape(x.shape) else 1) for x, _ in parts)
    judged = sum(y.bytes + math.prod(y.shape) * (40 if len(y.shape) == 1 else 24) for _, y in parts)
    return stored * len(parts) + 3 * kept + judged


def join_arrays(arrays: Sequence[NDArray[Any]], key: str, file: str) -> NDArray[Any]:
    """The arrays x, or y, of the parts as one.

    Raises:
        DescendError: one has words and the other numbers.
    """
    import numpy as np

    if len(arrays) == 1:
        return arrays[0]
    arrays = [np.char.decode(part, "utf-8", "backslashreplace") if part.dtype.kind == "S" else part for part in arrays]
    kinds = {"words" if part.dtype.kind == "U" else "numbers" for part in arrays}
    if len(kinds) > 1:
        raise DescendError(f"{file} has words in one {key} and numbers in the other; save both alike.")
    if all(part.dtype.kind in "ui" for part in arrays) and np.result_type(*arrays).kind == "f":
        if max(int(part.max()) for part in arrays) > np.iinfo(np.int64).max:
            raise DescendError(f"{file} has {key} of {arrays[0].dtype} and of {arrays[1].dtype}; save both alike.")
        arrays = [part.astype(np.int64) for part in arrays]  # as 64-bit fractions they would lose digits
    return np.concatenate(arrays)


def read_outputs(y: NDArray[Any], task: str, file: str, notes: list[str]) -> tuple[Task, NDArray[Any], tuple[str, ...]]:
    """What is learned, and the targets of each sample with the classes: int64 indices of these; or uint8 (n, k), 1 for
    each label that it has, and (); or float64 numbers and ().

    Args:
        task: what was said to be learned; "" finds it.
    """
    import numpy as np

    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind not in "buifUS" or y.ndim > 2:
        raise DescendError(f"y in {file} has the shape {y.shape} of {y.dtype}; it is labels (n,) or numbers (n, k).")
    if y.dtype.kind == "f" and len(bad := np.argwhere(~(np.abs(y) <= np.finfo(np.float32).max))):
        at = bad[0].tolist()
        raise DescendError(
            f"y in {file} has {y[tuple(at)]} at index {at}, not a 32-bit number; leave such samples out."
        )
    if task == "labels":
        return "labels", read_labels(y, file), ()
    if y.ndim == 2 and y.dtype.kind in "buif" and task != "regression" and y.shape[1] > 1:
        ticks = read_ticks(y)
        if np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all():
            notes.append("y is one-hot; each sample's class is the position of its 1.")
            if gone := np.flatnonzero(~(y == 1).any(0)).tolist():
                notes.append(
                    f"{WARNING}y has no sample of {format_count(len(gone), 'class', 'classes')}, "
                    f"{join_few(map(str, gone))}."
                )
            y = y.argmax(1)
        elif task == "classification":
            several = ", and several labels a sample are task=labels" if ticks is not None else ""
            raise DescendError(f"y in {file} has the shape {y.shape}; classes are labels (n,) or one-hot{several}.")
        elif ticks is not None and y.shape[1] <= MAX_LABELS:
            notes.append(
                f"y holds only yes and no, {y.shape[1]} a sample, so the task is labels: each is predicted by itself; "
                "task=regression predicts them as numbers."
            )
            return "labels", read_labels(y, file), ()
    words = y.dtype.kind in "US"
    if words and task == "regression":
        raise DescendError(f"y in {file} holds words; regression predicts numbers, so say task=classification.")
    if words and y.ndim == 2:
        raise DescendError(f"y in {file} has the shape {y.shape}; labels have the shape (n,).")
    if y.ndim == 2:
        notes.append(f"y holds {y.shape[1]} numbers a sample, and each is predicted as a number.")
        return "regression", read_numbers(y, notes), ()
    values, indices = np.unique(y, return_inverse=True)
    if not task:
        whole = words or y.dtype.kind in "bui" or not (y % 1).any()
        few_values = len(values) <= (MAX_CLASSES if words else FEW_CLASSES) or (
            y.dtype.kind in "bui" and values[0] == 0 and values[-1] == len(values) - 1 and len(values) <= len(y) / 5
        )
        task = "classification" if whole and few_values else "regression"
        notes.append(f"y has {len(values):,} unique values, so the task is {task}; task=… changes that.")
    if task == "regression" and not words:
        return "regression", read_numbers(y, notes), ()
    if not 2 <= len(values) <= MAX_CLASSES:
        raise DescendError(
            f"y in {file} has {format_count(len(values), 'class', 'classes')}; 2 to {MAX_CLASSES:,} can be."
        )
    if y.dtype.kind == "f" and np.abs(values).max() > 2.0 ** count_digits(y):
        notes.append(f"{WARNING}y holds numbers so large that neighbours became equal; save them as whole numbers.")
    names = [spell_class(value) for value in values.tolist()]
    classes = sort_classes(names)
    places = {name: place for place, name in enumerate(classes)}
    return "classification", np.array([places[name] for name in names], np.int64)[indices], tuple(classes)


def read_labels(y: NDArray[Any], file: str) -> NDArray[np.uint8]:
    """Which of several labels each sample has, (n, k).

    Raises:
        DescendError: that is not what ``y`` says, there are too many, or all samples have the same.
    """
    import numpy as np

    if y.ndim != 2 or y.shape[1] > MAX_LABELS:
        single = "; a single label of yes and no is task=classification" if y.ndim == 1 else ""
        raise DescendError(
            f"y in {file} has the shape {y.shape}; several labels are 0 and 1 of shape (n, k), with k from 2 to "
            f"{MAX_LABELS:,}{single}."
        )
    if y.dtype.kind in "US":
        raise DescendError(f"y in {file} holds words; several labels are 0 and 1, or -1 and 1.")
    if (found := read_ticks(y)) is None:
        odd = ~np.isin(y, (0, 1))
        at = np.argwhere(odd)[0].tolist()
        raise DescendError(f"y in {file} has {y[tuple(at)]} at index {at}; several labels are 0 and 1, or -1 and 1.")
    if (found == found[0]).all():
        raise DescendError(f"All samples of {file} have the same labels, so there is nothing to learn.")
    return found


def spell_class(value: bytes | str | float) -> str:
    """The name of the class that y calls ``value``."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def count_digits(y: NDArray[Any]) -> int:
    """Binary digits of the numbers ``y``, of the 53 that are kept."""
    import numpy as np

    return min(DOUBLE, np.finfo(y.dtype).nmant + 1) if y.dtype.kind == "f" else DOUBLE


def read_numbers(y: NDArray[Any], notes: list[str]) -> NDArray[np.float64]:
    """Numbers to predict, (n,) or (n, k); what even 64 bits cannot distinguish is noted."""
    import numpy as np

    columns, digits = y.reshape(len(y), -1).T, count_digits(y)
    if any(is_narrow(column, digits) for column in columns):
        bits = 8 * y.dtype.itemsize
        notes.append(f"{WARNING}y holds numbers so nearly the same that {bits} bits lose digits; subtract their mean.")
    elif any(is_merged(column, standardise(column)) for column in columns):
        notes.append(f"{WARNING}{FAR.format('y')}")
    return y.astype(np.float64)


def read_table(
    x: NDArray[Any], missing: str, file: str, notes: list[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None, dict[str, int]]:
    """The rows as float32 (n, d), which of them to keep (None: all), and the NaN of each column."""
    import numpy as np

    with np.errstate(over="ignore"):
        single = x.astype(np.float32)
    require_finite(x, single, file)
    if x.dtype.itemsize > 4 or (x.dtype.kind in "ui" and x.dtype.itemsize == 4):
        low, high = np.fmin.reduce(x, 0).astype(float), np.fmax.reduce(x, 0).astype(float)
        size = np.maximum(np.abs(low), np.abs(high))
        suspects = np.flatnonzero((high - low < 1e-3 * size) | (size > 2.0**SINGLE))
        gone = []
        for place in suspects.tolist():
            known = ~np.isnan(single[:, place])
            if is_narrow(x[known, place]) or is_merged(x[known, place], single[known, place]):
                gone.append(f"x{place + 1}")
        if gone:
            notes.append(f"{WARNING}so nearly the same that 32-bit numbers lose digits: {join_few(gone)}.")
    with np.errstate(invalid="ignore"):
        notes += list_constant(np.fmin.reduce(single, 0), np.fmax.reduce(single, 0))
    gaps = np.isnan(single)
    counts = gaps.sum(0)
    found = {f"x{place + 1}": int(count) for place, count in enumerate(counts) if count}
    if not found:
        return single, None, found
    row, column = np.argwhere(gaps)[0].tolist()
    lacking: NDArray[np.bool_] = np.asarray(gaps.any(1))
    return single, decide_gaps(counts, lacking, (row, column), missing, file, notes), found


def require_finite(x: NDArray[Any], single: NDArray[np.float32], file: str, begin: int = 0) -> None:
    """Check that numbers ``x`` are finite as they become in 32 bits.

    Args:
        begin: index of the first row.

    Raises:
        DescendError: one is not.
    """
    import numpy as np

    if len(infinite := np.argwhere(np.isinf(single))):
        at = infinite[0].tolist()
        value = x[tuple(at)]
        how = "is infinite" if np.isinf(value) else f"has {value}, more than a 32-bit number can be,"
        raise DescendError(f"x in {file} {how} at index {[begin + at[0], *at[1:]]}; leave such samples out.")


def list_constant(low: NDArray[Any], high: NDArray[Any]) -> list[str]:
    """A sentence on columns that do not change, by the lowest and the highest number of each, (d,)."""
    import numpy as np

    same = np.flatnonzero(low == high)
    named = join_few(f"x{place + 1}" for place in same.tolist())
    return [f"The same in every row, so useless: {named}."] if len(same) else []


def decide_gaps(
    counts: NDArray[np.int64],
    lacking: NDArray[np.bool_],
    first: tuple[int, int],
    missing: str,
    file: str,
    notes: list[str],
) -> NDArray[np.bool_] | None:
    """Which rows to keep, None for all, of a table with NaN.

    Args:
        counts: NaN of each column, (d,).
        lacking: rows with any, (rows,).
        first: row and column of the first.
        missing: what to do.

    Raises:
        DescendError: that was not said, or a column has nothing else.
    """
    import numpy as np

    if (counts == len(lacking)).any():
        raise DescendError(
            f"x in {file} has only NaN in column {int((counts == len(lacking)).argmax())}; leave that out."
        )
    if missing == "error":
        raise DescendError(
            f"x in {file} has {int(counts.sum()):,} NaN in {format_count(int((counts > 0).sum()), 'column')}, the "
            f"first at index [{first[0]}, {first[1]}]; say missing=drop to leave "
            f"{format_count(int(lacking.sum()), 'row')} of {len(lacking):,} out, or missing=mean to fill the gaps."
        )
    if missing == "drop":
        notes.append(f"{format_count(int(lacking.sum()), 'row')} of {len(lacking):,} with NaN left out.")
        return np.asarray(~lacking)
    notes.append("NaN is replaced by the mean of its column in the training set.")
    return None


def join_few(names: Iterable[str]) -> str:
    """The first of ``names``, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{clean(name)}'" for name in names[:SHOWN]) + more

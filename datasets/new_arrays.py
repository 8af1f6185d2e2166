"""New samples in NumPy's files, prepared as those of a training were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import brightness, npy_files, npz, npz_file
from descend.datasets.data_shape import format_count
from descend.datasets.labels import read_ticks
from descend.datasets.new_answers import UNKNOWN, find_label, number_classes, tell_strange
from descend.datasets.npz_file import INPUTS, OUTPUTS, TEST, TRAIN, spell_class
from descend.datasets.preparation import Preparation
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOGETHER = 2**22
"""Numbers that are prepared at once, about."""


@dataclass(frozen=True)
class NewArrays:
    """New samples.

    Attributes:
        name: of the file or folder, for sentences.
        x: the samples as they are stored, (n, …).
        y: what is to be predicted; None if it is not there.
        tested: whether they are called the part for the test.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[Any] | None
    tested: bool = False


def are_arrays(place: Path) -> bool:
    """Whether ``place`` is a file of NumPy's, or a folder of such."""
    if place.is_dir():
        return npy_files.holds_arrays(place)
    return place.suffix.lower() in (npy_files.SUFFIX, *npz_file.SUFFIXES)


def open_arrays(place: Path, prepared: Preparation) -> NewArrays:
    """The samples in ``place``: those of its test part if it has one, else x, or the only array, where what is to be
    predicted may stand in the column that the training left out.

    Raises:
        DescendError: there are none.
    """
    if not place.exists():
        raise DescendError(f"There is no file or folder {place}.")
    found = find_readers(place)
    keys = list(found)
    chosen = next(((x, y) for x, y in list_pairs() if x in keys and y in keys), None)
    if chosen is None and len(keys) == 1:
        chosen = keys[0], ""
    if chosen is None and (alone := next((x for x, _ in list_pairs() if x in keys), None)):
        chosen = alone, ""
    if chosen is None:
        raise DescendError(f"{place.name} holds no x with samples.")
    x, y = found[chosen[0]](), found[chosen[1]]() if chosen[1] else None
    features = prepared.features
    if y is None and prepared.kind == "table" and x.ndim == 2 and x.shape[1] == len(features) + 1:
        import numpy as np

        column = next((at for at, name in enumerate(features) if name != f"x{at + 1}"), len(features))
        x, y = np.delete(x, column, 1), x[:, column]
    if not x.ndim or (y is not None and len(y) != len(x)):
        raise DescendError(f"{place.name} has x of shape {x.shape}, and y of {None if y is None else y.shape}.")
    tested = any(chosen[0] in (part + each, each + part) for part in TEST for each in INPUTS)
    return NewArrays(place.name, x, y, tested)


def find_readers(place: Path) -> dict[str, Callable[[], NDArray[Any]]]:
    """What reads each array at ``place``, by its name; of a file those of its own part."""
    if place.suffix.lower() in npz_file.SUFFIXES:
        headers = {"".join(filter(str.isalnum, header.key.lower())): header for header in npz.read_headers(place)}
        return {key: partial(npz.read_array, place, header) for key, header in headers.items()}
    files = npy_files.find_files(place)
    if not place.is_dir():
        form = npy_files.cut_form(place)[1]
        beside = [y for x, y in list_pairs() if x == form and y in files]
        files = {form: place} | {key: files[key] for key in beside}
    return {key: partial(npy_files.map_array, file) for key, file in files.items()}


def list_pairs() -> list[tuple[str, str]]:
    """Names of x and y that belong together, those for the test first."""
    return [
        pair
        for part in (*TEST, "", *TRAIN)
        for x in INPUTS
        for y in OUTPUTS
        for pair in ((part + x, part + y), (x + part, y + part))
    ]


class ArrayEncoder:
    """Makes samples of new arrays as they were made of the training's; what was missing is counted."""

    def __init__(self, prepared: Preparation) -> None:
        self.prepared, self.missing = prepared, 0

    def encode(self, arrays: NewArrays) -> Iterator[NDArray[Any]]:
        """The samples as a `Dataset` stores them, (n, …), some at a time.

        Raises:
            DescendError: they are of another form than the training's.
        """
        prepared, x = self.prepared, arrays.x
        if x.dtype.kind not in "buif":
            raise DescendError(f"x in {arrays.name} holds {x.dtype}, not numbers.")
        if prepared.kind == "text" or any(encoder.words for encoder in prepared.encoders):
            raise DescendError(f"The training had words in its table, and {arrays.name} has numbers only.")
        x = brightness.arrange_axes(x, arrays.name) if prepared.kind == "image" else x.reshape(len(x), -1)
        if x.shape[1:] != prepared.sample_shape:
            raise DescendError(
                f"x in {arrays.name} has samples of shape {x.shape[1:]}, and the training's had "
                f"{prepared.sample_shape}."
            )
        size = max(1, TOGETHER * len(x) // max(1, x.size))
        for start in range(0, len(x), size):
            part = x[start : start + size]
            yield self._encode_images(part, arrays.name) if prepared.kind == "image" else self._fill(part, arrays.name)

    def _encode_images(self, x: NDArray[Any], name: str) -> NDArray[np.uint8]:
        import numpy as np

        if x.dtype.kind == "f" and not np.isfinite(x).all():
            raise DescendError(f"x in {name} has pixels that are no finite numbers.")
        low, factor = self.prepared.values or (0.0, 255.0 if x.dtype.kind == "f" and x.max() <= 1 else 1.0)
        return brightness.scale_to_bytes(x, low, factor)

    def _fill(self, x: NDArray[Any], name: str) -> NDArray[np.float32]:
        import numpy as np

        with np.errstate(over="ignore"):
            single = x.astype(np.float32)
        if np.isinf(single).any():
            raise DescendError(f"x in {name} has numbers that are infinite, or more than 32 bits can hold.")
        gaps = np.isnan(single)
        self.missing += int(gaps.any(1).sum())
        fills = np.array([encoder.fill for encoder in self.prepared.encoders], np.float32)
        return np.where(gaps, fills, single)

    def tell(self) -> list[str]:
        """Sentences on what stood in for what."""
        if not self.missing:
            return []
        return [f"{format_count(self.missing, 'sample')} with NaN: the means of the training stand in."]


def read_answers(arrays: NewArrays, prepared: Preparation) -> tuple[NDArray[Any], NDArray[np.bool_], list[str]]:
    """The classes, int64, (n,), labels, uint8, (n, k), or numbers, float64, (n, k), of new samples, which of them are
    known, and sentences on the others.

    Raises:
        DescendError: there is no y, or it does not fit.
    """
    import numpy as np

    y = arrays.y
    if y is None:
        raise DescendError(f"{arrays.name} has no y, and so nothing to judge predictions by.")
    if prepared.task == "labels":
        ticks = read_ticks(y.reshape(len(y), -1))
        if ticks is None or ticks.shape[1] != len(prepared.targets):
            raise DescendError(
                f"y in {arrays.name} has the shape {y.shape}; 0 and 1 for each of {len(prepared.targets)} labels can "
                "be judged."
            )
        return ticks, np.ones(len(ticks), bool), []
    if not prepared.classes:
        values = y.reshape(len(y), -1)
        if y.dtype.kind not in "buif" or values.shape[1] != len(prepared.targets):
            raise DescendError(
                f"y in {arrays.name} has the shape {y.shape}; {format_count(len(prepared.targets), 'number')} a sample "
                "can be judged."
            )
        known = np.asarray(np.isfinite(values.astype(np.float64)).all(1))
        gone = int((~known).sum())
        said = [f"{format_count(gone, 'sample')} without a number to predict: left out."] if gone else []
        return values.astype(np.float64), known, said
    if y.ndim == 2 and y.shape[1] > 1:
        y = y.argmax(1)
    named: Mapping[str, int] = number_classes(prepared.classes)
    unique, places = np.unique(y.reshape(-1), return_inverse=True)
    names = [spell_class(value) for value in unique.tolist()]
    labels = np.array([find_label(name, named) for name in names], np.int64)[places]
    counts = np.bincount(places, minlength=len(names))
    strange = Counter({n: int(c) for n, c in zip(names, counts, strict=True) if find_label(n, named) == UNKNOWN})
    return labels, np.asarray(labels != UNKNOWN), [tell_strange(strange, "sample")] if strange else []

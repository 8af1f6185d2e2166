"""A dataset in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from descend.datasets.data_shape import DataShape, Kind, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.column_encoder import ColumnEncoder
    from descend.datasets.date_parts import DateColumn
    from descend.datasets.tokenisers import Merges

WARNING = "Warning: "
"""First word of notes that should not be missed."""
NUMBERS = 1 << 22
"""Of what stays on disk, looked at at once."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples and their targets, split into a training and a test set.

    Attributes:
        name: its name in the catalogue, or the path of the user's own data.
        classes: name of each class, indexed by label; () unless the task is classification.
        train_x: images as they are stored, uint8, shape (n, h, w) or (n, h, w, 3); tables in their own units, float32,
            shape (n, d), all finite; text as indices into ``vocabulary``, int64, or smaller where they stay on disk: a
            stream, shape (n,), or texts of one length, shape (n, t).
        train_y: labels, int64, shape (n,), each in ``range(len(classes))``; or numbers, float32 or float64, shape (n,)
            for one target and (n, k) for k; 1 for each label that a
            sample has and 0 for the others, uint8, (n, k); a stream of text has none, shape (0,).
        test_x: like ``train_x``, never trained on.
        test_y: like ``train_y``.
        scale: the brightest value a pixel can have, so that ``x / scale`` lies in [0, 1]; 1 unless they are images.
        spread: values of more than 8 bits that became 0 and 255; None unless they were read from files of pictures.
        values: of images that were arrays, the value that became 0, and by what the difference from it was multiplied.
        kind: what a sample is.
        task: what is learned.
        features: name of each column of a table.
        encoders: how the columns of its file became these; () if each is one of the file's, a number.
        dates: how columns of dates became columns of numbers, which the encoders then take.
        inputs: names of the columns of each of a model's inputs, where the data says how they are divided; else {}.
        targets: name of each number to predict, or of each label.
        label: name of the column with the classes, or with the words that are labels; empty unless they were read so.
        mark: what stands between these words; empty where each label has a column.
        text: name of the column with the texts; empty unless they were.
        vocabulary: the characters of text, or its tokens, in order of their indices.
        merges: the pairs of tokens that were joined, of text cut into byte pairs; () of characters.
        train_groups: the group of each training row, if rows of a group are kept together; else ().
        train_times: when each training row is from, (n,), if later rows are what it is tested on; else None.
        train_held: which training samples their owner set apart for validation, bool, (n,); None if that is not said.
        train_lines, test_lines: the line of its file in which each row of a table begins, int64, (n,); else None.
        missing: number of missing values that were found in each column that had any.
        filled: of each column of a table in memory whose missing values were filled in, in which training and which
            test rows, bool, (n,) each.
        notes: sentences on what was assumed and what was done with the data while it was read; one that begins with
            `WARNING` is shown by every run as well.
    """

    name: str
    classes: tuple[str, ...]
    train_x: NDArray[Any]
    train_y: NDArray[Any]
    test_x: NDArray[Any]
    test_y: NDArray[Any]
    scale: int = 1
    spread: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    kind: Kind = "image"
    task: Task = "classification"
    features: tuple[str, ...] = ()
    encoders: tuple[ColumnEncoder, ...] = ()
    dates: tuple[DateColumn, ...] = ()
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    label: str = ""
    mark: str = ""
    text: str = ""
    vocabulary: tuple[str, ...] = ()
    merges: Merges = ()
    train_groups: tuple[str, ...] = ()
    train_times: NDArray[np.float64] | None = None
    train_held: NDArray[np.bool_] | None = None
    train_lines: NDArray[np.int64] | None = None
    test_lines: NDArray[np.int64] | None = None
    missing: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> DataShape:
        """What a model must know of it."""
        return DataShape.of(self.kind, self.train_x.shape[1:], self.task, self.classes, self.targets, self.vocabulary)

    def gather(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """All samples, those of the training set first: x (n, d), what has more axes flattened, and y, see above."""
        import numpy as np

        x = np.concatenate([self.train_x, self.test_x]).astype(np.float64)
        return x.reshape(len(x), -1), np.concatenate([self.train_y, self.test_y])

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """Mean of each column over the training set, (d,); of a table only."""
        mean: NDArray[np.float32] = self.train_x.mean(0, dtype="float64").astype("float32")
        return mean

    @cached_property
    def std(self) -> NDArray[np.float32]:
        """Standard deviation of each column over the training set, (d,), 1 for a constant one; of a table only."""
        import numpy as np

        std = measure_deviations(self.train_x).astype("float32")
        # rounding can leave a constant column with a std that is not quite zero
        return np.where(std > 1e-6 * np.abs(self.mean), std, np.float32(1))


def measure_deviations(x: NDArray[Any]) -> NDArray[np.float64]:
    """The standard deviation of each column of ``x`` (n, d), (d,); of what stays on disk a part at a time."""
    import numpy as np

    if not isinstance(x, np.memmap):
        whole: NDArray[np.float64] = x.std(0, dtype=np.float64)
        return whole
    middle, total = x.mean(0, dtype=np.float64), np.zeros(x.shape[1])
    step = max(1, NUMBERS // x.shape[1])
    for start in range(0, len(x), step):
        total += ((x[start : start + step] - middle) ** 2).sum(0)
    return np.sqrt(total / len(x))


def count_values(x: NDArray[Any], kinds: int) -> NDArray[np.int64]:
    """How often each of ``kinds`` whole numbers from 0 on is in ``x`` (n, …), (kinds,); of what stays on disk a part at
    a time."""
    import numpy as np

    counts = np.zeros(kinds, np.int64)
    step = max(1, NUMBERS * len(x) // max(1, x.size))
    for start in range(0, len(x), step):
        counts += np.bincount(x[start : start + step].ravel(), minlength=kinds)
    return counts
